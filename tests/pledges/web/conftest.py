"""A wall behind a front that keeps pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kept import Kept, Loop
from tests.moderation.conftest import walls  # noqa: F401 (a fixture)
from tests.wall import Wall


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The event loop of all fronts of this process."""
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def kept(walls: Callable[..., Wall], loop: Loop) -> Iterator[Callable[..., Kept]]:  # noqa: F811
    """`kept()`: a wall behind its front; `kept(beside=wall)`: another process on the same database."""
    made: list[Kept] = []

    def make(beside: Wall | None = None, **given: Any) -> Kept:
        made.append(Kept(walls(**given) if beside is None else Wall.beside(beside), loop))
        return made[-1]

    yield make
    for each in made:
        each.close()
