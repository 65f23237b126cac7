"""The addresses of version 1, and what each of them says about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest

from pledges.web.headers import OPEN

ASKED_BEFORE = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",  # seconds; a day, of which browsers take what they like
}

View = TypeVar("View", bound=Callable[..., Any])

api = Blueprint("api", __name__, url_prefix="/api/v1")


@dataclass(frozen=True)
class Described:
    """What the description of the whole says of one address."""

    summary: str
    answers: type[BaseModel]
    takes: type[BaseModel] | None = None


class WrongField(BadRequest):
    """400, with words that name the field which cannot be read."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__()
        self.detail = detail
        self.errors = {field: detail}


def described(summary: str, answers: type[BaseModel], takes: type[BaseModel] | None = None) -> Callable[[View], View]:
    """Marks a view with what it answers and takes; one that takes something is sent JSON."""

    def mark(view: View) -> View:
        view.described = Described(summary, answers, takes)  # type: ignore[attr-defined]
        view.takes_json = takes is not None  # type: ignore[attr-defined]
        return view

    return mark


def as_json(said: BaseModel, status: int = 200) -> Response:
    return Response(said.model_dump_json(), status=status, mimetype="application/json")


@api.after_request
def open_to_every_site(response: Response) -> Response:
    response.headers |= OPEN
    if request.method == "OPTIONS":
        response.headers |= ASKED_BEFORE
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return response


def may_ask() -> Response:
    """What a browser is told that asks whether a page of another site may ask here."""
    return Response(status=204, headers={**OPEN, **ASKED_BEFORE, "Allow": ASKED_BEFORE["Access-Control-Allow-Methods"]})
