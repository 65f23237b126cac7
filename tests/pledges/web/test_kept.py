"""What the front answers is what Flask would say at that moment, byte by byte; what was taken down is never seen again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import urlencode

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from moderation.cli.campaigns import campaign_commands
from moderation.jobs import tasks
from moderation.models import Role
from moderation.rules import house_rules
from pledges.campaigns import versions
from pledges.db import utcnow
from pledges.embed.asked import COLOURS
from pledges.front import watching
from pledges.limits.counting import limits_of
from pledges.models import Campaign, CampaignState, Contribution, Organisation, Question
from pledges.web import caching, spelling
from tests.full import in_share
from tests.kept import Kept
from tests.wall import OTHER, SLUG, AtTheDesk, Sent

SECRET = "".join(f"{number:x}" for number in range(64, 104))[:64]
API, HOST = "/api/v1", "wall.example"
PRODUCTION = {"env": "production", "base_url": f"https://{HOST}", "proxies": "none", "secret_key": SecretStr(SECRET)}
KEPT_PAGES = (
    "/",
    "/house-rules",
    f"/house-rules?campaign={SLUG}",
    "/privacy",
    "/help",
    "/send-link",
    f"/{SLUG}",
    f"/cy/{SLUG}",
    f"/{SLUG}?theme=work",
    f"/{SLUG}?kind=organisation",
    f"/{SLUG}/colours.css",
    f"/{SLUG}/promise",
    f"/{SLUG}/card.png",
    f"/{SLUG}/count.png",
    f"/{SLUG}/qr.png",
    f"/{SLUG}/feed.atom",
    f"/cy/{SLUG}/feed.atom",
    f"/{SLUG}/feed.atom?theme=work",
    f"/{SLUG}/embed",
    f"/cy/{SLUG}/embed?mode=compact&limit=3&accent=1f5b3f",
    f"/{SLUG}/embed.css?scheme=dark",
    f"/{SLUG}/embed.json?lang=cy&limit=3",
    f"/{SLUG}/fragment",
    f"/oembed?url=http%3A%2F%2F{HOST}%2F{SLUG}",
    f"/{OTHER}",
    f"{API}/campaigns",
    f"{API}/openapi.json",
    f"{API}/campaigns/{SLUG}",
    f"{API}/campaigns/{SLUG}/count",
    f"{API}/campaigns/{SLUG}/pledges",
    f"{API}/campaigns/{SLUG}/pledges?limit=2",
    f"{API}/campaigns/{SLUG}/removed",
)
OF_A_PROMISE = (
    f"/{SLUG}/promises/{{id}}",
    f"/cy/{SLUG}/promises/{{id}}",
    f"/{SLUG}/promises/{{id}}/comment",
    f"/{SLUG}/promises/{{id}}/report",
    f"/{SLUG}/promises/{{id}}/card.png",
    f"/{SLUG}/promises/{{id}}/qr.svg",
    f"/{SLUG}/promises/{{id}}/feed.atom",
    f"/{SLUG}/promises/{{id}}/embed",
    f"/{SLUG}/promises/{{id}}/embed.json",
    f"/{SLUG}/promise?like={{id}}",
    f"{API}/pledges/{{id}}",
    f"{API}/pledges/{{id}}/comments",
)
OF_A_COMMENT = (f"/{SLUG}/comments/{{comment}}/report", f"/{SLUG}/promises/{{id}}/comment?reply_to={{comment}}")


def pages(*shown: Sent, comments: tuple[tuple[Sent, Sent], ...] = ()) -> list[str]:
    """Every page that shows these promises, and these comments under their promises."""
    of_promises = [page.format(id=each.public_id) for each in shown for page in OF_A_PROMISE]
    of_comments = [
        page.format(id=parent.public_id, comment=comment.public_id)
        for parent, comment in comments
        for page in OF_A_COMMENT
    ]
    return [*KEPT_PAGES, *of_promises, *of_comments]


def approved(by: AtTheDesk, sent: Sent) -> Sent:
    by.approves(sent)
    return sent


# What is kept


def test_every_route_for_the_public_is_kept_or_says_why_not(kept: Callable[..., Kept]) -> None:
    app = kept().wall.app
    unsaid, files = [], []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/moderation/"):
            continue
        view = app.view_functions[rule.endpoint]
        if rule.endpoint == "static":
            files.append(rule.rule)
        elif (getattr(view, "kept", None) is None) == (not getattr(view, "never_kept", "")):
            unsaid.append(rule.rule)
    assert unsaid == [] and files == ["/static/<path:filename>"]


def test_the_way_on_from_the_first_address_is_kept_for_as_long_as_there_is_one_wall(kept: Callable[..., Kept]) -> None:
    here = kept()

    def stands(state: CampaignState) -> None:
        with here.wall.work() as session:
            other = session.scalars(select(Campaign).where(Campaign.slug == OTHER)).one()
            other.state = state
            versions.touch(session, other.id)

    stands(CampaignState.DRAFT)
    first = here.says("/")
    assert (first.status, first.headers["location"]) == (302, f"/{SLUG}")
    assert here.keeps("/") == ["/"]
    here.is_true("/")
    stands(CampaignState.OPEN)
    assert here.says("/").status == 200
    here.is_true("/")


ODD = {  # two values of a name that mean the same, or are two of very many
    "limit": ("77", "077"), "since": ("2027-01-01", "2027-01-02"), "radius": ("3px", "4px"), "joint": ("3px", "4px"),
    "pad": ("3px", "4px"), "words": ("serif", "other"), "maxwidth": ("300", "301"), "maxheight": ("300", "301"),
    **dict.fromkeys(COLOURS, ("#111111", "#222222")),
}  # fmt: skip
REFUSED = (400, 404, 429, 501)


def test_what_means_nothing_is_no_part_of_a_page_and_what_can_be_asked_in_many_ways_costs_a_token(
    kept: Callable[..., Kept], early_in_a_minute: None
) -> None:
    """Of each name that a kept page can be asked, two odd values make one page, or the second is refused."""
    here = kept(limit_api="1/minute")
    wall = here.wall
    sent = approved(wall.moderator(), wall.promises())
    values, asked = {"slug": SLUG, "shelf": "promises", "id": sent.public_id}, 0
    for rule in wall.app.url_map.iter_rules():
        known = spelling.known_names(rule.endpoint)
        in_other_language = rule.endpoint.partition(".")[0].endswith(("_cy", "_en"))
        unless = getattr(wall.app.view_functions[rule.endpoint], "kept", None)
        if in_other_language or unless is None:
            continue
        parts = (values.get(each.rpartition(":")[2], "x") for each in re.findall("<([^>]*)>", rule.rule))
        path = re.sub("<[^>]*>", "{}", rule.rule).format(*parts)
        for name in set(known) - unless:
            limits_of(wall.app).storage.reset()
            url = f"url=http%3A%2F%2F{HOST}%2F{SLUG}&" if path == "/oembed" and name != "url" else ""
            one, other = ODD.get(name, ("odd-1", "odd-2"))
            here.says(f"{path}?{url}{urlencode({name: one})}")
            here.made.clear()
            second = here.says(f"{path}?{url}{urlencode({name: other})}")
            asked += 1
            assert here.made == [] or second.status in REFUSED, f"{path}: {name}"
    assert asked > 80


def test_nothing_of_the_desk_is_kept(kept: Callable[..., Kept]) -> None:
    here = kept()
    joined = caching.joined(here.wall.app)
    desk = [rule for rule in here.wall.app.url_map.iter_rules() if rule.rule.startswith("/moderation/")]
    assert len(desk) > 30
    for rule in desk:
        assert joined(re.sub("<[^>]*>", "1", rule.rule)) is None, rule.rule
    here.says("/moderation/sign-in")
    assert here.keeps("/moderation/sign-in", "/moderation/", "/receipt/none", "/readyz", "/en", "/nothing/at/all") == []


def test_a_second_reader_costs_the_application_nothing(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises(theme="work"))
    comment = approved(mo, here.wall.comments(sent))
    addresses = pages(sent, comments=((sent, comment),))
    here.is_true(*addresses)
    assert here.keeps(*addresses) == addresses
    for address in (f"/{SLUG}", f"/{SLUG}/promise", f"{API}/pledges/{sent.public_id}"):
        here.is_true(address)  # as it is kept
        here.made.clear()
        head, get = here.says(address, "HEAD"), here.says(address)
        assert (head.status, head.body, here.made) == (200, b"", [])
        assert head.alike[1] == here.flask_says(address, "HEAD").alike[1]
        if "etag" in get.headers:
            again = here.says(address, if_none_match=f'W/"x", {get.headers["etag"]}')
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", get.headers["etag"])
            plain = get.headers["etag"].replace("-gzip", "")
            assert again.alike[1] == here.flask_says(address, if_none_match=plain).alike[1]


QUERIES = (
    "fbclid=abc", "utm_source=a&utm_source=b", "theme=&theme=work", "theme=work&theme=x", "after=", "limit=", "limit=&limit=2",
    "theme=%ff", "q=", "%ff=%ff", "&".join(f"x{number}=1" for number in range(41)), "after=garbage", "like=none", "sent=1",
    "theme=" + "w" * 60, "theme=caf%C3%A9&x", "reply_to=&since=", "campaign=nowhere", "event=", "event=&event=room", "try=",
)  # fmt: skip


def test_whatever_a_page_is_asked_it_says_what_flask_would(kept: Callable[..., Kept]) -> None:
    here = kept()
    for page in (f"/{SLUG}", f"{API}/campaigns/{SLUG}/pledges", f"/{SLUG}/promise", "/", "/house-rules"):
        here.is_true(page)
        for query in QUERIES:
            here.is_true(f"{page}?{query}")


def test_a_question_mark_in_a_path_leads_nowhere_and_takes_nothing_away(kept: Callable[..., Kept]) -> None:
    here = kept()
    here.is_true(f"/{SLUG}", f"/{SLUG}%3Ftheme=work", f"/{SLUG}?theme=work", f"/{SLUG}%3Ftheme=work")


def test_what_browsers_and_proxies_keep_is_at_most_a_minute_old(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises())
    for address in (*pages(sent), "/static/style.css"):
        said = here.says(address).headers["cache-control"]
        seconds = sum(int(each) for each in re.findall(r"(?:max-age|s-maxage|stale-[a-z-]+)=(\d+)", said))
        assert seconds <= 60, f"{address}: {said}"
        assert seconds or "no-cache" in said or "no-store" in said, f"{address}: {said}"


def test_the_receipt_says_how_long_what_was_taken_back_may_still_be_seen(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises())
    read = here.wall.app.test_client()
    assert "may see it for up to a minute more" in read.get(sent.receipt).text
    assert "ei weld am hyd at funud arall" in read.get(f"/cy{sent.receipt}").text


def test_files_are_kept_as_the_application_sends_them_in_production_too(kept: Callable[..., Kept]) -> None:
    here = kept(**PRODUCTION)
    page = here.says(f"/{SLUG}")
    (style,) = re.findall(r'href="(/static/style-[0-9a-f]+\.css)"', page.text)
    assert here.keeps(style) == [style]
    file = here.says(style)
    assert file.status == 200 and "immutable" in file.headers["cache-control"]
    here.is_true(style, "/static/style.css", style.replace("style-", "style-0"))


def test_under_another_host_production_refuses_what_is_kept(kept: Callable[..., Kept]) -> None:
    here = kept(**PRODUCTION)
    page = here.says(f"/{SLUG}")
    (style,) = re.findall(r'href="(/static/style-[0-9a-f]+\.css)"', page.text)
    assert [here.says(each, host="evil.example").status for each in (f"/{SLUG}", style, f"/{SLUG}")] == [421] * 3
    assert here.keeps(f"/{SLUG}", style) == [f"/{SLUG}", style]


# Forms


def test_a_kept_form_can_be_sent(kept: Callable[..., Kept]) -> None:
    here = kept()
    form = f"/{SLUG}/promise"
    tokens = [here.says(form).token for _ in range(4)]
    assert len(set(tokens)) == 4 and here.keeps(form) == [form]
    for token in tokens[:2]:
        answer = here.wall.sends(form, token=token, promise=f"I will use token {token[-6:]}")
        assert answer.status_code == 303
    with here.wall.look() as session:
        assert len(session.scalars(select(Contribution.id)).all()) == 2


def test_words_that_name_the_hole_leave_the_form_under_them_whole(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises("a-form-token-stands-here in my garden"))
    here.is_true(*pages(sent))
    token = here.says(f"/{SLUG}/promises/{sent.public_id}/comment").token
    assert here.wall.sends(f"/{SLUG}/promises/{sent.public_id}/comment", token=token, comment="Nice").status_code == 303


def test_a_form_that_is_asked_with_a_code_or_tried_again_is_its_visitors_own(kept: Callable[..., Kept]) -> None:
    here = kept()
    forms = [f"/{SLUG}/promise?event=room", f"/{SLUG}/promise?try=1", f"/{SLUG}/promise?like=x&try=2"]
    here.is_true(*forms)
    assert here.keeps(*forms) == []


# What makes them stale


def test_what_a_moderator_takes_down_is_gone_when_the_moderator_is_answered(kept: Callable[..., Kept]) -> None:
    """The own process needs no watcher for it, nor a moment."""
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises("I will be taken down"))
    stays = approved(mo, here.wall.promises("I will stay"))
    addresses = pages(sent, stays)
    for address in addresses:
        here.says(address)
    assert here.keeps(*addresses) == addresses
    assert mo.decides(sent, "reject", reason="off_topic").status_code == 303
    for address in addresses:
        assert "I will be taken down" not in here.says(address).text, address


def test_a_comment_that_is_taken_down_is_gone_from_forms_too(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises())
    comment = here.wall.comments(sent, "I will be taken down")
    of_it = [page.format(id=sent.public_id, comment=comment.public_id) for page in OF_A_COMMENT]
    of_it += [f"/{SLUG}/promises/{sent.public_id}", f"{API}/pledges/{sent.public_id}/comments"]
    here.is_true(*of_it)
    mo.approves(comment)
    for address in of_it:
        assert "I will be taken down" in here.says(address).text, address
    mo.decides(comment, "reject", reason="off_topic")
    for address in of_it:
        assert "I will be taken down" not in here.says(address).text, address


def test_what_is_taken_down_elsewhere_is_gone_within_a_second(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    sent = approved(mo, here.wall.promises("I will be taken down"))
    there = kept(beside=here.wall)
    there.watcher.start()
    addresses = pages(sent)
    for address in addresses:
        there.says(address)
    assert mo.decides(sent, "reject", reason="off_topic").status_code == 303
    assert max(watching.LOOK_SECONDS, watching.ASK_SECONDS) <= 1
    comes_true(there, addresses)
    there.is_true(*addresses)


def comes_true(there: Kept, addresses: list[str], times: int = 600) -> None:
    """Without a look of ours, sooner or later: how soon is said by the watcher's constants."""
    for _ in range(times):
        if all("I will be taken down" not in there.says(address).text for address in addresses):
            return
        watching.time.sleep(0.05)
    raise AssertionError("it is seen still")


