"""The shipped nginx configuration, running on loopback with a certificate of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers.ports import free_port

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
HOST = "wall.example.org"  # as the configuration names it


class AskingAs(ssl.SSLContext):
    """Asks for one host, whatever the address, and believes any certificate."""

    host = HOST

    def wrap_socket(self, sock: Any, *given: Any, **named: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *given, **{**named, "server_hostname": self.host})


def asking(host: str = HOST) -> ssl.SSLContext:
    context = AskingAs(ssl.PROTOCOL_TLS_CLIENT)
    context.host = host
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Nginx:
    """nginx with our file in front of whatever listens on `behind`."""

    def __init__(self, folder: Path, *, behind: int, more: str = "") -> None:
        self.folder, self.port, self.plain_port = folder, free_port(), free_port()
        self.log = folder / "access.log"
        config = self._configuration(behind, more)
        checked = subprocess.run(["nginx", "-t", "-c", str(config)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self._process = subprocess.Popen(["nginx", "-c", str(config), "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        self.pid = self._process.pid
        self._wait()

    @staticmethod
    def is_here() -> bool:
        return shutil.which("nginx") is not None

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        host: str = HOST,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Status and text."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=asking(host))
        try:
            connection.request(method, path, body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def _configuration(self, behind: int, more: str) -> Path:
        """Our file inside the least of a main file, with ports, folders and certificate of this place."""
        certificate, key = self_signed(self.folder)
        ours = CONFIGURATION.read_text()
        for there, here in (
            ("server 127.0.0.1:8000;", f"server 127.0.0.1:{behind};"),
            ("listen 80 default_server;", f"listen 127.0.0.1:{self.plain_port} default_server;"),
            ("    listen [::]:80 default_server;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("    listen [::]:80;\n", ""),
            ("listen 443 ssl http2 default_server;", f"listen 127.0.0.1:{self.port} ssl http2 default_server;"),
            ("    listen [::]:443 ssl http2 default_server;\n", ""),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("/etc/letsencrypt/live/wall.example.org/fullchain.pem", str(certificate)),
            ("/etc/letsencrypt/live/wall.example.org/privkey.pem", str(key)),
            ("/var/cache/nginx/promise-wall", str(self.folder / "cache")),
            ("/var/log/nginx/promise-wall.log", str(self.log)),
            ("/var/log/nginx/promise-wall-private.log", str(self.folder / "private.log")),
        ):
            assert there in ours, there
            ours = ours.replace(there, here)
        (self.folder / "site.conf").write_text(ours)
        places = "".join(
            f"{name}_temp_path {self.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        main = self.folder / "nginx.conf"
        main.write_text(
            f"{user}\nworker_processes 1;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\n"
            f"events {{}}\nhttp {{ {places} {more} include {self.folder}/site.conf; }}\n"
        )
        return main

    def _wait(self) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                self.ask("/private-first")
                return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        raise AssertionError("nginx did not start")


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wall.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
