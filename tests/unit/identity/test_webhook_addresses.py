"""Where a webhook may go: public addresses over TLS, nothing inside."""

from __future__ import annotations

import ipaddress
import socket
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.webhooks.addresses import AddressRefused, Target, check_url, is_public
from functions.identity.webhooks.posting import Attempt, Internet, post_webhook
from tests.unit.conftest import SocketOpened

PUBLIC = "93.184.215.14"

INSIDE = [
    pytest.param("127.0.0.1", id="loopback"),
    pytest.param("127.255.255.254", id="end of loopback"),
    pytest.param("169.254.169.254", id="metadata of the machine"),
    pytest.param("169.254.170.2", id="credentials of a container"),
    pytest.param("10.0.0.1", id="private 10"),
    pytest.param("172.16.0.1", id="private 172"),
    pytest.param("172.31.255.255", id="end of private 172"),
    pytest.param("192.168.0.1", id="private 192"),
    pytest.param("100.64.0.1", id="carrier NAT"),
    pytest.param("0.0.0.0", id="any"),  # noqa: S104 - refused, not bound
    pytest.param("192.0.2.1", id="documentation"),
    pytest.param("192.88.99.1", id="relay of 6to4"),
    pytest.param("198.18.0.1", id="benchmark"),
    pytest.param("240.0.0.1", id="reserved"),
    pytest.param("255.255.255.255", id="broadcast"),
    pytest.param("224.0.0.1", id="multicast"),
    pytest.param("239.255.255.250", id="multicast of an organisation"),
    pytest.param("::1", id="loopback v6"),
    pytest.param("::", id="any v6"),
    pytest.param("fe80::1", id="link local v6"),
    pytest.param("fe80::1%eth0", id="link local v6 with its zone"),
    pytest.param("fec0::1", id="site local v6"),
    pytest.param("fd00:ec2::254", id="metadata v6"),
    pytest.param("fc00::1", id="unique local"),
    pytest.param("ff0e::1", id="multicast v6"),
    pytest.param("::7f00:1", id="loopback in the oldest v6"),
    pytest.param("::ffff:127.0.0.1", id="loopback in v6"),
    pytest.param("::ffff:169.254.169.254", id="metadata in v6"),
    pytest.param("::ffff:10.0.0.1", id="private in v6"),
    pytest.param("::ffff:224.0.0.1", id="multicast in v6"),
    pytest.param("64:ff9b::a9fe:a9fe", id="metadata behind NAT64"),
    pytest.param("64:ff9b:1::a9fe:a9fe", id="metadata behind a NAT64 of one's own"),
    pytest.param("2002:a9fe:a9fe::1", id="metadata behind 6to4"),
    pytest.param("2002:0a00:0001::1", id="private behind 6to4"),
    pytest.param("2001:0:53aa:64c:0:0:5601:5601", id="behind Teredo"),
    pytest.param("2001:db8::1", id="documentation v6"),
    pytest.param("not an address", id="no address"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:0808:0808::1",
    ],
)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing(inner: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(b"\x00" * 10 + b"\xff\xff" + inner.packed)
    nat64 = ipaddress.IPv6Address(ipaddress.IPv6Address("64:ff9b::").packed[:12] + inner.packed)
    sixtofour = ipaddress.IPv6Address(b"\x20\x02" + inner.packed + b"\x00" * 10)

    assert {is_public(str(found)) for found in (mapped, nat64, sixtofour)} == {is_public(str(inner))}


@given(st.ip_addresses(v=4))
def test_what_the_library_calls_private_is_never_public(address: ipaddress.IPv4Address) -> None:
    kinds = (address.is_private, address.is_loopback, address.is_link_local, address.is_multicast)

    assert not (is_public(str(address)) and (any(kinds) or address.is_reserved or address.is_unspecified))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", Target("hooks.example.com", 443, "/", True)),
        ("https://hooks.example.com:8443/a/b?c=d", Target("hooks.example.com", 8443, "/a/b?c=d", True)),
        ("https://HOOKS.example.com:1024/", Target("hooks.example.com", 1024, "/", True)),
        ("https://xn--bcher-kva.example/%C3%BC", Target("xn--bcher-kva.example", 443, "/%C3%BC", True)),
        (f"https://{PUBLIC}/", Target(PUBLIC, 443, "/", True)),
        ("https://[2606:2800:21f::1]:8443/", Target("2606:2800:21f::1", 8443, "/", True)),
        ("https://a_b.example.com./?x", Target("a_b.example.com.", 443, "/?x", True)),
    ],
)
def test_a_url_outside_is_taken(url: str, target: Target) -> None:
    assert check_url(url, allow_private=False) == target


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "printable ASCII"),
        ("hooks.example.com", "an https URL"),
        ("http://hooks.example.com/", "an https URL"),
        ("ftp://hooks.example.com/", "an https URL"),
        ("file:///etc/passwd", "an https URL"),
        ("gopher://hooks.example.com", "an https URL"),
        ("https://", "have a host"),
        ("https://user:password@hooks.example.com/", "user name"),
        ("https://user@hooks.example.com/", "user name"),
        ("https://@hooks.example.com/", "user name"),
        ("https://hooks.example.com/#there", "fragment"),
        ("https://hooks.example.com/#", "fragment"),
        ("https://hooks.example.com:22/", "port 443"),
        ("https://hooks.example.com:0/", "port 443"),
        ("https://hooks.example.com:80/", "port 443"),
        ("https://hooks.example.com:99999/", "at most, a port"),
        ("https://hooks.example.com:x/", "at most, a port"),
        ("https://[::1", "at most, a port"),
        ("https://hooks.example.com/a b", "printable ASCII"),
        ("https://hooks.example.com/\r\nx: y", "printable ASCII"),
        ("https://hooks.example.com\\@127.0.0.1/", "printable ASCII"),
        ("https://bücher.example/", "printable ASCII"),
        ("https://localhost/", "host on the internet"),
        ("https://intranet/", "host on the internet"),
        ("https://printer.local/", "host on the internet"),
        ("https://metadata.google.internal/", "host on the internet"),
        ("https://a.localhost./", "host on the internet"),
        ("https://127.0.0.1/", "private address"),
        ("https://[::ffff:169.254.169.254]/", "private address"),
        ("https://[fe80::1%25eth0]/", "private address"),
        ("https://2130706433/", "complete IP address"),
        ("https://0x7f000001/", "complete IP address"),
        ("https://127.1/", "complete IP address"),
        ("https://0177.0.0.1/", "complete IP address"),
        ("https://-a.example.com/", "have a host"),
        ("https://a..example.com/", "have a host"),
    ],
)
def test_a_url_that_leads_elsewhere_is_refused_with_a_reason(url: str, told: str) -> None:
    with pytest.raises(AddressRefused, match=told):
        check_url(url, allow_private=False)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://127.0.0.1:8000/_local/webhooks", True),
        ("http://localhost/", True),
        ("https://[::1]:8443/", True),
        ("http://127.0.0.1:25/", False),
        ("ftp://127.0.0.1/", False),
        ("http://user@127.0.0.1/", False),
    ],
)
def test_one_machine_may_call_itself(url: str, taken: bool) -> None:
    if taken:
        assert check_url(url, allow_private=True).path.startswith("/")
    else:
        with pytest.raises(AddressRefused):
            check_url(url, allow_private=True)


