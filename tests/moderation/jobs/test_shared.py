"""What processes remember together is made once, however many make it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from moderation.models import Shared, held
from pledges.db import utcnow
from tests.wall import Wall


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_of_two_who_make_a_row_at_once_one_waits_and_goes_on(wall: Wall, database_kind: str) -> None:
    together = Barrier(2)

    def counts(_number: int) -> None:
        with wall.app.app_context(), wall.database.writing() as session:
            session.get(Shared, "seen")  # neither finds it
            together.wait()
            row = held(session, "seen", utcnow())
            row.value = {"times": row.value.get("times", 0) + 1}

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(counts, range(2)))
    with wall.look() as session:
        assert session.get_one(Shared, "seen").value == {"times": 2}
