"""What was removed from the index is gone from it however large it is, a little at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from pledges.db import Database
from pledges.search import merging
from pledges.search import wall as wall_index

SLIPPED = "verschwunden"


def in_the_index(database: Database) -> bool:
    """Whether the word stands in any page of it, found or not."""
    with database.new_session() as session:
        pages = session.scalars(text("SELECT block FROM wall_words_data")).all()
    return any(SLIPPED[1:].encode() in page for page in pages)  # a word shares its beginning with the one before it


def test_a_word_that_was_removed_is_gone_after_some_short_merges(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "PAGES", 4)
    for part in range(6):
        with database.writing() as session:
            for place in range(150):
                others = " ".join(f"{part}x{place}y{number * 7919 % 977}" for number in range(20))
                words = [f"{SLIPPED if place == part == 3 else 'word'} {others}"]
                wall_index.put(session, part * 1000 + place + 1, 1, words, [])
    assert in_the_index(database)
    with database.writing() as session:
        wall_index.remove(session, 3004)
        wall_index.forget(session)
    assert in_the_index(database)  # it was too much for once
    for _ in range(200):
        with database.writing() as session:
            if not merging.go_on(session):
                break
    else:
        raise AssertionError("merging comes to no end")
    assert not in_the_index(database)
    with database.new_session() as session:
        assert session.scalars(text("SELECT count(*) FROM wall_words WHERE wall_words MATCH 'word'")).one() == 899
        session.execute(text("INSERT INTO wall_words (wall_words) VALUES ('integrity-check')"))
