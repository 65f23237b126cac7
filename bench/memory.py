"""`python -m bench.memory`: how much memory the wall takes with its worker, on SQLite, after some use.

Starts the wall as one host runs it, loads pages in both languages, sends a promise with an email address, waits until the
worker has screened it and written its letter, tries to sign in (a password takes much memory for a moment), then walks down a
wall of many promises and opens each, until three times as much was read as is kept; adds up what Linux says of every process.
Ends with 1 above the bound.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

from pledges.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BOUND_MB = 250  # resident, web and worker together, once all that may be kept is
PROMISES = 100_000
CAMPAIGN = "race-equality-week"
PAGES = (
    f"/{CAMPAIGN}", f"/cy/{CAMPAIGN}", f"/{CAMPAIGN}/promise", f"/{CAMPAIGN}?theme=speak", f"/{CAMPAIGN}?kind=organisation",
    f"/api/v1/campaigns/{CAMPAIGN}/pledges", "/privacy", "/cy/house-rules", "/accessibility",
)  # fmt: skip
START_SECONDS, SCREEN_SECONDS = 60, 90


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=200, help="pages to load (default: 200)")
    parser.add_argument(
        "--promises", type=int, default=PROMISES, help=f"on the wall at the end (default: {PROMISES:,})"
    )
    given = parser.parse_args()
    count = given.pages
    often = {"WALL_LIMIT_API": "100000000/minute"}  # pages far down are counted, and here one reader opens thousands
    with tempfile.TemporaryDirectory(prefix="wall-memory-") as folder, wall(Path(folder), **often) as (pid, base):
        started = report("after the start", pid)
        load(base, count)
        report(f"after {count} pages", pid)
        send_a_promise(base)
        report("after a promise, screened", pid)
        try_to_sign_in(base)
        report("after a sign-in was tried", pid)
        fill(Path(folder), given.promises)
        read_bytes = walk(base, 3 * Settings().pages_mib * 1024 * 1024)
        used = report(f"wall of {given.promises:,}, cache full after {read_bytes / 1e6:.0f} MB of pages", pid)
    print(f"Bound: {BOUND_MB} MB resident. Grew by {used - started:.1f} MB in use.")
    return 0 if used <= BOUND_MB else 1


@contextmanager
def wall(folder: Path, **more: str) -> Iterator[tuple[int, str]]:
    """Process and address of a wall in `folder`; its key's service does not answer, so that its client is there too.

    `more` are settings, by the names of their environment variables.
    """
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {
        "WALL_INSTANCE": str(folder), "WALL_PORT": str(port), "WALL_BASE_URL": base,
        "AKISMET_API_KEY": "of-nobody", "WALL_AKISMET_ENDPOINT": "http://127.0.0.1:9",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | settings | more, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for(f"{base}/healthz", process)
        yield process.pid, base
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urlopen(address, timeout=2).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("the wall did not start")


def load(base: str, count: int) -> None:
    """The usual pages in turn, and among them every promise that the wall shows."""
    shown = re.findall(r'href="(/[^"]*/promises/[a-z0-9]+)"', read(base + PAGES[0]))
    addresses = [*PAGES, *dict.fromkeys(shown)]
    for number in range(count):
        read(base + addresses[number % len(addresses)])


def fill(folder: Path, promises: int) -> None:
    """So many more stand on the wall, by a command in a process of its own."""
    command = [sys.executable, "-m", "flask", "--app", "app", "demo", "--pledges", str(promises)]
    environment = os.environ | {"WALL_INSTANCE": str(folder)}
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)


def walk(base: str, most: int) -> int:
    """The wall is read from its newest promise down, and each promise on it, until so many bytes came; how many did."""
    page, came = f"/{CAMPAIGN}", 0
    while page and came < most:
        shown = read(base + page)
        came += len(shown)
        for address in dict.fromkeys(re.findall(r'href="(/[^"]*/promises/[a-z0-9]+)"', shown)):
            came += len(read(base + address))
        further = re.search(r'href="([^"]+)" rel="next"|rel="next" href="([^"]+)"', shown)
        page = html.unescape(further[1] or further[2]) if further else ""
    return came


def read(address: str) -> str:
    with urlopen(address, timeout=20) as answer:
        return str(answer.read().decode("utf-8"))


def send_a_promise(base: str) -> None:
    """A promise stands in the queue, screened."""
    address = f"{base}/{CAMPAIGN}/promise"
    token = re.search(r'name="token" value="([^"]+)"', read(address))
    if token is None:
        raise SystemExit("the form has no token")
    fields = {
        "token": token[1], "promise": "I will read what the people I manage have written about race, and answer.",
        "kind": "person", "email": "amina@example.org", "theme": "listen", "consent": "yes", "company_url": "",
    }  # fmt: skip
    try:
        with urlopen(address, urlencode(fields).encode(), timeout=20) as answer:
            receipt, page = answer.url.partition("?")[0], answer.read().decode("utf-8")
    except HTTPError as error:
        raise SystemExit(f"the promise was refused: {error.code}") from None
    end = time.monotonic() + SCREEN_SECONDS
    while 'data-state="waiting"' not in page:
        if time.monotonic() > end:
            raise SystemExit("the worker did not screen the promise")
        time.sleep(1)
        page = read(receipt)


def try_to_sign_in(base: str) -> None:
    """The desk has hashed a password, and refused it."""
    address = f"{base}/moderation/sign-in"
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(address, timeout=20) as answer:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode("utf-8"))
    if token is None:
        raise SystemExit("the sign-in page has no token")
    fields = {"csrf_token": token[1], "email": "nobody@example.org", "password": "not the password of anybody"}
    browser.open(address, urlencode(fields).encode(), timeout=20).close()


def report(when: str, pid: int) -> float:
    """Print what every process takes; the sum of what is resident, in MB."""
    resident = shared_once = 0.0
    print(f"\n{when}")
    for member in family(pid):
        rss, pss = memory_of(member)
        resident, shared_once = resident + rss, shared_once + pss
        print(f"  {rss:7.1f} MB resident {pss:7.1f} MB PSS {highest_of(member):7.1f} MB at most   {name_of(member)}")
    print(f"  {resident:7.1f} MB resident {shared_once:7.1f} MB PSS   together", flush=True)
    return resident


def family(pid: int) -> Iterator[int]:
    """The process and all that it started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from family(int(child))


def memory_of(pid: int) -> tuple[float, float]:
    """Resident and proportional memory in MB; pages that two processes share count twice in the first, half each in the second."""
    found = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE))
    return int(found["Rss"]) / 1024, int(found["Pss"]) / 1024


def highest_of(pid: int) -> float:
    """The most that was ever resident, in MB."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def name_of(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return " ".join(Path(word).name if "/" in word else word for word in command[:5]).strip()


if __name__ == "__main__":
    sys.exit(main())
