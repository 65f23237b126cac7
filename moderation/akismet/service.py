"""Akismet as the wall uses it: one client a process, its circuit and budget shared by all of them, feedback sent late."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic

from sqlalchemy import select, update

from moderation.checks.base import Outcome, Subject
from moderation.models import Evidence, Shared, held
from pledges.db import Values, database, rows_of, transaction
from pledges.settings import VERSION, Settings

from .circuit import Budget, BudgetState, Circuit, CircuitState, State
from .client import AkismetClient
from .fields import Answer, fields_of, outcome_of

log = logging.getLogger(__name__)

FEEDBACK_RETRY = timedelta(minutes=20)
FEEDBACK_AT_ONCE = 50
CIRCUIT, BUDGET, ALERT = "akismet:circuit", "akismet:budget", "akismet:alert"


@dataclass(frozen=True)
class Asked:
    """What was asked and answered about one item."""

    outcome: Outcome
    answer: Answer
    fields: dict[str, Any] = field(default_factory=dict)


class SharedStore(Generic[State]):
    """A value in the database, kept only if nobody else changed it in between."""

    def __init__(self, name: str, empty: State) -> None:
        self._name = name
        self._empty: State = empty

    def load(self) -> State:
        with database().new_session() as session:
            row = session.get(Shared, self._name)
            return self._read(row.value) if row else self._empty

    def save(self, state: State, *, was: State) -> bool:
        with database().writing() as session:
            row = held(session, self._name, datetime.now(UTC))
            if (self._read(row.value) if row.value else self._empty) != was:
                return False
            row.value, row.changed_at = self._write(state), datetime.now(UTC)
            return True

    def _read(self, value: dict[str, Any]) -> State:
        probe_at = value.get("probe_at")
        known = value | ({"probe_at": datetime.fromisoformat(probe_at)} if probe_at else {})
        return type(self._empty)(**known)

    def _write(self, state: State) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(state).items()
        }


class SpamService:
    """The one door to Akismet. The client is made when first asked, so after any fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: AkismetClient | None = None

    @property
    def client(self) -> AkismetClient:
        if self._client is None:
            wall = self._settings
            self._client = AkismetClient(
                wall.akismet_api_key.get_secret_value() or None,
                wall.base_url,
                wall.akismet_endpoint,
                version=VERSION,
                test=not wall.production,
                timeout_seconds=wall.akismet_timeout_seconds,
                circuit=Circuit(SharedStore(CIRCUIT, CircuitState())),
                budget=Budget(SharedStore(BUDGET, BudgetState()), wall.akismet_calls_a_day),
            )
        return self._client

    def check(self, subject: Subject, now: datetime) -> Asked:
        """Akismet's word on one subject; never an exception."""
        answer = self.client.ask(subject)
        if answer.alert_code:
            self._remember_alert(answer, now)
        return Asked(outcome_of(answer), answer, fields_of(subject) if answer.asked else {})

    def verify(self) -> bool:
        return self.client.verify_key() is True

    def alert(self, values: Values) -> Callable[[], dict[str, Any] | None]:
        """What the service last wanted the operator to know: code, msg, and when."""
        value, at = (values.ask(select(part).where(Shared.name == ALERT)) for part in (Shared.value, Shared.changed_at))
        return lambda: {**value(), "at": at()} if at() is not None else None

    def _remember_alert(self, answer: Answer, now: datetime) -> None:
        with database().writing() as session:
            row = session.get(Shared, ALERT) or Shared(name=ALERT)
            row.value, row.changed_at = dict(answer.alert), now
            session.merge(row)

    def send_feedback(self, now: datetime) -> int:
        """Decisions whose undo window is over have been told; answers how many."""
        with transaction() as session:
            due = session.scalars(
                select(Evidence.review_id)
                .where(Evidence.feedback_owed.is_not(None), Evidence.feedback_due_at <= now)
                .order_by(Evidence.feedback_due_at)
                .limit(FEEDBACK_AT_ONCE)
            ).all()
        return sum(self._tell(review_id, now) for review_id in due)

    def _tell(self, review_id: int, now: datetime) -> bool:
        """One item's feedback: put off first, so that two workers do not both send it."""
        with transaction() as session:
            taken = session.execute(
                update(Evidence)
                .where(
                    Evidence.review_id == review_id,
                    Evidence.feedback_owed.is_not(None),
                    Evidence.feedback_due_at <= now,
                )
                .values(feedback_due_at=now + FEEDBACK_RETRY)
                .execution_options(synchronize_session=False)
            )
            evidence = session.get(Evidence, review_id, populate_existing=True)
            if rows_of(taken) != 1 or evidence is None:
                return False
            owed, said = evidence.feedback_owed, evidence.akismet_said
            fields = dict(evidence.akismet_fields or {})
        submit = self.client.submit_spam if owed == "spam" else self.client.submit_ham
        answer = submit(fields, said_spam=said == "true")
        if answer.why and answer.worth_a_retry:
            return False
        with transaction() as session:
            session.execute(
                update(Evidence)
                .where(Evidence.review_id == review_id, Evidence.feedback_owed == owed)
                .values(feedback_owed=None, feedback_due_at=None, feedback_sent=None if answer.why else owed)
            )
        return not answer.why
