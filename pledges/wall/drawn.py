"""Promises and comments as finished HTML: drawn once for each language, and taken from here for as long as nothing of it changes.

What was drawn is found by everything that it is drawn from, so none has to be told when something changes: other words,
another name, one more comment are something else. Names of pages and our own words stand still while a process runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from flask import Flask, g, request
from markupsafe import Markup

from pledges.web.language import page_lang, time_zone

from .pieces import Piece
from .thread import Comment

MOST = 4 * 1024 * 1024  # characters of HTML on each of two shelves: about 2,500 promises
SECONDS = 300.0  # what nobody asks for is forgotten after twice that at most


class Drawn:
    """Two shelves: what is asked for moves to the new one, and what still lies on the old one is thrown away with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._new: dict[Hashable, Markup] = {}
        self._old: dict[Hashable, Markup] = {}
        self._chars, self._since = 0, clock()

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    def get(self, key: Hashable) -> Markup | None:
        found = self._new.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: Hashable, html: Markup) -> None:
        """Kept; where two threads change the shelves at once, something is drawn once more."""
        now = self._clock()
        if self._chars >= MOST or now - self._since > SECONDS:
            self._old, self._new, self._chars, self._since = self._new, {}, 0, now
        self._chars += len(html)
        self._new[key] = html


def init_app(app: Flask) -> None:
    """Templates say `drawn_piece` and `drawn_comment` in place of the macros."""
    drawn = Drawn()

    def draw(template: str, macro: str, key: Hashable, *given: object) -> Markup:
        whole = (macro, page_lang(), g.get("prefix", ""), time_zone(), request.script_root, key)
        html = drawn.get(whole)
        if html is None:
            html = getattr(app.jinja_env.get_template(template).module, macro)(*given)
            drawn.put(whole, html)
        return html

    def drawn_piece(p: Piece, slug: str, comments_open: bool) -> Markup:
        return draw("component/piece.html", "piece", (_all_of(p), slug, comments_open), p, slug, comments_open)

    def drawn_comment(comment: Comment, slug: str, shelf: str, id: str, answerable: bool) -> Markup:
        pieces = [comment.piece, *comment.replies]
        key = (comment.id, *(_all_of(each) if each else None for each in pieces), slug, shelf, id, answerable)
        return draw("comment/_one.html", "one", key, comment, slug, shelf, id, answerable)

    app.jinja_env.globals |= {"drawn_piece": drawn_piece, "drawn_comment": drawn_comment}


def _all_of(piece: Piece) -> Hashable:
    return piece, tuple(piece.theme.title.items()) if piece.theme else None
