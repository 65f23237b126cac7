"""What `python3 app.py` does before any library is there. Standard library only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HELP = """\
Promise Wall

  python3 app.py                              set up what is missing, then serve the wall and its worker
  python3 app.py test [--full] [pytest words] set up what tests need, check the code, run the tests
  python3 app.py check                        only the checks: format, lint, types, templates, imports
  python3 app.py --help                       this text

Everything is put into this folder: .venv/ (libraries), .cache/ (a browser and nginx for tests), instance/ (your data).
Large counts in tests run as a fixed share; --full runs them whole. Where you name tests, the checks are left out.

Settings are environment variables, among them WALL_PORT (8000) and WALL_HOST (127.0.0.1).
For tests: CHROMIUM names a browser to use instead of the one that would be found.
All other commands: .venv/bin/flask --app app --help
"""

NARROWING = ("-k", "-m", "--lf", "--last-failed", "--ff", "--failed-first", "--co", "--collect-only")
ALONE = ("-n", "--numprocesses", "--pdb", "--trace", "-s", "--co", "--collect-only")


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line."""

    act: str  # serve | test | check | help
    full: bool = False
    words: tuple[str, ...] = ()  # for pytest

    @property
    def names_tests(self) -> bool:
        """True where only some tests are wanted."""
        return any(is_option(word, NARROWING) or is_test(word) for word in self.words)

    @property
    def pytest_words(self) -> tuple[str, ...]:
        """Three processes for two cores, since browsers and servers are often waited for; unless the words say otherwise."""
        if any(is_option(word, ALONE) for word in self.words):
            return self.words
        return ("-n", "3", "--dist", "load", "--maxschedchunk", "1", "--durations", "20", *self.words)


def is_option(word: str, options: Sequence[str]) -> bool:
    """True for `--name`, `--name=value`, `-x` and `-xvalue` of one of these options."""
    return any(
        word == option
        or word.startswith(option + "=")
        or (len(option) == 2 and word.startswith(option) and not word.startswith("--"))
        for option in options
    )


def is_test(word: str) -> bool:
    """True for a file or folder of tests, or one test in a file."""
    return not word.startswith("-") and Path(word.split("::")[0]).exists()


def read_command_line(words: Sequence[str]) -> Plan:
    """The plan; SystemExit with the help text where the words make no sense."""
    if not words:
        return Plan("serve")
    first, *rest = words
    if first == "test":
        return Plan("test", "--full" in rest, tuple(word for word in rest if word != "--full"))
    if first in ("-h", "--help", "help") and not rest:
        return Plan("help")
    if first == "check" and not rest:
        return Plan("check")
    raise SystemExit(f"Not understood: {' '.join(words)}\n\n{HELP}")


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code is that of the whole."""
    try:
        import fcntl  # noqa: F401  (absent on Windows alone)
    except ImportError:
        raise SystemExit("Promise Wall runs on Linux and macOS; on Windows, start it inside WSL.") from None
    from deploy.environment import ROOT, CannotSetUp

    plan = read_command_line(sys.argv[1:] if words is None else words)
    if plan.act == "help":
        print(HELP, end="")
        return 0
    os.chdir(ROOT)
    try:
        return {"serve": serve, "test": test, "check": check}[plan.act](plan)
    except CannotSetUp as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def serve(plan: Plan) -> int:
    """Become the server: this process is replaced, so signals reach it directly."""
    from deploy.environment import RUN, Environment, one_at_a_time, say

    environment = Environment()
    with one_at_a_time():
        environment.ensure(RUN)
    say("Starting the wall and its worker")
    os.execv(environment.python, [str(environment.python), "-m", "flask", "--app", "app", "serve"])


def check(plan: Plan) -> int:
    """The checks' exit code."""
    from deploy.environment import TEST, Environment, one_at_a_time

    environment = Environment()
    with one_at_a_time():
        environment.ensure(TEST)
    return wait_for([str(environment.python), "-m", "deploy.check"])


def test(plan: Plan) -> int:
    """0 where checks and tests both pass; else pytest's own code, or 1 where only the checks failed."""
    from deploy import browser, nginx
    from deploy.environment import TEST, Environment, one_at_a_time, say

    environment = Environment()
    with one_at_a_time():
        environment.ensure(TEST)
        chromium = browser.find_or_get(environment.python)
        web_server = nginx.find_or_get()
    if chromium:
        os.environ["CHROMIUM"] = str(chromium)
    if web_server:
        os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", ""), str(web_server.parent)))
    if plan.full:
        os.environ["WALL_TEST_FULL"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process of a run would compile everything anew
    checks = 0 if plan.names_tests else wait_for([str(environment.python), "-m", "deploy.check"])
    say("Running the tests")
    tests = wait_for([str(environment.python), "-m", "pytest", *plan.pytest_words])
    if checks:
        print("The checks before the tests failed; their words are above.", file=sys.stderr)
    return tests or checks


def wait_for(command: Sequence[str]) -> int:
    """The exit code; at Ctrl-C the child, which hears it too, is given the time to tidy up."""
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue
