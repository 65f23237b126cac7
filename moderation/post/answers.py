"""A letter is handed to the mail server, and what the server answers is understood.

By RFC 5321 a code 4yz passes and a code 5yz stays, and RFC 3463 says of what it speaks: of the address, of its mailbox,
of the letter, or of us. One table holds what follows from which; everything that talks with a mail server asks it.
What comes back later by mail, when a server took a letter and could not deliver it, is not read.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from urllib.parse import unquote, urlsplit

SMTP_SECONDS = 20
IN_CLEAR = "password in clear"
IN_CLEAR_WORDS = (
    "offers no encryption (STARTTLS), so it is not sent the password:"
    " use smtps:// in WALL_MAIL_URL, or allow it with WALL_MAIL_IN_CLEAR=1"
)


class Fate(StrEnum):
    """What becomes of a letter."""

    SENT = "sent"
    LATER = "later"  # it is tried again
    NO_SUCH_ADDRESS = "no such address"  # nothing ever arrives there: the address ends, and all letters to it
    REFUSED = "refused"  # this letter will never be taken; the address may be good
    OURS = "ours"  # we are refused: letters are kept, and whoever runs the wall has something to mend


class Step(StrEnum):
    """How far the talk with the server was."""

    CONNECT = "CONNECT"
    HELLO = "EHLO"
    TLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"


@dataclass(frozen=True)
class Outcome:
    """What became of a letter, and by which words of the server: never its text, which can name the address."""

    fate: Fate
    code: str = ""  # `RCPT 550 5.1.1`, or the kind of trouble where nobody answered
    whoever: bool = False  # we were refused before any address was named: the next letter would fare alike


TO_AN_ADDRESS = (Step.RCPT, Step.DATA)  # only of these an answer can speak of the address or the letter
ANY = tuple(Step)
# (steps, code, enhanced code, fate): the first line that fits counts
TABLE: tuple[tuple[tuple[Step, ...], str, str, Fate], ...] = (
    (ANY, r"[0-3]..|4..", r".*", Fate.LATER),
    (ANY, r"5..", r"4\..*", Fate.LATER),  # the two say otherwise: the gentler counts
    (ANY, r"5..", r"5\.7\..*", Fate.OURS),  # policy, security, authentication: whom they will not hear
    (ANY, r"5..", r"5\.1\.[78]", Fate.OURS),  # the sender's address
    (TO_AN_ADDRESS, r"5..", r"5\.1\..*|5\.2\.1", Fate.NO_SUCH_ADDRESS),
    (ANY, r"5..", r"5\.2\.2", Fate.LATER),  # a mailbox that is full is emptied some day
    (ANY, r"552", r"|5\.2\..*|5\.3\.1", Fate.LATER),  # RFC 5321, 4.5.3.1.10: taken as 452
    ((Step.RCPT,), r"550|551|553", r"", Fate.NO_SUCH_ADDRESS),  # without an enhanced code: no such mailbox
    (TO_AN_ADDRESS, r"5..", r".*", Fate.REFUSED),
    (ANY, r"5..", r".*", Fate.OURS),  # before any address was named it was about us
)
_ENHANCED = re.compile(r"^\s*([245]\.\d{1,3}\.\d{1,3})\b", re.MULTILINE)


def fate_of(step: Step, code: int, text: str = "") -> Fate:
    """What follows from a server's answer at this step; `text` begins with the enhanced code, if there is one."""
    found = _ENHANCED.search(text)
    enhanced = found[1] if found else ""
    for steps, codes, detail, fate in TABLE:
        if step in steps and re.fullmatch(codes, str(code)) and re.fullmatch(detail, enhanced):
            return fate
    return Fate.LATER


class InClear(smtplib.SMTPException):
    """The server offers no encryption, so it is not sent the password."""


