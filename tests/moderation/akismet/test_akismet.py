"""Our side of Akismet's protocol, against a local service that speaks it; the rows A-… of its contract."""

from __future__ import annotations

import logging
import ssl
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic

import akismet as package
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from moderation.akismet.circuit import Budget, BudgetState, Circuit, CircuitState, State
from moderation.akismet.client import AkismetClient, _Client
from moderation.akismet.fields import _KNOWN, Answer, fields_of, outcome_of
from moderation.akismet.wire import endpoint_url
from moderation.checks.base import SPAM, Verdict
from tests.akismet_service import ALERT_CODES, KEY, AkismetService
from tests.moderation.checks.subjects import NOW, subject

BLOG = "https://wall.example"


@pytest.fixture
def service() -> Iterator[AkismetService]:
    with AkismetService() as running:
        yield running


def client_of(service: AkismetService, **rest: Any) -> AkismetClient:
    values: dict[str, Any] = {"version": "0.1.0", "test": True, "timeout_seconds": 1.0, **rest}
    return AkismetClient(values.pop("key", KEY), BLOG, values.pop("endpoint", service.url), **values)


#


def test_a_01_golden_request_holds_exactly_these_parameters(service: AkismetService) -> None:
    sent = subject(
        "Byddaf yn plannu 10 coeden 🌳 & thŷ <b>=+%",
        more="Cyfri'r coed",
        name="Siân Ŵyn",
        email="sian@example.org",
        website="https://coed.example",
        context=["climate", "plant & grow"],
        accept_language="cy,en;q=0.8",
    )
    client_of(service).check(sent)
    (request,) = service.requests
    assert (request.method, request.path) == ("POST", "/1.1/comment-check")
    assert sorted(request.pairs) == sorted(
        [
            ("api_key", KEY),
            ("blog", BLOG),
            ("user_ip", "203.0.113.5"),
            ("user_agent", "Mozilla/5.0"),
            ("referrer", "https://wall.example/wales"),
            ("permalink", "https://wall.example/wales"),
            ("comment_type", "forum-post"),
            ("comment_author", "Siân Ŵyn"),
            ("comment_author_email", "sian@example.org"),
            ("comment_author_url", "https://coed.example"),
            ("comment_content", "Byddaf yn plannu 10 coeden 🌳 & thŷ <b>=+%\n\nCyfri'r coed"),
            ("comment_date_gmt", "2026-03-02T09:30:00Z"),
            ("comment_context[]", "climate"),
            ("comment_context[]", "plant & grow"),
            ("blog_lang", "en, cy"),
            ("blog_charset", "UTF-8"),
            ("HTTP_ACCEPT_LANGUAGE", "cy,en;q=0.8"),
            ("honeypot_field_name", "website2"),
            ("website2", ""),
            ("is_test", "true"),
        ]
    )
    assert b"%F0%9F%8C%B3" in request.body and b"th%C5%B7" in request.body and b"+%26+" in request.body
    assert request.header("Content-Type") == "application/x-www-form-urlencoded; charset=UTF-8"
    assert request.header("Host") == service.url.removeprefix("http://")
    assert request.header("User-Agent") == "PromiseWall/0.1.0 | akismet/25.10.1"
    assert request.header("Cookie") is None


def test_a_01_production_sends_no_test_mark(service: AkismetService) -> None:
    client_of(service, test=False).check(subject())
    assert "is_test" not in service.requests[0].form


@pytest.mark.parametrize("fault", [None, "invalid", "html", "500", "close_mid_body", "302", "alert_10501"])
def test_a_01_the_key_reaches_no_log_address_repr_or_exception(
    service: AkismetService, caplog: pytest.LogCaptureFixture, fault: str | None
) -> None:
    caplog.set_level(logging.DEBUG)
    service.fault = fault
    client = client_of(service)
    client.check(subject())
    client.verify_key()
    client.submit_spam(fields_of(subject()), said_spam=False)
    assert len(service.requests) == 3
    assert all(KEY not in request.path for request in service.requests)
    assert all(KEY not in str(request.headers) for request in service.requests)
    assert KEY not in caplog.text
    assert KEY not in repr(client) and KEY not in repr(client._client._config)  # type: ignore[union-attr]
    assert all(KEY not in repr(vars(record)) for record in caplog.records)


def test_a_01_the_key_is_in_no_trace_when_the_package_raises(service: AkismetService) -> None:
    service.fault = "html"
    client = client_of(service)
    with pytest.raises(package.ProtocolError) as raised:
        client._client.comment_check("203.0.113.5")  # type: ignore[union-attr]
    assert KEY not in "".join(traceback.format_exception(raised.value))


