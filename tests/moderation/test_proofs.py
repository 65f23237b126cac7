"""An organisation proves who it is by a link at its own domain and a person's yes; the mark says how, and ends everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_string, policy
from html import unescape

import pytest
from sqlalchemy import select

from moderation.letters import organisations
from moderation.models import Act, Role
from pledges.db import utcnow
from pledges.models import Contribution, How, Matter, MatterKind, Organisation
from pledges.organisations import badges, domains
from tests.forms import Form, forms
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later

LINK = re.compile(r"http://wall\.example(/\w\w/proofs/[\w-]+)")


def of(
    wall: Wall,
    mo: AtTheDesk,
    organisation: str = "Northbrook",
    words: str = "We will publish our pay gap",
    **fields: str,
) -> Sent:
    """A promise of an organisation on the wall, from an address that was confirmed."""
    given = {"email": "ada@northbrook.example", "website": "https://www.northbrook.example/about", **fields}
    sent = wall.promises(words, kind="organisation", organisation=organisation, **given)
    mo.approves(sent)
    wall.proves(sent)
    return sent


def asks(wall: Wall, sent: Sent, email: str = "office@mail.northbrook.co.uk", **fields: str) -> str:
    """Asked on the private page; answers the path of the mailed link."""
    page = wall.app.test_client().get(sent.receipt).text
    (asking,) = [each for each in forms(page) if each.values("act") == ["prove"]]
    answer = wall.app.test_client().post(asking.action, data=asking.sent(email=email, **fields))
    assert answer.status_code == 303, answer.text
    before = len(wall.letters())
    wall.screens()
    assert len(wall.letters()) > before and f"To: {email}\n" in wall.letters()[-1]
    return LINK.findall(text_of(wall.letters()[-1]))[0]


def text_of(letter: str) -> str:
    """What a letter says, whatever it is folded in."""
    plain = message_from_string(letter, policy=policy.default).get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


def gives(wall: Wall, sent: Sent) -> None:
    """Its author holds the badge, as after a link and a yes."""
    with wall.work() as session:
        pledge = session.get_one(Contribution, sent.contribution_id)
        assert pledge.organisation is not None
        given = {"how": How.DOMAIN, "domain": "northbrook.co.uk", "take_over": False, "now": utcnow()}
        badges.give(session, pledge.organisation, pledge, **given)  # type: ignore[arg-type]


def presses(wall: Wall, link: str) -> int:
    """The button of the mailed page."""
    client = wall.app.test_client()
    page = client.get(link)
    if page.status_code != 200:
        return page.status_code
    (button,) = [each for each in forms(page.text) if each.method == "post" and not each.action.endswith("search")]
    return client.post(link, data=button.sent()).status_code


def buttons(at: AtTheDesk, wall: Wall, name: str = "Northbrook") -> list[Form]:
    page = at.client.get(address(wall, name)).text
    return [each for each in forms(page) if each.action.startswith("/moderation/organisations/")]


def address(wall: Wall, name: str = "Northbrook") -> str:
    with wall.look() as session:
        return f"/moderation/organisations/{session.scalars(select(Organisation.public_id).where(Organisation.name == name)).one()}"


def says(at: AtTheDesk, wall: Wall, act: str, name: str = "Northbrook", **fields: str) -> int:
    """Presses the button of this act on the organisation's page; 0: there is none."""
    found = [each for each in buttons(at, wall, name) if act in each.values("act")]
    if not found:
        return 0
    return at.client.post(found[0].action, data=found[0].sent(act, **fields)).status_code


def verified(wall: Wall, sent: Sent) -> bool:
    """As JSON, its page and its card on the wall say alike."""
    client = wall.app.test_client()
    told = client.get(f"/api/v1/pledges/{sent.public_id}").json
    page = client.get(f"/{SLUG}/promises/{sent.public_id}").text
    card = client.get(f"/{SLUG}").text.partition(f'data-pledge="{sent.public_id}"')[2].partition("</article>")[0]
    framed = client.get(f"/{SLUG}/promises/{sent.public_id}/embed").text
    said = {told["verified"], "data-proof" in page, 'class="verified"' in card, ">Verified<" in framed}  # type: ignore[index]
    assert len(said) == 1, said
    return said.pop()


