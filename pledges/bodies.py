"""Which bodies are read at all: forms, where a page has one. Nothing else has a parser here."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


def refuse_what_no_form_sends() -> None:
    """415 for a body that is no form, and for a file, before any page or library looks at what came.

    A library reads more than its pages ask for; what it never gets cannot surprise it.
    """
    if request.routing_exception is not None or request.method != "POST":
        return
    if request.mimetype not in FORMS and _has_body():
        raise UnsupportedMediaType
    if request.mimetype == "multipart/form-data" and request.files:
        raise UnsupportedMediaType


def _has_body() -> bool:
    return bool(request.mimetype or request.content_length or "Transfer-Encoding" in request.headers)