def test_the_package_is_still_as_this_client_needs_it() -> None:
    assert package.SyncClient._post_request.__code__.co_varnames[:4] == ("self", "version", "endpoint", "user_ip")
    assert {"honeypot_field_name", "comment_context", "recheck_reason", "is_test"} <= _KNOWN
    assert {"reporter", "comment_check_response", "callback"}.isdisjoint(_KNOWN)
    with pytest.raises(package.UnknownArgumentError):
        _Client(config=package.Config(KEY, BLOG))._post_request("1.1", "comment-check", "203.0.113.5", colour="red")


#


@pytest.mark.parametrize(
    ("kind", "reply", "sent"),
    [
        ("pledge", False, "forum-post"),
        ("answer", False, "forum-post"),
        ("update", False, "forum-post"),
        ("comment", False, "comment"),
        ("comment", True, "reply"),
    ],
)
def test_a_02_each_kind_goes_by_its_own_name(service: AkismetService, kind: str, reply: bool, sent: str) -> None:
    client_of(service).check(subject(kind=kind, reply=reply))
    assert service.requests[0].form["comment_type"] == sent


#


@pytest.mark.parametrize(("value", "verdict"), [("", Verdict.CLEAR), ("http://cheap.example", Verdict.LOOK)])
def test_a_03_the_trap_goes_by_name_and_value(service: AkismetService, value: str, verdict: Verdict) -> None:
    outcome = client_of(service).check(subject(trap_value=value, seconds_on_form=60.0))
    form = service.requests[0].form
    assert (form["honeypot_field_name"], form["website2"]) == ("website2", value)
    assert outcome.verdict is verdict


def test_a_03_a_form_without_the_trap_is_checked_all_the_same(service: AkismetService) -> None:
    assert client_of(service).check(subject(trap_value=None)).verdict is Verdict.CLEAR
    assert service.requests[0].form["honeypot_field_name"] == "website2"
    assert "website2" not in service.requests[0].form


@pytest.mark.parametrize("name", ["comment_content", "api_key", "user_ip", "is_test", "user role", "comment_context[]"])
def test_a_03_a_trap_never_takes_the_place_of_a_parameter(service: AkismetService, name: str) -> None:
    client_of(service).check(subject("True words", trap_name=name, trap_value="forged"))
    form = service.requests[0].form
    assert (form["comment_content"], form["api_key"], form["user_ip"]) == ("True words", KEY, "203.0.113.5")
    assert "forged" not in form.values() and "honeypot_field_name" not in form


#


def test_a_04_what_was_captured_at_submission_is_sent_and_nothing_of_ours(service: AkismetService) -> None:
    client_of(service).check(subject(ip="2001:db8::7", user_agent="Lynx/2.9", referrer="https://school.example/"))
    form = service.requests[0].form
    assert (form["user_ip"], form["user_agent"]) == ("2001:db8::7", "Lynx/2.9")
    assert form["referrer"] == "https://school.example/"


def test_a_04_no_request_once_the_address_is_forgotten(service: AkismetService) -> None:
    answer = client_of(service).ask(subject(ip=""))
    assert service.requests == []
    assert (answer.why, answer.worth_a_retry, outcome_of(answer).verdict) == ("forgotten", False, Verdict.UNKNOWN)


def test_a_06_without_user_agent_and_referrer_it_is_still_checked(service: AkismetService) -> None:
    assert client_of(service).check(subject(user_agent="", referrer="")).verdict is Verdict.CLEAR
    assert {"user_agent", "referrer"}.isdisjoint(service.requests[0].form)


# A-05, at the level of a finding


@pytest.mark.parametrize(
    ("answer", "verdict", "blatant"),
    [
        (Answer("ham"), Verdict.CLEAR, False),
        (Answer("ham", recheck_after_seconds=120), Verdict.UNKNOWN, False),
        (Answer("ham", alert={"code": "10501"}), Verdict.CLEAR, False),
        (Answer("spam"), Verdict.LOOK, False),
        (Answer("spam", alert={"code": "10501"}), Verdict.LOOK, False),
        (Answer("spam", discard=True), Verdict.STOP, True),
        (Answer(why="account_error", error="suspended"), Verdict.UNKNOWN, False),
        (Answer(why="key_refused"), Verdict.UNKNOWN, False),
        (Answer(why="not_asked"), Verdict.NOTICE, False),
    ],
)
def test_a_05_each_answer_is_one_finding(answer: Answer, verdict: Verdict, blatant: bool) -> None:
    outcome = outcome_of(answer)
    assert (outcome.verdict, outcome.blatant) == (verdict, blatant)
    assert outcome.lane == (SPAM if answer.verdict == "spam" else None)


