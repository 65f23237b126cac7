"""The record: every act of staff, each line chained to the one before, so that a changed line is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import Act, Moderator, RecordHead

START = "0" * 64
PROGRAM = "program"
OPERATOR = "operator"


@dataclass(frozen=True)
class Fault:
    """A line of the record that does not fit; `act_id` is none where lines at the end are missing."""

    act_id: int | None
    what: str


def actor(moderator: Moderator | None) -> str:
    return PROGRAM if moderator is None else f"moderator:{moderator.id}"


def add(
    session: Session,
    by: str,
    act: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    campaign_id: int | None = None,
    now: datetime,
) -> Act:
    """One more line; ids and digests only, never words. Locks the head until the transaction ends."""
    head = session.get(RecordHead, 1, with_for_update=True, populate_existing=True)
    if head is None:
        head = RecordHead(id=1, hash=START, length=0)
        session.add(head)
        session.flush()
    line = Act(
        actor=by,
        act=act,
        subject=subject,
        campaign_id=campaign_id,
        before=before or {},
        after=after or {},
        at=now,
        previous=head.hash,
    )
    line.hash = _hash(line)
    session.add(line)
    session.flush()
    head.last_act_id, head.hash, head.length = line.id, line.hash, head.length + 1
    session.flush()
    return line


def verify(session: Session) -> Iterator[Fault]:
    """Every line that was changed, removed or put in; nothing where the record is whole."""
    previous, count = START, 0
    for line in session.scalars(select(Act).order_by(Act.id).execution_options(yield_per=1000)):
        count += 1
        if line.previous != previous:
            yield Fault(line.id, "does not follow the line before it")
        if _hash(line) != line.hash:
            yield Fault(line.id, "was changed after it was written")
        previous = line.hash
    head = session.get(RecordHead, 1)
    if head is None:
        if count:
            yield Fault(None, "the head of the record is missing")
    elif head.hash != previous or head.length != count:
        yield Fault(None, f"the head tells of {head.length} lines, {count} are there")


def _hash(line: Act) -> str:
    said: list[Any] = [line.actor, line.act, line.subject, line.before, line.after, line.at.isoformat(), line.previous]
    if line.campaign_id is not None:  # lines of the first release name no campaign, and keep their hash
        said.append(line.campaign_id)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
