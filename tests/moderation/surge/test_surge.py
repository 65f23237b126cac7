"""A campaign that is flooded is guarded for a while: limits tighter, a wall that stands still, honest words."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation.checks import lists
from moderation.jobs import tasks
from moderation.models import Act, Evidence, Hold, Letter, Moderator, Role, Surge
from moderation.rules import word_lists
from moderation.surge import flood, state
from moderation.workflow import State
from pledges.campaigns import guarding
from pledges.db import utcnow
from pledges.models import Campaign, Revision
from tests.forms import form
from tests.wall import OTHER, SLUG, AtTheDesk, Wall, later

SWITCHES = {"promises": "yes", "comments": "yes"}


def presses(by: AtTheDesk, path: str, **fields: str):
    return by.client.post(f"/moderation/surge/{path}", data={"csrf_token": by.csrf(), "campaign": SLUG, **fields})


def starts(by: AtTheDesk, hours: str = "2", **switches: str) -> None:
    answer = presses(by, "start", hours=hours, **(switches or SWITCHES))
    assert answer.status_code == 303, answer.text


def sweeps(wall: Wall, **ahead: float) -> None:
    with wall.app.app_context():
        tasks.sweep(utcnow() + timedelta(**ahead))


def newest(wall: Wall) -> Surge:
    with wall.look() as session:
        return session.scalars(select(Surge).order_by(Surge.id.desc()).limit(1)).one()


def kinds_owed(wall: Wall, kind: str) -> list[tuple[str, dict]]:
    with wall.look() as session:
        rows = session.execute(
            select(Moderator.email, Letter.detail)
            .join(Moderator, Moderator.id == Letter.moderator_id)
            .where(Letter.kind == kind)
            .order_by(Moderator.email)
        )
        return [(email, detail) for email, detail in rows]


def test_limits_are_tighter_while_it_lasts_and_as_ever_after(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="4/hour")
    mo = wall.moderator("lead", Role.LEAD)
    starts(mo)
    codes = [wall.sends(f"/{SLUG}/promise", **promise(number)).status_code for number in range(3)]
    assert codes == [303, 303, 429]
    assert presses(mo, "end").status_code == 303
    assert wall.sends(f"/{SLUG}/promise", **promise(3)).status_code == 303


def promise(number: int) -> dict[str, str]:
    return {"promise": f"I will plant {number + 2} trees with my class", "kind": "person", "consent": "yes"}


def test_the_wall_stands_still_and_removals_still_go_through(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    first, second = wall.promises("I will listen more than I speak"), wall.promises("I will read with my team")
    moderator.approves(first)
    starts(moderator, screens="yes")
    moderator.approves(second)
    assert wall.shown("I will listen more than I speak")
    assert not wall.shown("I will read with my team")
    assert "shows it later" in wall.app.test_client().get(second.receipt).text
    moderator.decides(first, "reject", reason="attack")
    assert not wall.shown("I will listen more than I speak")
    presses(lead, "end")
    assert not wall.shown("I will read with my team")
    sweeps(wall)
    assert wall.shown("I will read with my team")
    assert not wall.shown("I will listen more than I speak")


def test_an_edit_approved_meanwhile_leaves_the_older_words_until_the_end(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will plant two trees")
    moderator.approves(sent)
    starts(moderator, hours="1", screens="yes")
    edited = wall.edits(sent, "I will plant three trees")
    moderator.approves(edited)
    assert wall.shown("I will plant two trees") and not wall.shown("I will plant three trees")
    sweeps(wall, hours=1, seconds=5)
    assert wall.shown("I will plant three trees") and not wall.shown("I will plant two trees")
    assert wall.review(sent.review_id).state is State.SUPERSEDED


def test_it_ends_by_the_clock_even_where_no_worker_runs(wall: Wall, moderator: AtTheDesk) -> None:
    starts(moderator, hours="1", promises="yes", screens="yes")
    with wall.look() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        for ahead, stands in ((59, True), (61, False)):
            at = utcnow() + timedelta(minutes=ahead)
            assert guarding.stands_still(campaign, at) is stands
            assert guarding.is_tight(campaign, "promises", at) is stands


def test_letters_to_authors_wait_and_then_go(wall: Wall, moderator: AtTheDesk) -> None:
    starts(moderator, hours="1", letters="yes")
    wall.promises("I will listen to my neighbours", email="ann@example.org")
    sweeps(wall, minutes=5)
    assert not any("ann@example.org" in letter for letter in wall.letters())
    sweeps(wall, hours=2)
    assert any("ann@example.org" in letter for letter in wall.letters())


def test_it_is_on_is_not_written_before_it_is_on_the_wall(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will listen to my neighbours", email="ann@example.org")
    wall.proves(sent)
    starts(moderator, hours="1", screens="yes")
    moderator.approves(sent)
    sweeps(wall, minutes=10)
    assert not any("Your words are on the wall" in letter for letter in wall.letters())
    sweeps(wall, hours=1, minutes=1)
    sweeps(wall, hours=1, minutes=2)
    assert any("Your words are on the wall" in letter for letter in wall.letters())


def test_an_attack_starts_it_and_tells_the_moderators_and_a_leads_end_holds(wall: Wall) -> None:
    lead, mo = wall.moderator("lead", Role.LEAD), wall.moderator("mo")
    for number in range(flood.FEWEST_BAD):
        wall.promises(f"Go back to where you came from, number {number}")
    sweeps(wall)
    running = newest(wall)
    assert (running.why, running.started_by_id, running.promises, running.screens) == ("words", None, True, False)
    surged = [email for email, detail in kinds_owed(wall, "alert") if detail["what"] == "surge"]
    assert surged == ["lead@example.org", "mo@example.org"]
    assert presses(mo, "end").status_code == 403
    assert presses(lead, "end").status_code == 303
    sweeps(wall)
    assert newest(wall).id == running.id  # the lead knows better for an hour


def test_what_is_told_of_many_arrivals_ends_with_them_and_refusals_start_it(wall: Wall) -> None:
    for number in range(flood.FEWEST_ARRIVALS + 10):
        wall.promises(f"I will plant {number + 2} trees with my class")
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        now = utcnow() + timedelta(seconds=1)
        told = flood.seen(session, campaign, now, 0)
        assert told is not None and not told.starts
        ids = session.scalars(select(Revision.id)).all()
        some = update(Revision).where(Revision.id.in_(ids[:10]))
        session.execute(some.values(submitted_at=now - timedelta(hours=3)))
        assert flood.seen(session, campaign, now + timedelta(hours=1), 0) is None
        refused = flood.seen(session, campaign, now + timedelta(hours=1), flood.FEWEST_REFUSALS)
        assert refused is not None and refused.starts


@pytest.mark.usefixtures("early_in_a_minute")
def test_refusals_of_the_limits_are_counted_for_their_campaign(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="2/hour")
    answers = [wall.sends(f"/{SLUG}/promise", **promise(number)).status_code for number in range(5)]
    assert answers.count(429) == 3
    with wall.app.app_context():
        limits = wall.app.extensions["wall.limits"]
        assert (limits.refusals(SLUG), limits.refusals(OTHER)) == (3, 0)


def test_help_is_asked_of_those_who_agreed_and_once_an_hour(wall: Wall, moderator: AtTheDesk) -> None:
    wall.moderator("agreed")
    wall.moderator("other")
    with wall.work() as session:
        session.execute(update(Moderator).where(Moderator.email == "agreed@example.org").values(on_call=True))
    starts(moderator)
    assert "1 person is asked for help" in presses(moderator, "help").text
    assert [email for email, _ in kinds_owed(wall, "help")] == ["agreed@example.org"]
    assert presses(moderator, "help").status_code == 409
    sweeps(wall)
    assert any("asks for your help" in letter and "agreed@example.org" in letter for letter in wall.letters(staff=True))


def test_slower_than_usual_is_previewed_and_then_told_to_everybody_who_waits_once(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises("I will listen to my neighbours", email="ann@example.org")
    wall.promises("I will read with my team", email="unproved@example.org")
    wall.proves(sent)
    starts(moderator)
    preview = presses(moderator, "slower")
    assert preview.status_code == 200 and "1 person who waits" in preview.text
    assert "it takes longer than usual until a person has read" in preview.text
    assert not newest(wall).slower
    presses(moderator, "slower", confirmed="yes")
    sweeps(wall)
    sweeps(wall, minutes=1)
    told = [letter for letter in wall.letters() if "Subject: It takes longer than usual" in letter]
    assert len(told) == 1 and "ann@example.org" in told[0]
    assert "takes longer than usual" in wall.app.test_client().get(sent.receipt).text


@pytest.mark.parametrize(
    "kind, value, effect, held, masked",
    [
        ("network", "127.0.0.1", "hold", True, False),
        ("network", "192.0.2.0/24", "hold", False, False),
        ("domain", "example.org", "mask", True, True),
        ("domain", "ample.org", "mask", False, False),
        ("phrase", "my neighbours", "hold", True, False),
        ("phrase", "my strangers", "hold", False, False),
    ],
)
def test_what_is_on_a_list_waits_apart_and_nothing_is_declined(
    wall: Wall, moderator: AtTheDesk, kind: str, value: str, effect: str, held: bool, masked: bool
) -> None:
    presses(moderator, "lists", kind=kind, value=value, effect=effect, days="3")
    sent = wall.promises("I will listen to my neighbours", email="ann@mail.example.org")
    wall.screens()
    review = wall.review(sent.review_id)
    assert review.state is State.WAITING
    assert ({lane.lane.value for lane in review.lanes} >= {"abuse"}) is held
    assert review.masked is masked


def test_an_entry_ends_by_its_day(wall: Wall, moderator: AtTheDesk) -> None:
    presses(moderator, "lists", kind="network", value="127.0.0.1", effect="mask", days="1")
    presses(moderator, "lists", kind="domain", value="@example.org", effect="hold", days="3")
    with wall.look() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        values = [hold.value for hold in state.holds(session, campaign, utcnow() + timedelta(days=2))]
        assert values == ["example.org"]


@pytest.mark.parametrize(
    "kind, value",
    [
        ("network", "10.0.0.0/8"),
        ("network", "nowhere"),
        ("domain", "localhost"),
        ("domain", f"{'a' * 50}.{'b' * 50}.example"),
        ("domain", "ex ample.org"),
        ("domain", "-a.b"),
        ("domain", "http://"),
        ("domain", "*.org"),
        ("domain", "1.2.3.4"),
        ("domain", "example..org"),
        ("network", "::ffff:1.2.3.4/64"),
        ("network", "::ffff:1.2.3.4/104"),
        ("phrase", "a---"),
        ("phrase", "ab"),
        ("phrase", "----"),
        ("phrase", "we will all go to the big square at noon"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_with_words(
    wall: Wall, moderator: AtTheDesk, kind: str, value: str
) -> None:
    answer = presses(moderator, "lists", kind=kind, value=value, effect="hold", days="3")
    assert answer.status_code == 422 and 'role="alert"' in answer.text


@pytest.mark.parametrize("told, listed, same", [
    ("example.org", "example.org", True),
    ("mail.EXAMPLE.org.", "example.org", True),
    ("attacker-example.org", "example.org", False),
    ("bücher.example", "xn--bcher-kva.example", True),
    ("", "example.org", False),
])  # fmt: skip
def test_domains_are_compared_label_by_label(told: str, listed: str, same: bool) -> None:
    assert lists.same_domain(told, lists.domain_of(listed)) is same


def test_every_step_stands_in_the_record_without_the_entry_itself(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    starts(moderator)
    presses(moderator, "change", **SWITCHES, screens="yes")
    presses(moderator, "help")
    presses(moderator, "lists", kind="phrase", value="my neighbours", effect="hold", days="3")
    presses(lead, "end")
    with wall.look() as session:
        lines = session.scalars(select(Act).where(Act.subject.startswith("campaign:")).order_by(Act.id)).all()
    assert [line.act for line in lines] == ["surge:start", "surge:change", "surge:help", "hold:add", "surge:end"]
    assert not any("neighbours" in str(line.after) for line in lines)


def test_who_may_not_is_refused_and_another_campaign_is_not_there(wall: Wall) -> None:
    viewer, stranger = wall.moderator("viewer", Role.VIEWER), wall.moderator("stranger", Role.LEAD, OTHER)
    for path in ("start", "change", "end", "help", "slower", "lists"):
        assert presses(viewer, path, **SWITCHES).status_code == 403, path
        assert presses(stranger, path, **SWITCHES).status_code == 404, path
    assert viewer.client.get("/moderation/surge").status_code == 200


def test_two_who_start_it_at_once_start_one(wall: Wall, moderator: AtTheDesk) -> None:
    starts(moderator)
    assert presses(moderator, "start", **SWITCHES).status_code == 409


def test_a_list_speaks_of_what_waits_already_and_falls_silent_when_it_ends(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will listen to my n3ighb0urs")
    wall.screens()
    presses(moderator, "lists", kind="phrase", value="my neighbours", effect="mask", days="3")
    assert not wall.review(sent.review_id).masked
    sweeps(wall)
    assert wall.review(sent.review_id).masked
    with wall.look() as session:
        hold = state.holds(session, wall.review(sent.review_id).campaign_id, utcnow())[0]
    presses(moderator, f"lists/{hold.id}/end")
    sweeps(wall)
    review = wall.review(sent.review_id)
    assert not review.masked and {lane.lane.value for lane in review.lanes} == {"new", "all"}


def test_every_act_of_the_record_has_words(wall: Wall) -> None:
    import re
    from pathlib import Path

    from moderation.record import values, words

    code = "".join(path.read_text() for path in (Path(words.__file__).parent).rglob("*.py"))
    said = set(
        re.findall(
            r'"((?:review|note|batch|reason|reasons|house_rule|house_rules|word_rule|hold|surge|moderator|campaign):[a-z_-]+)"',
            code,
        )
    )
    assert said and said <= set(values.WORDS)


def test_an_approval_undone_after_the_wall_moves_again_shows_nothing(walls: Callable[..., Wall]) -> None:
    wall = walls(undo_seconds=600)
    lead = wall.moderator("lead", Role.LEAD)
    sent = wall.promises("I will listen to my neighbours")
    starts(lead, screens="yes")
    lead.approves(sent)
    presses(lead, "end")
    sweeps(wall)
    assert wall.shown("I will listen to my neighbours")
    assert lead.decides(sent, "undo").status_code == 303
    assert not wall.shown("I will listen to my neighbours")


def test_a_surge_that_follows_one_that_ran_out_is_not_ended_with_it(wall: Wall, moderator: AtTheDesk) -> None:
    starts(moderator, hours="1", screens="yes")
    with wall.work() as session:
        session.execute(update(Surge).values(ends_at=utcnow() - timedelta(minutes=1)))
    starts(moderator, hours="1", screens="yes")
    sweeps(wall)
    assert newest(wall).ended_at is None
    with wall.look() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        assert guarding.stands_still(campaign, utcnow())


def test_what_was_declined_while_the_wall_stood_still_is_not_shown_afterwards(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will listen to my neighbours")
    starts(moderator, hours="1", screens="yes")
    moderator.approves(sent)
    moderator.decides(sent, "reject", reason="hateful")
    sweeps(wall, hours=1, seconds=5)
    assert not wall.shown("I will listen to my neighbours")


def test_the_network_of_an_item_is_put_on_a_list_from_its_page(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will plant ten trees by the river")
    wall.screens()
    page = moderator.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "127.0.0" not in page
    link = re.search(r'href="(/moderation/surge\?[^"]+)#lists"', page)
    assert link is not None
    offered = form(moderator.client.get(html.unescape(link[1])).text, "/surge/lists")
    assert (offered.sent()["kind"], offered.sent()["value"]) == (["network"], ["127.0.0.0/24"])
    assert moderator.client.post(offered.action, data=offered.sent(days="3")).status_code == 303
    viewer = wall.moderator("vi", Role.VIEWER)
    assert "#lists" not in viewer.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "127.0.0.0/24" not in viewer.client.get(f"/moderation/surge?campaign={OTHER}&from={sent.review_id}").text
    with wall.work() as session:
        session.execute(update(Evidence).values(forget_after=later(-1)))
    assert "#lists" not in moderator.client.get(f"/moderation/reviews/{sent.review_id}").text
    gone = form(moderator.client.get(html.unescape(link[1])).text, "/surge/lists")
    assert gone.values("value") == [""]


def test_an_entry_that_is_refused_keeps_what_was_typed(wall: Wall, moderator: AtTheDesk) -> None:
    answer = presses(moderator, "lists", kind="domain", value="localhost", effect="mask", days="9", note="since noon")
    kept = form(answer.text, "/surge/lists").sent()
    assert [kept[name] for name in ("kind", "value", "effect", "days", "note")] == [
        ["domain"], ["localhost"], ["mask"], ["9"], ["since noon"],
    ]  # fmt: skip


def test_a_moderator_switches_on_and_only_a_lead_switches_off(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    starts(moderator)
    answer = presses(moderator, "change")
    assert answer.status_code == 403 and "Only a lead can switch off what is on" in answer.text
    assert presses(moderator, "change", screens="yes").status_code == 403
    assert (newest(wall).promises, newest(wall).comments, newest(wall).screens) == (True, True, False)
    assert presses(moderator, "change", **SWITCHES, letters="yes").status_code == 303
    assert newest(wall).letters
    assert presses(lead, "change", letters="yes").status_code == 303
    assert (newest(wall).promises, newest(wall).comments, newest(wall).letters) == (False, False, True)


def test_the_switches_that_a_moderator_cannot_move_say_so_and_go_along(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    starts(moderator)
    mine, leads = (who.client.get(f"/moderation/surge?campaign={SLUG}").text for who in (moderator, lead))
    for name in SWITCHES:
        assert f'name="{name}" value="yes" checked disabled>' in mine
        assert f'<input type="hidden" name="{name}" value="yes">' in mine
    assert 'name="screens" value="yes">' in mine and 'type="hidden" name="screens"' not in mine
    assert mine.count("on; a lead can switch it off") == 2
    assert "disabled" not in leads[leads.index("<main") :] and 'type="hidden" name="promises"' not in leads


@pytest.mark.parametrize(
    "kind, value", [("phrase", "my neighbours"), ("network", "127.0.0.1"), ("domain", "example.org")]
)
def test_what_an_entry_held_is_free_when_its_day_is_over_and_is_looked_at_again_once(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch, kind: str, value: str
) -> None:
    presses(moderator, "lists", kind=kind, value=value, effect="mask", days="1")
    presses(moderator, "lists", kind="phrase", value="my strangers", effect="hold", days="5")
    sent = wall.promises("I will listen to my neighbours", email="ann@example.org")
    other = wall.promises("I will listen to my strangers")
    wall.screens()
    assert wall.review(sent.review_id).masked
    sweeps(wall, hours=23)
    assert wall.review(sent.review_id).masked
    looked: list[int] = []
    owe = word_lists.owe_recheck

    def counted(session: Session, campaign_id: int, now: datetime) -> None:
        looked.append(campaign_id)
        owe(session, campaign_id, now)

    monkeypatch.setattr(word_lists, "owe_recheck", counted)
    for hours in (25, 26):
        sweeps(wall, hours=hours)
        review = wall.review(sent.review_id)
        assert not review.masked and {lane.lane.value for lane in review.lanes} == {"new", "all"}
        assert "abuse" in {lane.lane.value for lane in wall.review(other.review_id).lanes}
    assert len(looked) == 1
    with wall.look() as session:
        lines = session.scalars(select(Act).where(Act.act == "hold:over")).all()
    assert [(line.actor, line.after["kind"]) for line in lines] == [("program", kind)]
    lead = wall.moderator("lead", Role.LEAD)
    assert "ended an entry of the lists whose time was over" in lead.client.get("/moderation/record").text


@pytest.mark.parametrize(
    "kind, value, stored",
    [
        ("domain", "http://example.org", "example.org"),
        ("domain", "https://Example.org:8080/a?b=c@d.net#e", "example.org"),
        ("domain", "*.example.org", "example.org"),
        ("domain", "example.org/", "example.org"),
        ("domain", "ann@mail.example.org", "mail.example.org"),
        ("domain", "@example.org.", "example.org"),
        ("network", "::ffff:127.0.0.1", "127.0.0.1/32"),
        ("network", "::ffff:127.0.7.0/112", "127.0.0.0/16"),
        ("phrase", "1488", "1488"),
        ("phrase", "n3ighb*urs", "n3ighb*urs"),
    ],
)
def test_an_entry_is_understood_as_it_is_plainly_meant_and_holds(
    wall: Wall, moderator: AtTheDesk, kind: str, value: str, stored: str
) -> None:
    assert presses(moderator, "lists", kind=kind, value=value, effect="mask", days="3").status_code == 303
    assert f"<bdi>{stored}</bdi>" in moderator.client.get(f"/moderation/surge?campaign={SLUG}").text
    sent = wall.promises("I will listen to my n3ighb*urs at 1488", email="ann@mail.example.org")
    wall.screens()
    assert wall.review(sent.review_id).masked


@pytest.mark.parametrize(
    "kind, value, again",
    [
        ("domain", "example.org", "https://EXAMPLE.org/"),
        ("network", "203.0.113.0/24", "203.0.113.7/24"),
        ("phrase", "my neighbours", "My  Neighbours!"),
    ],
)
def test_what_is_on_a_list_already_is_not_put_there_twice(
    wall: Wall, moderator: AtTheDesk, kind: str, value: str, again: str
) -> None:
    presses(moderator, "lists", kind=kind, value=value, effect="hold", days="1")
    answer = presses(moderator, "lists", kind=kind, value=again, effect="mask", days="3")
    assert answer.status_code == 422 and f"{value} is on the list already, until" in answer.text
    assert form(answer.text, "/surge/lists").sent()["effect"] == ["mask"]
    assert presses(moderator, "lists", kind=kind, value=f"un{value}" if kind != "network" else "203.0.112.0/24",
                   effect="hold", days="1").status_code == 303  # fmt: skip
    with wall.work() as session:
        session.execute(update(Hold).values(ends_at=utcnow() - timedelta(seconds=1)))
    assert presses(moderator, "lists", kind=kind, value=again, effect="mask", days="3").status_code == 303


def test_the_queue_says_in_which_campaigns_it_is_on_and_until_when(wall: Wall, moderator: AtTheDesk) -> None:
    elsewhere = wall.moderator("elsewhere", Role.MODERATOR, OTHER)
    assert "data-surge" not in moderator.client.get("/moderation/").text
    starts(moderator)
    page = moderator.client.get("/moderation/").text
    banner = page.split(f'data-surge="{SLUG}"')[1].split("</div>")[0]
    with wall.look() as session:
        title = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one().title.in_("en")
    assert f"Surge mode is on for {html.escape(title)} until " in banner
    assert f'href="/moderation/surge?campaign={SLUG}"' in banner
    assert page.count("data-surge") == 1
    assert "data-surge" not in elsewhere.client.get("/moderation/").text
    with wall.work() as session:
        session.execute(update(Surge).values(ends_at=utcnow() - timedelta(seconds=1)))
    assert "data-surge" not in moderator.client.get("/moderation/").text


def test_the_menu_opens_the_campaign_in_surge_else_the_one_in_which_most_waits(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)

    def opens(name: str, asked: str = "") -> str:
        page = lead.client.get(f"/moderation/{name}{asked}").text
        chosen = re.search(r'<option value="([^"]+)" selected', page)
        assert chosen is not None
        return chosen[1]

    first, last = sorted((SLUG, OTHER))
    for slug in (last, last, first):
        wall.promises(f"I will begin on {slug}, number {wall.screens()}", slug=slug)
    wall.screens()
    assert (opens("surge"), opens("figures")) == (last, last)
    assert opens("surge", f"?campaign={first}") == opens("figures", f"?campaign={first}") == first
    presses(lead, "start", campaign=first, hours="2", **SWITCHES)
    assert (opens("surge"), opens("figures")) == (first, first)
    assert opens("surge", f"?campaign={last}") == last
