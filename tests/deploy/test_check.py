"""The checks catch what they are for."""

import tomllib
from pathlib import Path

import pytest

from deploy import check

CONTRACTS = check.ROOT / "pyproject.toml"


def tree(root: Path, files: dict[str, str]) -> Path:
    """Our contracts over rooms that are empty, but for these files."""
    (root / "pyproject.toml").write_text(CONTRACTS.read_text("utf-8"), "utf-8")
    contracts = tomllib.loads(CONTRACTS.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    rooms = {
        f"{contract['containers'][0]}/{room.strip()}/__init__": ""
        for contract in contracts
        if "containers" in contract
        for layer in contract["layers"]
        for room in layer.split(":")
    }
    for name, text in {"pledges/__init__": "", "moderation/__init__": "", "app": "", **rooms, **files}.items():
        file = root / f"{name}.py"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("pledges/wall/listing", "from moderation.queue import waiting", "pledges.wall.listing -> moderation.queue"),
        ("pledges/wall/listing", "def late():\n    import moderation", "pledges.wall.listing -> moderation"),
        ("moderation/queue/order", "import app", "moderation.queue.order -> app"),
        ("pledges/models/kinds", "from pledges import wall", "pledges.models.kinds -> pledges.wall"),
        ("pledges/models/kinds", "from .. import wall", "pledges.models.kinds -> pledges.wall"),
        ("pledges/db/__init__", "import pledges.models", "pledges.db -> pledges.models"),
        ("moderation/checks/links", "from moderation import views", "moderation.checks.links -> moderation.views"),
        ("pledges/attic/__init__", "", "pledges.attic"),
    ],
)
def test_an_import_against_the_arrow_is_caught(tmp_path: Path, file: str, text: str, words: str) -> None:
    problems = check.imports(tree(tmp_path, {file: text}))
    assert words in " ".join(problems), problems


def test_a_circle_inside_a_room_is_caught(tmp_path: Path) -> None:
    files = {
        "pledges/wall/listing": "from . import pieces",
        "pledges/wall/pieces": "def late():\n    from . import listing",
    }
    problems = check.imports(tree(tmp_path, files))
    assert "no circles, among rooms or inside one BROKEN" in problems


def test_imports_along_the_arrow_pass(tmp_path: Path) -> None:
    files = {
        "app": "import moderation\nimport pledges\nfrom flask import Flask",
        "pledges/__init__": "from . import views\nfrom .db import Base",
        "pledges/views/wall": "from pledges.wall import listing\nfrom pledges.models.kinds import Type",
        "pledges/wall/listing": "from pledges import db, models",
        "pledges/models/kinds": "Type = str",
        "moderation/views/queue": "from pledges.web import language\nfrom moderation.queue import order",
        "pledges/web/language": "",
        "moderation/queue/order": "from moderation.models import Review",
    }
    assert check.imports(tree(tmp_path, files)) == []


def sized(root: Path, lines: dict[str, int]) -> list[str]:
    """What the check of sizes says of files with so many lines."""
    for name, number in lines.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text("\n" * number)
    return check.sizes(root)


def test_a_file_above_the_limit_is_named_with_its_lines(tmp_path: Path) -> None:
    found = sized(tmp_path, {"pledges/wall/listing.py": 351, "pledges/wall/pieces.py": 350})
    assert found == ["pledges/wall/listing.py: 351 lines, and 350 is the most"]


def test_a_room_of_thirteen_files_is_named_and_its_front_is_not_counted(tmp_path: Path) -> None:
    twelve = {f"pledges/wall/file_{number}.py": 1 for number in range(12)} | {"pledges/wall/__init__.py": 1}
    assert sized(tmp_path, twelve) == []
    assert sized(tmp_path, {"pledges/wall/one_more.py": 1}) == ["pledges/wall: 13 files, and 12 is the most"]


def test_an_excuse_that_is_not_needed_any_more_is_named(tmp_path: Path) -> None:
    found = sized(tmp_path, {"migrations/versions/0001_first_tables.py": 350})
    assert found == ["migrations/versions/0001_first_tables.py: 350 lines need no excuse"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% if %}", "TemplateSyntaxError"),
        ("{{ 1 | no_such_filter }}", "no_such_filter"),
        ("{% include 'nowhere.html' %}", "nowhere.html"),
    ],
)
def test_a_broken_template_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    import flask

    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(text)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(
        check.importlib, "import_module", lambda name: FakeApp(flask.Flask(name, root_path=str(tmp_path)))
    )
    problems = check.templates()
    assert len(problems) == 1 and words in problems[0], problems


class FakeApp:
    """Stands where `app.py` stands, for templates of the test's own."""

    def __init__(self, flask_app: object) -> None:
        self.create_app = lambda: flask_app
