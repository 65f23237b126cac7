"""Ten clear items in full on one page, approved by one press; nobody can keep others from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from moderation.decisions import seeing
from moderation.models import Act, Batch, BatchItem, Evidence, Letter, Membership, Moderator, Review, Role, WordRule
from moderation.workflow import State
from pledges.db import utcnow
from pledges.models import AkismetUse, Campaign
from tests.again import again
from tests.akismet_service import KEY, AkismetService
from tests.forms import form
from tests.moderation.clusters.test_clusters import arrives
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall, later

TEXTS = (
    "I will learn the names of everybody on my corridor",
    "Our library buys forty novels by Black Welsh authors",
    "Every rota goes up two weeks early, so that Eid is no surprise",
    "My shop window is free for posters of the carnival",
    "We will translate our newsletter into Somali and Polish",
    "I shall stop interrupting Leila whenever we meet",
    "Blind marking for each essay in the physics department",
    "There will be tea and the story of the bus boycott at our house",
    "I practise saying out loud that a joke is not funny",
    "Interview guests get their travel money without questions",
    "The minutes of our council tell who spoke and for how long",
    "On Sundays there is a seat at my table for whoever is new in town",
)


@pytest.fixture
def calm(walls: Callable[..., Wall], akismet: AkismetService) -> Wall:
    """A wall whose spam service answers, so that items can be clear."""
    return walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_timeout_seconds=2)


@pytest.fixture
def reader(calm: Wall) -> AtTheDesk:
    return calm.moderator("mo")


def arrives_at_other(wall: Wall) -> Sent:
    """One clear item of the other campaign."""
    sent = wall.promises("We will print our menu in five languages", slug=OTHER)
    screened(wall)
    return sent


def screened(wall: Wall) -> None:
    """What was sent is checked, as if each sender had taken a minute over it."""
    with wall.work() as session:
        session.execute(update(Evidence).values(seconds_on_form=60.0))
    while wall.screens():
        pass


@again
def twelve(wall: Wall, **fields: str) -> list[Sent]:
    sent = [arrives(wall, words, n, **fields) for n, words in enumerate(TEXTS)]
    screened(wall)
    return sent


def sheet(at: AtTheDesk) -> str:
    """The page that the queue's button leads to; where nothing waits there is no button, and the address still answers."""
    page = at.client.get("/moderation/").text
    given = form(page, "/moderation/sheet").sent() if "/moderation/sheet" in page else {"csrf_token": at.csrf()}
    answer = at.client.post("/moderation/sheet", data=given)
    return at.client.get(answer.headers["Location"]).text


def on_it(page: str) -> list[int]:
    if 'action="/moderation/sheet/approve"' not in page:
        return []
    return [int(item.split(".")[0]) for item in form(page, "/sheet/approve").values("item")]


def presses(at: AtTheDesk, page: str, *out: Sent) -> TestResponse:
    offered = form(page, "/sheet/approve")
    return at.client.post(offered.action, data=offered.sent(out=[str(each.review_id) for each in out]))


def proof(wall: Wall, by: Moderator, review: Review) -> str:
    with wall.app.app_context():
        return seeing.proof(by, review)


def states(wall: Wall, sent: list[Sent]) -> list[State]:
    return [wall.review(each.review_id).state for each in sent]


def test_ten_are_shown_in_full_and_one_press_approves_exactly_those(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm, name="Rhian Price", show_name="first", first_name="Rhian", how_we_will_know="Ask my neighbours")
    page = sheet(reader)
    assert on_it(page) == [each.review_id for each in sent[:10]]
    for words in TEXTS[:10]:
        assert words in page
    assert page.count("Rhian</bdi>") == 10
    assert "Price" not in page  # as it will be shown, not as it was sent
    assert page.count("Ask my neighbours") == 10
    answer = presses(reader, page)
    assert states(calm, sent) == [State.APPROVED] * 10 + [State.WAITING] * 2
    assert calm.shown(TEXTS[0])
    following = reader.client.get(answer.headers["Location"]).text
    assert 'data-sheet-done="10"' in following
    assert on_it(following) == [each.review_id for each in sent[10:]]
    with calm.look() as session:
        assert session.scalars(select(Act).order_by(Act.id.desc()).limit(1)).one().act == "batch:approve"