def test_every_change_of_what_is_shown_is_seen_at_once(kept: Callable[..., Kept], database_kind: str) -> None:
    """One after the other, on one wall: whatever stands after each is what Flask says."""
    here = kept()
    wall = here.wall
    there = kept(beside=wall)
    mo, lead = wall.moderator(), wall.moderator("lea", Role.LEAD)
    first = wall.promises("I will listen", theme="work", name="Amina", show_name="full")
    second = wall.promises(
        "We will plant a tree",
        kind="organisation",
        organisation="Example Trust",
        show_name="organisation",
        email="a@example.org",
    )
    third = wall.promises(
        "We will water it", kind="organisation", organisation="Exámple", show_name="organisation", email="b@example.org"
    )
    comment = None
    questions = []
    with wall.look() as session:
        questions = list(session.scalars(select(Question.public_id)))

    def addresses() -> list[str]:
        under = ((first, comment),) if comment else ()
        return [*pages(first, second, third, comments=under), *(f"/{SLUG}/questions/{each}" for each in questions)]

    steps = count()

    def stands(after: str) -> None:
        """Always the wall and the promise itself; of the other pages a share that moves on with each step."""
        there.watcher.look()  # as its thread does within a second
        step, every = next(steps), addresses()
        always = {f"/{SLUG}", f"/{SLUG}/promises/{first.public_id}", "/"}
        asked = [each for place, each in enumerate(every) if each in always or in_share(place, step, of=40)]
        try:
            here.is_true(*asked, also=[there])
        except AssertionError as error:
            raise AssertionError(f"after: {after}") from error

    def presses(by: AtTheDesk, path: str, **fields: str) -> None:
        answer = by.client.post(f"/moderation/{path}", data={"csrf_token": by.csrf(), "campaign": SLUG, **fields})
        assert answer.status_code == 303, answer.text

    def runs(*words: str) -> None:
        answer = wall.app.test_cli_runner().invoke(campaign_commands, list(words))
        assert answer.exit_code == 0, answer.output

    stands("nothing yet")
    for each in (first, second, third):
        mo.approves(each)
        stands("approved")
    comment = wall.comments(first, "A comment that is taken down")
    stands("a comment waits")
    mo.approves(comment)
    stands("a comment is approved")
    reply = wall.sent(
        wall.sends(f"/{SLUG}/promises/{first.public_id}/comment", comment="A reply", reply_to=comment.public_id)
    )
    mo.approves(reply)
    stands("a reply is approved")
    mo.decides(comment, "reject", reason="off_topic")
    stands("a comment is declined")
    newer = wall.edits(first, "I will listen twice", theme="listen", name="Amina", show_name="full")
    stands("an edit waits")
    mo.approves(newer)
    stands("an edit is approved")
    assert "Amina" in here.says(f"/{SLUG}").text
    wall.acts(first, "hide_name")
    assert "Amina" not in here.says(f"/{SLUG}").text
    stands("a name is hidden")
    with wall.look() as session:
        trust = session.scalars(select(Organisation.public_id).where(Organisation.name == "Example Trust")).one()
    presses(lead, f"reviews/{third.review_id}/organisation", act="same", organisation=trust)
    stands("organisations are merged")
    presses(lead, f"reviews/{third.review_id}/organisation", act="part")
    stands("organisations are parted")
    presses(mo, "surge/start", hours="2", screens="yes", promises="yes", comments="yes")
    stands("a surge has begun")
    fourth = wall.promises("I will wait for the thaw")
    mo.approves(fourth)
    stands("approved while the wall stands still")
    presses(lead, "surge/end")
    stands("a surge has ended")
    with wall.app.app_context():
        tasks.sweep(utcnow())
    assert wall.shown("I will wait for the thaw")
    stands("what waited is shown")
    presses(lead, "house-rules", act="copy")
    stands("house rules are copied")
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        rule = house_rules.own(session, campaign.id)[0].id
    words = {"words_en": "Be kind above all.", "words_cy": "Byddwch yn garedig."}
    presses(lead, "house-rules", act="edit", rule=str(rule), **words)
    assert "Be kind above all." in here.says(f"/house-rules?campaign={SLUG}").text
    stands("a house rule is edited")
    presses(lead, "house-rules", act="retire", rule=str(rule + 1))
    stands("a house rule is retired")
    runs("close", SLUG)
    stands("the campaign is closed")
    runs("open", SLUG)
    stands("the campaign is opened")
    runs("preset", "iro-managers")
    for front in (here, there):
        front.watcher.look()  # what a command of another process does is heard of
    stands("there is another campaign")
    wall.acts(first, "withdraw")
    stands("a promise is withdrawn")
    wall.acts(second, "erase")
    stands("a promise is erased")
    here.is_true(*KEPT_PAGES)
    assert here.keeps(*KEPT_PAGES) == [*KEPT_PAGES]


