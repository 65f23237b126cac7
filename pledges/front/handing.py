"""Hands a whole request to the WSGI application, and brings its whole answer back (PEP 3333).

The answer is collected before the first byte is sent, so that a visitor who reads slowly holds no thread.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

from .bounds import Scope

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]
Asking = tuple[bytes, bytes, bytes]  # the values of Host, Accept-Encoding and If-None-Match

OURS_TO_SAY = {b"content-length", b"transfer-encoding", b"expect"}  # the body is whole: its length is known


def answer(app: WSGIApplication, scope: Scope, body: bytes, more: Mapping[str, Any] | None = None) -> Answer:
    """Status, headers and bytes that `app` gives to this request; `more` joins its environ."""
    parts, status, headers = run_wsgi_app(app, {**environ(scope, body), **(more or {})}, buffered=True)
    try:
        whole = b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()
    return int(status.split(" ", 1)[0]), [(_wire(name).lower(), _wire(value)) for name, value in headers], whole


def environ(scope: Scope, body: bytes) -> WSGIEnvironment:
    """The request as WSGI has it. A header with an underscore is left out: it would pass for the one with a hyphen."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    found: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path(scope).decode("latin-1"),
        "QUERY_STRING": query(scope),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": str(client[0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if body:
        found["CONTENT_LENGTH"] = str(len(body))
    for name, value in _joined(scope.get("headers", ())):
        found[
            "CONTENT_TYPE" if name == b"content-type" else f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        ] = value
    return found


def path(scope: Scope) -> bytes:
    """The path's own bytes, whatever they say, as a WSGI server would read them."""
    raw: bytes | None = scope.get("raw_path")
    return unquote_to_bytes(raw) if raw else str(scope["path"]).encode("utf-8", "surrogateescape")


def query(scope: Scope) -> str:
    """The query, in ASCII."""
    return quote(scope.get("query_string", b""), safe="/?:@!$&'()*+,;=%-._~[]{}|\\^`\"<>")


def fields(scope: Scope, most: int) -> list[tuple[str, str]]:
    """The fields of the query as the application reads them, in their order; ValueError where there are more."""
    return parse_qsl(query(scope), keep_blank_values=True, errors="werkzeug.url_quote", max_num_fields=most)


def asking(headers: Iterable[tuple[bytes, bytes]]) -> Asking:
    """What a request says that decides between the answers that are kept; what it says twice is joined by a comma."""
    host = accepted = known = b""
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = accepted + b"," + value if accepted else value
        elif name == b"if-none-match":
            known = known + b"," + value if known else value
        elif name == b"host":
            host = host or value
    return host, accepted, known


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, str]]:
    """Each name once; what was sent several times stands in one line, as RFC 9110, 5.3 and RFC 6265, 5.4 join it."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        name, text = name.lower(), value.decode("latin-1")
        if b"_" in name or name in OURS_TO_SAY:
            continue
        found[name] = f"{found[name]}{'; ' if name == b'cookie' else ','}{text}" if name in found else text
    return found.items()


def _wire(text: str) -> bytes:
    return text.encode("latin-1")