def waits(at: AtTheDesk) -> tuple[int, int]:
    """How many stand in the lane, and how many its link says."""
    page = at.client.get("/moderation/?lane=organisations").text
    told = re.search(
        r'lane=organisations[^>]*aria-current="true"><span>.*?<span class="n">(\d+)</span>', page, re.DOTALL
    )
    assert told is not None
    return page.count("data-matter="), int(told[1])


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:
    return walls()


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def test_a_link_at_its_own_domain_and_a_yes_make_an_organisation_verified_until_a_day_on_which_it_ends_everywhere(
    wall: Wall, mo: AtTheDesk
) -> None:
    sent, other = of(wall, mo), of(wall, mo, words="We will read other books")
    page = re.search(rf'"(/{SLUG}/organisations/\w+)"', wall.app.test_client().get(f"/{SLUG}/organisations").text)
    assert page is not None and not verified(wall, sent)
    link = asks(wall, sent)
    assert waits(mo) == (0, 0)
    assert wall.app.test_client().get(link).status_code == 200 and waits(mo) == (0, 0)  # looking changes nothing
    assert presses(wall, link) == 200 and waits(mo) == (1, 1) and not verified(wall, sent)
    assert "a moderator looks at it" in wall.app.test_client().get(sent.receipt).text
    assert says(mo, wall, "yes") == 303 and waits(mo) == (0, 0)
    assert verified(wall, sent) and not verified(wall, other)  # nobody knows who sent that one
    text = wall.app.test_client().get(page[1]).text
    assert "an address at northbrook.co.uk was pressed" in text and "until" in text
    assert 'href="https://www.northbrook.example/about"' in text
    assert "northbrook.example" not in wall.app.test_client().get(f"/{SLUG}/promises/{other.public_id}").text
    wall.screens()
    assert "says that it is verified" in text_of(wall.letters()[-1])
    with wall.look() as session:
        assert session.scalars(select(Matter.email)).all() == [""]
        line = session.scalars(select(Act).order_by(Act.id.desc()).limit(1)).one()
        assert (line.act, line.after) == ("organisation:prove", {"proved": "domain"})
    with wall.work() as session:
        row = session.scalars(select(Organisation)).one()
        assert row.verified_until is not None and row.verified_at is not None
        assert row.verified_until - row.verified_at == badges.HOLDS
        row.verified_until = utcnow() - timedelta(seconds=1)
    assert not verified(wall, sent)  # at once, before the worker
    wall.screens()
    text = wall.app.test_client().get(page[1]).text
    assert "data-proof" not in text and "northbrook.example" not in text
    listed = wall.app.test_client().get(f"/api/v1/campaigns/{SLUG}/organisations").json
    assert [each["verified"] for each in listed["organisations"]] == [False]  # type: ignore[index]


def ends_in(wall: Wall, days: float) -> None:
    """As if the mark had been given so much earlier."""
    with wall.work() as session:
        session.scalars(select(Organisation)).one().verified_until = utcnow() + timedelta(days=days)


def told_of_the_end(wall: Wall) -> list[str]:
    return [text_of(each) for each in wall.letters() if "mark of your organisation ends" in each]


def test_whoever_holds_the_mark_is_told_once_some_weeks_before_it_ends_and_how_it_is_proved_anew(
    wall: Wall, mo: AtTheDesk
) -> None:
    sent, unproved = of(wall, mo), of(wall, mo, words="We will read other books")
    gives(wall, sent)
    gives(wall, unproved)  # a colleague, who does not hold it
    ends_in(wall, 30)
    wall.screens()
    assert told_of_the_end(wall) == []
    ends_in(wall, 27)
    for _ in range(3):
        wall.screens()
    (letter,) = told_of_the_end(wall)
    day = (utcnow() + timedelta(days=27)).strftime("%-d %B %Y")
    assert f"ends on {day}" in letter and f"{sent.receipt}#organisation" in letter
    page = wall.app.test_client().get(sent.receipt).text
    assert "data-ends" in page and f"ends on {day}" in page
    assert "data-ends" not in wall.app.test_client().get(unproved.receipt).text
    with wall.work() as session:  # proved anew before the next letter is written: nobody is told what is true no more
        session.scalars(select(Organisation)).one().verified_until = utcnow() + timedelta(days=20)
        assert organisations.tell_of_ends(session, utcnow()) == 1
    gives(wall, sent)
    wall.screens()
    assert len(told_of_the_end(wall)) == 1 and ("badge_ends", "overtaken") in wall.owed()
    wall.screens(utcnow() + badges.HOLDS - timedelta(days=10))  # and a year later again
    assert len(told_of_the_end(wall)) == 2


