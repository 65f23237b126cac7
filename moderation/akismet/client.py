"""Ask Akismet about one revision, and tell it later what people decided."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import Any

import akismet
import httpx
from akismet import _common as package

from moderation.checks import trap
from moderation.checks.base import Outcome, Subject

from .circuit import Budget, Circuit
from .fields import REPORTER, Answer, Fields, Why, fields_of, outcome_of, split, with_headers
from .wire import Wire

log = logging.getLogger(__name__)
ENDPOINT = "https://rest.akismet.com"
TIMEOUT_SECONDS = 15.0


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
        answer = with_headers(answer, self._seen.headers)
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


def _check(client: _Client, fields: Fields) -> Answer:
    user_ip, known, beside = split(fields)
    said = client.comment_check(user_ip, beside=beside, **known)  # type: ignore[call-arg]
    if said is akismet.CheckResponse.HAM:
        return Answer(verdict="ham")
    return Answer(verdict="spam", discard=said is akismet.CheckResponse.DISCARD)


def _submit(client: _Client, endpoint: str, fields: Fields) -> Answer:
    user_ip, known, beside = split(fields)
    submit = client.submit_spam if endpoint == "submit-spam" else client.submit_ham
    submit(user_ip, beside=beside, **known)  # type: ignore[call-arg]
    return Answer()


def _failure(cause: BaseException | None) -> Answer:
    if isinstance(cause, httpx.HTTPStatusError):
        return Answer(why="status", status=cause.response.status_code)
    return Answer(why="timed_out" if isinstance(cause, httpx.TimeoutException) else "unreachable")
