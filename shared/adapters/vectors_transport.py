"""The way to the vector engine: HTTP that trusts one certificate, and looks once whether key or certificate are new.

Imports httpx, so it is loaded with the engine's client and not before.
"""

from __future__ import annotations

import ssl
import threading

import httpx

from shared.adapters.vectors_access import Access, ReadAccess

# An engine that is up takes a connection at once; one that is gone should cost a request no more.
CONNECT_SECONDS = 2.0
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=8)


class VectorsTransport(httpx.BaseTransport):
    """Sends requests with the key. Safe to share between threads.

    An engine whose certificate is not the one that is trusted, or that does not know the key, may have been replaced:
    then the access is read anew and, if it is another one, the request sent once more. Nothing has happened to it
    before: it was not sent, or refused.
    """

    def __init__(self, read: ReadAccess) -> None:
        """Nothing is read or opened yet."""
        self._read = read
        self._lock = threading.Lock()
        self._current: tuple[Access, httpx.HTTPTransport] | None = None
        self._replaced: list[httpx.HTTPTransport] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError, ssl.SSLError for a certificate that is none, and what reading raises."""
        access, inner = self._opened()
        try:
            response = _send(request, access, inner)
        except httpx.ConnectError as error:
            if not _is_untrusted(error) or not self._renew(access):
                raise
            return _send(request, *self._opened())
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return response
        response.read()  # now it holds no connection, whatever comes of the key
        return _send(request, *self._opened()) if self._renew(access) else response

    def close(self) -> None:
        """Close the connections; the next request reads the access again and opens new ones."""
        with self._lock:
            if self._current is not None:
                self._replaced.append(self._current[1])
                self._current = None
            while self._replaced:
                self._replaced.pop().close()

    def _opened(self) -> tuple[Access, httpx.HTTPTransport]:
        with self._lock:
            if self._current is None:
                access = self._read(False)
                self._current = (access, _open(access))
            return self._current

    def _renew(self, failed: Access) -> bool:
        """Whether there is another access than the one that failed."""
        with self._lock:
            if self._current is None or self._current[0] != failed:
                return True  # another thread was faster
            inner = self._current[1]
            access = self._read(True)
            if access == failed:
                return False
            if access.certificate != failed.certificate:
                # Requests of other threads may be under way on its connections.
                self._replaced.append(inner)
                inner = _open(access)
            self._current = (access, inner)
            return True


def _send(request: httpx.Request, access: Access, inner: httpx.HTTPTransport) -> httpx.Response:
    if access.api_key is not None:
        request.headers["api-key"] = access.api_key
    timeouts = request.extensions.get("timeout", {})
    # How long the engine is told to work on a request is how long its answer is waited for.
    asked = request.url.params.get("timeout")
    limits = {"read": float(asked)} if asked else {}
    request.extensions["timeout"] = {**timeouts, **limits, "connect": CONNECT_SECONDS}
    return inner.handle_request(request)


def _open(access: Access) -> httpx.HTTPTransport:
    context = ssl.create_default_context(cadata=access.certificate)
    # Both ends are ours and young.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The certificate itself is trusted, whoever issued it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return httpx.HTTPTransport(verify=context, limits=_LIMITS)


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
