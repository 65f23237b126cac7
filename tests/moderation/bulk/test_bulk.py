"""Many items decided by one act: what is chosen, told, decided, interrupted and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from moderation.bulk import batches
from moderation.bulk import picks as bulk_picks
from moderation.jobs import tasks
from moderation.models import Act, Batch, BatchItem, Cluster, Evidence, Letter, Moderator, Note, Review, Role
from moderation.workflow import State
from pledges.db import utcnow
from tests.again import again
from tests.akismet_service import KEY, AkismetService
from tests.forms import form
from tests.wall import OTHER, AtTheDesk, Sent, Wall, later

DIFFERENT = (
    "I will learn the names of everybody on my corridor",
    "Our library buys forty novels by Black Welsh authors",
    "Every rota goes up two weeks early, so that Eid is no surprise",
    "My shop window is free for the carnival’s posters",
    "We will translate the school newsletter into Somali",
    "I shall stop interrupting Leila in meetings",
)


@again
def promises(wall: Wall, count: int, **fields: str) -> list[Sent]:
    """That many different promises, screened."""
    made = [
        wall.promises(f"{DIFFERENT[n % 6]}, and {n} times {'abcdefghij'[n % 10] * 9}", **fields) for n in range(count)
    ]
    wall.screens()
    return made


def picks(wall: Wall, sent: list[Sent]) -> list[str]:
    return [f"{each.review_id}.{wall.review(each.review_id).version}" for each in sent]


def dry_run(at: AtTheDesk, move: str, chosen: list[str]) -> TestResponse:
    """The bar above the queue is pressed with these items chosen."""
    page = form(at.client.get("/moderation/").text, "/moderation/bulk")
    return at.client.post(page.action, data=page.sent(move, pick=chosen))


def decides(at: AtTheDesk, move: str, chosen: list[str], **fields: Any) -> TestResponse:
    """The dry run's form is sent, filled in as it asks."""
    page = dry_run(at, move, chosen)
    assert page.status_code == 200, page.text
    offered = form(page.text, "/moderation/bulk/decide")
    if move == "reject":
        fields.setdefault("reason", "off_topic")
    return at.client.post(offered.action, data=offered.sent(**fields))


