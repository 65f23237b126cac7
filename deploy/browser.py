"""Finds a Chromium that really starts, or gets one without root. Standard library only."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.environment import ROOT, say

CACHE = ROOT / ".cache" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_ENABLE = "CHROMIUM=/path/to/chromium python3 app.py test   (on Debian first: sudo apt-get install chromium)"

# An npm package that carries a whole headless Chromium for Linux on x86-64, with the libraries it needs.
PACKAGE = "@sparticuz/chromium@153.0.0"
PACKAGE_SHA512 = (
    "8e2196a92bcf31dbb8f8ff538a562a011ef21063c41c8371fa50af13f36a34ef"
    "c41d8cc5ff1d615222394fa8a8548b7b744cbb9fcf1bcb24f4be4f9d9ec810c0"
)
UNBROTLI = """
const { createReadStream, createWriteStream } = require("fs");
const { pipeline } = require("stream");
const [, from, to] = process.argv;
pipeline(createReadStream(from), require("zlib").createBrotliDecompress(), createWriteStream(to), (error) => {
  if (error) { console.error(error.message); process.exit(1); }
});
"""
# As the tests will use it: a headless build may start and yet never finish `--dump-dom`.
RENDER = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=sys.argv[2:], timeout=30_000)
    page = browser.new_page()
    page.goto("data:text/html,<p>alive</p>", timeout=30_000)
    print(page.inner_text("p"))
    browser.close()
"""
WRAPPER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$here/lib:$here" FONTCONFIG_PATH="$here" exec "$here/headless-shell" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def find(python: Path) -> Path | None:
    """A browser that is already here and starts, without fetching anything. `python` has Playwright."""
    named = os.environ.get("CHROMIUM")
    if named:
        path = Path(named).absolute()
        if starts(path, python):
            return path
        say(f"CHROMIUM is {named}, but that does not start")
    return next((path for path in already_here() if starts(path, python)), None)


def already_here() -> Iterator[Path]:
    """Browsers to try, best first."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield CACHE / "chromium"
    yield Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find_or_get(python: Path) -> Path | None:
    """A browser that starts; None, said aloud, where none is here and none can be fetched."""
    ways: tuple[Callable[[Path], Path | None], ...] = (from_npm, from_playwright, from_apt)
    path = find(python) or next((found for way in ways if (found := way(python)) and starts(found, python)), None)
    if path:
        say(f"The browser for tests is {path}")
    else:
        say(
            f"No browser could be found or fetched. Tests that need one are left out. To enable them:\n  {HOW_TO_ENABLE}"
        )
    return path


def starts(path: Path, python: Path) -> bool:
    """True where this browser renders a page here, as whoever we are."""
    if not path.exists():
        return False
    try:
        done = subprocess.run(
            [str(python), "-c", RENDER, str(path), "--disable-gpu", *sandbox_flags()],
            capture_output=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == b"alive"


def sandbox_flags() -> list[str]:
    """Chromium refuses its own sandbox as root; everybody else keeps it."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def from_npm(python: Path) -> Path | None:
    """The pinned npm package, unpacked into the checkout's cache folder; its content is compared with our hash."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        return None
    if not (shutil.which("npm") and shutil.which("node")):
        return None
    say("Getting a browser for tests: npm's @sparticuz/chromium, into .cache/browser/ (70 MB)")
    CACHE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="browser-", dir=CACHE.parent) as name:
        folder = Path(name)
        if not succeeds("npm", "pack", "--silent", PACKAGE, cwd=folder):
            return None
        archive = next(folder.glob("*.tgz"))
        if hashlib.sha512(archive.read_bytes()).hexdigest() != PACKAGE_SHA512:
            say("What npm gave is not the package we pinned; leaving it alone")
            return None
        ready = folder / "ready"
        unpack_package(archive, folder, ready)
        shutil.rmtree(CACHE, ignore_errors=True)
        ready.rename(CACHE)
    return CACHE / "chromium"


def unpack_package(archive: Path, folder: Path, ready: Path) -> None:
    """`ready` holds the browser, its libraries and fonts, and `chromium`, a script that starts it with them."""
    ready.mkdir()
    untar(archive, folder)
    parts = folder / "package" / "bin"
    for packed in sorted(parts.glob("*.br")):
        plain = packed.with_suffix("")
        subprocess.run(["node", "-e", UNBROTLI, str(packed), str(plain)], check=True)
        if plain.suffix == ".tar":
            untar(plain, ready)
    (parts / "chromium").rename(ready / "headless-shell")
    (ready / "fonts.conf").write_text(FONTS)
    (ready / "chromium").write_text(WRAPPER)
    for program in ("headless-shell", "chromium"):
        (ready / program).chmod(0o755)


def untar(archive: Path, folder: Path) -> None:
    """Everything in the archive lies under the folder; the archive is one whose hash we know."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:  # Python 3.11.0 to 3.11.3
            tar.extractall(folder)  # noqa: S202


def from_playwright(python: Path) -> Path | None:
    """Playwright's own build, in the checkout's cache folder."""
    say("Getting a browser for tests: playwright install chromium")
    os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(ROOT / ".cache" / "playwright"))
    if not succeeds(str(python), "-m", "playwright", "install", "chromium"):
        return None
    ask = "from playwright.sync_api import sync_playwright as s; p = s().start(); print(p.chromium.executable_path); p.stop()"
    answer = subprocess.run([str(python), "-c", ask], capture_output=True, text=True)
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None


def from_apt(python: Path) -> Path | None:
    """Debian's own Chromium, only where we are root already."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    say("Getting a browser for tests: apt-get install chromium")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    succeeds("apt-get", "-qq", "update")
    if not succeeds("apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"):
        return None
    found = shutil.which("chromium")
    return Path(found) if found else None


def succeeds(*command: str, cwd: Path | None = None) -> bool:
    """True where the command ends well within ten minutes; its complaint is shown in one line where it does not."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"That did not work: {type(error).__name__}")
        return False
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        say(f"That did not work: {lines[-1] if lines else f'{command[0]} ended with {done.returncode}'}")
    return done.returncode == 0