def test_nobody_is_told_of_the_end_of_a_mark_at_an_address_that_wants_no_letters(wall: Wall, mo: AtTheDesk) -> None:
    sent = of(wall, mo, lang="cy")
    gives(wall, sent)
    wall.acts(sent, "letters")
    ends_in(wall, 20)
    wall.screens()
    assert told_of_the_end(wall) == [] and "badge_ends" not in dict(wall.owed())


def test_a_shared_domain_proves_nothing_until_a_lead_has_checked_it_in_another_way(wall: Wall, mo: AtTheDesk) -> None:
    sent, lead = of(wall, mo, "Leafy Surgery"), wall.moderator("lea", Role.LEAD)
    assert presses(wall, asks(wall, sent, "leafy@sub.nhs.net")) == 200
    assert says(mo, wall, "yes", "Leafy Surgery") == 0
    forced = {"csrf_token": mo.csrf(), "act": "yes", "matter": _open(wall), "how": "telephone"}
    assert mo.client.post(address(wall, "Leafy Surgery"), data=forced).status_code == 403
    assert says(lead, wall, "yes", "Leafy Surgery", how="domain") == 409
    assert not verified(wall, sent)
    assert says(lead, wall, "yes", "Leafy Surgery", how="telephone") == 303
    assert verified(wall, sent)
    page = wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}").text
    assert "Verified by telephone" in page and "nhs.net" not in page
    assert says(mo, wall, "end", "Leafy Surgery") == 0
    assert says(lead, wall, "end", "Leafy Surgery") == 303 and not verified(wall, sent)


def _open(wall: Wall) -> str:
    with wall.look() as session:
        return session.scalars(select(Matter.public_id).where(Matter.decided_at.is_(None))).one()


def test_leads_say_of_a_domain_that_it_is_shared_or_is_not_and_the_most_exact_word_counts(
    wall: Wall, mo: AtTheDesk
) -> None:
    lead = wall.moderator("lea", Role.LEAD)

    def says_of(domain: str, act: str, at: AtTheDesk = lead) -> int:
        given = {"csrf_token": at.csrf(), "act": act, "domain": domain}
        return at.client.post("/moderation/domains", data=given).status_code

    def shared(host: str) -> bool:
        with wall.look() as session:
            return domains.is_shared(session, host)

    assert shared("gmail.com") and shared("oak.kent.sch.uk") and not shared("shire.example")
    assert says_of("shire.example", "share", mo) == 403
    assert says_of("@Shire.example", "share") == says_of("oak.kent.sch.uk", "let") == 303
    assert shared("a.shire.example") and not shared("oak.kent.sch.uk") and shared("ash.kent.sch.uk")
    assert says_of("shire.example", "share") == says_of("nothing", "share") == 422
    assert "shire.example" in lead.client.get("/moderation/domains").text
    assert says_of("shire.example", "unsay") == 303 and not shared("shire.example")


