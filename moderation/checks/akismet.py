"""Ask Akismet about one revision, and tell it later what people decided.

Source: Akismet API, "Comment check", "Submit spam", "Submit ham", "Usage limit". The `akismet` package speaks the
protocol; what it leaves out (the honeypot's own field, the headers beside the verdict, a configured endpoint) is added
here. One of its private methods is overridden for that, so a contract test watches over it.

Silence, nonsense and every failure become `unknown`: such an item waits for a person. The key is in the body of
requests only; no log line, exception or `repr` from here holds it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import Any, Literal

import akismet
import httpx
from akismet import _common as package
from flask_babel import lazy_gettext

from moderation.checks import trap
from moderation.checks.akismet_wire import Wire
from moderation.checks.base import SPAM, Outcome, Subject, Verdict
from moderation.checks.circuit import Budget, Circuit

log = logging.getLogger(__name__)

NAME = "akismet"
TITLE = lazy_gettext("Spam")
ENDPOINT = "https://rest.akismet.com"
TIMEOUT_SECONDS = 15.0
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


class _Config(akismet.Config):
    """The package's settings, without the key in their `repr`."""

    def __repr__(self) -> str:
        return f"_Config(url={self.url!r})"


class _Client(akismet.SyncClient):
    """The package's client, which also sends what is not on its list of parameters."""

    def _post_request(
        self,
        version: str,
        endpoint: str,
        user_ip: str,
        beside: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        known = package._prepare_post_kwargs(kwargs, endpoint)
        owner = {"api_key": self._config.key, "blog": self._config.url, "user_ip": user_ip}
        return self._request("POST", version, endpoint, data={**(beside or {}), **known, **owner})


class AkismetClient:
    """One service, one key; may be shared by threads, made after a fork.

    `test` marks every request as a test, so that nothing outside production trains the service.
    """

    def __init__(
        self,
        key: str | None,
        blog: str,
        endpoint: str = ENDPOINT,
        *,
        version: str,
        test: bool,
        timeout_seconds: float = TIMEOUT_SECONDS,
        circuit: Circuit | None = None,
        budget: Budget | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._test = test
        self._circuit = circuit
        self._budget = budget
        self._clock = clock
        self._endpoint = endpoint
        self._seen = threading.local()
        self._http = httpx.Client(
            transport=Wire(endpoint, timeout_seconds),
            headers={
                "User-Agent": f"PromiseWall/{version} | akismet/{version_of('akismet')}",
                "Accept-Encoding": "identity",
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            },
            event_hooks={"response": [self._remember]},
            timeout=timeout_seconds,
            trust_env=False,
            follow_redirects=False,
        )
        self._client = _Client(config=_Config(key, blog), http_client=self._http) if key else None

    def __repr__(self) -> str:
        return f"AkismetClient(endpoint={self._endpoint!r}, key={'set' if self._client else 'none'})"

    def close(self) -> None:
        self._http.close()

    def check(self, subject: Subject) -> Outcome:
        """Akismet's word as an outcome; whatever keeps it from speaking is `unknown`."""
        return outcome_of(self.ask(subject))

    def ask(self, subject: Subject) -> Answer:
        """Akismet's whole answer; nothing is sent that must not be, and no exception comes back."""
        why = self._reason_not_to_ask(subject)
        if why:
            return Answer(why=why)
        now = self._clock()
        if self._circuit and not self._circuit.may_call(now):
            return Answer(why="circuit_open")
        if self._budget and not self._budget.take(now):
            return Answer(why="budget_spent")
        fields = fields_of(subject)
        return self._call(lambda client: _check(client, self._with_test(fields)))

    def submit_spam(self, fields: Fields, *, said_spam: bool) -> Answer:
        """Akismet has been told that a person found this to be spam; `fields` as once sent, `said_spam` as once answered."""
        return self._feedback("submit-spam", fields, said_spam)

    def submit_ham(self, fields: Fields, *, said_spam: bool) -> Answer:
        """Akismet has been told that a person found this to be no spam."""
        return self._feedback("submit-ham", fields, said_spam)

    def verify_key(self) -> bool | None:
        """Whether Akismet takes the key for this site; None if it could not be asked."""
        if self._client is None:
            return None
        try:
            return self._client.verify_key()
        except akismet.AkismetError as error:
            log.warning("akismet could not verify the key: %s", type(error).__name__)
            return None

    def _reason_not_to_ask(self, subject: Subject) -> Why | None:
        if subject.akismet_mode == "off":
            return "not_asked"
        if self._client is None:
            return "no_key"
        if trap.check(subject).blatant:
            return "trap"
        return None if subject.ip else "forgotten"

    def _feedback(self, endpoint: str, fields: Fields, said_spam: bool) -> Answer:
        if self._client is None:
            return Answer(why="no_key")
        if not fields.get("user_ip"):
            return Answer(why="forgotten")
        if self._circuit and not self._circuit.may_call(self._clock()):
            return Answer(why="circuit_open")
        told = {**fields, "reporter": REPORTER, "comment_check_response": "true" if said_spam else "false"}
        return self._call(lambda client: _submit(client, endpoint, self._with_test(told)))

    def _with_test(self, fields: Fields) -> Fields:
        return {**fields, "is_test": "true"} if self._test else fields

    def _call(self, call: Callable[[_Client], Answer]) -> Answer:
        if self._client is None:
            return Answer(why="no_key")
        self._seen.headers = httpx.Headers()
        try:
            answer = call(self._client)
        except akismet.APIKeyError:
            answer = Answer(why="key_refused")
        except akismet.ProtocolError:
            answer = Answer(why="protocol")
        except akismet.RequestError as error:
            answer = _failure(error.__cause__)
        answer = _with_headers(answer, self._seen.headers)
        self._note(answer)
        return answer

    def _note(self, answer: Answer) -> None:
        if answer.why:
            # The exceptions' own words can hold the key or what was sent; their kind says enough.
            log.warning("akismet gave no answer: %s %s", answer.why, answer.status or "")
        if answer.alert_code:
            log.warning("akismet alert %s", answer.alert_code)
        if self._circuit:
            self._circuit.failed(self._clock()) if answer.why else self._circuit.succeeded()

    def _remember(self, response: httpx.Response) -> None:
        self._seen.headers = response.headers


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
        "comment_content": "\n\n".join(part for part in (subject.words, subject.more) if part)[:LONGEST_CONTENT],
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


def _split(fields: Fields) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The address, what the package knows, and what goes beside it; lists are named as PHP reads them."""
    known = {name: value for name, value in fields.items() if name in _KNOWN and isinstance(value, str)}
    beside: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in known and name != "user_ip":
            beside[f"{name}[]" if isinstance(value, list) else name] = value
    return str(fields["user_ip"]), known, beside


def _check(client: _Client, fields: Fields) -> Answer:
    user_ip, known, beside = _split(fields)
    said = client.comment_check(user_ip, beside=beside, **known)  # type: ignore[call-arg]
    if said is akismet.CheckResponse.HAM:
        return Answer(verdict="ham")
    return Answer(verdict="spam", discard=said is akismet.CheckResponse.DISCARD)


def _submit(client: _Client, endpoint: str, fields: Fields) -> Answer:
    user_ip, known, beside = _split(fields)
    submit = client.submit_spam if endpoint == "submit-spam" else client.submit_ham
    submit(user_ip, beside=beside, **known)  # type: ignore[call-arg]
    return Answer()


def _failure(cause: BaseException | None) -> Answer:
    if isinstance(cause, httpx.HTTPStatusError):
        return Answer(why="status", status=cause.response.status_code)
    return Answer(why="timed_out" if isinstance(cause, httpx.TimeoutException) else "unreachable")


def _with_headers(answer: Answer, headers: httpx.Headers) -> Answer:
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
