"""Makes `.venv/` and keeps it true to the pinned requirements. Standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ("requirements.txt",)
TEST = ("requirements.txt", "requirements-dev.txt")


class CannotSetUp(Exception):
    """Something is missing that only the person at the keyboard can supply; the text says what."""


def say(words: str) -> None:
    """One line to whoever started us, at once."""
    print(f"· {words}", flush=True)


@contextmanager
def one_at_a_time(root: Path = ROOT) -> Iterator[None]:
    """Only one start sets things up; others wait until it has finished, however it ends."""
    lock = root / ".cache" / "setup.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is setting things up; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Environment:
    """The virtual environment of one checkout."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"

    def ensure(self, requirements: Sequence[str]) -> None:
        """Holds exactly these requirement files' pins; where it already did, nothing is done."""
        if not self._is_made():
            self._make()
        wanted = fingerprint(*(self.root / name for name in requirements))
        stamp = self.folder / f".installed-{Path(requirements[-1]).stem}"
        if read(stamp) != wanted:
            say(f"Installing the libraries pinned in {' and '.join(requirements)}")
            stamp.unlink(missing_ok=True)
            self._install(requirements)
            stamp.write_text(wanted)

    def _is_made(self) -> bool:
        return read(self.folder / ".made") == self._maker() and can_run(self.python)

    def _maker(self) -> str:
        """What an environment depends on: this Python, this place, this uv."""
        parts = (sys.base_prefix, platform.python_version(), str(self.folder))
        return " ".join((*parts, fingerprint(self.root / "requirements-uv.txt")))

    def _make(self) -> None:
        check_venv_can_be_made()
        if self.folder.exists():
            say("The virtual environment .venv/ is unfinished or for another Python; making it anew")
        else:
            say("Making a virtual environment in .venv/")
        make_venv(self.folder)
        self._pip("--only-binary", ":all:", "-r", "requirements-uv.txt")  # without it we are slower, not stuck
        (self.folder / ".made").write_text(self._maker())

    def _install(self, requirements: Sequence[str]) -> None:
        files = [word for name in requirements for word in ("-r", name)]
        if self._uv(*files):
            return
        say("uv could not do it; trying the same with pip, which takes about a minute")
        if not self._pip(*files):
            raise CannotSetUp("The libraries could not be installed; pip's words are above. Is there a network?")

    def _uv(self, *arguments: str) -> bool:
        uv = (str(self.python), "-m", "uv", "pip", "install", "--python", str(self.python))
        return self._succeeds(*uv, "--quiet", "--require-hashes", *arguments)

    def _pip(self, *arguments: str) -> bool:
        pip = (str(self.python), "-m", "pip", "install", "--disable-pip-version-check")
        return self._succeeds(*pip, "--quiet", "--require-hashes", *arguments)

    def _succeeds(self, *command: str) -> bool:
        # Byte code made once, here: otherwise every start of a test run compiles the libraries again.
        return subprocess.run(command, cwd=self.root, env={**os.environ, "UV_COMPILE_BYTECODE": "1"}).returncode == 0


def make_venv(folder: Path) -> None:
    """A new virtual environment with pip; whatever was in the folder is gone."""
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)]).returncode:
        raise CannotSetUp(f"Python could not make a virtual environment in {folder}; its words are above.")


def check_venv_can_be_made() -> None:
    """Raise CannotSetUp where this Python lacks its own `venv` or `ensurepip`, as Debian's and Ubuntu's may."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if is_debian_like():
        raise CannotSetUp(
            "This Python cannot make virtual environments yet. Install the missing package, then start again:\n"
            f"  sudo apt-get install python{version}-venv"
        )
    raise CannotSetUp(
        f"This Python {version} was built without `venv` and `ensurepip`, which come with Python's standard library.\n"
        "Install a complete Python, then start again."
    )


def is_debian_like(os_release: Path = Path("/etc/os-release")) -> bool:
    """True on Debian, Ubuntu and what is made from them."""
    words = (read(os_release) or "").lower().splitlines()
    return any(line.startswith(("id=", "id_like=")) and ("debian" in line or "ubuntu" in line) for line in words)


def fingerprint(*files: Path) -> str:
    """Changes whenever the content of any of these files does."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read(file: Path) -> str | None:
    """The text, or None where there is none to read."""
    try:
        return file.read_text()
    except OSError:
        return None


def can_run(python: Path) -> bool:
    """True where this interpreter starts and has pip; false for a dangling link or a half-made environment."""
    try:
        return subprocess.run([str(python), "-c", "import pip"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