def test_a_colleague_speaks_for_it_with_a_yes_of_who_holds_the_badge_and_takes_it_over(
    wall: Wall, mo: AtTheDesk
) -> None:
    first, second = of(wall, mo), of(wall, mo, words="We will read other books", email="bo@northbrook.example")
    gives(wall, first)
    marked = [
        "data-badge-of-others" in mo.client.get(f"/moderation/reviews/{each.review_id}").text
        for each in (
            first,
            second,
            wall.promises("We will read them too", kind="organisation", organisation="NORTHBROOK", email="c@x.org"),
        )
    ]
    assert marked == [False, True, True]  # a moderator is told before anything is shown
    assert presses(wall, asks(wall, second, "bo@northbrook.co.uk")) == 200
    assert says(mo, wall, "yes") == 0  # a lead, or who holds it
    wall.screens()
    assert "A colleague asks to speak" in wall.letters()[-1] and "To: ada@northbrook.example" in wall.letters()[-1]

    def presses_on(sent: Sent, act: str, button: str | None = None) -> int:
        page = wall.app.test_client().get(sent.receipt).text
        found = [each for each in forms(page) if act in each.values("act")]
        if not found:
            return 0
        given = found[0].sent(button, act=act)
        return wall.app.test_client().post(found[0].action, data=given).status_code

    assert presses_on(second, "colleague", "yes") == 0  # not their own to say
    given = {"act": "colleague", "who": _open(wall), "answer": "yes"}
    assert wall.app.test_client().post(second.receipt, data=given).status_code == 409
    assert presses_on(first, "colleague", "yes") == 303
    assert verified(wall, first) and verified(wall, second) and waits(mo) == (0, 0)
    assert presses_on(second, "hand_over") == 0
    assert presses_on(first, "hand_over") == 303
    assert presses_on(second, "dismiss") == 303
    assert not verified(wall, first) and verified(wall, second)
    wall.edits(second, "We will read still other books", kind="organisation", organisation="Southbrook", name_it="")
    with wall.look() as session:
        newest = wall._newest(second.contribution_id, second.receipt)
    mo.approves(newest)
    assert not verified(wall, second)  # what was proved was of another organisation
    assert "data-badge>It has no badge now" in mo.client.get(address(wall)).text  # nobody speaks for it any more
    wall.acts(second, "erase")
    with wall.look() as session:
        assert session.scalars(select(Matter.id)).all() == []


def test_all_that_waits_about_organisations_stands_on_pages_of_its_lane_each_once(wall: Wall, mo: AtTheDesk) -> None:
    sent, now = of(wall, mo), utcnow()
    with wall.work() as session:
        pledge = session.get_one(Contribution, sent.contribution_id)
        for number in range(61):
            moment = now - timedelta(minutes=number // 30)  # many of one moment
            about = {"campaign_id": pledge.campaign_id, "organisation_id": pledge.organisation_id}
            matter = Matter(public_id=f"m{number:03}", kind=MatterKind.PROOF, domain="a.example", **about)
            matter.contribution_id, matter.asked_at, matter.waiting_since = pledge.id, moment, moment
            session.add(matter)
    with wall.look() as session:
        oldest_first = select(Matter.public_id).order_by(Matter.waiting_since, Matter.id)
        right = list(session.scalars(oldest_first))
    seen, path = [], "/moderation/?lane=organisations"
    while path:
        page = mo.client.get(path).text
        seen.append(re.findall(r'data-matter="(\w+)"', page))
        more = re.search(r'href="([^"]+after=[^"]+)">Show the next 25', page)
        path = unescape(more[1]) if more is not None else ""
    assert [len(each) for each in seen] == [25, 25, 11]
    assert [each for page in seen for each in page] == right


def test_what_was_asked_is_not_taken_without_a_confirmed_address_twice_or_too_late(wall: Wall, mo: AtTheDesk) -> None:
    sent = of(wall, mo)
    with wall.work() as session:
        contact = session.get_one(Contribution, sent.contribution_id).contact
        assert contact is not None
        contact.proved_at = None
    assert wall.acts(sent, "prove", email="a@northbrook.co.uk").status_code == 422
    wall.proves(sent)
    for wrong in ("", "northbrook.co.uk", "a@localhost", "a@co.uk"):
        answer = wall.acts(sent, "prove", email=wrong)
        assert answer.status_code == 422 and 'id="e-email"' in answer.text, wrong
    old = asks(wall, sent, "one@northbrook.co.uk")
    new = asks(wall, sent, "two@northbrook.co.uk")
    assert presses(wall, old) == 404
    with wall.work() as session:
        session.scalars(select(Matter)).one().asked_at = later(-8 * 24 * 3600)
    assert wall.app.test_client().post(new).status_code == 409
    new = asks(wall, sent, "three@northbrook.co.uk")
    assert presses(wall, new) == 200
    assert wall.app.test_client().post(new).status_code == 200 and waits(mo) == (1, 1)
    assert wall.acts(sent, "prove", email="four@northbrook.co.uk").status_code == 409
    assert wall.app.test_client().get("/proofs/" + "a" * 32).status_code == 404
    wall.acts(sent, "erase")
    assert waits(mo) == (0, 0) and presses(wall, new) == 404
