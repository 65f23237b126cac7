"""Every move from every state, and what each leaves behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy import select, update

from moderation.claims import Overtaken
from moderation.decisions import decide
from moderation.decisions.move import ReasonMissing
from moderation.models import Act, Reason, Review, Role
from moderation.record import chain
from moderation.workflow import BY_PEOPLE, HIDES, MOVES, TAKES_DOWN, Move, MoveNotAllowed, State
from pledges.db import utcnow
from pledges.errors import WordsChanged
from pledges.models import Contribution, Revision
from pledges.wall import publishing
from tests.clock import stands_at
from tests.wall import OTHER, SLUG, WORDS, AtTheDesk, Sent, Wall, later, seen_by


def put(wall: Wall, sent: Sent, state: State, *, shown: bool | None = None) -> int:
    """The review stands in `state`, with what is shown then, or as `shown` says; answers its version."""
    with wall.work() as session:
        contribution = session.get_one(Contribution, sent.contribution_id)
        publishing.hide(session, contribution, utcnow())
        if state is State.APPROVED if shown is None else shown:
            publishing.publish(session, contribution.latest, utcnow())
        session.execute(update(Review).where(Review.id == sent.review_id).values(state=state, needs_second=False))
    return wall.review(sent.review_id).version


def test_the_table_is_walked_in_full(wall: Wall) -> None:
    sent = wall.promises()
    for state, move in product(State, [move for move in Move if move is not Move.UNDO]):
        stood = state is State.APPROVED or (state is State.REVISE and move in TAKES_DOWN)
        version = put(wall, sent, state, shown=stood)
        before = wall.decisions(sent.review_id)
        acts = record_length(wall)
        person = move in BY_PEOPLE
        if move not in MOVES[state]:
            with pytest.raises(MoveNotAllowed):
                make(wall, sent, move, version, person)
            assert wall.review(sent.review_id).version == version, f"{state} {move}"
            assert len(wall.decisions(sent.review_id)) == len(before)
            assert record_length(wall) == acts
            continue
        make(wall, sent, move, version, person)
        review = wall.review(sent.review_id)
        if move is not Move.RESTORE:  # the next test: where it leads to hangs on what was decided before
            assert review.state == MOVES[state][move], f"{state} {move}"
        assert review.version == version + 1, f"{state} {move}"
        decision = wall.decisions(sent.review_id)[-1]
        assert (decision.from_state, decision.to_state, decision.version) == (state, review.state, version + 1)
        assert record_length(wall) == acts + (1 if person else 0), f"{state} {move}"
        shown = review.contribution.published_revision_id is not None
        assert shown == (move is Move.APPROVE or (stood and move not in HIDES)), f"{state} {move}"
    with wall.look() as session:
        assert list(chain.verify(session)) == []


def test_what_is_put_back_stands_as_it_was_decided_or_waits(wall: Wall) -> None:
    sent = wall.promises()
    for state in State:
        if Move.WITHDRAW not in MOVES[state]:
            continue
        make(wall, sent, Move.WITHDRAW, put(wall, sent, state), False)
        make(wall, sent, Move.RESTORE, wall.review(sent.review_id).version, False)
        stands = state in (State.REJECTED, State.SPAM, State.REVISE)
        assert wall.review(sent.review_id).state is (state if stands else State.WAITING), state
        assert wall.review(sent.review_id).contribution.published_revision_id is None


def make(wall: Wall, sent: Sent, move: Move, version: int, person: bool) -> None:
    with wall.work() as session:
        by = wall.plain_moderator(session) if person else None
        reason = session.scalars(select(Reason).where(Reason.use == "reject")).first()
        decide.decide(
            session,
            sent.review_id,
            move,
            by=by,
            version=version,
            now=utcnow(),
            settings=wall.settings,
            reason=reason,
            seen=seen_by(session, by, sent.review_id),
        )


def record_length(wall: Wall) -> int:
    with wall.look() as session:
        return len(session.scalars(select(Act.id).where(Act.act.startswith("review:"))).all())


@pytest.mark.parametrize("field", ["words", "name", "organisation", "salt"])
def test_a_revision_that_somebody_changed_is_never_shown(wall: Wall, field: str) -> None:
    sent = wall.promises(name="Amina", show_name="full")
    wall.screens()
    with wall.work() as session:
        session.execute(update(Revision).where(Revision.contribution_id == sent.contribution_id).values({field: "x"}))
    with pytest.raises(WordsChanged):
        make(wall, sent, Move.APPROVE, wall.review(sent.review_id).version, True)
    review = wall.review(sent.review_id)
    assert (review.state, review.contribution.published_revision_id) == (State.WAITING, None)


def test_the_desk_says_so_where_words_were_changed_behind_its_back(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    with wall.work() as session:
        session.execute(update(Revision).values(words="Something else entirely"))
    assert moderator.decides(sent, "approve").status_code == 409
    assert not wall.shown("Something else entirely")


def test_a_decision_on_an_older_version_is_overtaken_and_told_by_whom(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    make(wall, sent, Move.APPROVE, 2, True)
    with wall.work() as session:
        by = wall.plain_moderator(session, "ann")
        with pytest.raises(Overtaken) as caught:
            decide.decide(
                session, sent.review_id, Move.MARK_SPAM, by=by, version=2, now=utcnow(), settings=wall.settings
            )
        assert caught.value.other is not None
        assert caught.value.other.moderator is not None
        assert (caught.value.other.move, caught.value.other.moderator.name) == (Move.APPROVE, "mo")


@pytest.mark.parametrize("move", [Move.REJECT, Move.REVISE])
def test_no_reason_no_rejection(wall: Wall, move: Move) -> None:
    sent = wall.promises()
    wall.screens()
    with pytest.raises(ReasonMissing), wall.work() as session:
        by = wall.plain_moderator(session)
        decide.decide(session, sent.review_id, move, by=by, version=2, now=utcnow(), settings=wall.settings)
    assert wall.review(sent.review_id).state is State.WAITING


def test_an_edit_leaves_the_old_words_until_the_new_are_approved(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.approves(first)
    second = wall.edits(first, "I will listen, and then act")
    wall.screens()
    assert wall.shown(WORDS)
    assert not wall.shown("and then act")
    assert moderator.sees("changed") == [second.review_id]
    assert wall.review(first.review_id).state is State.APPROVED
    moderator.approves(second)
    assert wall.shown("and then act")
    assert not wall.shown(WORDS)
    assert wall.review(first.review_id).state is State.SUPERSEDED


def test_an_edit_takes_the_place_of_words_that_still_wait(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    wall.screens()
    second = wall.edits(first, "I will listen, and then act")
    wall.screens()
    assert wall.review(first.review_id).state is State.SUPERSEDED
    assert moderator.sees("all") == [second.review_id]


def test_words_that_the_author_has_replaced_are_not_newly_shown(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.decides(first, "reject", reason="off_topic")
    second = wall.edits(first, "I will listen, and then act")
    moderator.approves(second)
    assert not offered(moderator, first)
    assert moderator.decides(first, "reopen").status_code == 409
    page = moderator.client.get("/moderation/history?who=me").text
    assert f'action="/moderation/reviews/{second.review_id}/decide"' in page
    assert f'action="/moderation/reviews/{first.review_id}/decide"' not in page
    assert wall.shown("and then act")
    assert not wall.shown(WORDS)


def test_declined_words_are_opened_again_where_newer_ones_were_declined_too(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.decides(first, "reject", reason="off_topic")
    second = wall.edits(first, "I will listen, and then act")
    moderator.decides(second, "reject", reason="off_topic")
    assert offered(moderator, first) == {"reopen"}
    assert moderator.decides(first, "reopen").status_code == 303
    moderator.approves(first)
    assert wall.shown(WORDS)


def test_undo_hides_again_and_drops_the_letter(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    moderator.approves(sent)
    assert moderator.decides(sent, "undo").status_code == 303
    assert not wall.shown()
    assert wall.review(sent.review_id).state is State.WAITING
    wall.screens(later(60))
    assert wall.owed() == [("receipt", ""), ("approved", "undone")]
    assert len([letter for letter in wall.letters() if "To: amina@example.org" in letter]) == 1


def test_undo_of_an_approved_change_shows_the_old_words(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.approves(first)
    second = wall.edits(first, "I will listen, and then act")
    moderator.approves(second)
    moderator.decides(second, "undo")
    assert wall.shown(WORDS)
    assert not wall.shown("and then act")
    assert wall.review(first.review_id).state is State.APPROVED
    assert wall.review(second.review_id).state in (State.WAITING, State.RECEIVED)


def test_undo_does_not_show_what_another_took_down_meanwhile(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.approves(first)
    second = wall.edits(first, "I will listen, and then act")
    moderator.decides(second, "reject", reason="off_topic")
    wall.moderator("ann").decides(first, "reject", reason="hateful")
    assert moderator.decides(second, "undo").status_code == 303
    assert not wall.shown(WORDS)
    assert wall.review(second.review_id).state in (State.WAITING, State.RECEIVED)


def test_undo_after_newer_words_came_leaves_one_item_to_decide(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.approves(first)
    second = wall.edits(first, "I will listen, and then act")
    moderator.approves(second)
    third = wall.edits(second, "I will listen, act, and tell")
    wall.screens()
    moderator.decides(second, "undo")
    assert wall.shown(WORDS)
    assert wall.review(second.review_id).state is State.SUPERSEDED
    assert moderator.sees("all") == [third.review_id]


def test_undo_is_over_after_its_window_and_is_its_makers_alone(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    moderator.approves(sent)
    other = wall.moderator("ann")
    assert other.decides(sent, "undo").status_code == 409
    with pytest.raises(MoveNotAllowed), wall.work() as session:
        by = wall.decisions(sent.review_id)[-1].moderator_id
        mo = session.get_one(type(wall.plain_moderator(session)), by)
        decide.decide(session, sent.review_id, Move.UNDO, by=mo, version=3, now=later(31), settings=wall.settings)
    assert wall.shown()


def test_a_report_leaves_it_shown_in_the_reported_lane_and_undo_brings_it_back_there(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    assert wall.reports(sent, note="It names me").status_code == 200
    assert wall.shown()
    assert moderator.sees("reported") == [sent.review_id]
    moderator.decides(sent, "reject", reason="attack")
    assert not wall.shown()
    moderator.decides(sent, "undo")
    assert wall.shown()
    assert moderator.sees("reported") == [sent.review_id]


def test_undo_of_a_change_puts_a_reported_promise_back_into_its_lane(wall: Wall, moderator: AtTheDesk) -> None:
    first = wall.promises()
    moderator.approves(first)
    second = wall.edits(first, "I will listen, and then act")
    wall.screens()
    wall.reports(first)
    moderator.approves(second)
    assert wall.review(first.review_id).state is State.SUPERSEDED
    moderator.decides(second, "undo")
    assert wall.review(first.review_id).state is State.WAITING
    assert first.review_id in moderator.sees("reported")


def test_undo_does_not_take_a_fresh_report_out_of_the_queue(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    moderator.decides(sent, "reopen")
    wall.reports(sent)
    assert moderator.decides(sent, "undo").status_code == 303
    assert wall.shown()
    assert moderator.sees("reported") == [sent.review_id]


def test_a_report_of_what_was_laid_aside_is_seen_at_once(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    assert moderator.decides(sent, "park").status_code == 303
    assert moderator.sees("all") == []
    assert moderator.sees("parked") == [sent.review_id]
    moderator.approves(sent)
    wall.reports(sent)
    assert moderator.sees("reported") == [sent.review_id]


def test_an_appeal_ends_with_its_decision(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.decides(sent, "reject", reason="off_topic")
    assert wall.acts(sent, "appeal").status_code == 303
    assert moderator.sees("appeals") == [sent.review_id]
    wall.moderator("ann").approves(sent)
    wall.reports(sent)
    assert moderator.sees("appeals") == []
    assert moderator.sees("reported") == [sent.review_id]


PRESSED = {"approve", "revise", "reject", "spam", "reopen"}
BUTTON = re.compile(r'name="move" value="(\w+)"')


def offered(who: AtTheDesk, sent: Sent) -> set[str]:
    """The decisions for which this person's page of the item has a button."""
    answer = who.client.get(f"/moderation/reviews/{sent.review_id}")
    return {move.replace("take_down", "reject") for move in BUTTON.findall(answer.text)} & PRESSED


