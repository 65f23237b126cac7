"""How a promise goes: told by one press, read by a person where words came with it, and the same on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest
import time_machine
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from moderation.cli.upkeep import rebuild_counters
from moderation.models import Report, Review
from moderation.surge import switching
from pledges.db import utcnow
from pledges.models import Campaign, Contribution, Delivery, Step, Type
from pledges.wall.steps import A_DAY
from pledges.webhooks import keeping
from tests.forms import form
from tests.wall import SLUG, WORDS, AtTheDesk, Sent, Wall, later

NEW = "I will listen, and then write down what I heard"


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


@pytest.fixture
def sent(wall: Wall, mo: AtTheDesk) -> Sent:
    sent = wall.promises()
    mo.approves(sent)
    return sent


@pytest.fixture
def tomorrow() -> Iterator[Any]:
    """`tomorrow.shift(days)`"""
    with time_machine.travel(utcnow(), tick=True) as clock:
        yield clock


def tells(wall: Wall, sent: Sent, status: str, **fields: str) -> TestResponse:
    return wall.acts(sent, "update", status=status, **fields)


def told(wall: Wall, sent: Sent, status: str, **fields: str) -> Sent:
    """It was told with words that a person has to read."""
    answer = tells(wall, sent, status, **fields)
    assert answer.status_code == 303, answer.text
    with wall.look() as session:
        newest = select(Contribution).where(Contribution.type == Type.UPDATE).order_by(Contribution.id.desc())
        update = session.scalars(newest.limit(1)).one()
        review = session.scalars(select(Review.id).where(Review.contribution_id == update.id)).one()
        return Sent(update.id, update.public_id, sent.receipt, review)


def status(wall: Wall, sent: Sent) -> str:
    """How it stands; the promise's page, the wall narrowed to that, JSON and feed say so alike."""
    client = wall.app.test_client()
    pledge = client.get(f"/api/v1/pledges/{sent.public_id}").get_json()
    said = pledge["status"]
    assert updates(wall, sent)["status"] == said
    listed = client.get(f"/api/v1/campaigns/{SLUG}/pledges?status={said}").get_json()["pledges"]
    assert sent.public_id in [each["id"] for each in listed]
    assert f'data-pledge="{sent.public_id}"' in client.get(f"/{SLUG}?status={said}").text
    return str(said)


def updates(wall: Wall, sent: Sent) -> dict[str, Any]:
    return wall.app.test_client().get(f"/api/v1/pledges/{sent.public_id}/updates").get_json()


def page(wall: Wall, sent: Sent) -> str:
    return wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}").text


def steps(wall: Wall) -> int:
    with wall.look() as session:
        return session.scalar(select(func.count()).select_from(Step)) or 0


def drift(wall: Wall) -> str:
    with wall.app.app_context():
        return "".join(re.findall(r".*->.*", wall.app.test_cli_runner().invoke(rebuild_counters).output))