def test_a_comment_leaves_other_pages_kept(kept: Callable[..., Kept]) -> None:
    here = kept()
    mo = here.wall.moderator()
    one, other = (approved(mo, here.wall.promises(f"I will do thing number {number}")) for number in range(2))
    comment = here.wall.comments(one)
    for address in pages(one, other):
        here.says(address)
    mo.approves(comment)
    left = here.keeps(*(page.format(id=other.public_id) for page in OF_A_PROMISE), f"/{OTHER}", f"/{SLUG}/promise")
    assert len(left) == len(OF_A_PROMISE) + 2
    here.is_true(*pages(one, other))


@pytest.mark.parametrize("ends", ["closes", "opens", "surge", "midnight"])
def test_the_clock_alone_makes_another_page(kept: Callable[..., Kept], ends: str) -> None:
    here = kept()
    start = datetime.fromisoformat("2027-07-21T20:00:00+00:00")
    end = start + timedelta(hours=1)
    with time_machine.travel(start, tick=False) as clock:
        with here.wall.work() as session:
            campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
            if ends == "closes":
                campaign.closes_at = end
            elif ends == "opens":
                campaign.opens_at = end
            elif ends == "surge":
                campaign.guard, campaign.guard_until = {"screens": True, "slower": True, "promises": True}, end
                campaign.frozen_at = start
            else:
                end = datetime.fromisoformat("2027-07-21T23:00:00+00:00")  # of London's summer
        here.is_true(*KEPT_PAGES)
        assert here.keeps(f"/{SLUG}", f"/{SLUG}/promise") == [f"/{SLUG}", f"/{SLUG}/promise"]
        for moment in (end - timedelta(seconds=1), end, end + timedelta(seconds=1), end + timedelta(days=1)):
            clock.move_to(moment)
            if moment == end:
                assert here.keeps(f"/{SLUG}", f"/{SLUG}/promise") == []
            here.is_true(*KEPT_PAGES)


# The database is away


def test_who_cannot_ask_serves_what_is_kept_for_thirty_seconds(
    kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = kept()
    here.is_true(*KEPT_PAGES)
    now = here.watcher._asked_at
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)

    def away(*_given: object) -> None:
        raise OperationalError("SELECT", {}, ConnectionError("nobody answers"))

    here.wall.database.engine.dispose()
    monkeypatch.setattr(here.wall.database.engine.pool, "connect", away)
    now += 29.9
    assert {here.says(page).status for page in KEPT_PAGES} == {200}
    now += 0.2
    assert {here.says(page).status for page in KEPT_PAGES} == {503}