Stood = Callable[[Wall, AtTheDesk, AtTheDesk, Sent], object]


def edited(wall: Wall, sent: Sent) -> Sent:
    return wall.edits(sent, "I will listen, and then act")


def old_beside_asked(wall: Wall, mo: AtTheDesk, _ann: AtTheDesk, sent: Sent) -> None:
    """The words that stood wait again; newer ones are with the author for a change."""
    mo.approves(sent)
    mo.decides(edited(wall, sent), "revise", reason="clearer")
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")


def declined_and_replaced(wall: Wall, mo: AtTheDesk, _ann: AtTheDesk, sent: Sent) -> None:
    mo.decides(sent, "reject", reason="off_topic")
    edited(wall, sent)


def shown_beside_newer(wall: Wall, mo: AtTheDesk, _ann: AtTheDesk, sent: Sent) -> None:
    mo.approves(sent)
    edited(wall, sent)
    wall.reports(sent)


def appealed(wall: Wall, mo: AtTheDesk, _ann: AtTheDesk, sent: Sent) -> None:
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")


def asked_of_what_stands(wall: Wall, mo: AtTheDesk, _ann: AtTheDesk, sent: Sent) -> None:
    mo.approves(sent)
    wall.reports(sent)
    mo.decides(sent, "revise", reason="clearer")


