"""Format, lint, types, templates and the direction of imports: `python -m deploy.check [name …]`."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deploy.environment import ROOT, say

PACKAGES = ("app", "moderation", "pledges")  # each may import those after it
TYPED = ("app.py", "bench", "deploy", "moderation", "pledges", "tests", "translations")

# Views use verbs, verbs use models, models use the ground; a module that is not named here is a verb.
GROUND, MODELS, VERBS, VIEWS, TOP = range(5)
LAYERS = {
    "db": GROUND,
    "settings": GROUND,
    "networks": GROUND,
    "safety": GROUND,
    "errors": GROUND,
    "workflow": GROUND,
    "checks.base": GROUND,  # of the checks: what they are given, what they answer
    "models": MODELS,
    "views": VIEWS,
    "embed": VIEWS,
    "api": VIEWS,
    "accounts": VIEWS,
    "factors": VIEWS,
    "cli": VIEWS,
    "__init__": TOP,
}
LAYER_NAMES = ("the ground", "models", "verbs", "views", "the package's front")


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

    def run() -> list[str]:
        done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)
        lines = (done.stdout + done.stderr).splitlines()
        return (lines or [f"{words[0]} ended with {done.returncode}"]) if done.returncode else []

    return run


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
    """Imports against the arrow `app -> moderation -> pledges` or `views -> verbs -> models -> ground`."""
    problems = []
    for package in PACKAGES:
        for file in [root / f"{package}.py", *sorted((root / package).rglob("*.py"))]:
            if file.exists():
                problems += list(wrong_imports(file, root))
    return problems


def wrong_imports(file: Path, root: Path) -> Iterator[str]:
    """One line for each import in this file that goes against an arrow."""
    here = file.relative_to(root).with_suffix("").parts
    for line, module in imported(ast.parse(file.read_text("utf-8")), here):
        there = as_file(module, root)
        if not there:
            continue
        at = f"{file.relative_to(root)}:{line}:"
        if PACKAGES.index(there[0]) < PACKAGES.index(here[0]):
            yield f"{at} {here[0]} must not import {there[0]} ({'.'.join(module)})"
        elif there != here and layer(there) > layer(here):
            yield f"{at} {LAYER_NAMES[layer(here)]} must not import {LAYER_NAMES[layer(there)]} ({'.'.join(module)})"


def imported(tree: ast.AST, here: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and full name of everything imported, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, tuple(alias.name.split("."))) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = here[: len(here) - node.level] if node.level else ()
            base = (*start, *(node.module.split(".") if node.module else ()))
            yield from ((node.lineno, (*base, alias.name)) for alias in node.names)


def as_file(module: tuple[str, ...], root: Path) -> tuple[str, ...] | None:
    """The module of ours that `module` names or holds a name of; None for somebody else's."""
    if not module or module[0] not in PACKAGES:
        return None
    for length in range(len(module), 0, -1):
        path = root.joinpath(*module[:length])
        if path.with_suffix(".py").exists():
            return module[:length]
        if (path / "__init__.py").exists():
            return (*module[:length], "__init__")
    return module


def layer(module: tuple[str, ...]) -> int:
    """A module's height; inside a sub-package all are verbs, as its own front is."""
    if len(module) == 1:
        return TOP
    return VIEWS if module[1] == "views" else LAYERS.get(".".join(module[1:]), VERBS)


CHECKS: dict[str, Callable[[], list[str]]] = {
    "format": tool("ruff", "format", "--check", "."),
    "lint": tool("ruff", "check", "."),
    "types": tool("mypy", "--no-error-summary", *TYPED),
    "templates": templates,
    "imports": imports,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
