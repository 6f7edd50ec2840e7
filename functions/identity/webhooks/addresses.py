"""Where a webhook may go: https, a host outside, a port that is one for it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all of IPv6 that IANA has given out to the internet
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526: anycast of 6to4, withdrawn
_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)*"
)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HTTPS, _HTTP, _FIRST_FREE = 443, 80, 1024


class AddressRefused(ValueError):
    """A webhook may not go there; the message says why."""


@dataclass(frozen=True)
class Target:
    """A URL taken apart. path: with the query, never empty."""

    host: str
    port: int
    path: str
    secure: bool


def check_url(url: str, *, allow_private: bool) -> Target:
    """Return where a URL leads, without looking its name up. Raises AddressRefused.

    allow_private: on one machine plain http and hosts inside are allowed too.
    """
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise AddressRefused("must be a URL of printable ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("must be a URL with a host and, at most, a port") from error
    secure = parts.scheme == "https"
    if not secure and not (allow_private and parts.scheme == "http"):
        raise AddressRefused("must be an https URL")
    if "@" in parts.netloc:
        raise AddressRefused("must not hold a user name or a password")
    if parts.fragment or "#" in url:
        raise AddressRefused("must not have a fragment")
    port = (_HTTPS if secure else _HTTP) if port is None else port
    # Below 1024 are mail, shells and name servers: whoever speaks TLS there is no receiver of webhooks.
    if port < _FIRST_FREE and port != _HTTPS and not (allow_private and port == _HTTP):
        raise AddressRefused("must use port 443, or one from 1024 on")
    host = _check_host(parts.hostname or "", allow_private)
    path = parts.path or "/"
    return Target(host, port, f"{path}?{parts.query}" if parts.query else path, secure)


def _check_host(host: str, allow_private: bool) -> str:
    literal = literal_address(host)
    if literal is not None:
        if not allow_private and not is_public(literal):
            raise AddressRefused("must not lead to a private address")
        return host
    name = host.removesuffix(".")
    if not _HOST.fullmatch(name):
        raise AddressRefused("must have a host; a name of other letters in its ASCII form (xn--…)")
    labels = name.split(".")
    # `127.1`, `0x7f000001` and `2130706433` are addresses to a resolver.
    if _NUMBER.fullmatch(labels[-1]):
        raise AddressRefused("must have a name or a complete IP address as host")
    if not allow_private and (len(labels) < 2 or labels[-1] in ("localhost", "local", "internal")):
        raise AddressRefused("must have a host on the internet")
    return host


def literal_address(host: str) -> str | None:
    """Return the address that a host is, None when it is a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an address leads outside, judged by the IPv4 address that it wraps, if any.

    Refused: loopback, private, link-local (with the metadata services of clouds), shared (carrier NAT), unique local,
    multicast, reserved, documentation, and every IPv6 address that is not from the part given out to the internet.
    """
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour
        if wrapped is None and found in _NAT64:
            wrapped = ipaddress.IPv4Address(found.packed[-4:])
        if wrapped is None:
            return found in _UNICAST and found.is_global and found.teredo is None
        found = wrapped
    return found.is_global and not found.is_multicast and found not in _RELAYS
