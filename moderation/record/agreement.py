"""How often the spam service and the moderators agree, counted by the day of the decision."""

from __future__ import annotations

from sqlalchemy.orm import Session

from moderation import standing
from moderation.models import Decision, Evidence, Review
from moderation.workflow import State
from pledges.figures import counters

CAUGHT = "akismet:caught"  # it said spam, and so did a person
MISSED = "akismet:missed"  # it said nothing, a person called it spam
WRONG = "akismet:wrong"  # it said spam, a person showed it
CLEAR = "akismet:clear"  # it said nothing, a person showed it
NAMES = (CAUGHT, MISSED, WRONG, CLEAR)


def count(session: Session, review: Review, newest: Decision) -> None:
    """The counters hold what the newest decision of a person says of this item, and no longer the one before.

    Counted when it is decided, since what the service said is forgotten with the sender's details.
    """
    evidence = session.get(Evidence, review.id)
    if evidence is None or evidence.akismet_said is None:
        return
    said_spam = evidence.akismet_said == "true"
    taken_back = session.get_one(Decision, newest.undoes_id) if newest.undoes_id is not None else None
    decided, change = (newest, +1) if taken_back is None else (taken_back, -1)
    before = standing.last(session, review, decided.id)
    _add(session, review, decided, said_spam, change)
    if before is not None:
        _add(session, review, before, said_spam, -change)


def _add(session: Session, review: Review, decision: Decision, said_spam: bool, change: int) -> None:
    name = _name(decision, said_spam)
    if name is not None:
        counters.add(session, review.campaign_id, name, change, day=decision.decided_at.date().isoformat())


def _name(decision: Decision, said_spam: bool) -> str | None:
    if decision.to_state is State.SPAM:
        return CAUGHT if said_spam else MISSED
    if decision.to_state is State.APPROVED:
        return WRONG if said_spam else CLEAR
    return None