@pytest.mark.parametrize(
    ("words", "verdict", "discard", "recheck"),
    [
        ("Plain words", "ham", False, None),
        ("akismet-guaranteed-spam", "spam", False, None),
        ("stub-discard", "spam", True, None),
        ("stub-recheck", "ham", False, 120),
    ],
)
def test_a_05_verdicts_and_headers_are_read(
    service: AkismetService, words: str, verdict: str, discard: bool, recheck: int | None
) -> None:
    answer = client_of(service).ask(subject(words))
    assert (answer.verdict, answer.discard, answer.recheck_after_seconds) == (verdict, discard, recheck)
    assert answer.guid and len(answer.guid) == 32


@pytest.mark.parametrize("seconds", ["0", "-5", "soon", "120, 120", "1.5", "٣", "99999999999"])
def test_a_05_an_odd_recheck_header_is_as_none(service: AkismetService, seconds: str) -> None:
    service.recheck_after = seconds.encode().decode("latin-1")
    answer = client_of(service).ask(subject("stub-recheck"))
    assert (answer.verdict, answer.recheck_after_seconds) == ("ham", None)


def test_a_05_an_account_error_takes_the_verdict_away(service: AkismetService) -> None:
    service.fault = "error_header"
    answer = client_of(service).ask(subject())
    assert (answer.verdict, answer.why, answer.error) == (None, "account_error", "Your key is suspended")


#

NO_VERDICT = {
    "refuse": "unreachable", "hang": "timed_out", "slow": "timed_out", "close_mid_body": "unreachable", "500": "status",
    "502": "status", "429": "status", "302": "status", "empty": "protocol", "newline": "protocol", "html": "protocol",
    "10mb": "unreachable", "invalid": "key_refused", "error_header": "account_error",
    "long_content_length": "unreachable", "short_content_length": "protocol",
}  # fmt: skip


@pytest.mark.parametrize(("fault", "why"), NO_VERDICT.items())
def test_a_07_each_fault_ends_in_unknown_and_in_time(service: AkismetService, fault: str, why: str) -> None:
    service.fault = fault
    started = time.monotonic()
    client = client_of(service)
    answer = client.ask(subject())
    assert time.monotonic() - started < 2.5
    assert (answer.verdict, answer.why, answer.worth_a_retry) == (None, why, True)
    assert outcome_of(answer).verdict is Verdict.UNKNOWN
    service.fault = None
    assert client.ask(subject()).verdict == "ham"


def test_a_07_a_closed_port_is_unknown(service: AkismetService) -> None:
    service.refuse()
    assert client_of(service).ask(subject()).why == "unreachable"
    service.accept()
    assert client_of(service).ask(subject()).verdict == "ham"


def test_a_07_a_header_sent_twice_is_no_header_with_two_meanings(service: AkismetService) -> None:
    service.fault = "duplicate_headers"
    answer = client_of(service).ask(subject())
    assert (answer.verdict, answer.discard, answer.recheck_after_seconds) == ("ham", False, None)


class At:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class MemoryStore(Generic[State]):
    """A store for one process, and one thread."""

    def __init__(self, state: State) -> None:
        self._state: State = state

    def load(self) -> State:
        return self._state

    def save(self, state: State, *, was: State) -> bool:
        kept = self._state == was
        self._state = state if kept else self._state
        return kept


def test_a_07_the_circuit_opens_and_lets_one_probe_a_minute_through(service: AkismetService) -> None:
    service.fault, at = "500", At()
    store = MemoryStore(CircuitState())
    workers = [client_of(service, circuit=Circuit(store, chance=lambda: 0.0), clock=at) for _ in range(2)]
    for _ in range(5):
        workers[0].ask(subject())
    assert len(service.requests) == 5
    assert workers[1].ask(subject()).why == "circuit_open"
    for _second in range(3600):
        at.now += timedelta(seconds=1)
        for worker in workers:
            worker.ask(subject())
    probes = len(service.requests) - 5
    assert 12 <= probes <= 60
    service.fault = None
    at.now += timedelta(minutes=6)
    assert workers[1].ask(subject()).verdict == "ham"
    assert [worker.ask(subject()).verdict for worker in workers] == ["ham", "ham"]


