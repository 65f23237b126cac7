"""How bytes reach Akismet: one configured host, checked certificate, bounded time and size, no redirect, no proxy."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from pledges.networks import is_this_machine
from pledges.webhooks import hurry

LARGEST_BODY_BYTES = 64 * 1024
_PACKAGE_HOST = "rest.akismet.com"  # the address that the package has built in, replaced by the configured one


class _Clock(threading.local):
    """The time for the exchange that this thread has begun."""

    now: hurry.Clock = hurry.Until(0)

    def left(self, timeout: float | None = None) -> float:
        return self.now.left(timeout)


class _Backend(httpcore.SyncBackend):
    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = hurry.addresses(host, port, self._clock)
        return hurry.connected(httpcore.SyncBackend(), found, port, self._clock, socket_options)


class Wire(httpx.BaseTransport):
    """Carries requests meant for Akismet's own host to the configured endpoint; refuses any other host.

    An exchange ends after `seconds`, also with a server that sends a byte now and then: a time-out per read would not
    end that one.
    """

    def __init__(self, endpoint: str, seconds: float) -> None:
        self._endpoint = endpoint_url(endpoint)
        self._seconds = seconds
        self._clock = _Clock()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False) if self._endpoint.scheme == "https" else None,
            max_connections=8,
            max_keepalive_connections=2,
            keepalive_expiry=5.0,
            network_backend=_Backend(self._clock),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != _PACKAGE_HOST:
            raise httpx.UnsupportedProtocol("Only the configured Akismet endpoint is called.")
        self._clock.now = hurry.Until(self._seconds)
        try:
            return self._exchange(request)
        except httpcore.TimeoutException:
            raise httpx.ReadTimeout("Akismet took too long.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise httpx.TransportError(f"Akismet could not be reached: {type(error).__name__}") from None

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        to = self._endpoint
        host = to.netloc.decode("ascii")
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=to.raw_scheme, host=to.raw_host, port=to.port, target=request.url.raw_path),
                headers=[(b"Host", host.encode("ascii")), *headers],
                content=request.read(),
            )
        )
        try:
            return httpx.Response(response.status, headers=response.headers, content=_body(response))
        finally:
            response.close()

    def close(self) -> None:
        self._pool.close()


def _body(response: httpcore.Response) -> bytes:
    if any(name.lower() == b"content-encoding" for name, _ in response.headers):
        raise httpcore.RemoteProtocolError(
            "compressed answer"
        )  # none was asked for; a small one can unfold to gigabytes
    body = b""
    for part in response.iter_stream():
        body += part
        if len(body) > LARGEST_BODY_BYTES:
            raise httpcore.RemoteProtocolError("answer too long")
    return body


def endpoint_url(endpoint: str) -> httpx.URL:
    """The endpoint as a URL; raises ValueError unless it is https, or http to this very machine."""
    url = httpx.URL(endpoint)
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.path not in ("", "/"):
        raise ValueError("The Akismet endpoint is a scheme and a host, such as https://rest.akismet.com")
    if url.scheme == "http" and not is_this_machine(url.host):
        raise ValueError("Plain HTTP is allowed only to an Akismet endpoint on this machine.")
    return url
