"""What a request carries is bounded before anything reads it: fields of forms and addresses, and the words of JSON; other bodies are not read at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request, current_app, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.utils import cached_property

from pledges import signs

JSON = "application/json"
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


def refuse_what_no_form_sends() -> None:
    """415 for a body that is no form (where a program sends: no JSON), and for a file, before any page or library looks at what came.

    A library reads more than its pages ask for; what it never gets cannot surprise it.
    """
    if request.routing_exception is not None or request.method != "POST":
        return
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_json", False):
        if request.mimetype != JSON:
            raise UnsupportedMediaType
        return
    if request.mimetype not in FORMS and _has_body():
        raise UnsupportedMediaType
    if getattr(view, "takes_file", False):
        request.max_content_length = OF_A_FILE
        return
    if request.mimetype == "multipart/form-data" and request.files:
        raise UnsupportedMediaType


def _has_body() -> bool:
    return bool(request.mimetype or request.content_length or "Transfer-Encoding" in request.headers)


ROOM = 16_000  # code points of a field that is not named below
OF_PROSE = 40_000  # far above any limit, since what is too long comes back whole, to be shortened
OF_A_LINE = 2_000
ROOMS = dict.fromkeys(("promise", "answer", "comment", "note", "words", "text"), OF_PROSE) | dict.fromkeys(
    ("name", "first_name", "role", "organisation", "authoriser", "sector", "size", "draft", "website", "email", "how_we_will_know", "by_when", "kind", "show_name", "theme",
     "audience", "lang", "category", "reply_to", "like", "event", "code", "token", "press", "proof", "after", "before",
     "company_url"),
    OF_A_LINE,
)  # fmt: skip
OF_A_FILE = 240 * 1024  # bytes of a form with a picture in it, where one is taken
OF_A_NAME = 200  # of a field's own name
BYTES = 3  # for each code point of its room
DEEPEST = 20  # lists in lists of JSON


class BoundedFields(ImmutableMultiDict[str, Any]):
    """Fields of which none is longer than its room, and no letter carries more marks than any script needs.

    Raises RequestEntityTooLarge for a longer one: cutting it would change what somebody said.
    """

    def __init__(self, given: Any = None) -> None:
        super().__init__([(name, bounded(name, value)) for name, value in _pairs(given)])


class BoundedRequest(Request):
    """A request whose form, address and JSON are bounded wherever they are read."""

    parameter_storage_class = BoundedFields

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The fields of the address; where they have no room none, for the page that says so."""
        try:
            return super().args
        except RequestEntityTooLarge:
            self.__dict__["args"] = BoundedFields()
            raise

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return _bounded_json(super().get_json(*args, **kwargs), DEEPEST)
        except RecursionError:  # more lists in lists than the reader of JSON can follow
            raise BadRequest from None


def bounded(name: str, value: Any) -> Any:
    """The value of this field with few marks; raises RequestEntityTooLarge where it, or its name, has no room."""
    if not isinstance(value, str):
        return value  # a file
    room = ROOMS.get(name, ROOM)
    if len(name) > OF_A_NAME or len(value) > room or len(value.encode("utf-8", "surrogatepass")) > room * BYTES:
        raise RequestEntityTooLarge
    return signs.few_marks(value)


def _pairs(given: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(given, MultiDict):
        return given.items(multi=True)
    if isinstance(given, Mapping):
        return [(name, each) for name, value in given.items() for each in _each(value)]
    return given or ()


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple, set)) else (value,)


def _bounded_json(value: Any, deepest: int) -> Any:
    if deepest < 0:
        raise BadRequest
    if isinstance(value, dict):
        return {bounded("", name): _bounded_json(each, deepest - 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_bounded_json(each, deepest - 1) for each in value]
    return bounded("", value)
