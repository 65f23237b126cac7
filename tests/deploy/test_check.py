"""The checks catch what they are for."""

from pathlib import Path

import pytest

from deploy import check

MODULES = (
    "pledges/models",
    "pledges/views",
    "pledges/wall",
    "pledges/db",
    "moderation/queue",
    "moderation/views",
    "app",
)


def tree(root: Path, files: dict[str, str]) -> Path:
    """A source tree of empty modules, but for these."""
    fronts = {f"{package}/__init__": "" for package in ("pledges", "moderation", "moderation/checks")}
    for name, text in {**fronts, **dict.fromkeys(MODULES, ""), **files}.items():
        file = root / f"{name}.py"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("pledges/wall", "from moderation.queue import waiting", "pledges must not import moderation"),
        ("pledges/wall", "def late():\n    import moderation", "pledges must not import moderation"),
        ("moderation/queue", "import app", "moderation must not import app"),
        ("pledges/models", "from pledges import wall", "models must not import verbs"),
        ("pledges/models", "from . import wall", "models must not import verbs"),
        ("pledges/wall", "from .views import page", "verbs must not import views"),
        ("pledges/db", "import pledges.models", "the ground must not import models"),
        ("moderation/queue", "from pledges import views", "verbs must not import views"),
        ("moderation/checks/links", "from moderation import views", "verbs must not import views"),
        ("pledges/views", "from pledges import init_app", "views must not import the package's front"),
    ],
)
def test_an_import_against_the_arrow_is_caught(tmp_path: Path, file: str, text: str, words: str) -> None:
    problems = check.imports(tree(tmp_path, {file: text}))
    assert len(problems) == 1 and words in problems[0], problems


def test_imports_along_the_arrow_pass(tmp_path: Path) -> None:
    files = {
        "app": "import moderation\nimport pledges\nfrom flask import Flask",
        "pledges/__init__": "from . import views\nfrom .db import Base",
        "pledges/views": "from pledges import wall\nfrom pledges.models import Pledge",
        "pledges/wall": "from .models import Pledge\nfrom .db import Base",
        "moderation/views": "from pledges.views import page\nfrom . import queue",
        "moderation/checks/links": "from moderation.checks import base\nfrom pledges.models import Pledge",
    }
    assert check.imports(tree(tmp_path, files)) == []


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
