"""What was drawn before is taken again only where all that it shows is the same."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask, g
from flask_babel import refresh
from markupsafe import Markup

from pledges.db import Translated
from pledges.models import Kind, Progress, Theme
from pledges.organisations.logos import Shown
from pledges.wall import drawn
from pledges.wall.drawn import Drawn
from pledges.wall.pieces import Piece, Signature
from pledges.wall.thread import Comment

PIECE = Piece(
    id="abcd", shelf="promises", words="I will listen", whole=True, size="s", lang="en", by=Signature("Ada", "Nurse"),
    dye="rose", motif="M0 0", published_at=datetime(2027, 1, 2, 9, 30, tzinfo=UTC),
)  # fmt: skip
OTHER: dict[str, Any] = {
    "id": "wxyz", "shelf": "answers", "words": "I will speak", "whole": False, "size": "m", "lang": "cy",
    "by": Signature("Ada", "Teacher"), "dye": "moss", "motif": "M1 1", "theme": Theme(title=Translated(en="Work")),
    "status": Progress.KEPT, "kind": Kind.ORGANISATION, "by_when": date(2027, 5, 1), "how_we_will_know": "We count",
    "comments": 3, "comments_open": False, "example": True, "maker": True, "verified": True, "logo": Shown("abcd", "00ff", "A leaf", 9, 4),
    "published_at": datetime(2027, 1, 3, 9, 30, tzinfo=UTC),
    "changed_at": datetime(2027, 1, 4, tzinfo=UTC),
}  # fmt: skip


def piece(app: Flask, p: Piece, slug: str = "a-wall", comments_open: bool = True) -> str:
    draw: Any = app.jinja_env.globals["drawn_piece"]
    return str(draw(p, slug, comments_open))


def anew(app: Flask, p: Piece, slug: str = "a-wall", comments_open: bool = True) -> str:
    module: Any = app.jinja_env.get_template("component/piece.html").module
    return str(module.piece(p, slug, comments_open))


def comment(app: Flask, c: Comment, *where: Any) -> str:
    draw: Any = app.jinja_env.globals["drawn_comment"]
    return str(draw(c, *(where or ("a-wall", "promises", "abcd", True))))


def comment_anew(app: Flask, c: Comment, *where: Any) -> str:
    module: Any = app.jinja_env.get_template("comment/_one.html").module
    return str(module.one(c, *(where or ("a-wall", "promises", "abcd", True))))


def test_there_is_another_value_for_all_that_a_piece_has() -> None:
    assert set(OTHER) == {each.name for each in fields(Piece)}


@pytest.mark.parametrize("name", OTHER)
def test_a_promise_that_differs_in_anything_is_drawn_anew(app: Flask, name: str) -> None:
    with app.test_request_context("/"):
        app.preprocess_request()
        changed = replace(PIECE, **{name: OTHER[name]})
        assert piece(app, PIECE) == anew(app, PIECE)
        assert piece(app, changed) == anew(app, changed)
        assert comment(app, Comment("c1", PIECE)) == comment_anew(app, Comment("c1", PIECE))
        assert comment(app, Comment("c1", changed)) == comment_anew(app, Comment("c1", changed))


def test_a_theme_that_is_called_otherwise_is_drawn_anew(app: Flask) -> None:
    theme = Theme(title=Translated(en="Work"))
    with app.test_request_context("/"):
        app.preprocess_request()
        assert "Work" in piece(app, replace(PIECE, theme=theme))
        theme.title = Translated(en="School")
        assert "School" in piece(app, replace(PIECE, theme=theme))


def test_each_place_and_language_has_its_own(app: Flask) -> None:
    for path, lang in (("/", "en"), ("/cy/", "cy"), ("/en/", "en")):
        with app.test_request_context(path):
            app.preprocess_request()
            assert g.lang == lang
            for given in (("a-wall", True), ("b-wall", True), ("a-wall", False)):
                assert piece(app, PIECE, *given) == anew(app, PIECE, *given)
            for where in (("a", "promises", "x1", True), ("b", "promises", "x1", True), ("a", "answers", "x1", True)):
                assert comment(app, Comment("c1", PIECE), *where) == comment_anew(app, Comment("c1", PIECE), *where)
            for answerable in (True, False):
                where = ("a", "promises", "x2", answerable)
                assert comment(app, Comment("c1", PIECE), *where) == comment_anew(app, Comment("c1", PIECE), *where)


def test_a_campaign_that_speaks_welsh_first_has_its_own(app: Flask) -> None:
    with app.test_request_context("/"):
        app.preprocess_request()
        in_english = piece(app, PIECE)
        g.lang = "cy"
        refresh()
        assert in_english != piece(app, PIECE) == anew(app, PIECE)


def test_a_comment_that_was_taken_away_or_answered_is_drawn_anew(app: Flask) -> None:
    with app.test_request_context("/"):
        app.preprocess_request()
        for each in (
            Comment("c1", PIECE),
            Comment("c1", None, [PIECE]),
            Comment("c1", PIECE, [replace(PIECE, id="r1")]),
        ):
            assert comment(app, each) == comment_anew(app, each)


def test_what_nobody_asks_for_is_forgotten() -> None:
    now = 0.0
    kept = Drawn(lambda: now)
    kept.put("asked", Markup("a"))
    kept.put("left", Markup("b"))
    for _ in range(3):
        now += drawn.SECONDS + 1
        assert kept.get("asked") == "a"
        kept.put("more", Markup("c"))
    assert kept.get("left") is None


def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "MOST", 100)
    kept = Drawn()
    for number in range(1000):
        kept.put(number, Markup("xxxxxxxxxx"))
    assert len(kept) <= 20
