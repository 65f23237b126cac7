"""Whatever is killed, what was acknowledged is there, once; `python -m bench.kill` does the whole of it."""

from __future__ import annotations

from bench import kill


def test_killed_at_random_nothing_acknowledged_is_lost_or_doubled(database_kind: str) -> None:
    report = kill.run(database_kind, submissions=60, kills=4, seed=20)
    assert report.good, report
    assert report.killed == {"web": 2, "worker": 2}
    assert report.acknowledged == 60


def test_the_count_sees_what_is_lost_doubled_or_published(tmp_path) -> None:
    """The trial itself: it must be able to fail."""
    url = f"sqlite:///{tmp_path / 'wall.db'}"
    kill.opened(url)
    found = kill.compare(url, {1: "a token that opens nothing"})
    assert found["lost"] == 1