def test_a_07_of_two_that_would_probe_at_once_one_may() -> None:
    class Slow(MemoryStore[CircuitState]):
        def load(self) -> CircuitState:
            return opened

    opened = CircuitState(5, NOW)
    store = Slow(opened)
    assert [Circuit(store).may_call(NOW), Circuit(store).may_call(NOW)] == [True, False]


def test_a_07_the_pause_between_probes_grows_and_wavers() -> None:
    pauses = []
    for chance in (0.0, 1.0):
        store = MemoryStore(CircuitState(5, NOW))
        now, circuit = NOW, Circuit(store, chance=lambda chance=chance: chance)  # type: ignore[misc]
        for _ in range(4):
            assert circuit.may_call(now)
            probe_at = store.load().probe_at
            assert probe_at is not None
            pauses.append((probe_at - now).total_seconds())
            now = probe_at
    assert pauses == [60, 120, 240, 300, 72, 144, 288, 360]


#


def test_a_09_no_plain_http_but_to_this_machine() -> None:
    for endpoint in ("http://rest.akismet.com", "http://192.0.2.1", "http://localhost.example", "ftp://127.0.0.1"):
        with pytest.raises(ValueError, match=r"HTTP|endpoint"):
            endpoint_url(endpoint)
    for endpoint in ("https://rest.akismet.com", "http://127.0.0.1:80", "http://localhost:1", "http://[::1]:1"):
        assert endpoint_url(endpoint)


@pytest.mark.parametrize(
    "endpoint", ["https://user:pass@rest.akismet.com", "https://x.example/path", "https://x.example?a=b"]
)
def test_a_09_an_endpoint_is_a_scheme_and_a_host(endpoint: str) -> None:
    with pytest.raises(ValueError, match="scheme and a host"):
        endpoint_url(endpoint)


def test_a_09_redirects_are_not_followed(service: AkismetService) -> None:
    service.fault = "302"
    assert client_of(service).ask(subject()).status == 302
    assert [request.path for request in service.requests] == ["/1.1/comment-check"]


def test_a_09_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with AkismetService(tls=self_signed(tmp_path)) as service:
        assert client_of(service).ask(subject()).why == "unreachable"
        assert service.requests == []


def test_a_09_another_host_is_refused(service: AkismetService) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        client_of(service)._http.post("https://elsewhere.example/1.1/comment-check")
    assert service.requests == []


