"""A wall on each database, and who sits at its desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.akismet_service import KEY, AkismetService
from tests.wall import AtTheDesk, Wall, make_app, opened


@pytest.fixture
def walls(fresh_database: Callable[..., str], tmp_path: Path) -> Iterator[Callable[..., Wall]]:
    """`walls(undo_seconds=0)`: a wall with these settings, closed after the test."""
    made: list[Wall] = []

    def make(**given: Any) -> Wall:
        made.append(Wall(make_app(fresh_database(fill=opened), tmp_path, **given)))
        return made[-1]

    yield make
    for wall in made:
        wall.close()


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:
    """A wall as it comes: no mail server, no key of the spam service."""
    return walls()


@pytest.fixture
def akismet() -> Iterator[AkismetService]:
    with AkismetService() as service:
        yield service


@pytest.fixture
def checked_wall(walls: Callable[..., Wall], akismet: AkismetService) -> Wall:
    """A wall that asks the local Akismet service."""
    return walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_timeout_seconds=0.5)


@pytest.fixture
def moderator(wall: Wall) -> AtTheDesk:
    return wall.moderator("mo")