def batch_page(at: AtTheDesk, answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    return at.client.get(answer.headers["Location"]).text


def states(wall: Wall, sent: list[Sent]) -> list[State]:
    return [wall.review(each.review_id).state for each in sent]


def test_three_are_chosen_sorted_out_and_declined_and_nothing_happens_before(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 4)
    chosen = picks(wall, sent[:3])
    offered = form(moderator.client.get("/moderation/").text, "/moderation/bulk").values("pick")
    assert sorted(offered) == sorted(picks(wall, sent))
    page = dry_run(moderator, "reject", chosen)
    assert 'data-can="3"' in page.text
    assert states(wall, sent) == [State.WAITING] * 4
    page_after = batch_page(moderator, decides(moderator, "reject", chosen))
    assert "3 of 3" in page_after
    assert states(wall, sent) == [State.REJECTED] * 3 + [State.WAITING]
    with wall.look() as session:
        acts = [(line.act, line.after.get("counts")) for line in session.scalars(select(Act).order_by(Act.id))]
    assert [act for act, _ in acts].count("review:reject") == 3
    assert acts[-1] == ("batch:reject", {"done": 3})


@pytest.mark.parametrize("move", ["approve", "revise", "reopen", "undo", ""])
def test_nothing_but_the_four_moves_is_taken_in_bulk_and_never_an_approval(
    wall: Wall, moderator: AtTheDesk, move: str
) -> None:
    sent = promises(wall, 3)
    for path in ("/moderation/bulk", "/moderation/bulk/decide"):
        data = {"csrf_token": moderator.csrf(), "move": move, "pick": picks(wall, sent), "reason": "off_topic"}
        assert moderator.client.post(path, data=data).status_code == 422, path
    assert states(wall, sent) == [State.WAITING] * 3
    assert "approve" not in form(moderator.client.get("/moderation/").text, "/moderation/bulk").values("move")


def test_spam_park_and_pass_are_decided_at_once_too(wall: Wall, moderator: AtTheDesk) -> None:
    wall.moderator("ann")
    sent = promises(wall, 6)
    assert "2 of 2" in batch_page(moderator, decides(moderator, "spam", picks(wall, sent[:2])))
    assert states(wall, sent[:2]) == [State.SPAM] * 2
    batch_page(moderator, decides(moderator, "park", picks(wall, sent[2:4])))
    assert moderator.sees("parked") == [each.review_id for each in sent[2:4]]
    page = form(dry_run(moderator, "pass", picks(wall, sent[4:])).text, "/moderation/bulk/decide")
    ann = next(value for value in page.values("to") if value)
    batch_page(moderator, moderator.client.post(page.action, data=page.sent(to=ann)))
    assert {wall.review(each.review_id).passed_to_id for each in sent[4:]} == {int(ann)}


def test_a_rejection_needs_a_reason_and_above_twenty_the_number_is_typed(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 21)
    chosen = picks(wall, sent)
    assert decides(moderator, "reject", chosen, reason="nonsense", confirm="21").status_code == 422
    for typed in ("", "20", "yes"):
        assert decides(moderator, "reject", chosen, confirm=typed).status_code == 422, typed
    assert set(states(wall, sent)) == {State.WAITING}
    assert decides(moderator, "reject", chosen[:20]).status_code == 303
    assert decides(moderator, "reject", chosen[20:]).status_code == 303
    assert set(states(wall, sent)) == {State.REJECTED}


def test_the_number_itself_confirms(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 21)
    assert decides(moderator, "reject", picks(wall, sent), confirm="21").status_code == 303
    assert set(states(wall, sent)) == {State.REJECTED}


def test_reasons_on_which_two_must_agree_are_not_offered_in_bulk(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 2)
    offered = form(dry_run(moderator, "reject", picks(wall, sent)).text, "/moderation/bulk/decide")
    assert "off_topic" in offered.values("reason")
    assert "illegal" not in offered.values("reason")
    assert decides(moderator, "reject", picks(wall, sent), reason="illegal").status_code == 422


def test_what_a_colleague_decided_between_the_dry_run_and_the_press_is_overtaken_with_who_and_what(
    wall: Wall, moderator: AtTheDesk
) -> None:
    ann = wall.moderator("ann")
    sent = promises(wall, 5)
    page = form(dry_run(moderator, "spam", picks(wall, sent)).text, "/moderation/bulk/decide")
    ann.approves(sent[2])
    answer = batch_page(moderator, moderator.client.post(page.action, data=page.sent()))
    assert "ann was quicker: Approved" in answer
    assert states(wall, sent) == [State.SPAM, State.SPAM, State.APPROVED, State.SPAM, State.SPAM]
    assert f"/moderation/reviews/{sent[2].review_id}" in answer
    again = dry_run(moderator, "spam", [f"{sent[2].review_id}.2"])
    assert 'data-can="0"' in again.text
    assert "ann was quicker" in again.text


def test_held_items_own_appeals_and_foreign_campaigns_are_left_out_and_it_is_said_why(
    wall: Wall, moderator: AtTheDesk
) -> None:
    ann = wall.moderator("ann")
    held, appealed, free = promises(wall, 3)
    moderator.decides(appealed, "reject", reason="off_topic")
    wall.acts(appealed, "appeal")
    with wall.work() as session:
        someone = wall.plain_moderator(session, "ann").id
        session.execute(
            update(Review).where(Review.id == held.review_id).values(claimed_by_id=someone, claimed_until=later(600))
        )
    page = dry_run(moderator, "spam", picks(wall, [held, appealed, free])).text
    assert 'data-can="1"' in page
    assert "ann has it open" in page
    assert "appeal against your own decision" in page
    stranger = wall.moderator("ola", slug=OTHER)
    assert 'data-can="0"' in dry_run(stranger, "spam", picks(wall, [free])).text
    stranger.client.post(
        "/moderation/bulk/decide",
        data={"csrf_token": stranger.csrf(), "move": "spam", "pick": picks(wall, [held, appealed, free])},
    )
    ann.client.post(
        "/moderation/bulk/decide", data={"csrf_token": ann.csrf(), "move": "spam", "pick": picks(wall, [free])}
    )
    assert states(wall, [held, appealed, free]) == [State.WAITING, State.WAITING, State.SPAM]


def test_a_viewer_is_offered_no_choice_and_a_post_is_refused(wall: Wall) -> None:
    sent = promises(wall, 2)
    viewer = wall.moderator("vi", Role.VIEWER)
    assert "/moderation/bulk" not in viewer.client.get("/moderation/").text
    for path, data in (
        ("/moderation/bulk/decide", {"move": "spam", "pick": picks(wall, sent)}),
        ("/moderation/sheet", {}),
        ("/moderation/sheet/approve", {}),
    ):
        answer = viewer.client.post(path, data={"csrf_token": viewer.csrf(), **data})
        assert answer.status_code == 403, path
    assert set(states(wall, sent)) == {State.WAITING}


def test_a_batch_is_undone_as_one_step_and_no_letter_goes_out(wall: Wall, moderator: AtTheDesk) -> None:
    sent = [wall.promises(f"{words} without fail", email=f"a{n}@example.org") for n, words in enumerate(DIFFERENT)]
    wall.screens()
    for each in sent:
        wall.proves(each)
    before = len(wall.letters())
    answer = decides(moderator, "reject", picks(wall, sent))
    with wall.look() as session:
        owed = session.scalars(select(Letter).where(Letter.kind == "rejected")).all()
        batch = session.scalars(select(Batch)).one()
        assert len(owed) == 6
        assert batch.done_at is not None
        window = wall.settings.undo_seconds
        assert {(letter.due_at - batch.done_at).total_seconds() for letter in owed} == {window}
    page = batch_page(moderator, answer)
    undo = form(page, "/undo")
    assert moderator.client.post(undo.action, data=undo.sent()).status_code == 303
    assert states(wall, sent) == [State.WAITING] * 6
    wall.screens(later(days=2))
    assert len(wall.letters()) == before
    with wall.look() as session:
        assert [line.act for line in session.scalars(select(Act).order_by(Act.id))].count("review:undo") == 6


def test_without_undoing_every_letter_goes_out_once_after_the_window(wall: Wall, moderator: AtTheDesk) -> None:
    sent = [wall.promises(f"{words} without fail", email=f"a{n}@example.org") for n, words in enumerate(DIFFERENT[:3])]
    wall.screens()
    for each in sent:
        wall.proves(each)
    before = len(wall.letters())
    decides(moderator, "reject", picks(wall, sent))
    wall.screens(later(wall.settings.undo_seconds - 10))
    assert len(wall.letters()) == before
    for _ in range(2):
        wall.screens(later(wall.settings.undo_seconds + 10))
    assert len(wall.letters()) == before + 3


def test_what_changed_since_the_batch_stays_and_is_told_when_it_is_undone(wall: Wall, moderator: AtTheDesk) -> None:
    ann = wall.moderator("ann")
    sent = promises(wall, 3)
    page = batch_page(moderator, decides(moderator, "spam", picks(wall, sent)))
    assert ann.decides(sent[1], "reopen").status_code == 303
    ann.approves(sent[1])
    undo = form(page, "/undo")
    answer = batch_page(moderator, moderator.client.post(undo.action, data=undo.sent()))
    assert "something has happened to it since" in answer
    assert states(wall, sent) == [State.WAITING, State.APPROVED, State.WAITING]


def test_after_the_window_a_batch_cannot_be_undone_and_nobody_undoes_anothers(
    walls: Callable[..., Wall],
) -> None:
    wall = walls(undo_seconds=1000)
    moderator, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = promises(wall, 2)
    page = batch_page(moderator, decides(moderator, "spam", picks(wall, sent)))
    undo = form(page, "/undo")
    assert ann.client.post(undo.action, data={"csrf_token": ann.csrf()}).status_code == 404
    assert ann.client.get(undo.action.removesuffix("/undo")).status_code == 404
    with wall.work() as session:
        session.execute(update(Batch).values(done_at=later(-1001)))
    assert moderator.client.post(undo.action, data=undo.sent()).status_code == 409
    assert states(wall, sent) == [State.SPAM] * 2
    assert "/undo" not in moderator.client.get(undo.action.removesuffix("/undo")).text


def test_parking_and_passing_on_are_undone_to_what_was_before(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 2)
    page = batch_page(moderator, decides(moderator, "park", picks(wall, sent)))
    assert moderator.sees("all") == []
    undo = form(page, "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    assert moderator.sees("all") == [each.review_id for each in sent]


def test_what_was_laid_aside_before_the_batch_too_is_not_told_as_back(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 2)
    moderator.decides(sent[0], "park")
    page = batch_page(moderator, decides(moderator, "park", picks(wall, sent)))
    undo = form(page, "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    assert moderator.sees("parked") == [sent[0].review_id]
    assert moderator.sees("all") == [sent[1].review_id]
    with wall.look() as session:
        back = session.scalars(select(Act.subject).where(Act.act == "review:back")).all()
    assert back == [f"review:{sent[1].review_id}"]


def test_a_note_goes_with_the_passing_on_that_is_undone_and_older_words_stay(wall: Wall, moderator: AtTheDesk) -> None:
    one, two = promises(wall, 2)
    moderator.client.post(
        f"/moderation/reviews/{one.review_id}/note", data={"csrf_token": moderator.csrf(), "note": "rang the school"}
    )
    page = batch_page(moderator, decides(moderator, "pass", picks(wall, [one, two]), note="who knows these two"))
    with wall.look() as session:
        assert session.scalars(select(Note.words).order_by(Note.review_id)).all() == [
            "rang the school\n\nwho knows these two",
            "who knows these two",
        ]
    undo = form(page, "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    with wall.look() as session:
        assert session.scalars(select(Note.words)).all() == ["rang the school"]


def test_a_batch_broken_off_in_the_middle_goes_on_and_decides_nothing_twice(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = promises(wall, 8)
    steps = iter(range(100))
    real = batches._decide_one

    def dies(*args: Any) -> None:
        real(*args)
        if next(steps) == 4:  # the fifth was decided, and is not stored
            raise SystemExit("killed")

    monkeypatch.setattr(batches, "_decide_one", dies)
    page = form(dry_run(moderator, "spam", picks(wall, sent)).text, "/moderation/bulk/decide")
    with pytest.raises(SystemExit):
        moderator.client.post(page.action, data=page.sent())
    monkeypatch.setattr(batches, "_decide_one", real)
    assert states(wall, sent) == [State.SPAM] * 4 + [State.WAITING] * 4
    with wall.look() as session:
        batch_id = session.scalars(select(Batch.id)).one()
    half = moderator.client.get(f"/moderation/batches/{batch_id}")
    assert "4 of 8" in half.text
    assert int(half.headers["Refresh"]) > 0
    onward = form(half.text, "/continue")
    assert "8 of 8" in batch_page(moderator, moderator.client.post(onward.action, data=onward.sent()))
    wall.screens(later(120))
    assert states(wall, sent) == [State.SPAM] * 8
    assert {len([d for d in wall.decisions(each.review_id) if d.moderator_id]) for each in sent} == {1}
    with wall.look() as session:
        assert [line.act for line in session.scalars(select(Act))].count("batch:spam") == 1


def test_the_worker_brings_a_batch_to_its_end_that_nobody_looks_at(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = promises(wall, 5)
    monkeypatch.setattr(batches, "PORTION", 2)
    page = form(dry_run(moderator, "spam", picks(wall, sent)).text, "/moderation/bulk/decide")
    monkeypatch.setattr(batches.go_on, "__kwdefaults__", {"most": 2})
    assert "2 of 5" in batch_page(moderator, moderator.client.post(page.action, data=page.sent()))
    with wall.app.app_context():
        tasks.sweep(later(30))
    assert states(wall, sent) == [State.SPAM] * 5


def test_a_button_pressed_twice_makes_one_batch(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 3)
    page = form(dry_run(moderator, "spam", picks(wall, sent)).text, "/moderation/bulk/decide")
    first = moderator.client.post(page.action, data=page.sent())
    second = moderator.client.post(page.action, data=page.sent())
    assert first.headers["Location"] == second.headers["Location"]
    with wall.look() as session:
        assert session.scalar(select(func.count()).select_from(BatchItem)) == 3


@pytest.mark.parametrize("other", [{"reason": "hateful"}, {"note": "by hand"}, {"tell": "no"}])
def test_the_same_items_with_another_reason_or_note_are_no_button_pressed_twice(
    wall: Wall, moderator: AtTheDesk, other: dict[str, str]
) -> None:
    sent = promises(wall, 3)
    page = form(dry_run(moderator, "reject", picks(wall, sent)).text, "/moderation/bulk/decide")
    first = moderator.client.post(page.action, data=page.sent(reason="off_topic"))
    second = moderator.client.post(page.action, data=page.sent(**{"reason": "off_topic", **other}))
    assert first.headers["Location"] != second.headers["Location"]
    assert "0 of 3" not in batch_page(moderator, second)  # and its page says what became of it
    with wall.look() as session:
        outcomes = session.scalars(select(BatchItem.outcome).order_by(BatchItem.id)).all()
    assert outcomes == ["done"] * 3 + ["overtaken"] * 3


def test_passing_to_another_colleague_is_no_button_pressed_twice(wall: Wall, moderator: AtTheDesk) -> None:
    for name in ("ann", "bob"):
        wall.moderator(name)
    sent = promises(wall, 2)
    page = form(dry_run(moderator, "pass", picks(wall, sent)).text, "/moderation/bulk/decide")
    ann, bob = [value for value in page.values("to") if value][:2]
    for to in (ann, bob):
        moderator.client.post(page.action, data=page.sent(to=to))
    assert {wall.review(each.review_id).passed_to_id for each in sent} == {int(bob)}


def test_what_this_person_decided_again_themselves_is_not_undone_with_the_batch(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = promises(wall, 3)
    page = batch_page(moderator, decides(moderator, "spam", picks(wall, sent)))
    moderator.decides(sent[1], "reopen")
    moderator.approves(sent[1])
    undo = form(page, "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    assert states(wall, sent) == [State.WAITING, State.APPROVED, State.WAITING]
    with wall.look() as session:
        whys = session.scalars(select(BatchItem.why).order_by(BatchItem.place)).all()
    assert whys == ["", "changed", ""]


def test_what_was_passed_on_since_stays_where_it_is_when_the_batch_is_undone(wall: Wall, moderator: AtTheDesk) -> None:
    ann, bob = wall.moderator("ann"), wall.moderator("bob")
    sent = promises(wall, 2)
    page = form(dry_run(moderator, "pass", picks(wall, sent)).text, "/moderation/bulk/decide")
    to_ann = next(value for value in page.values("to") if value)
    undo = form(batch_page(moderator, moderator.client.post(page.action, data=page.sent(to=to_ann))), "/undo")
    ann.decides(sent[0], "pass", to="bob@example.org")
    moderator.client.post(undo.action, data=undo.sent())
    assert bob.sees("mine") == [sent[0].review_id]
    assert wall.review(sent[1].review_id).passed_to_id is None


def test_a_cluster_that_a_form_names_is_decided_by_its_own_members_alone(wall: Wall, moderator: AtTheDesk) -> None:
    ann = wall.moderator("ann")
    copies = [f"{n} of you: go back to where you came from, {DIFFERENT[0]} and nobody wants you" for n in "abc"]
    mine = [wall.promises(words) for words in copies]
    wall.screens()
    others = promises(wall, 2)

    def decided_by() -> int | None:
        with wall.look() as session:
            return session.scalars(select(Cluster.decided_by_id).where(Cluster.id == cluster)).one()

    with wall.look() as session:
        cluster = session.scalars(select(Cluster.id).where(Cluster.kind == "words", Cluster.waiting == 3)).one()
    page = form(dry_run(moderator, "spam", picks(wall, others)).text, "/moderation/bulk/decide")
    strange = moderator.client.post(page.action, data=page.sent(cluster=str(cluster)))
    assert decided_by() is None
    own = form(dry_run(ann, "spam", picks(wall, mine)).text, "/moderation/bulk/decide")
    ann.client.post(own.action, data=own.sent(cluster=str(cluster)))
    made = decided_by()
    assert made is not None
    undo = form(batch_page(moderator, strange), "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    assert decided_by() == made  # taking back what was no part of it takes nothing from it


def test_feedback_of_a_batch_waits_for_the_window_after_its_end_and_an_undone_one_gives_none(
    walls: Callable[..., Wall], akismet: AkismetService
) -> None:
    wall = walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_timeout_seconds=0.5)
    moderator = wall.moderator("mo")
    sent = promises(wall, 2)
    page = batch_page(moderator, decides(moderator, "spam", picks(wall, sent)))
    with wall.look() as session:
        done_at = session.scalars(select(Batch.done_at)).one()
        due = session.scalars(select(Evidence.feedback_due_at).where(Evidence.feedback_owed == "spam")).all()
        assert done_at is not None
        assert [(at - done_at).total_seconds() for at in due if at] == [wall.settings.undo_seconds] * 2
    undo = form(page, "/undo")
    moderator.client.post(undo.action, data=undo.sent())
    wall.screens(later(days=1))
    assert not [each for each in akismet.requests if "/submit-" in each.path]


def test_who_loses_the_role_in_the_middle_decides_no_more(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 3)
    with wall.work() as session:
        me = wall.plain_moderator(session, "mo")
        batch = batches.begin(session, bulk_picks.read_picks(picks(wall, sent)), "spam", by=me, now=utcnow())
        batch_id = batch.id
    with wall.work() as session:
        from moderation.models import Membership

        session.execute(update(Membership).values(ended_at=utcnow()))
    with wall.app.app_context():
        assert batches.go_on(batch_id, wall.settings, utcnow())
    assert states(wall, sent) == [State.WAITING] * 3
    with wall.look() as session:
        assert set(session.scalars(select(BatchItem.why))) == {"role"}


def test_the_progress_page_tells_how_far_it_is_to_a_screen_reader(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 2)
    page = batch_page(moderator, decides(moderator, "spam", picks(wall, sent)))
    assert re.search(r'<div role="status".*?2 of 2.*?</div>', page, re.DOTALL)
    assert "<progress" in page


def test_items_are_not_passed_to_somebody_who_cannot_decide_them(wall: Wall, moderator: AtTheDesk) -> None:
    viewer = wall.moderator("vi", Role.VIEWER).name
    sent = promises(wall, 2)
    with wall.look() as session:
        number = session.scalars(select(Moderator.id).where(Moderator.name == viewer)).one()
    for to in (str(number), "999", "nobody@example.org"):
        answer = decides(moderator, "pass", picks(wall, sent), to=to)
        assert answer.status_code == 422
        assert "cannot decide here" in answer.text
    assert [wall.review(each.review_id).passed_to_id for each in sent] == [None, None]
    assert moderator.sees("all") == [each.review_id for each in sent]


def test_an_appeal_is_not_passed_to_whom_it_is_against(wall: Wall, moderator: AtTheDesk) -> None:
    ann, (plain, declined) = wall.moderator("ann"), promises(wall, 2)
    ann.decides(declined, "reject", reason="off_topic")
    assert wall.acts(declined, "appeal").status_code == 303
    item = moderator.client.get(f"/moderation/reviews/{declined.review_id}").text
    number = str(person_of(wall, "ann"))
    assert f'<option value="{number}">' not in item
    assert f'<option value="{number}">' in moderator.client.get(f"/moderation/reviews/{plain.review_id}").text
    assert moderator.decides(declined, "pass", to=number).status_code == 422
    page = batch_page(moderator, decides(moderator, "pass", picks(wall, [plain, declined]), to=number))
    assert "may not decide this one" in page
    assert [wall.review(each.review_id).passed_to_id for each in (plain, declined)] == [int(number), None]


def test_nobody_passes_an_item_to_themselves(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = promises(wall, 1)
    assert moderator.decides(sent, "pass", to=str(person_of(wall, "mo"))).status_code == 422


def person_of(wall: Wall, name: str) -> int:
    with wall.look() as session:
        return session.scalars(select(Moderator.id).where(Moderator.name == name)).one()


@pytest.mark.parametrize("move", ["spam", "park"])
def test_what_a_colleague_passed_on_or_laid_aside_since_the_dry_run_is_overtaken_with_who_and_what(
    wall: Wall, moderator: AtTheDesk, move: str
) -> None:
    sam, ann = wall.moderator("sam"), wall.moderator("ann")
    sent = promises(wall, 7)
    sam.decides(sent[5], "pass", to="ann@example.org")  # before it was chosen, so it was chosen knowingly
    page = form(dry_run(moderator, move, picks(wall, sent[:6])).text, "/moderation/bulk/decide")
    sam.decides(sent[0], "pass", to="ann@example.org")
    sam.decides(sent[1], "park")
    sam.decides(sent[2], "pass", to="mo@example.org")
    moderator.decides(sent[3], "pass", to="ann@example.org")
    answer = batch_page(moderator, moderator.client.post(page.action, data=page.sent()))
    assert f"{sent[0].public_id}</a>: sam was quicker: passed it on" in answer
    assert f"{sent[1].public_id}</a>: sam was quicker: laid it aside" in answer
    done = [n for n in range(6) if "sam was quicker" not in answer.split(sent[n].public_id)[1].split("</li>")[0]]
    assert done == [2, 3, 4, 5]
    assert ann.sees("mine")[0] == sent[0].review_id
    if move == "spam":
        assert states(wall, sent) == [State.WAITING] * 2 + [State.SPAM] * 4 + [State.WAITING]


def test_a_dry_run_that_is_shown_again_remembers_since_when_the_items_were_seen(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sam = wall.moderator("sam")
    wall.moderator("ann")
    sent = promises(wall, 2)
    page = form(dry_run(moderator, "reject", picks(wall, sent)).text, "/moderation/bulk/decide")
    sam.decides(sent[0], "pass", to="ann@example.org")
    fields = page.sent()
    fields.pop("reason", None)
    again = moderator.client.post(page.action, data=fields)  # without a reason
    assert again.status_code == 422
    assert "sam was quicker: passed it on" in again.text and 'data-can="1"' in again.text


def test_a_reason_has_the_same_number_in_a_dry_run_as_on_an_item(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 1)
    number = re.compile(r'value="(\w+)" required[^>]* data-digit="(\d*)"')
    alone = dict(number.findall(moderator.client.get(f"/moderation/reviews/{sent[0].review_id}").text))
    together = dict(number.findall(dry_run(moderator, "reject", picks(wall, sent)).text))
    assert together.items() < alone.items()
    assert sorted(alone.values()) == [str(digit) for digit in range(1, len(alone) + 1)]


def test_who_can_write_to_nobody_is_not_asked_whether_to(wall: Wall, moderator: AtTheDesk) -> None:
    sent = promises(wall, 1)
    page = dry_run(moderator, "reject", picks(wall, sent)).text
    assert "None of the authors can be written to" in page and "Do not send a message" not in page
    reachable = promises(wall, 2, email="amina@example.org")[1]
    wall.proves(reachable)
    page = dry_run(moderator, "reject", picks(wall, [reachable])).text
    assert "1 author can be written to" in page and "Do not send a message" in page
