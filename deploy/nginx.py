"""Finds an nginx for the tests of our configuration, or gets Debian's own without installing it. Standard library only."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from deploy.browser import succeeds
from deploy.environment import ROOT, say

CACHE = ROOT / ".cache" / "nginx"
HOW_TO_ENABLE = "sudo apt-get install nginx   (or another system's nginx, on the PATH)"
USUAL_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")


def find() -> Path | None:
    """An nginx that is already here."""
    found = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), *USUAL_PLACES)))
    kept = CACHE / "usr" / "sbin" / "nginx"
    return Path(found) if found else kept if kept.exists() else None


def find_or_get() -> Path | None:
    """An nginx that starts; None, said aloud, where none is here and none can be fetched."""
    path = find() or from_debian()
    if path is None or not succeeds(str(path), "-v"):
        say(f"No nginx could be found or fetched. Tests that need one are left out. To enable them:\n  {HOW_TO_ENABLE}")
        return None
    return path


def from_debian() -> Path | None:
    """Debian's or Ubuntu's package, unpacked into the checkout's cache folder: nothing is installed, started or needs root."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    say("Getting an nginx for tests: apt-get download nginx, into .cache/nginx/ (10 MB of lists, then 1 MB)")
    CACHE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nginx-", dir=CACHE.parent) as name:
        folder = Path(name)
        apt = ("apt-get", "-qq", *(word for option in options(folder) for word in ("-o", option)))
        if not (succeeds(*apt, "update") and succeeds(*apt, "download", "nginx", cwd=folder)):
            return None
        for package in (*folder.glob("nginx_*.deb"), *more_of_it(apt, folder)):
            if not succeeds("dpkg-deb", "--extract", str(package), str(folder / "ready")):
                return None
        shutil.rmtree(CACHE, ignore_errors=True)
        (folder / "ready").rename(CACHE)
    return find()


def options(folder: Path) -> tuple[str, ...]:
    """Lists and archives of our own, so that the system's are neither needed nor touched."""
    for place in ("lists/partial", "cache/archives/partial"):
        (folder / place).mkdir(parents=True)
    return (
        f"Dir::State::lists={folder / 'lists'}",
        f"Dir::Cache={folder / 'cache'}",
        f"APT::Sandbox::User={'root' if os.geteuid() == 0 else ''}",
        "Acquire::Languages=none",
    )


def more_of_it(apt: tuple[str, ...], folder: Path) -> list[Path]:
    """Where the program lies in a package of another name, as on Ubuntu before 24.04, that package too."""
    if any(folder.glob("nginx_*_all.deb")):
        succeeds(*apt, "download", "nginx-core", cwd=folder)
    return list(folder.glob("nginx-core_*.deb"))
