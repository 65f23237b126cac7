"""Format, lint, types, templates, which room imports which, and sizes: `python -m deploy.check [name …]`."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from deploy.environment import ROOT, say

TYPED = ("app.py", "bench", "deploy", "moderation", "pledges", "tests", "translations")

# How much one file and one room may hold, and who may hold more, with the reason.
MOST_LINES, MOST_FILES = 350, 12
SIZED = ("app.py", "deploy", "migrations", "moderation", "pledges")
LONG = {"migrations/versions/0001_first_tables.py": "landed before there was a limit, and a migration is never edited"}
WIDE = {
    "moderation/views": "one file for each family of pages, and the desk has many",
    "pledges/views": "one file for each family of pages, and visitors have many",
}

LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"  # it has no `python -m`


def main(names: Sequence[str]) -> int:
    """0 where every named check (all, if none is named) passes."""
    chosen = {name: CHECKS[name] for name in names or CHECKS}
    failed = [name for name, check in chosen.items() if not passes(name, check)]
    say(f"Checks failed: {', '.join(failed)}" if failed else "Checks passed")
    return 1 if failed else 0


def passes(name: str, check: Callable[[], list[str]]) -> bool:
    """True where the check has nothing to say; what it says is printed."""
    say(f"Checking: {name}")
    problems = check()
    print("".join(f"  {problem}\n" for problem in problems), end="", flush=True)
    return not problems


def tool(*words: str) -> Callable[[], list[str]]:
    """A check that a tool of our environment makes; its own output is what it says."""
    return lambda: python("-m", *words, at=ROOT)


def python(*words: str, at: Path) -> list[str]:
    """The lines that a command in Python wrote in this folder where it failed, else none."""
    done = subprocess.run([sys.executable, *words], cwd=at, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    return (lines or [f"{words} ended with {done.returncode}"]) if done.returncode else []


def templates() -> list[str]:
    """Templates that do not compile with our filters, and names they refer to that do not exist."""
    from jinja2 import TemplateError, meta

    with tempfile.TemporaryDirectory(prefix="wall-check-") as folder:
        os.environ.update(WALL_INSTANCE=folder, WALL_ENV="development")
        environment = importlib.import_module("app").create_app().jinja_env
        problems = []
        for file in sorted((ROOT / "templates").rglob("*.*")):
            name = file.relative_to(ROOT / "templates").as_posix()
            try:
                environment.get_template(name)
                for other in meta.find_referenced_templates(environment.parse(file.read_text("utf-8"))):
                    if other:
                        environment.get_template(other)
            except (TemplateError, UnicodeDecodeError) as error:
                line = getattr(error, "lineno", None) or 1
                problems.append(f"templates/{name}:{line}: {type(error).__name__}: {error}")
    return problems


def imports(root: Path = ROOT) -> list[str]:
    """Imports against the contracts of pyproject.toml, wherever in a file they stand, and circles."""
    return python("-c", LINT_IMPORTS, "--no-logo", "--no-cache", at=root)


def sizes(root: Path = ROOT) -> list[str]:
    """Files and rooms that hold more than they may, and reasons for some that no longer do."""
    files = [
        file for name in SIZED for file in ([root / name] if name.endswith(".py") else (root / name).rglob("*.py"))
    ]
    lines = {str(file.relative_to(root)): len(file.read_text("utf-8").splitlines()) for file in files if file.exists()}
    rooms = Counter(str(Path(name).parent) for name in lines if not name.endswith("__init__.py"))
    rooms.pop("migrations/versions", None)  # one file for each step, for ever
    return [
        *too_many("lines", lines, MOST_LINES, LONG),
        *too_many("files", rooms, MOST_FILES, WIDE),
    ]


def too_many(what: str, held: Mapping[str, int], most: int, excused: Mapping[str, str]) -> Iterator[str]:
    """One line for each that holds more than `most` without an excuse, or has an excuse and needs none."""
    for name, number in sorted(held.items()):
        if number > most and name not in excused:
            yield f"{name}: {number} {what}, and {most} is the most"
        if number <= most and name in excused:
            yield f"{name}: {number} {what} need no excuse"


CHECKS: dict[str, Callable[[], list[str]]] = {
    "format": tool("ruff", "format", "--check", "."),
    "lint": tool("ruff", "check", "."),
    "types": tool("mypy", "--no-error-summary", *TYPED),
    "templates": templates,
    "imports": imports,
    "sizes": sizes,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
