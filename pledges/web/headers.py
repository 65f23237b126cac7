"""What stands around the whole application: safe headers on every answer, and an answer whatever happens inside."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from pledges.limits.rules import COUNTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

log = logging.getLogger(__name__)

BODY = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated")
PRIVATE_PATH = re.compile(r"(/cy|/en)?/(receipt|letters)/")
# without a template, a catalogue or a database, since any of them may be what is broken
LAST_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Something went wrong on our side</title></head>
<body>
<main>
<h1>Something went wrong on our side</h1>
<p>Please go back and try again: nothing counts twice.</p>
<div lang="cy">
<h2>Aeth rhywbeth o’i le ar ein hochr ni</h2>
<p>Ewch yn ôl a rhowch gynnig arall arni: does dim byd yn cyfrif ddwywaith.</p>
</div>
</main>
</body>
</html>
"""
LAST_JSON = (
    '{"type": "about:blank", "title": "Something went wrong on our side", "status": 500,'
    ' "detail": "Please try again: nothing counts twice."}\n'
)


def is_private(path: str) -> bool:
    """Whether this address holds a private link."""
    return PRIVATE_PATH.match(path) is not None


class Shield:
    """The application inside it gets no body that nobody asked for; no answer leaves without the safe headers or leads away."""

    def __init__(self, inside: WSGIApplication, base_url: str) -> None:
        self._inside = inside
        self._base_url = base_url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") != "POST":  # no page asks for what is sent with any other method
            _leave_out_the_body(environ)

        begun: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            begun.append(status)
            headers = [self._led_by_us(*pair) for pair in headers]
            return start_response(status, self._with_safe_headers(path, headers), exc_info)

        try:
            return self._inside(environ, start)
        except Exception:  # the pages of errors failed, too: nothing of them is left to answer with
            log.exception("nothing inside could answer")
            if begun:  # too late for another answer: the server breaks this one off
                raise
            return _last_answer(environ, start)

    def _led_by_us(self, name: str, value: str) -> tuple[str, str]:
        """Whoever is sent on stays here, whatever host the request named: libraries make whole addresses of it."""
        if name.lower() != "location" or value.startswith(f"{self._base_url}/"):
            return name, value
        parts = urlsplit(value.replace("\\", "%5C"))
        path = "/" + parts.path.lstrip("/") if parts.netloc or parts.path.startswith("/") else parts.path
        return name, urlunsplit(("", "", path, parts.query, parts.fragment))

    def _with_safe_headers(self, path: str, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        private = is_private(path)  # error pages too: the address itself is the secret
        kept = [pair for pair in headers if not (private and pair[0].lower() == "referrer-policy")]
        there = {name.lower() for name, _ in kept}
        missing = [pair for pair in self._safe_headers(path, private) if pair[0].lower() not in there]
        return [*kept, *missing]

    def _safe_headers(self, path: str, private: bool) -> list[tuple[str, str]]:
        safe = [
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer" if private else "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
        ]
        if private:
            safe.append(("X-Robots-Tag", "noindex, nofollow"))
        if self._base_url.startswith("https://"):
            safe.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
        if not path.startswith("/static/"):
            safe.append(("Cache-Control", "no-cache"))
        return safe


def _leave_out_the_body(environ: WSGIEnvironment) -> None:
    for name in BODY:
        environ.pop(name, None)
    environ["wsgi.input"] = BytesIO()


def _last_answer(environ: WSGIEnvironment, start: Any) -> list[bytes]:
    json = environ.get("PATH_INFO", "").startswith("/api/")
    body = (LAST_JSON if json else LAST_PAGE).encode()
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers = [
        ("Content-Type", "application/problem+json" if json else "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start(f"{status.value} {status.phrase}", headers)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]


OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(("ETag", "Retry-After", *COUNTS)),
}
