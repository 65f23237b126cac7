"""When not to call a service that is down, and how many calls a day are ours to spend.

The state lies with the caller, so that several processes share it. A store keeps a value only if nobody else changed
it in between; that is what makes "one probe a minute" true for all processes together.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

FAILURES_TO_OPEN = 5
PROBE_SECONDS = 60.0
PROBE_SECONDS_AT_MOST = 300.0  # a backlog is to drain within half an hour of the service's return
JITTER = 0.2
TRIES_TO_SAVE = 5

RETRY_SECONDS = 60.0
RETRY_SECONDS_AT_MOST = 20 * 60.0
KEY_RETRY_SECONDS = 6 * 3600
GIVE_UP_AFTER = timedelta(days=15)


@dataclass(frozen=True)
class CircuitState:
    """Failures in a row; while open, the earliest moment of the next probe and the number of probes made."""

    failures: int = 0
    probe_at: datetime | None = None
    probes: int = 0


@dataclass(frozen=True)
class BudgetState:
    """Calls made on one day (UTC, ISO 8601)."""

    day: str = ""
    calls: int = 0


State = TypeVar("State", CircuitState, BudgetState)


class Store(Protocol[State]):
    """One value that all processes see."""

    def load(self) -> State: ...

    def save(self, state: State, *, was: State) -> bool:
        """Whether `state` is now stored: yes if the stored value still was `was`, else nothing is changed."""


CircuitStore = Store[CircuitState]
BudgetStore = Store[BudgetState]


class Circuit:
    """Closed, every call may go; after some failures in a row it opens, and one probe a minute goes, then fewer."""

    def __init__(
        self,
        store: CircuitStore,
        *,
        failures_to_open: int = FAILURES_TO_OPEN,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._failures_to_open = failures_to_open
        self._chance = chance

    def may_call(self, now: datetime) -> bool:
        """Whether a call may be made now; while open, a yes is given to one caller and counts as the probe."""
        state = self._store.load()
        if state.probe_at is None:
            return True
        if now < state.probe_at:
            return False
        claimed = replace(state, probe_at=now + self._pause(state.probes), probes=state.probes + 1)
        return self._store.save(claimed, was=state)

    def is_open(self) -> bool:
        return self._store.load().probe_at is not None

    def succeeded(self) -> None:
        """The circuit is closed and no failure is remembered."""
        self._change(lambda state: CircuitState())

    def failed(self, now: datetime) -> None:
        """One failure more; the one that fills the measure opens the circuit."""
        self._change(lambda state: self._after_failure(state, now))

    def _after_failure(self, state: CircuitState, now: datetime) -> CircuitState:
        failures = state.failures + 1
        if state.probe_at is None and failures >= self._failures_to_open:
            return CircuitState(failures, now + self._pause(0))
        return replace(state, failures=failures)

    def _pause(self, probes: int) -> timedelta:
        seconds = min(PROBE_SECONDS * 2 ** min(probes, 10), PROBE_SECONDS_AT_MOST)
        return timedelta(seconds=seconds * (1 + JITTER * self._chance()))

    def _change(self, change: Callable[[CircuitState], CircuitState]) -> None:
        for _ in range(TRIES_TO_SAVE):
            was = self._store.load()
            state = change(was)
            if state == was or self._store.save(state, was=was):
                return


class Budget:
    """So many calls a day and no more; the day is UTC's."""

    def __init__(self, store: BudgetStore, calls_a_day: int) -> None:
        self._store = store
        self._calls_a_day = calls_a_day

    def take(self, now: datetime) -> bool:
        """Whether one more call may be made today; a yes is counted at once."""
        day = now.date().isoformat()
        for _ in range(TRIES_TO_SAVE):
            was = self._store.load()
            calls = was.calls if was.day == day else 0
            if calls >= self._calls_a_day:
                return False
            if self._store.save(BudgetState(day, calls + 1), was=was):
                return True
        return False


def retry_seconds(attempts: int, *, key_refused: bool, chance: Callable[[], float] = random.random) -> float:
    """How long to wait before asking again about one item: doubling with jitter, or six hours for a refused key."""
    if key_refused:
        return KEY_RETRY_SECONDS * (1 + JITTER * chance())
    return min(RETRY_SECONDS * 2 ** min(attempts, 10), RETRY_SECONDS_AT_MOST) * (1 + JITTER * chance())