def test_a_09_proxies_of_the_environment_are_ignored(service: AkismetService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client_of(service).ask(subject()).verdict == "ham"


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


#


@pytest.mark.parametrize(("path", "said"), [("submit-spam", False), ("submit-ham", True)])
def test_a_10_feedback_sends_the_original_fields_and_what_was_said(
    service: AkismetService, path: str, said: bool
) -> None:
    client, fields = client_of(service), fields_of(subject(name="Siân", context=["sea", "sky"], trap_value=""))
    client.ask(subject(name="Siân", context=["sea", "sky"], trap_value=""))
    told = client.submit_spam if path == "submit-spam" else client.submit_ham
    assert told(fields, said_spam=said).why is None
    check, feedback = service.requests
    assert feedback.path == f"/1.1/{path}"
    added = [("reporter", "moderation"), ("comment_check_response", "true" if said else "false")]
    assert sorted(feedback.pairs) == sorted([*check.pairs, *added])


def test_a_10_no_feedback_once_the_address_is_forgotten(service: AkismetService) -> None:
    fields = fields_of(subject(ip=""))
    assert client_of(service).submit_ham(fields, said_spam=True).why == "forgotten"
    assert service.requests == []


def test_a_10_feedback_that_fails_says_so(service: AkismetService) -> None:
    service.fault = "html"
    assert client_of(service).submit_spam(fields_of(subject()), said_spam=False).why == "protocol"


@pytest.mark.parametrize(
    ("edited", "recheck", "reason"), [(True, False, "edit"), (False, True, "recheck"), (False, False, None)]
)
def test_a_11_the_reason_to_ask_again_is_told(
    service: AkismetService, edited: bool, recheck: bool, reason: str | None
) -> None:
    client_of(service).check(subject(edited=edited, recheck=recheck))
    assert service.requests[0].form.get("recheck_reason") == reason


def test_a_11_a_provisional_answer_can_turn(service: AkismetService) -> None:
    client = client_of(service)
    assert client.ask(subject("stub-recheck")).recheck_after_seconds == 120
    assert client.ask(subject("stub-recheck", recheck=True)).verdict == "spam"


#


def test_a_12_a_flood_into_the_trap_costs_no_call(service: AkismetService) -> None:
    client = client_of(service)
    whys = {client.ask(subject(trap_value="x", seconds_on_form=0.4)).why for _ in range(10_000)}
    assert (whys, service.requests) == ({"trap"}, [])


def test_a_12_the_budget_ends_and_begins_again_the_next_day(service: AkismetService) -> None:
    at, store = At(), MemoryStore(BudgetState())
    clients = [client_of(service, budget=Budget(store, 3), clock=at) for _ in range(2)]
    whys = [clients[number % 2].ask(subject()).why for number in range(5)]
    assert whys == [None, None, None, "budget_spent", "budget_spent"]
    assert len(service.requests) == 3
    at.now += timedelta(days=1)
    assert clients[0].ask(subject()).verdict == "ham"


@pytest.mark.parametrize("code", ALERT_CODES)
def test_a_12_an_alert_rides_on_the_verdict_and_leaves_it(
    service: AkismetService, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    service.fault = f"alert_{code}"
    answer = client_of(service).ask(subject("akismet-guaranteed-spam"))
    assert (answer.verdict, answer.alert_code, answer.alert["msg"]) == ("spam", str(code), f"Alert {code}")
    assert outcome_of(answer).detail["alert"] == str(code)
    assert str(code) in caplog.text


# Privacy


@pytest.mark.parametrize(
    ("mode", "from_child", "sent"),
    [
        ("ask", False, True),
        ("ask_without_email", False, False),
        ("ask", True, False),
        ("ask_without_email", True, False),
    ],
)
def test_an_address_is_sent_only_where_the_campaign_lets_it(
    service: AkismetService, mode: str, from_child: bool, sent: bool
) -> None:
    client_of(service).check(subject(email="a@example.org", akismet_mode=mode, from_child=from_child))
    assert ("comment_author_email" in service.requests[0].form) is sent
    assert (b"example.org" in service.requests[0].body) is sent


def test_a_campaign_that_does_not_ask_sends_nothing(service: AkismetService) -> None:
    outcome = client_of(service).check(subject(akismet_mode="off"))
    assert (outcome.verdict, dict(outcome.detail), service.requests) == (
        Verdict.NOTICE,
        {"rules": [], "why": "not_asked"},
        [],
    )


def test_role_place_and_internal_names_are_never_sent(service: AkismetService) -> None:
    client_of(service).check(subject(role="Nurse in Bangor", organisation="Ysbyty"))
    assert not any(word in service.requests[0].body for word in (b"Nurse", b"Ysbyty", b"user_role"))


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_it_is_unknown_and_says_why(service: AkismetService, key: str | None) -> None:
    client = client_of(service, key=key)
    outcome = client.check(subject())
    assert (outcome.verdict, outcome.detail["why"]) == (Verdict.UNKNOWN, "no_key")
    assert (client.verify_key(), service.requests) == (None, [])


def test_what_no_form_can_carry_is_cleaned_first(service: AkismetService) -> None:
    assert client_of(service).check(subject("lone \ud800 and nul \0.")).verdict is Verdict.CLEAR
    assert service.requests[0].form["comment_content"] == "lone ? and nul ."


# The key and its use


def test_a_key_is_verified(service: AkismetService) -> None:
    assert client_of(service).verify_key() is True
    assert client_of(service, key="wrong").verify_key() is False
    service.fault = "html"
    assert client_of(service).verify_key() is None


def test_the_service_keeps_its_rules_in_order(service: AkismetService) -> None:
    def ask(**fields: str) -> tuple[str, str | None]:
        form = {"api_key": KEY, "blog": BLOG, "user_ip": "203.0.113.5", **fields}
        reply = httpx.post(
            f"{service.url}/1.1/comment-check", data={name: value for name, value in form.items() if value}
        )
        return reply.text, reply.headers.get("x-akismet-debug-help") or reply.headers.get("x-akismet-pro-tip")

    assert ask(api_key="wrong", user_ip="") == ("invalid", None)
    assert ask(user_ip="")[1] == ask(blog="wall.example")[1] == "Empty or malformed blog or user_ip value"
    assert ask(comment_author="viagra-test-123", user_role="administrator") == ("true", None)
    assert ask(honeypot_field_name="h", h="x", user_role="administrator") == ("true", None)
    assert ask(user_role="administrator", comment_content="stub-discard") == ("false", None)
    assert ask(comment_content="stub-discard stub-recheck") == ("true", "discard")
