"""What Akismet is told of a revision, and what its answers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Literal

import akismet
import httpx
from flask_babel import lazy_gettext

from moderation.checks.base import SPAM, Outcome, Subject, Verdict

NAME = "akismet"
TITLE = lazy_gettext("Spam")
LONGEST_CONTENT = 32_000  # code points
LONGEST_HEADER = 200
REPORTER = "moderation"  # never who it was

Fields = Mapping[str, str | list[str]]
Why = Literal[
    "no_key", "not_asked", "trap", "forgotten", "circuit_open", "budget_spent",
    "unreachable", "timed_out", "status", "protocol", "key_refused", "account_error",
]  # fmt: skip

_TYPES = {"pledge": "forum-post", "answer": "forum-post", "update": "forum-post", "comment": "comment"}
_KNOWN = frozenset(akismet.AkismetArguments.__optional_keys__)
_TAKEN = _KNOWN | {
    "api_key", "key", "blog", "user_ip", "reporter", "comment_check_response", "comment_context[]", "comment_parent",
    "callback", "HTTP_ACCEPT_LANGUAGE", "REMOTE_ADDR", "REQUEST_URI",
}  # fmt: skip
_FIELD_NAME = re.compile(r"[A-Za-z][\w-]{0,63}")


@dataclass(frozen=True)
class Answer:
    """What Akismet said; without a verdict, `why` says what stood in the way."""

    verdict: Literal["ham", "spam"] | None = None
    discard: bool = False
    guid: str | None = None
    recheck_after_seconds: int | None = None
    error: str | None = None
    alert: Mapping[str, str] = field(default_factory=dict)  # code, msg, api-calls, usage-limit, upgrade-…
    why: Why | None = None
    status: int | None = None

    @property
    def alert_code(self) -> str | None:
        return self.alert.get("code")

    @property
    def asked(self) -> bool:
        """Whether a request went out."""
        return self.why not in ("no_key", "not_asked", "trap", "forgotten", "circuit_open", "budget_spent")

    @property
    def worth_a_retry(self) -> bool:
        """Whether asking again later may bring a verdict."""
        return self.why is not None and self.why not in ("no_key", "not_asked", "trap", "forgotten")


def outcome_of(answer: Answer) -> Outcome:
    """The finding that an answer amounts to; "discard" is blatant, a provisional "no spam" is not yet an answer."""
    detail: dict[str, Any] = {"rules": []}
    if answer.alert_code:
        detail["alert"] = answer.alert_code
    if answer.why:
        detail["why"] = answer.why
        return Outcome(NAME, Verdict.NOTICE if answer.why == "not_asked" else Verdict.UNKNOWN, detail=detail)
    if answer.verdict == "spam":
        detail["rules"] = ["discard" if answer.discard else "spam"]
        verdict = Verdict.STOP if answer.discard else Verdict.LOOK
        return Outcome(NAME, verdict, SPAM, detail=detail, blatant=answer.discard)
    if answer.recheck_after_seconds:
        detail |= {"why": "provisional", "recheck_after_seconds": answer.recheck_after_seconds}
        return Outcome(NAME, Verdict.UNKNOWN, detail=detail)
    return Outcome(NAME, Verdict.CLEAR, detail=detail)


def fields_of(subject: Subject) -> dict[str, str | list[str]]:
    """What is sent about a subject, key, site and test mark apart; JSON-able, to be kept for the feedback."""
    with_email = subject.akismet_mode == "ask" and not subject.from_child
    moment = subject.submitted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {
        "user_ip": subject.ip,
        "user_agent": subject.user_agent,
        "referrer": subject.referrer,
        "permalink": subject.permalink,
        "comment_type": "reply" if subject.reply else _TYPES.get(subject.kind, "forum-post"),
        "comment_author": subject.name,
        "comment_author_email": subject.email if with_email else "",
        "comment_author_url": subject.website,
        "comment_content": "\n\n".join(part for part in (subject.words, subject.more, subject.actions) if part)[
            :LONGEST_CONTENT
        ],
        "comment_date_gmt": moment,
        "blog_lang": ", ".join(subject.campaign_langs),
        "blog_charset": "UTF-8",
        "recheck_reason": "recheck" if subject.recheck else "edit" if subject.edited else "",
        "HTTP_ACCEPT_LANGUAGE": subject.accept_language,
    }
    fields: dict[str, str | list[str]] = {name: clean(value) for name, value in values.items() if value}
    if subject.context:
        fields["comment_context"] = [clean(word) for word in subject.context]
    if _FIELD_NAME.fullmatch(subject.trap_name) and subject.trap_name not in _TAKEN and subject.trap_name not in fields:
        fields["honeypot_field_name"] = subject.trap_name
        if subject.trap_value is not None:
            fields[subject.trap_name] = clean(subject.trap_value)
    return fields


def clean(text: str) -> str:
    """`text` without what a form body cannot carry: NUL, and surrogates that stand alone."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def split(fields: Fields) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The address, what the package knows, and what goes beside it; lists are named as PHP reads them."""
    known = {name: value for name, value in fields.items() if name in _KNOWN and isinstance(value, str)}
    beside: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in known and name != "user_ip":
            beside[f"{name}[]" if isinstance(value, list) else name] = value
    return str(fields["user_ip"]), known, beside


def with_headers(answer: Answer, headers: httpx.Headers) -> Answer:
    """`answer` with what the headers add; an account error takes the verdict away, whatever the body said."""

    def header(name: str) -> str | None:
        value = headers.get(f"x-akismet-{name}")
        return value[:LONGEST_HEADER] if value else None

    error = header("error")
    alert = {
        name.removeprefix("x-akismet-alert-"): value[:LONGEST_HEADER]
        for name, value in headers.items()
        if name.startswith("x-akismet-alert-") and value
    }
    answer = replace(
        answer,
        guid=header("guid"),
        error=error,
        alert=alert,
        recheck_after_seconds=_seconds(header("recheck-after")) if answer.verdict == "ham" else None,
    )
    if error and not answer.why:
        return replace(answer, verdict=None, discard=False, recheck_after_seconds=None, why="account_error")
    return answer


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 and int(text) > 0 else None
