"""The picture of docs/performance.md says what its tables say."""

from __future__ import annotations

import pytest

from bench import picture


def test_the_picture_is_that_of_the_tables() -> None:
    """Where this fails: `python -m bench.picture`."""
    assert picture.PICTURE.read_text("utf-8") == picture.drawn(picture.bars(picture.TABLES.read_text("utf-8")))


def test_a_bar_says_what_its_row_says() -> None:
    rows = "    wall         the wall              22231     44.6    5.10   2.5\n    Some engine 1.2        147 us        12.8\n"
    every = picture.bars(rows)
    assert [(bar.name, bar.times, bar.ours) for bar in every] == [
        ("Promise Wall, its own process", 5.1, True),
        ("Some engine 1.2", 12.8, False),
    ]
    assert "Some engine 1.2: 12.8×" in picture.drawn(every)


def test_tables_without_rows_are_told_of() -> None:
    with pytest.raises(ValueError, match="no rows"):
        picture.bars("# Nothing here")
