"""Posting a webhook from the edge zone: signed, to public addresses only, never following a redirect."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.webhook_signature import sign

TIMEOUT_SECONDS = 15
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052


@dataclass(frozen=True)
class Attempt:
    """What came of a post: the status of the answer, or why there was none."""

    status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def addresses_of(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of a host that may be contacted. Raises ValueError when one of them is private.

    One private address among several refuses the host: which one a connection takes is not ours to say.
    """
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not allow_private:
        for address in found:
            if not _is_public(address):
                raise ValueError("the address of the webhook is not public")
    return sorted(found)


def _is_public(address: str) -> bool:
    """Whether an address leads outside, judged by the IPv4 address that it wraps, if any."""
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        behind = ipaddress.IPv4Address(found.packed[-4:]) if found in _NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or behind or found
    return found.is_global and not found.is_multicast


def _connection(url: str, *, allow_private: bool) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    if (
        parts.username
        or not host
        or (not secure and not allow_private)
        or parts.scheme not in ("http", "https")
    ):
        raise ValueError("the address of the webhook must be https without credentials")
    port = parts.port or (443 if secure else 80)
    # The checked address is the contacted one: a second look-up could say something else.
    address = addresses_of(host, port, allow_private=allow_private)[0]
    plain = socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.sock = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
        )
    except (OSError, ssl.SSLError):
        plain.close()
        raise
    path = parts.path or "/"
    return connection, f"{path}?{parts.query}" if parts.query else path


def post_webhook(
    url: str,
    secret: str,
    *,
    webhook_id: str,
    timestamp: int,
    payload: dict[str, Any],
    allow_private: bool,
) -> Attempt:
    """Post a payload once. What goes wrong is told, never raised; the answer's body is not read."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "RoboAgency-Webhooks/1",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, webhook_id, timestamp, body),
    }
    try:
        connection, path = _connection(url, allow_private=allow_private)
    except (ValueError, OSError) as error:
        return Attempt(None, f"{type(error).__name__}: {error}"[:300])
    try:
        connection.request("POST", path, body, headers)
        return Attempt(connection.getresponse().status, None)
    except (OSError, http.client.HTTPException) as error:
        return Attempt(None, f"{type(error).__name__}: {error}"[:300])
    finally:
        connection.close()
