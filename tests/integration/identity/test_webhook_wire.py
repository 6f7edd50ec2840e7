"""Posting over real sockets and real TLS: what a receiver sees, and what it cannot do."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.identity.webhooks.posting import Attempt, Internet, post_webhook
from tests.integration.identity.webhook_world import PUBLIC, answer

HOST = "hooks.example.com"
HELLO = b"\x16\x03"  # of TLS
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class Server:
    """Listens on this machine, hands each connection to `serve`, keeps what came and the name asked for by TLS."""

    def __init__(self, serve: Callable[[socket.socket, bytes], None], context: ssl.SSLContext | None) -> None:
        self.got: list[bytes] = []
        self.names: list[str | None] = []
        self._serve = serve
        self._context = context
        if context is not None:
            context.sni_callback = lambda _, name, __: self.names.append(name)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            with plain:
                try:
                    self._talk(plain)
                except OSError:
                    continue

    def _talk(self, plain: socket.socket) -> None:
        plain.settimeout(20)
        context = self._context
        with ExitStack() as stack:
            line = plain
            if context is not None:
                line = stack.enter_context(context.wrap_socket(plain, server_side=True))
            received = b""
            while not received.startswith(HELLO) and not received.endswith(b"}"):
                part = line.recv(65536)
                if not part:
                    return
                received += part
            self.got.append(received)
            self._serve(line, received)

    def close(self) -> None:
        """Listen no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


class Elsewhere(Internet):
    """The internet on which one public address is a server of the test."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int, seconds: float) -> list[str]:
        del host, port, seconds
        return [PUBLIC]

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.asked.append((address, port))
        return super().connect("127.0.0.1", self.port, seconds)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of HOST that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


Start = Callable[..., Server]


@pytest.fixture
def start(certificate: Path) -> Iterator[Start]:
    """Starts servers: `start(serve, tls=True)`."""
    with ExitStack() as stack:

        def make(serve: Callable[[socket.socket, bytes], None], *, tls: bool = False) -> Server:
            context = None
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
            server = Server(serve, context)
            stack.callback(server.close)
            return server

        yield make


def post(url: str, **options: Any) -> Attempt:
    return post_webhook(
        url, b'{"a":1}', {"webhook-id": "msg_1"}, **{"now": NOW, "allow_private": False, **options}
    )


def told(attempt: Attempt) -> tuple[int | None, str | None]:
    return attempt.status, attempt.error


def saying(data: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda line, _: line.sendall(data)


def test_a_post_over_tls_asks_for_the_name_and_checks_it(start: Start, certificate: Path) -> None:
    server = start(saying(answer(204)), tls=True)
    trusting = ssl.create_default_context(cafile=str(certificate))
    network = Elsewhere(server.port)

    attempt = post(f"https://{HOST}/in?x=1", network=network, context=trusting)

    assert told(attempt) == (204, None)
    assert network.asked == [(PUBLIC, 443)]
    assert server.names == [HOST]
    (request,) = server.got
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /in?x=1 HTTP/1.1"
    assert {f"Host: {HOST}", "webhook-id: msg_1", "connection: close", "Content-Length: 7"} <= set(lines)
    assert body == b'{"a":1}'


@pytest.mark.parametrize(("host", "trusted"), [(HOST, False), ("other.example.com", True)])
def test_a_certificate_of_nobody_or_of_another_is_refused(
    start: Start, certificate: Path, host: str, trusted: bool
) -> None:
    server = start(saying(answer(204)), tls=True)
    context = ssl.create_default_context(cafile=str(certificate)) if trusted else None

    attempt = post(f"https://{host}/", network=Elsewhere(server.port), context=context)

    assert attempt.status is None
    assert str(attempt.error).startswith("the TLS connection failed: CERTIFICATE_VERIFY_FAILED")
    assert server.got == []


def test_a_server_that_speaks_no_tls_is_told(start: Start) -> None:
    server = start(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    attempt = post(f"https://{HOST}/", network=Elsewhere(server.port))

    assert attempt.status is None
    assert str(attempt.error).startswith("the TLS connection failed")
    assert server.got[0].startswith(HELLO)


def test_a_handshake_that_never_ends_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network = Elsewhere(silent.getsockname()[1])
        attempt = post(f"https://{HOST}/", network=network, seconds=0.1)

    assert told(attempt) == (None, "there was no answer within 0.1 s")


def test_a_silent_receiver_is_left_at_the_deadline(start: Start) -> None:
    over = threading.Event()

    def wait(*_: object) -> None:
        over.wait(20)

    server = start(wait)
    attempt = post(f"http://127.0.0.1:{server.port}/", allow_private=True, seconds=0.1)
    over.set()

    assert told(attempt) == (None, "there was no answer within 0.1 s")


def test_a_body_without_end_is_not_read(start: Start) -> None:
    sent = threading.Event()

    def pour(line: socket.socket, _: bytes) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:
                line.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        finally:
            sent.set()

    server = start(pour)
    assert told(post(f"http://127.0.0.1:{server.port}/", allow_private=True)) == (200, None)
    assert sent.wait(20), "the connection was closed on it"


def test_a_connection_that_is_reset_is_told(start: Start) -> None:
    def reset(line: socket.socket, _: bytes) -> None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        line.close()

    server = start(reset)
    attempt = post(f"http://127.0.0.1:{server.port}/", allow_private=True)

    assert told(attempt) == (None, "the connection was closed before an answer")


def test_a_redirect_is_not_followed(start: Start) -> None:
    server = start(saying(answer(302, "location: /elsewhere")))
    attempt = post(f"http://127.0.0.1:{server.port}/", allow_private=True)

    assert told(attempt) == (302, "redirects are not followed")
    assert len(server.got) == 1


def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    attempt = post(f"http://127.0.0.1:{port}/", allow_private=True)

    assert told(attempt) == (None, "the connection was refused")