def post(message: EmailMessage, to: str, url: str, *, in_clear: bool) -> Outcome:
    """The letter was offered to the mail server at `url`; whatever happens is an outcome and no exception.

    A password goes out unencrypted only where `in_clear` allows it.
    """
    talk = _Talk(url, in_clear=in_clear)
    try:
        talk.begin()
        talk.server.send_message(message, to_addrs=[to])
    except smtplib.SMTPException as error:
        return talk.understood(error)
    except ssl.SSLCertVerificationError:
        return Outcome(Fate.OURS, "certificate", whoever=True)
    except OSError as error:
        return Outcome(Fate.LATER, type(error).__name__)
    finally:
        talk.end()  # however that goes: a letter that was taken is out of our hands
    return Outcome(Fate.SENT)


def asked(url: str, seconds: float, *, in_clear: bool) -> Outcome:
    """Whether the mail server at `url` lets us in; no letter is offered."""
    talk = _Talk(url, seconds, in_clear=in_clear)
    try:
        talk.begin()
    except smtplib.SMTPException as error:
        return talk.understood(error)
    except OSError as error:
        return Outcome(Fate.LATER, type(error).__name__)
    finally:
        talk.end()
    return Outcome(Fate.SENT)


class _Talk:
    """One talk with the server, which knows how far it has come."""

    def __init__(self, url: str, seconds: float = SMTP_SECONDS, *, in_clear: bool) -> None:
        self.seconds = seconds
        self.in_clear = in_clear
        self.parts = urlsplit(url)
        self.step = Step.CONNECT
        self.server: smtplib.SMTP

    def begin(self) -> None:
        host = self.parts.hostname or "localhost"
        if self.parts.scheme == "smtps":
            tls = ssl.create_default_context()
            self.server = smtplib.SMTP_SSL(host, self.parts.port or 465, timeout=self.seconds, context=tls)
        else:
            self.server = smtplib.SMTP(host, self.parts.port or 25, timeout=self.seconds)
        self._hello()
        encrypted = self.parts.scheme == "smtps"
        if not encrypted and self.server.has_extn("starttls"):
            self.step = Step.TLS
            self.server.starttls(context=ssl.create_default_context())
            self._hello()
            encrypted = True
        if self.parts.username:
            self.step = Step.AUTH
            if not (encrypted or self.in_clear):
                raise InClear
            self.server.login(unquote(self.parts.username), unquote(self.parts.password or ""))
        self.step = Step.MAIL

    def _hello(self) -> None:
        self.step = Step.HELLO
        self.server.ehlo_or_helo_if_needed()

    def understood(self, error: smtplib.SMTPException) -> Outcome:
        """What the server's refusal means, by the step at which it came."""
        if isinstance(error, InClear):
            return Outcome(Fate.OURS, IN_CLEAR, whoever=True)
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, text = next(iter(error.recipients.values()))
            return self._answered(Step.RCPT, code, text)
        if isinstance(error, smtplib.SMTPServerDisconnected):
            return Outcome(Fate.LATER, type(error).__name__)
        if isinstance(error, smtplib.SMTPNotSupportedError):  # a password or an address that this server cannot take
            fate = Fate.OURS if self.step is not Step.MAIL else Fate.REFUSED
            return Outcome(fate, f"{self.step} not supported", whoever=fate is Fate.OURS)
        if isinstance(error, smtplib.SMTPResponseException):
            step = Step.DATA if isinstance(error, smtplib.SMTPDataError) else self.step
            return self._answered(step, error.smtp_code, error.smtp_error)
        return Outcome(Fate.LATER, type(error).__name__)

    def _answered(self, step: Step, code: int, said: bytes | str) -> Outcome:
        text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
        found = _ENHANCED.search(text)
        fate = fate_of(step, code, text)
        words = " ".join(filter(None, [step, str(code), found[1] if found else ""]))
        return Outcome(fate, words, whoever=fate is Fate.OURS and step not in TO_AN_ADDRESS)

    def end(self) -> None:
        if not hasattr(self, "server"):
            return
        with suppress(OSError, smtplib.SMTPException):
            self.server.quit()
        self.server.close()
