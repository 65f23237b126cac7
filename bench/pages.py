"""`python -m bench.pages`: the CPU that one request of each kind costs, cold, beside a route of Flask that does nothing.

A wall of the size that the tests of queries call large is filled, in SQLite. Then every page is asked for in turn, round
after round, through the application itself, and the CPU of this process is taken for each request: the medians say what
a page costs whatever else the machine does, and their ratio to the bare route what it costs on any machine.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient

from bench import commit
from tests.databases import Databases
from tests.filled import LARGE, Filled, filled
from tests.wall import opened

ROUNDS, WARMING = 200, 10
BARE = "a bare route of Flask"
# what: address, and the milliseconds that it is to cost at most on the machine of the other figures
PAGES = {
    "wall": ("/{slug}", 8.0),
    "promise": ("/{slug}/promises/{promise}", 8.0),
    "form": ("/{slug}/promise", 4.0),
    "JSON list": ("/api/v1/campaigns/{slug}/pledges", 3.0),
    "queue": ("/moderation/", 25.0),
    "item": ("/moderation/reviews/{waiting}", 25.0),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="wall-pages-") as folder:
        databases = Databases(Path(folder))
        with filled(LARGE, databases.fresh("sqlite", opened), Path(folder) / "instance") as wall:
            took = measured(wall, rounds)
    report(took, rounds)
    return 0


def measured(wall: Filled, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of CPU of each request, by page; in turn, so that what the machine does meets all alike."""
    anybody, bare = FlaskClient(wall.wall.app), FlaskClient(bare_app())
    desk = FlaskClient(wall.wall.app)
    cookie = wall.desk.client.get_cookie("desk")
    desk.set_cookie("desk", cookie.value if cookie else "")
    asked = {BARE: (bare, "/")}
    for name, (path, _) in PAGES.items():
        asked[name] = (desk if path.startswith("/moderation") else anybody, wall.path(path))
    took: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(WARMING + rounds):
        gc.collect()
        for name, (client, path) in asked.items():
            spent = one(client, path)
            if number >= WARMING:
                took[name].append(spent)
    return took


def one(client: FlaskClient, path: str) -> float:
    started = time.process_time()
    answer = client.get(path)
    spent = (time.process_time() - started) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return spent


def bare_app() -> Flask:
    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: "ok")
    return app


def report(took: dict[str, list[float]], rounds: int) -> None:
    bare = median(took[BARE])
    print(f"commit {commit()}, {rounds} rounds after {WARMING} to warm up; CPU of one request, medians")
    print(f"{'page':24} {'ms':>7} {'bare routes':>12} {'goal, ms':>9}")
    for name, spent in took.items():
        goal = f"{PAGES[name][1]:9.1f}" if name in PAGES else " " * 9
        print(f"{name:24} {median(spent):7.2f} {median(spent) / bare:12.1f} {goal}")


if __name__ == "__main__":
    sys.exit(main())