@given(st.text(max_size=60) | st.from_regex(r"https?://[!-~]{0,40}", fullmatch=True))
def test_any_text_is_a_target_or_refused(url: str) -> None:
    try:
        target = check_url(url, allow_private=False)
    except AddressRefused:
        return
    assert target.secure
    assert target.port == 443 or target.port >= 1024
    assert target.path.startswith(("/", "?"))


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name resolve to these addresses; return the names that were asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in found else socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))
            for found in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def post(url: str, **options: Any) -> Attempt:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return post_webhook(url, b"{}", {}, **{"allow_private": False, "now": now, **options})


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), ("169.254.169.254",), (PUBLIC, "10.0.0.1"), ("::ffff:127.0.0.1",)]
)
def test_a_name_that_leads_inside_is_not_contacted(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    asked = resolve_to(monkeypatch, *addresses)

    attempt = post("https://hooks.example.com/")

    assert (attempt.status, attempt.error) == (None, "the URL must not lead to a private address")
    assert asked == ["hooks.example.com"]


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://x:y@z.example/"])
def test_a_url_that_may_not_be_is_not_even_looked_up(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    asked = resolve_to(monkeypatch, PUBLIC)

    assert str(post(url).error).startswith("the URL must")
    assert asked == []


def test_a_name_that_does_not_resolve_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert post("https://no.example.com/").error == "the name of the host does not resolve"


def test_the_checked_address_is_the_one_that_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve_to(monkeypatch, PUBLIC)
    contacted: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        contacted.append(address)
        raise ConnectionRefusedError("nobody")

    monkeypatch.setattr(socket, "create_connection", connect)

    assert post("https://hooks.example.com:8443/x").error == "the connection was refused"
    assert contacted == [(PUBLIC, 8443)]
    assert asked == ["hooks.example.com"]


def test_the_second_address_is_tried_when_the_first_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, "2606:2800:21f::1", PUBLIC)
    contacted: list[str] = []

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        contacted.append(address[0])
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", connect)

    assert post("https://hooks.example.com/").error == "the host cannot be reached"
    assert contacted == ["2606:2800:21f::1", PUBLIC]


def test_a_look_up_without_end_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def stuck(*_: Any, **__: Any) -> list[Any]:
        over.wait(30)
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    try:
        assert post("https://hooks.example.com/", seconds=0.05).error == "there was no answer within 0.05 s"
        with pytest.raises(TimeoutError):
            Internet().resolve("hooks.example.com", 443, 0.01)
    finally:
        over.set()


def test_unit_tests_would_notice_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, PUBLIC)

    with pytest.raises(SocketOpened):
        post("https://hooks.example.com/")