def test_one_press_tells_it_at_once_and_nobody_has_to_read_it(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    assert "No update yet." in page(wall, sent)
    receipt = wall.app.test_client().get(sent.receipt).text
    for word in ("not_started", "under_way", "kept", "not_kept"):
        assert re.search(rf'<button[^>]* name="status" value="{word}"', receipt)
    for word in ("not_started", "under_way", "kept"):
        assert tells(wall, sent, word).status_code == 303
        assert status(wall, sent) == word
    shown = page(wall, sent)
    assert [each["status"] for each in updates(wall, sent)["updates"]] == ["kept", "under_way", "not_started"]
    assert "No update yet." not in shown
    assert shown.count("data-update=") == 3
    assert not mo.sees("updates")
    assert not drift(wall)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "promised"},
        {"status": "done"},
        {"status": "changed"},
        {"status": "changed", "promise": "too short"},
        {"status": "kept", "promise": NEW},
        {"status": "kept", "note": "n" * 301},
        {"status": "kept", "link": "javascript:alert(1)"},
        {"status": "kept", "link": "https://user@example.org/"},
    ],
)
def test_what_cannot_be_taken_comes_back_with_its_words(wall: Wall, sent: Sent, fields: dict[str, str]) -> None:
    answer = wall.acts(sent, "update", **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    for name in ("note", "promise", "link"):
        if len(fields.get(name, "")) > 3:
            assert fields[name] in answer.text
    assert not steps(wall)
    assert status(wall, sent) == "promised"


def test_a_double_press_counts_once_and_five_are_told_in_a_day(wall: Wall, sent: Sent, tomorrow: Any) -> None:
    for word in ("kept", "kept", "under_way", "kept", "not_kept", "kept"):
        assert tells(wall, sent, word).status_code == 303
    assert steps(wall) == A_DAY
    refused = tells(wall, sent, "under_way", note="These words must not be lost")
    assert refused.status_code == 429
    assert "These words must not be lost" in refused.text
    assert (steps(wall), status(wall, sent)) == (A_DAY, "kept")
    tomorrow.shift(timedelta(days=1, minutes=1))
    assert tells(wall, sent, "under_way").status_code == 303
    assert status(wall, sent) == "under_way"


def test_the_same_form_sent_twice_is_one_update(wall: Wall, sent: Sent) -> None:
    token = re.findall(r'name="token" value="([^"]+)"', wall.app.test_client().get(sent.receipt).text)[-1]
    for _ in range(2):
        assert tells(wall, sent, "kept", note="We did it", token=token).status_code == 303
    other = tells(wall, sent, "kept", note="We did something else", token=token)
    assert other.status_code == 422
    assert "We did something else" in other.text
    assert steps(wall) == 1


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_note_waits_for_a_person_while_its_status_stands(
    wall: Wall, mo: AtTheDesk, sent: Sent, decision: str
) -> None:
    update = told(wall, sent, "under_way", note="Two evenings are done", link="https://example.org/evenings")
    wall.screens()
    assert status(wall, sent) == "under_way"
    assert mo.sees("updates") == [update.review_id]
    assert "Two evenings" not in page(wall, sent)
    item = mo.client.get(f"/moderation/reviews/{update.review_id}").text
    for part in ("Two evenings are done", "https://example.org/evenings", "Under way", WORDS):
        assert part in item
    mo.decides(update, decision, reason="off_topic")
    entry = updates(wall, sent)["updates"][0]
    assert (entry["status"], entry["at"] is not None) == ("under_way", True)
    shown = decision == "approve"
    assert entry["note"] == ("Two evenings are done" if shown else None)
    assert entry["link"] == ("https://example.org/evenings" if shown else None)
    assert ("Two evenings are done" in page(wall, sent)) is shown
    assert ('rel="nofollow ugc noopener noreferrer" href="https://example.org/evenings"' in page(wall, sent)) is shown
    assert status(wall, sent) == "under_way"


def test_a_link_alone_is_an_update_too(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    update = told(wall, sent, "kept", link="https://example.org/done")
    wall.screens()
    mo.approves(update)
    assert updates(wall, sent)["updates"][0]["link"] == "https://example.org/done"
    assert updates(wall, sent)["updates"][0]["note"] is None


def test_a_promise_that_has_changed_shows_both_wordings_once_a_person_has_read_the_new_one(
    wall: Wall, mo: AtTheDesk, sent: Sent
) -> None:
    tells(wall, sent, "under_way")
    update = told(wall, sent, "changed", promise=NEW, note="It was too little")
    wall.screens()
    assert status(wall, sent) == "under_way"
    assert NEW not in page(wall, sent)
    mo.approves(update)
    assert status(wall, sent) == "changed"
    shown = page(wall, sent)
    assert WORDS in shown
    assert NEW in shown
    assert "It was too little" in shown
    assert updates(wall, sent)["updates"][0]["promise"] == NEW
    mo.decides(update, "reject", reason="off_topic")
    assert status(wall, sent) == "under_way"
    assert NEW not in page(wall, sent)
    assert not drift(wall)


def test_a_later_answer_is_not_overtaken_by_new_words_that_were_sent_before_it(
    wall: Wall, mo: AtTheDesk, sent: Sent
) -> None:
    update = told(wall, sent, "changed", promise=NEW)
    tells(wall, sent, "kept")
    wall.screens()
    mo.approves(update)
    assert status(wall, sent) == "kept"


def test_looking_tells_nothing(wall: Wall, sent: Sent) -> None:
    client = wall.app.test_client()
    for query in ("", "?status=kept&act=update", "?do=update&status=kept", "#going"):
        client.get(f"{sent.receipt}{query}")
    assert (steps(wall), status(wall, sent)) == (0, "promised")


def test_what_is_not_on_the_wall_cannot_be_told_of(wall: Wall, mo: AtTheDesk) -> None:
    waiting = wall.promises()
    assert tells(wall, waiting, "kept").status_code == 409
    mo.approves(waiting)
    comment = wall.comments(waiting)
    assert wall.acts(comment, "update", status="kept").status_code == 409
    wall.acts(waiting, "withdraw")
    assert tells(wall, waiting, "kept").status_code == 409
    assert not steps(wall)


def test_an_answer_is_taken_back_by_whoever_gave_it(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    tells(wall, sent, "under_way")
    update = told(wall, sent, "not_kept", note="I gave up")
    wall.screens()
    mo.approves(update)
    assert status(wall, sent) == "not_kept"
    receipt = wall.app.test_client().get(sent.receipt).text
    newest = re.findall(r'name="back" value="([^"]+)"', receipt)[0]
    assert wall.acts(sent, "update", back=newest).status_code == 303
    assert status(wall, sent) == "under_way"
    assert "I gave up" not in page(wall, sent)
    assert wall.acts(sent, "update", back=newest).status_code == 409
    assert not drift(wall)


def test_what_is_told_in_a_surge_is_shown_when_it_is_over(wall: Wall, sent: Sent) -> None:
    with wall.work() as session:
        campaign = session.query(Campaign).filter_by(slug=SLUG).one()
        switching.start(session, campaign, by=None, why="hand", hours=1, switches={"screens": True}, now=utcnow())
    tells(wall, sent, "kept")
    wall.screens()
    assert status(wall, sent) == "promised"
    assert "shown in a while" in wall.app.test_client().get(sent.receipt).text
    wall.screens(later(hours=2))
    assert status(wall, sent) == "kept"
    assert not drift(wall)


def test_what_was_told_is_reported_and_taken_off_at_the_desk(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    tells(wall, sent, "kept")
    where = re.search(r'href="(/[^"]+/report\?step=[^"]+)"', page(wall, sent))
    assert where
    answer = wall.sends(where[1], category="other", note="It is not true", step=where[1].partition("step=")[2])
    assert answer.status_code == 200
    with wall.look() as session:
        note = session.scalars(select(Report.note)).one()
        assert re.fullmatch(r"\(About what was told on .+: Kept\)\n\nIt is not true", note)
    assert mo.sees("reported") == [sent.review_id]
    assert status(wall, sent) == "kept"
    item = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    off = re.search(r'action="(/moderation/reviews/\d+/steps/\w+)"', item)
    assert off
    assert mo.client.post(off[1], data={"csrf_token": mo.csrf()}).status_code == 303
    assert status(wall, sent) == "promised"
    assert "took off what its author told" in mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert mo.client.post(off[1] + "x", data={"csrf_token": mo.csrf()}).status_code == 404


@pytest.mark.parametrize("approved", [True, False])
def test_with_what_was_told_the_note_is_taken_off_and_no_decision_brings_it_back(
    wall: Wall, mo: AtTheDesk, sent: Sent, approved: bool
) -> None:
    update = told(wall, sent, "kept", note="We did it")
    wall.screens()
    if approved:
        mo.approves(update)
        assert "We did it" in page(wall, sent)
    item = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    off = re.search(r'action="(/moderation/reviews/\d+/steps/\w+)"', item)
    assert off and mo.client.post(off[1], data={"csrf_token": mo.csrf()}).status_code == 303
    if not approved:
        mo.approves(update)
    report = f"/{SLUG}/updates/{update.public_id}/report"
    for path in (f"/{SLUG}/promises/{sent.public_id}", f"/{SLUG}/promises/{sent.public_id}/feed.atom"):
        assert "We did it" not in wall.app.test_client().get(path).text
    assert "We did it" not in str(updates(wall, sent)) and wall.app.test_client().get(report).status_code == 404
    with wall.look() as session:
        assert session.get_one(Contribution, update.contribution_id).shown_at is None
    if approved:
        mo.decides(update, "undo")
        mo.approves(update) if wall.review(update.review_id).state == "waiting" else None
        assert wall.app.test_client().get(report).status_code == 404


def test_a_note_is_reported_by_itself(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    update = told(wall, sent, "kept", note="We did it")
    wall.screens()
    mo.approves(update)
    where = f"/{SLUG}/updates/{update.public_id}/report"
    assert where in page(wall, sent)
    assert wall.sends(where, category="other").status_code == 200
    assert mo.sees("reported") == [update.review_id]


def test_its_author_hears_what_became_of_a_note_by_the_address_of_the_promise(wall: Wall, mo: AtTheDesk) -> None:
    sent = wall.told_by(mo)
    update = told(wall, sent, "kept", note="We did it")
    assert len(wall.letters()) == 2  # of the promise: nothing new is to be confirmed
    wall.screens()
    mo.decides(update, "revise", reason="clearer", note="What did you do?")
    wall.screens(later(60))
    letter = wall.letters()[-1]
    assert "We ask you for a change" in letter
    own = re.search(r"http://wall\.example(/en/receipt/\S+)", letter)
    assert own
    client = wall.app.test_client()
    assert "What did you do?" in client.get(own[1]).text
    filled = form(client.get(f"{own[1]}?do=edit").text, own[1]).sent(note="We opened the hall, every week")
    assert client.post(own[1], data=filled).status_code == 303
    wall.screens()
    with wall.look() as session:
        newer = session.scalars(select(Review).where(Review.contribution_id == update.contribution_id)).all()[-1].id
    mo.approves(Sent(update.contribution_id, update.public_id, own[1], newer))
    assert updates(wall, sent)["updates"][0]["note"] == "We opened the hall, every week"


@pytest.mark.parametrize("act", ["withdraw", "erase"])
def test_what_was_told_goes_with_the_promise(wall: Wall, mo: AtTheDesk, sent: Sent, act: str) -> None:
    tells(wall, sent, "kept")
    update = told(wall, sent, "kept", note="We did it at last")
    wall.screens()
    mo.approves(update)
    wall.acts(sent, act)
    client = wall.app.test_client()
    assert client.get(f"/api/v1/pledges/{sent.public_id}/updates").status_code == 404
    assert client.get(f"/{SLUG}/updates/{update.public_id}/report").status_code == 404
    removed = client.get(f"/api/v1/campaigns/{SLUG}/removed").get_json()["removed"]
    assert {sent.public_id, update.public_id} <= {each["id"] for each in removed}
    assert not drift(wall)
    with wall.look() as session:
        left = "".join(str(row) for row in session.execute(select(Contribution.erased_at, Contribution.type)))
        kept = session.scalar(select(func.count()).select_from(Step))
        words = [each.words for each in session.get_one(Contribution, update.contribution_id).revisions]
    assert (kept, words) == ((0, [""]) if act == "erase" else (2, ["We did it at last"])), left


def test_pages_that_are_kept_move_at_once(wall: Wall, sent: Sent) -> None:
    with wall.look() as session:
        before = session.scalars(select(Campaign.wall_version).where(Campaign.slug == SLUG)).one()
    tells(wall, sent, "kept")
    with wall.look() as session:
        assert session.scalars(select(Campaign.wall_version).where(Campaign.slug == SLUG)).one() > before


def test_welsh_pages_say_it_in_welsh(wall: Wall, sent: Sent) -> None:
    tells(wall, sent, "not_started")
    client = wall.app.test_client()
    assert "Heb ddechrau eto" in client.get(f"/cy/{SLUG}").text
    assert "Heb ddechrau eto" in client.get(f"/cy/{SLUG}/promises/{sent.public_id}").text
    assert "Heb ddechrau eto" in client.get(f"/cy{sent.receipt.removeprefix('/en')}").text


def feed(wall: Wall, sent: Sent | None = None) -> dict[str, datetime]:
    """When the entries changed last, by their ids, newest first; of the wall, or of what stands under a promise."""
    path = f"/{SLUG}/feed.atom" if sent is None else f"/{SLUG}/promises/{sent.public_id}/feed.atom"
    read = feedparser.parse(wall.app.test_client().get(path).data)
    return {each.id: datetime.fromisoformat(each.updated) for each in read.entries}


def removed(wall: Wall) -> set[str]:
    found = wall.app.test_client().get(f"/api/v1/campaigns/{SLUG}/removed").get_json()["removed"]
    return {each["id"] for each in found}


def test_what_was_told_keeps_its_id_and_copies_hear_of_each_change(wall: Wall, mo: AtTheDesk, tomorrow: Any) -> None:
    """Words that are shown later, a name that is hidden, an answer that is taken back: feeds, JSON and webhooks tell each once."""
    sent = wall.promises(name="Amina Rahman", show_name="full")
    mo.approves(sent)
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        keeping.add(session, campaign, "https://a.example/", utcnow())
    note = told(wall, sent, "kept", note="All six of them")
    (bare,) = updates(wall, sent)["updates"]
    before, on_wall = feed(wall, sent), feed(wall)
    assert bare["note"] is None
    tomorrow.shift(60)
    mo.approves(note)
    (shown,) = updates(wall, sent)["updates"]
    assert shown["note"] == "All six of them" and shown["id"] == bare["id"]
    assert f'data-update="{bare["id"]}" id="u-{bare["id"]}"' in page(wall, sent)
    after = feed(wall, sent)
    assert [*after] == [*before] and min(after.values()) >= max(before.values()) + timedelta(seconds=60)
    tomorrow.shift(60)
    wall.acts(sent, "hide_name")
    for earlier, later_on in ((on_wall, feed(wall)), (after, feed(wall, sent))):
        assert [*later_on] == [*earlier] and min(later_on.values()) >= max(earlier.values()) + timedelta(seconds=60)
    changed = told(wall, sent, "changed", promise=NEW)  # shown with its words alone
    owed = ["pledge.updated", "pledge.updated", "pledge.changed"]
    assert events(wall) == owed
    wall.acts(sent, "update", back=step_of(wall, changed))
    assert events(wall) == owed and removed(wall) == set(), "nobody has seen it"
    on_wall = feed(wall)
    tomorrow.shift(60)
    wall.acts(sent, "update", back=bare["id"])
    assert updates(wall, sent)["updates"] == [] and events(wall) == [*owed, "pledge.updated"]
    assert removed(wall) == {bare["id"], note.public_id}
    assert min(feed(wall).values()) >= max(on_wall.values()) + timedelta(seconds=60)
    tells(wall, sent, "under_way")
    alone = updates(wall, sent)["updates"][0]["id"]
    wall.acts(sent, "update", back=alone)
    assert removed(wall) == {bare["id"], note.public_id, alone}


def events(wall: Wall) -> list[str]:
    with wall.look() as session:
        return list(session.scalars(select(Delivery.event).order_by(Delivery.id)))


def step_of(wall: Wall, update: Sent) -> str:
    with wall.look() as session:
        return session.scalars(select(Step.public_id).where(Step.update_id == update.contribution_id)).one()
