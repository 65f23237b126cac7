"""No password goes to a mail server over a line that anybody may read, unless a setting says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.servers.ports import free_port
from tests.wall import Wall, later


class Plain:
    """A mail server without encryption that asks for a password; `heard` is what it was told."""

    def __init__(self) -> None:
        self.port, self.letters = free_port(), 0
        self.heard: list[bytes] = []
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self._authenticate, auth_require_tls=False
        )
        self.controller.start()

    def _authenticate(self, server, session, envelope, mechanism, data) -> AuthResult:
        self.heard.append(data.password)
        return AuthResult(success=data.password == b"sesame", handled=False)

    async def handle_DATA(self, server, session, envelope) -> str:
        self.letters += 1
        return "250 OK"

    def url(self, password: str = "sesame") -> str:  # noqa: S107 (of a server that lives for one test)
        return f"smtp://ann:{password}@127.0.0.1:{self.port}"


@pytest.fixture
def plain() -> Iterator[Plain]:
    server = Plain()
    yield server
    server.controller.stop()


def doctor(wall: Wall) -> str:
    with wall.app.app_context():
        lines = wall.app.test_cli_runner().invoke(args=["doctor"]).output.splitlines()
    return next(line for line in lines if " mail: " in line)


def writes_to_ann(wall: Wall) -> None:
    wall.promises(email="ann@example.org")
    wall.screens(later(60))


def test_a_password_is_not_sent_in_clear(walls: Callable[..., Wall], plain: Plain) -> None:
    wall = walls(mail_url=plain.url())
    writes_to_ann(wall)
    assert (plain.heard, plain.letters) == ([], 0)
    assert doctor(wall).startswith("MEND mail: offers no encryption (STARTTLS)")
    assert plain.heard == []
    assert wall.owed() == [("receipt", "")], "the letter waits"


def test_a_setting_allows_it(walls: Callable[..., Wall], plain: Plain) -> None:
    wall = walls(mail_url=plain.url(), mail_in_clear=True)
    writes_to_ann(wall)
    assert (set(plain.heard), plain.letters) == ({b"sesame"}, 1)
    assert doctor(wall) == "ok   mail: answers, and lets us in"


def test_doctor_tells_a_wrong_password(walls: Callable[..., Wall], plain: Plain) -> None:
    wall = walls(mail_url=plain.url("wrong"), mail_in_clear=True)
    assert doctor(wall) == "MEND mail: refuses us (AUTH 535 5.7.8): check user and password in WALL_MAIL_URL"


def test_a_server_that_asks_for_no_password_takes_letters(walls: Callable[..., Wall], plain: Plain) -> None:
    wall = walls(mail_url=f"smtp://127.0.0.1:{plain.port}")
    writes_to_ann(wall)
    assert (plain.heard, plain.letters) == ([], 1)
