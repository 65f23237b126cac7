"""The description of version 1, made from its addresses and from the shapes that serialise what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Response, current_app
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, RootModel
from werkzeug.routing import Rule

from pledges.settings import settings
from pledges.web import spelling
from pledges.web.caching import kept, shared_by_all

from . import schemas
from .base import Described, api, described

JSON, PROBLEM = "application/json", "application/problem+json"
ABOUT = """\
Everything that is public of this wall. Reads need no key, are open to every site, and are answered from kept bytes: they
carry an ETag, and are never counted. What is taken down is gone at once, and `removed` tells copies.

Lists come a page at a time: `next` of one answer is `after` for the next, and null at the end.

Promises and comments can be sent by partners, with a key that a campaign gives out. Everything waits for a person.
"""
TEXT: dict[str, Any] = {"type": "string"}
NOT_ASKED: dict[str, Any] = {"type": "string", "maxLength": 0}  # an empty field is none
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "after": ("`next` of an earlier answer", TEXT),
    "before": ("`previous` of an earlier answer", TEXT),
    "limit": (
        "How many at most; more than 100 are 100",
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 999999}, NOT_ASKED], "default": 24},
    ),
    "theme": ("Key of a theme; what is not known finds nothing, here and below", TEXT),
    "audience": ("Key of an audience", TEXT),
    "kind": ("`person` or `organisation`", TEXT),
    "status": ("How the promise stands", TEXT),
    "lang": ("Language of the words", TEXT),
    "question": ("Id of the question", TEXT),
    "since": (
        "A moment, like 2027-07-21T09:00:00Z, or a day",
        {"anyOf": [*({"type": "string", "format": each} for each in ("date-time", "date")), NOT_ASKED]},
    ),
    "q": ("Words to look for", TEXT),
    "sector": ("What kind of organisation; one that is not known narrows nothing", TEXT),
    "sort": ("`new` or `kept`", TEXT),
    "place": ("Role or place, as it is written under promises", TEXT),
    "by": ("Name, as it is written under promises", TEXT),
}
EVENTS = {
    "pledge.approved": "A promise or an answer has come to the wall",
    "pledge.changed": "It has newer words, or its author is not named any more, or it is verified now or no longer",
    "pledge.updated": "Its author has told how it goes",
    "pledge.removed": "It was taken down, and the comments under it with it",
    "comment.approved": "A comment has come",
    "comment.changed": "It has newer words, or its author is not named any more",
    "comment.removed": "A comment was taken down",
    "organisation.changed": "Its badge, its logo or what it says of itself is another; or it was merged with another",
}
PATHS: dict[str, tuple[str, str]] = {
    "slug": ("Name of the campaign in addresses", r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"),
    "id": ("Public id of a promise or answer", r"^[0-9a-z]{4,16}$"),
}
_PART = re.compile(r"<(?:[^:>]*:)?([^>]+)>")


class Description(RootModel[dict[str, Any]]):
    """An OpenAPI document, version 3.1."""


@api.get("/openapi.json")
@kept()
@described("This description", Description)
def openapi() -> ResponseReturnValue:
    return shared_by_all(lambda: Response(_written(settings().base_url), mimetype=JSON))


@cache
def _written(base_url: str) -> str:
    """The whole document; raises KeyError for an address that says nothing about itself."""
    from openapi_pydantic import OpenAPI  # only here, since it costs a server some sixteen megabytes
    from openapi_pydantic.util import construct_open_api_with_schema_class

    paths: dict[str, dict[str, Any]] = {}
    for rule in _rules():
        path = _PART.sub(r"{\1}", rule.rule.removeprefix("/api/v1"))
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            paths.setdefault(path, {})[method.lower()] = _operation(rule, method)
    document = OpenAPI.model_validate(
        {
            "openapi": "3.1.1",
            "info": {"title": "Promise Wall", "version": "1", "description": ABOUT},
            "servers": [{"url": f"{base_url}/api/v1"}],
            "paths": paths,
            "webhooks": {event: {"post": _told(event, what)} for event, what in EVENTS.items()},
            "components": {
                "securitySchemes": {
                    "key": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A key that a campaign gives to a partner",
                    }
                }
            },
        }
    )
    whole = construct_open_api_with_schema_class(document)
    return whole.model_dump_json(by_alias=True, exclude_none=True, exclude_unset=True)


def _rules() -> Iterator[Rule]:
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda each: each.rule):
        if rule.endpoint.startswith("api."):
            yield rule


def _operation(rule: Rule, method: str) -> dict[str, Any]:
    view = current_app.view_functions[rule.endpoint]
    told: Described = view.described  # type: ignore[union-attr]
    asked = [_query(name) for name in spelling.known_names(rule.endpoint)]
    said: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix("api."),
        "summary": told.summary,
        "parameters": [*map(_path, _PART.findall(rule.rule)), *asked],
        "responses": {"default": _problem("What went wrong")},
    }
    if told.takes is None:
        said["responses"] |= {
            "200": _content("As it is now", told.answers),
            "304": {"description": "Nothing has changed since the ETag that was sent along as If-None-Match"},
        }
        return said
    said["parameters"].append(
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Whatever tells this one from all others: sent again, it gives the same receipt, and nothing"
            " is stored twice",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }
    )
    return said | {
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": {JSON: {"schema": _schema(told.takes)}}},
        "responses": {
            **said["responses"],
            "202": _content("Stored; a person will read it before it is shown", told.answers),
            "400": _problem("This is no JSON"),
            "401": _problem("There is no key, or it is none of this campaign, or it was ended"),
            "404": _problem("There is no such campaign, promise or comment"),
            "409": _problem("Nothing is taken now"),
            "413": _problem("This is too much at once"),
            "415": _problem("This is not called JSON"),
            "422": _problem("Some fields are wrong; or this Idempotency-Key came before with something else"),
            "429": _problem("Too much was sent with this key, by this visitor, or for this address of mail"),
        },
    }


def _told(event: str, what: str) -> dict[str, Any]:
    return {
        "operationId": event,
        "summary": what,
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": _schema(schemas.Message)}}},
        "responses": {"2XX": {"description": "Taken"}, "410": {"description": "Gone for good: nothing more is sent"}},
    }


def _query(name: str) -> dict[str, Any]:
    description, schema = ASKED[name]
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _path(name: str) -> dict[str, Any]:
    description, pattern = PATHS[name]
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _content(description: str, model: type[BaseModel]) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": _schema(model)}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {PROBLEM: {"schema": _schema(schemas.Problem)}}}


def _schema(model: type[BaseModel]) -> Any:
    from openapi_pydantic.util import PydanticSchema

    return PydanticSchema.model_validate({"schema_class": model})