STOOD: dict[str, tuple[Stood, set[str]]] = {
    "waiting": (lambda wall, mo, ann, sent: None, {"approve", "revise", "reject", "spam"}),
    "approved": (lambda wall, mo, ann, sent: mo.approves(sent), {"reject", "spam", "reopen"}),
    "declined": (lambda wall, mo, ann, sent: mo.decides(sent, "reject", reason="off_topic"), {"reopen"}),
    "asked": (lambda wall, mo, ann, sent: mo.decides(sent, "revise", reason="clearer"), {"reopen"}),
    "asked while it stands": (asked_of_what_stands, {"reject", "spam", "reopen"}),
    "spam": (lambda wall, mo, ann, sent: mo.decides(sent, "spam"), {"reopen"}),
    "withdrawn": (lambda wall, mo, ann, sent: wall.acts(sent, "withdraw"), set()),
    "superseded": (lambda wall, mo, ann, sent: edited(wall, sent), set()),
    "reported beside newer words": (shown_beside_newer, {"approve", "revise", "reject", "spam"}),
    "declined, and newer words wait": (declined_and_replaced, set()),
    "restored beside newer words": (old_beside_asked, {"revise", "reject", "spam"}),
    "appealed": (appealed, set()),
    "open at a colleague": (
        lambda wall, mo, ann, sent: ann.client.post(
            f"/moderation/reviews/{sent.review_id}/claim", data={"csrf_token": ann.csrf()}
        ),
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
def test_what_the_page_offers_is_what_is_accepted_of_whom_and_nothing_else(wall: Wall, database_kind: str) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    others = [wall.moderator("vi", Role.VIEWER), wall.moderator("ola", Role.MODERATOR, OTHER)]
    for number, (name, move) in enumerate(product(STOOD, sorted(PRESSED))):
        stood, expected = STOOD[name]
        sent = wall.promises(f"I will listen {number} times")
        stood(wall, mo, ann, sent)
        reason = "clearer" if move == "revise" else "off_topic"
        for who in others if move == "approve" or name == "declined" else []:
            assert offered(who, sent) == set()
            assert who.decides(sent, move, reason=reason).status_code in (403, 404)
        if move == "approve":  # the first of five on an item that stood like this
            assert offered(mo, sent) == expected, name
        answer = mo.decides(sent, move, reason=reason)
        assert answer.status_code == (303 if move in expected else 409), f"{name}: {move}"


@pytest.mark.parametrize("mark, lane", [("park", "parked"), ("pass", "mine")])
def test_what_was_laid_aside_or_passed_on_is_undone_like_a_decision(
    wall: Wall, moderator: AtTheDesk, mark: str, lane: str
) -> None:
    sent, ann = wall.promises(), wall.moderator("ann")
    wall.screens()
    told = moderator.client.get(moderator.decides(sent, mark, to="ann@example.org").location).text
    assert TOAST_UNDO.search(told)
    assert (ann if mark == "pass" else moderator).sees(lane) == [sent.review_id]
    assert ann.decides(sent, "back").status_code == 409  # not hers to undo
    answer = moderator.decides(sent, "back")
    assert "It stands in its lanes again" in moderator.client.get(answer.location).text
    assert f"at={sent.review_id}" in answer.location
    assert ann.sees(lane) == moderator.sees(lane) == []
    assert moderator.sees("all") == [sent.review_id]
    assert moderator.decides(sent, "back").status_code == 409


TOAST_UNDO = re.compile(r'data-toast>.*?name="move" value="back">', re.DOTALL)


def test_laying_aside_is_undone_only_for_a_while_and_not_after_a_decision(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = wall.promises("I will listen"), wall.promises("I will read")
    wall.screens()
    told = [moderator.client.get(moderator.decides(sent, "park").location).text for sent in (first, second)]
    assert all(TOAST_UNDO.search(page) for page in told)
    stale = wall.review(second.review_id).version
    moderator.approves(second)
    assert moderator.decides(second, "back", version=stale).status_code == 409
    stands_at(monkeypatch, lambda: later(wall.settings.undo_seconds + 5), "moderation.views")
    assert moderator.decides(first, "back").status_code == 409
    assert moderator.sees("parked") == [first.review_id]
    assert wall.shown("I will read")


def test_a_mark_pressed_twice_is_one_line_and_one_note(wall: Wall, moderator: AtTheDesk) -> None:
    ann, sent, other = wall.moderator("ann"), wall.promises(), wall.promises("I will read")
    wall.screens()
    for _ in range(2):
        assert moderator.decides(sent, "pass", to="ann@example.org", note="You know this school").status_code == 303
        assert moderator.decides(other, "park").status_code == 303
    with wall.look() as session:
        marks = session.scalars(
            select(Act.act).where(Act.act.in_(("review:pass", "review:park"))).order_by(Act.id)
        ).all()
    assert marks == ["review:pass", "review:park"]
    assert ann.client.get(f"/moderation/reviews/{sent.review_id}").text.count("You know this school") == 1


def test_a_second_opinion_asked_for_twice_is_asked_for_once(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    version = wall.review(sent.review_id).version
    for _ in range(2):
        answer = moderator.decides(sent, "pass", version=version, second="yes", note="Is it a threat?")
        assert answer.status_code == 303
    assert [each.move for each in wall.decisions(sent.review_id)].count(Move.PROPOSE) == 1


def test_the_reader_goes_on_to_an_item_that_no_colleague_has_open(wall: Wall, moderator: AtTheDesk) -> None:
    bob, sent = wall.moderator("bob"), [wall.promises(f"I will do thing number {n}") for n in range(3)]
    wall.screens()
    bob.client.post(f"/moderation/reviews/{sent[1].review_id}/claim", data={"csrf_token": bob.csrf()})
    answer = moderator.decides(sent[0], "approve", lane="all")
    assert f"at={sent[2].review_id}" in answer.location


def test_the_item_tells_what_became_of_the_words_before_and_leads_to_them(wall: Wall, moderator: AtTheDesk) -> None:
    ann, sent = wall.moderator("ann"), wall.promises("I will paint my house in Elm Road")
    wall.screens()
    moderator.client.post(
        f"/moderation/reviews/{sent.review_id}/note", data={"csrf_token": moderator.csrf(), "note": "A quiet street"}
    )
    moderator.decides(sent, "revise", reason="names", note="Leave the road out, please")
    newer = wall.edits(sent, "I will paint my house")
    wall.screens()
    page = ann.client.get(f"/moderation/reviews/{newer.review_id}").text
    assert f'<a href="/moderation/reviews/{sent.review_id}">Sent from the form</a>' in page
    assert "mo: Asked for a change: Leave out a name or detail" in page and "Leave the road out, please" in page
    assert "A quiet street" in page
    assert re.search(r"<del>.*Elm Road.*</del>", re.sub(r"</del>\s*<del>", " ", page)) and "Sent before" in page
    old = ann.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert f'<a href="/moderation/reviews/{newer.review_id}">Changed by the author</a>' in old
    assert "<strong>Newer words take its place</strong>" in old


def test_the_note_of_a_decline_is_read_by_whoever_decides_the_appeal(wall: Wall, moderator: AtTheDesk) -> None:
    ann, sent = wall.moderator("ann"), wall.promises()
    moderator.decides(sent, "reject", reason="off_topic", note="The third like this today")
    wall.acts(sent, "appeal")
    assert "The third like this today" in ann.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "The third like this today" not in wall.app.test_client().get(sent.receipt).text


@pytest.mark.parametrize("path", ["reviews/999", "surge/end", "batches/999"])
def test_what_is_not_there_is_told_in_the_desk_s_own_page(wall: Wall, path: str) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    if path == "surge/end":
        answer = lead.client.post(f"/moderation/{path}", data={"csrf_token": lead.csrf(), "campaign": SLUG})
    else:
        answer = lead.client.get(f"/moderation/{path}")
    assert answer.status_code in (404, 409)
    assert "Back to the queue" in answer.text and 'class="desk"' in answer.text


def test_what_was_called_spam_before_it_was_checked_is_checked_when_that_is_undone(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises("Ring me on 07700 900123 and I will listen")
    moderator.decides(sent, "spam")
    wall.screens()
    assert moderator.decides(sent, "undo").status_code == 303
    assert wall.review(sent.review_id).state is State.RECEIVED
    wall.screens(later(5))
    review = wall.review(sent.review_id)
    assert review.state is State.WAITING and review.findings
    assert moderator.sees("personal_data") == [sent.review_id]
