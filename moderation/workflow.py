"""The state machine of a review, as a table that buttons, posts and tests all ask."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext


class State(StrEnum):
    RECEIVED = "received"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVISE = "revise"
    SPAM = "spam"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Move(StrEnum):
    HOLD = "hold"  # screening is done; a person decides
    MARK_SPAM = "spam"
    APPROVE = "approve"
    REJECT = "reject"
    REVISE = "revise"
    REOPEN = "reopen"
    PROPOSE = "propose"  # somebody else has to look as well, and decides; hides what is shown and is to be declined
    WITHDRAW = "withdraw"  # the author's, as are the next two
    RESTORE = "restore"
    SUPERSEDE = "supersede"
    UNDO = "undo"  # brings back what the last decision changed


_DECIDED = {
    Move.APPROVE: State.APPROVED,
    Move.REJECT: State.REJECTED,
    Move.REVISE: State.REVISE,
    Move.MARK_SPAM: State.SPAM,
}
_AUTHOR = {Move.WITHDRAW: State.WITHDRAWN, Move.SUPERSEDE: State.SUPERSEDED}

MOVES: dict[State, dict[Move, State]] = {
    # what stays unchecked for over two minutes may be decided by a person, hence the same moves as waiting
    State.RECEIVED: {Move.HOLD: State.WAITING, Move.PROPOSE: State.WAITING, **_DECIDED, **_AUTHOR},
    State.WAITING: {Move.PROPOSE: State.WAITING, **_DECIDED, **_AUTHOR},
    State.APPROVED: {
        Move.REOPEN: State.WAITING,
        Move.PROPOSE: State.WAITING,
        Move.REJECT: State.REJECTED,
        Move.MARK_SPAM: State.SPAM,
        **_AUTHOR,
    },
    State.REVISE: {  # the words may stand on the wall: only then they are taken down, which needs no detour
        Move.REOPEN: State.WAITING,
        Move.PROPOSE: State.WAITING,
        Move.REJECT: State.REJECTED,
        Move.MARK_SPAM: State.SPAM,
        **_AUTHOR,
    },
    State.REJECTED: {Move.REOPEN: State.WAITING, Move.WITHDRAW: State.WITHDRAWN},
    State.SPAM: {Move.REOPEN: State.WAITING, Move.WITHDRAW: State.WITHDRAWN},
    State.WITHDRAWN: {Move.RESTORE: State.WAITING},  # but for what stands as it was decided: decisions.py
    State.SUPERSEDED: {Move.WITHDRAW: State.WITHDRAWN},
}

BY_PEOPLE = (Move.APPROVE, Move.REJECT, Move.REVISE, Move.MARK_SPAM, Move.REOPEN, Move.PROPOSE)
NEEDS_REASON = (Move.REJECT, Move.REVISE)
SHOWS = (Move.APPROVE,)
BRINGS_BACK = (*SHOWS, Move.REOPEN)  # not words in whose place the author sent others
HIDES = (Move.REJECT, Move.MARK_SPAM, Move.WITHDRAW)  # all other moves leave the wall as it is
TAKES_DOWN = (Move.PROPOSE, Move.REJECT, Move.MARK_SPAM)  # while its author is asked for a change: only what is shown
WAITS = (State.RECEIVED, State.WAITING)
STANDS = (
    State.REVISE,
    State.REJECTED,
    State.SPAM,
)  # put back by its author, it stands so again, and nobody reads it anew
MENDABLE = (*WAITS, State.REVISE)  # newer words of the author take their place


class MoveNotAllowed(Exception):
    """The table has no such move from this state."""


def after(state: State, move: Move) -> State:
    """The state that `move` leads to; raises MoveNotAllowed."""
    try:
        return MOVES[state][move]
    except KeyError:
        raise MoveNotAllowed(f"{move} is no move from {state}") from None


def open_moves(state: State) -> list[Move]:
    """The moves that a person may make from `state`, in the order of the buttons."""
    return [move for move in BY_PEOPLE if move in MOVES[state]]


FATES: dict[State, Any] = {
    State.RECEIVED: lazy_gettext("waits for the checks"),
    State.WAITING: lazy_gettext("waits"),
    State.APPROVED: lazy_gettext("approved"),
    State.REVISE: lazy_gettext("a change was asked for"),
    State.REJECTED: lazy_gettext("declined"),
    State.SPAM: lazy_gettext("called spam"),
    State.WITHDRAWN: lazy_gettext("taken back by the author"),
    State.SUPERSEDED: lazy_gettext("replaced by newer words"),
}
