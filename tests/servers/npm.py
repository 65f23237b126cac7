"""Libraries that pages of others use, from their npm packages: pinned, and kept in the checkout's cache."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from deploy.environment import ROOT
from tests.missing import leave_out

CACHE = ROOT / ".cache" / "npm"
NO_NPM = "a library from an npm package; to enable: npm, and a registry that it reaches"
# package: digest of its archive
PINNED = {
    "react@18.3.1": "8d9bed01a672e7eaf387942d781ad47c6a43089a30a0306060f9fd5ac7870347",
    "react-dom@18.3.1": "031d4427a99f2f3f6cac18bbbf308594a67e4f47d10f4896fdec446505b040e0",
    "vue@3.5.13": "d28cf28245139a84ab37fa3aee023be0857d235ad5887af5d856ccbe57a0e1df",
}


def file_of(package: str, path: str) -> str:
    """The text of one file of a package; where it cannot be had the test is left out aloud."""
    name = package.replace("@", "-")
    archive = CACHE / f"{name}.tgz"
    if not archive.exists():
        _fetch(package, archive)
    whole = archive.read_bytes()
    assert hashlib.sha256(whole).hexdigest() == PINNED[package], f"{archive} is not the package that we pinned"
    with tarfile.open(fileobj=io.BytesIO(whole)) as packed:
        found = packed.extractfile(f"package/{path}")
        assert found is not None
        return found.read().decode()


def _fetch(package: str, archive: Path) -> None:
    """It stands there whole or not at all: workers that fetch it at once put the same in its place, one after the other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if shutil.which("npm"):
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            subprocess.run(["npm", "pack", "--silent", package], cwd=folder, capture_output=True, timeout=120)
            for packed in Path(folder).glob("*.tgz"):
                packed.replace(archive)
    if not archive.exists():
        leave_out(NO_NPM)
