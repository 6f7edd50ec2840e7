"""Where a webhook may go: public addresses over TLS, nothing inside."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from functions.identity.webhooks import addresses_of, post_webhook
from tests.unit.conftest import SocketOpened


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


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("169.254.169.254", id="metadata of the machine"),
        pytest.param("169.254.170.2", id="credentials of a container"),
        pytest.param("10.0.0.1", id="private 10"),
        pytest.param("172.16.0.1", id="private 172"),
        pytest.param("192.168.0.1", id="private 192"),
        pytest.param("100.64.0.1", id="carrier NAT"),
        pytest.param("0.0.0.0", id="any"),  # noqa: S104 - refused, not bound
        pytest.param("192.0.2.1", id="documentation"),
        pytest.param("198.18.0.1", id="benchmark"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("239.255.255.250", id="multicast of an organisation"),
        pytest.param("::1", id="loopback v6"),
        pytest.param("::", id="any v6"),
        pytest.param("fe80::1%eth0", id="link local v6 with its zone"),
        pytest.param("fd00:ec2::254", id="metadata v6"),
        pytest.param("fc00::1", id="unique local"),
        pytest.param("ff0e::1", id="multicast v6"),
        pytest.param("::ffff:127.0.0.1", id="loopback in v6"),
        pytest.param("::ffff:169.254.169.254", id="metadata in v6"),
        pytest.param("::ffff:10.0.0.1", id="private in v6"),
        pytest.param("64:ff9b::a9fe:a9fe", id="metadata behind NAT64"),
        pytest.param("2002:a9fe:a9fe::1", id="metadata behind 6to4"),
        pytest.param("2002:0a00:0001::1", id="private behind 6to4"),
    ],
)
def test_an_address_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolve_to(monkeypatch, address)

    with pytest.raises(ValueError, match="not public"):
        addresses_of("hooks.example.com", 443, allow_private=False)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolve_to(monkeypatch, address)

    assert addresses_of("hooks.example.com", 443, allow_private=False) == [address]


def test_one_address_inside_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.215.14", "10.0.0.1")

    with pytest.raises(ValueError, match="not public"):
        addresses_of("hooks.example.com", 443, allow_private=False)


def test_one_machine_may_call_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "127.0.0.1")

    assert addresses_of("localhost", 8000, allow_private=True) == ["127.0.0.1"]


def post(url: str, *, allow_private: bool = False) -> str:
    attempt = post_webhook(
        url, "whsec_AAAA", webhook_id="m", timestamp=0, payload={}, allow_private=allow_private
    )
    assert attempt.status is None
    return str(attempt.error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@hooks.example.com/",
        "https://user@hooks.example.com/",
        "gopher://hooks.example.com",
    ],
)
def test_an_address_that_is_no_https_url_is_refused_before_any_look_up(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    asked = resolve_to(monkeypatch, "93.184.215.14")

    assert "must be https without credentials" in post(url)
    assert asked == []


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://hooks.example.com:99999/", "https://hooks.example.com:x/"]
)
def test_an_address_that_cannot_be_read_is_told_not_raised(url: str) -> None:
    assert post(url).startswith("ValueError")


def test_a_name_that_does_not_resolve_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert post("https://no.example.com/").startswith("gaierror")


def test_the_checked_address_is_the_one_that_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve_to(monkeypatch, "93.184.215.14")
    contacted: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        contacted.append(address)
        raise ConnectionRefusedError("nobody")

    monkeypatch.setattr(socket, "create_connection", connect)

    assert "ConnectionRefusedError" in post("https://hooks.example.com:8443/x")
    assert contacted == [("93.184.215.14", 8443)]
    assert asked == ["hooks.example.com"]


def test_unit_tests_would_notice_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.215.14")

    with pytest.raises(SocketOpened):
        post("https://hooks.example.com/")
