"""A mail server on this machine that keeps what it is sent, and can be told to behave badly."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers.ports import free_port


class Mode(StrEnum):
    """How the server behaves."""

    NORMAL = "normal"
    REFUSING = "refusing"  # 550 to every recipient: never try again
    GREYLISTING = "greylisting"  # 451 the first time a sender writes to a recipient, then normal
    SLOW = "slow"  # answers each message only after `delay` seconds


@dataclass(frozen=True)
class Received:
    """One message as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    def text(self) -> str:
        """The plain words of the letter."""
        body = self.message.get_body(("plain",))
        return "" if body is None else body.get_content()


@dataclass
class SmtpSink:
    """A running mail server. Set `mode` at any time; `received` holds what was accepted, oldest first."""

    mode: Mode = Mode.NORMAL
    delay: float = 2.0  # seconds, in slow mode
    received: list[Received] = field(default_factory=list)
    tries: int = 0  # recipients offered, accepted or not
    answers: dict[str, str] = field(
        default_factory=dict
    )  # by step (EHLO, AUTH, MAIL, RCPT, DATA, QUIT): `550 5.1.1 no`
    gone: set[str] = field(default_factory=set)  # mailboxes that are no more
    hangs_up_at: str = ""  # a step at which the connection breaks

    def __post_init__(self) -> None:
        self.port = free_port()
        self._seen: set[tuple[str, str]] = set()
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self._signs_in, auth_require_tls=False
        )
        self._controller.start()

    @property
    def url(self) -> str:
        """The address, as WALL_MAIL_URL takes it."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, how_many: int, seconds: float = 10) -> list[Received]:
        """What was received, once it is that many; AssertionError after so many seconds."""
        give_up = time.monotonic() + seconds
        while len(self.received) < how_many:
            if time.monotonic() > give_up:
                raise AssertionError(f"{len(self.received)} of {how_many} letters came within {seconds} s")
            time.sleep(0.02)
        return self.received

    def stop(self) -> None:
        """Nobody listens on the port any more."""
        self._controller.stop()

    def _signs_in(self, *_given: object) -> AuthResult:
        refused = self.answers.get("AUTH")
        return AuthResult(success=refused is None, handled=False, message=refused)

    def _answer(self, server: SMTP, step: str) -> str:
        """What is said at this step instead of what would be; empty: nothing else."""
        if self.hangs_up_at == step and server.transport is not None:
            server.transport.close()
        return self.answers.get(step, "")

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        refused = self._answer(server, "EHLO")
        return [refused] if refused else responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := self._answer(server, "MAIL"):
            return refused
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self._answer(server, "QUIT") or "221 Bye"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tries += 1
        pair = (str(envelope.mail_from), address)
        if refused := self._answer(server, "RCPT"):
            return refused
        if self.mode == Mode.REFUSING or address in self.gone:
            return "550 5.1.1 no such mailbox here"
        if self.mode == Mode.GREYLISTING and pair not in self._seen:
            self._seen.add(pair)
            return "451 4.7.1 please try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if refused := self._answer(server, "DATA"):
            return refused
        if self.mode == Mode.SLOW:
            await asyncio.sleep(self.delay)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), message))
        return "250 OK"