def test_what_is_taken_out_waits_and_comes_on_no_sheet_again(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    answer = presses(reader, sheet(reader), sent[3], sent[4])
    assert calm.review(sent[3].review_id).state is State.WAITING
    assert states(calm, sent).count(State.APPROVED) == 8
    assert on_it(reader.client.get(answer.headers["Location"]).text) == [sent[10].review_id, sent[11].review_id]
    assert {sent[3].review_id, sent[4].review_id} <= set(reader.sees("all"))
    assert calm.review(sent[3].review_id).claimed_by_id is None


def test_what_changed_since_the_page_was_made_is_skipped_and_told(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    page = sheet(reader)
    newer = calm.edits(sent[0], "Other words than the ones that were read")
    calm.acts(sent[1], "withdraw")
    ann = calm.moderator("ann")
    taken = {"csrf_token": ann.csrf()}
    assert ann.client.post(f"/moderation/reviews/{sent[2].review_id}/take-over", data=taken).status_code == 303
    ann.decides(sent[2], "reject", reason="off_topic")
    with calm.work() as session:  # a check spoke again, and the version is the same
        session.execute(update(Review).where(Review.id == sent[5].review_id).values(clear=False))
    answer = presses(reader, page)
    told = reader.client.get(answer.headers["Location"]).text
    assert 'data-sheet-done="6"' in told
    assert "ann was quicker: Declined" in told
    assert "A check found something since you saw it" in told
    assert states(calm, sent[:6]) == [
        State.SUPERSEDED, State.WITHDRAWN, State.REJECTED, State.APPROVED, State.APPROVED, State.WAITING,
    ]  # fmt: skip
    assert not calm.shown("Other words than the ones that were read")
    assert newer.review_id != sent[0].review_id


def takes_over(at: AtTheDesk, sent: Sent) -> None:
    taken = {"csrf_token": at.csrf()}
    assert at.client.post(f"/moderation/reviews/{sent.review_id}/take-over", data=taken).status_code == 303


def test_what_a_colleague_passed_on_or_laid_aside_meanwhile_is_not_approved_by_a_sheet(
    calm: Wall, reader: AtTheDesk
) -> None:
    sent = twelve(calm)
    page = sheet(reader)
    sam, ann = calm.moderator("sam"), calm.moderator("ann")
    for each in sent[:3]:
        takes_over(sam, each)
    assert sam.decides(sent[0], "pass", to="ann@example.org").status_code == 303
    assert sam.decides(sent[1], "park").status_code == 303
    assert sam.decides(sent[2], "pass", to=f"{reader.name}@example.org").status_code == 303
    answer = presses(reader, page)
    assert states(calm, sent[:4]) == [State.WAITING, State.WAITING, State.APPROVED, State.APPROVED]
    told = reader.client.get(answer.headers["Location"]).text
    assert f"{sent[0].public_id}: sam was quicker: passed it on" in told
    assert f"{sent[1].public_id}: sam was quicker: laid it aside" in told
    assert 'data-sheet-done="8"' in told
    assert ann.sees("mine") == [sent[0].review_id] and ann.sees("parked") == [sent[1].review_id]


def test_a_sheet_with_other_words_than_were_shown_approves_nothing(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    offered = form(sheet(reader), "/sheet/approve")
    items = offered.values("item")
    forged = [items[0].rsplit(".", 1)[0] + "." + items[1].rsplit(".", 1)[1], *items[1:]]
    assert reader.client.post(offered.action, data=offered.sent(item=forged)).status_code == 409
    assert states(calm, sent) == [State.WAITING] * 12


def test_a_sheet_approves_only_what_could_have_stood_on_it(calm: Wall, reader: AtTheDesk) -> None:
    (harsh,) = [arrives(calm, "Go back to where you came from, all of you", 1)]
    sent = twelve(calm)
    offered = form(sheet(reader), "/sheet/approve")
    with calm.look() as session:
        review = session.get_one(Review, harsh.review_id)
        reads = session.scalars(select(Moderator).where(Moderator.name == reader.name)).one()
        forged = f"{review.id}.{review.version}.{proof(calm, reads, review)}"
    reader.client.post(offered.action, data=offered.sent(item=[forged, *offered.values("item")[:3]]))
    assert calm.review(harsh.review_id).state is State.WAITING
    assert states(calm, sent)[:3] == [State.APPROVED] * 3


def test_an_item_that_a_sheet_names_twice_is_decided_once(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    offered = form(sheet(reader), "/sheet/approve")
    first = offered.values("item")[0]
    assert reader.client.post(offered.action, data=offered.sent(item=[first, first])).status_code == 303
    assert states(calm, sent) == [State.APPROVED] + [State.WAITING] * 11
    assert len([made for made in calm.decisions(sent[0].review_id) if made.moderator_id]) == 1


def test_a_sheet_tells_nothing_of_campaigns_where_the_person_has_no_role(calm: Wall, reader: AtTheDesk) -> None:
    ola = calm.moderator("ola", slug=OTHER)
    sent = twelve(calm)
    own = arrives_at_other(calm)
    offered = form(sheet(ola), "/sheet/approve")
    assert on_it(sheet(ola)) == [own.review_id]
    with calm.look() as session:
        review = session.get_one(Review, sent[0].review_id)
        reads = session.scalars(select(Moderator).where(Moderator.name == "ola")).one()
        foreign = f"{review.id}.{review.version}.{proof(calm, reads, review)}"
    reader.decides(sent[0], "reject", reason="off_topic")
    wrong = foreign.rsplit(".", 1)[0] + ".nothing"
    answers = [
        ola.client.post(offered.action, data=offered.sent(item=[each])) for each in (foreign, wrong, "999999.1.nothing")
    ]
    assert [answer.status_code for answer in answers] == [400] * 3  # alike, whether it is there or not
    ola.client.post(offered.action, data=offered.sent(item=[foreign, *offered.values("item")], out=[foreign]))
    assert calm.review(own.review_id).state is State.APPROVED
    with calm.look() as session:
        named = session.scalars(select(BatchItem.review_id)).all()
    assert named == [own.review_id]


def test_who_may_only_look_is_not_told_by_a_sheet_who_decided(calm: Wall, reader: AtTheDesk) -> None:
    ola = calm.moderator("ola", slug=OTHER)
    with calm.work() as session:
        person = session.scalars(select(Moderator).where(Moderator.name == "ola")).one()
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        session.add(Membership(moderator_id=person.id, campaign_id=campaign, role=Role.VIEWER, since=utcnow()))
    sent = twelve(calm)
    arrives_at_other(calm)
    offered = form(sheet(ola), "/sheet/approve")
    with calm.look() as session:
        review = session.get_one(Review, sent[0].review_id)
        reads = session.scalars(select(Moderator).where(Moderator.name == "ola")).one()
        foreign = f"{review.id}.{review.version}.{proof(calm, reads, review)}"
    reader.decides(sent[0], "reject", reason="off_topic")
    ola.client.post(offered.action, data=offered.sent(item=[foreign]))
    with calm.look() as session:
        (item,) = session.scalars(select(BatchItem))
        assert (item.outcome, item.why, item.decision_id) == ("refused", "role", None)


def test_a_sheet_is_undone_as_one_step_and_no_letter_goes_out(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm, email="someone@example.org")
    for each in sent:
        calm.proves(each)
    before = len(calm.letters())
    answer = presses(reader, sheet(reader))
    assert calm.shown(TEXTS[0])
    undo = form(reader.client.get(answer.headers["Location"]).text, "/undo")
    reader.client.post(undo.action, data=undo.sent())
    assert states(calm, sent) == [State.WAITING] * 12
    assert not calm.shown(TEXTS[0])
    calm.screens(later(days=1))
    assert len(calm.letters()) == before
    with calm.look() as session:
        assert {letter.dropped_why for letter in session.scalars(select(Letter).where(Letter.kind == "approved"))} == {
            "undone"
        }


def test_clear_means_that_every_check_looked_and_found_nothing(wall: Wall, calm: Wall, reader: AtTheDesk) -> None:
    unchecked = wall.promises("Nobody asked the spam service about this")
    wall.screens()
    assert not wall.review(unchecked.review_id).clear  # no key: unknown is not clear
    for words in (
        "Write to me at sam@example.com and we begin",
        "Read about it on http://example.com/together",
        "He said go back to your own country, and I will answer next time",
        "I will say akismet-guaranteed-spam",
        "I will say stub-recheck today",
    ):
        arrives(calm, words, 1)
    screened(calm)
    assert on_it(sheet(reader)) == []
    clear = arrives(calm, TEXTS[0], 2)
    screened(calm)
    assert on_it(sheet(reader)) == [clear.review_id]


def test_a_thousand_from_one_network_take_two_places_of_ten(
    calm: Wall, reader: AtTheDesk, share: Callable[..., int]
) -> None:
    """They came first, look clear, and differ; whoever came later from elsewhere is read all the same."""
    count = share(1000, usual=30)
    for n in range(count):
        arrives(calm, _unlike(n), n, ip=f"203.0.113.{n % 250 + 1}")
    screened(calm)
    others = twelve(calm)
    page = sheet(reader)
    ids = on_it(page)
    assert len(ids) == 10
    assert len(set(ids) & {each.review_id for each in others}) == 8
    presses(reader, page)
    assert states(calm, others).count(State.APPROVED) == 8
    with calm.look() as session:
        assert session.query(Review).filter(Review.clear.is_(True)).count() == count + 12


def test_later_ones_never_come_before_older_ones_wherever_they_come_from(calm: Wall, reader: AtTheDesk) -> None:
    first = twelve(calm)
    for n in range(40):
        arrives(calm, _unlike(n), 300 + n, ip=f"192.0.{n}.1")
    screened(calm)
    assert on_it(sheet(reader)) == [each.review_id for each in first[:10]]


def test_a_network_alone_gets_a_whole_sheet(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm, ip="203.0.113.9")
    assert on_it(sheet(reader)) == [each.review_id for each in sent[:10]]


def test_each_campaign_has_its_turn_on_a_sheet(calm: Wall, reader: AtTheDesk) -> None:
    twelve(calm)
    other = calm.promises("A promise to another campaign altogether", slug=OTHER)
    screened(calm)
    assert other.review_id in on_it(sheet(reader))


def test_a_sheet_leaves_out_what_others_hold_and_what_this_person_does_not_read(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm, lang="cy")
    ann = calm.moderator("ann")
    assert on_it(sheet(ann)) == [each.review_id for each in sent[:10]]
    assert on_it(sheet(reader)) == [each.review_id for each in sent[10:]]
    stranger = calm.moderator("ola", slug=OTHER)
    assert on_it(sheet(stranger)) == []
    bo = calm.moderator("bo")
    with calm.work() as session:
        session.execute(update(Review).values(claimed_by_id=None, claimed_until=None))
        session.execute(update(Moderator).where(Moderator.name == "bo").values(skips=["welsh"]))
    assert on_it(sheet(bo)) == []


def test_reported_and_changed_ones_are_on_no_sheet(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    reader.approves(sent[0])
    reader.approves(sent[1])
    calm.reports(sent[0])
    changed = calm.edits(sent[1], "The same promise, in somewhat other words than before")
    screened(calm)
    ids = on_it(sheet(reader))
    assert not {sent[0].review_id, changed.review_id} & set(ids)
    assert len(ids) == 10


def test_two_who_press_the_same_sheet_decide_each_item_once(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    ann = calm.moderator("ann")
    page = reader.client.get("/moderation/sheet").text  # by its address, so nobody holds anything
    theirs = ann.client.get("/moderation/sheet").text
    assert on_it(page) == on_it(theirs)
    presses(reader, page)
    answer = presses(ann, theirs)
    assert 'data-sheet-done="0"' in ann.client.get(answer.headers["Location"]).text
    for each in sent[:10]:
        assert len([made for made in calm.decisions(each.review_id) if made.moderator_id]) == 1
    with calm.look() as session:
        assert len(session.scalars(select(Batch)).all()) == 2


def _unlike(n: int) -> str:
    """A promise that resembles none of the others."""
    start, rest = divmod(n, len(TEXTS))
    letters = "bcdfghklmnprstvw"
    name = "".join(letters[(n * 7 + place * place * 5) % 16] + "aeiou"[(n + place) % 5] for place in range(24))
    return f"{name[:12]} {name[12:30]} {name[30:]} {TEXTS[rest][: 12 + start % 9]}"


assert SLUG != OTHER


def test_a_campaign_that_does_not_ask_the_spam_service_has_a_sheet(wall: Wall) -> None:
    with wall.work() as session:
        session.execute(update(Campaign).values(akismet=AkismetUse.DO_NOT_ASK))
    sent = wall.promises(TEXTS[0])
    screened(wall)
    page = sheet(wall.moderator("mo"))
    assert on_it(page) == [sent.review_id]
    wall.acts(sent, "withdraw")
    assert "The spam check does not run here" not in sheet(wall.moderator("ann"))


def test_an_empty_sheet_says_that_no_spam_check_runs(wall: Wall, reader: AtTheDesk) -> None:
    wall.promises(TEXTS[0])
    screened(wall)
    page = sheet(wall.moderator("mo"))
    assert on_it(page) == []
    assert "The spam check does not run here" in page
    assert "The spam check does not run here" not in sheet(reader)


def test_a_word_that_is_listed_later_takes_an_item_off_the_sheet(calm: Wall, reader: AtTheDesk) -> None:
    sent = twelve(calm)
    presses(reader, sheet(reader), *sent[1:10])
    lead = calm.moderator("lea", Role.LEAD)
    given = {"csrf_token": lead.csrf(), "campaign": SLUG, "words": "minutes of our council", "effect": "mask"}
    assert on_it(sheet(reader)) == [sent[10].review_id, sent[11].review_id]
    assert lead.client.post("/moderation/word-lists", data={**given, "act": "add"}).status_code == 303
    assert lead.client.post("/moderation/word-lists", data={**given, "act": "add", "words": "joke"}).status_code == 303
    calm.screens()
    assert calm.review(sent[10].review_id).masked and not calm.review(sent[10].review_id).clear
    page = sheet(reader)
    assert on_it(page) == [sent[11].review_id]
    assert TEXTS[10] not in page
    with calm.look() as session:
        rules = session.scalars(select(WordRule.id)).all()
    for rule in rules:
        lead.client.post("/moderation/word-lists", data={**given, "act": "retire", "rule": str(rule)})
    calm.screens()
    assert on_it(sheet(reader)) == [sent[10].review_id, sent[11].review_id]
    assert not calm.review(sent[8].review_id).clear  # it was taken out of a sheet, and comes on none again
