"""The vector engine behind TLS: one certificate is trusted, another is not, and a new one or a new key is noticed."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import trustme

from infra.local.qdrant import QdrantFace
from shared.adapters.clock import FakeClock
from shared.adapters.secrets import FakeSecrets, SecretMissing, SecretsManagerStore
from shared.adapters.vectors import CollectionSpec, Scope, VectorEngineRejected
from shared.adapters.vectors_access import Access
from shared.adapters.vectors_qdrant import QdrantVectorStore
from shared.bootstrap import Container
from shared.errors import DependencyUnavailable

SPEC = CollectionSpec("notes", "words-v1", 4, {})
SCOPE = Scope(UUID(int=1))
KEY = "k-1"
HEALTH_CHECK = Path(__file__).resolve().parents[2] / "infra" / "constructs" / "vector_health.sh"


class TlsFront:
    """Ends TLS before the face, as the engine does itself on AWS; `show` replaces the certificate."""

    def __init__(self, face: QdrantFace, leaf: trustme.LeafCert) -> None:
        host, _, port = face.url.removeprefix("http://").partition(":")
        self._behind = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.handshakes = 0
        self.show(leaf)
        self._run(self._accept)

    @property
    def url(self) -> str:
        return f"https://localhost:{self._listening.getsockname()[1]}"

    def show(self, leaf: trustme.LeafCert) -> None:
        """From the next connection on; those that are open end, as with the host that is replaced."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(self._context)
        for connection in list(self._open):
            _end(connection)

    def stop(self) -> None:
        _end(self._listening)
        self._listening.close()
        for connection in list(self._open):
            _end(connection)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _run(self, act: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            self._run(self._serve, plain)

    def _serve(self, plain: socket.socket) -> None:
        self.handshakes += 1
        try:
            outside = self._context.wrap_socket(plain, server_side=True)
        except OSError:  # the client does not trust us
            plain.close()
            return
        self._open.add(outside)
        with outside, suppress(OSError), socket.create_connection(self._behind) as inside:
            _pump(outside, inside)
        self._open.discard(outside)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it had ended


def _pump(outside: ssl.SSLSocket, inside: socket.socket) -> None:
    while True:
        ready = [outside] if outside.pending() else select.select([outside, inside], [], [])[0]
        for source, target in ((outside, inside), (inside, outside)):
            if source in ready:
                data = source.recv(65536)
                if not data:
                    return
                target.sendall(data)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def leaf(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("localhost")


@pytest.fixture
def face(tmp_path: Path) -> Iterator[QdrantFace]:
    with QdrantFace(tmp_path / "vectors", api_key=KEY) as running:
        yield running


@pytest.fixture
def front(face: QdrantFace, leaf: trustme.LeafCert) -> Iterator[TlsFront]:
    running = TlsFront(face, leaf)
    yield running
    running.stop()


class Kept:
    """A secret store's view: what it read last, until it is told to look again."""

    def __init__(self, leaf: trustme.LeafCert, api_key: str = KEY) -> None:
        self.stored = Access(api_key, pem(leaf))
        self._known = self.stored
        self.looks = 0

    def __call__(self, fresh: bool) -> Access:
        if fresh:
            self.looks += 1
            self._known = self.stored
        return self._known


def pem(leaf: trustme.LeafCert) -> str:
    return leaf.cert_chain_pems[0].bytes().decode()


@contextmanager
def store_at(url: str, kept: Kept) -> Iterator[QdrantVectorStore]:
    store = QdrantVectorStore(url, access=kept)
    try:
        yield store
    finally:
        store.close()


def test_the_trusted_certificate_and_the_key_open_the_engine(front: TlsFront, leaf: trustme.LeafCert) -> None:
    kept = Kept(leaf)
    with store_at(front.url, kept) as store:
        assert store.ready()
        store.ensure_collection(SPEC)
        assert store.count(SPEC, SCOPE, {}) == 0

    assert kept.looks == 0
    assert front.handshakes == 2, "one for the question whether it is ready, one for everything else"


def test_another_certificate_of_the_same_name_is_refused(front: TlsFront, authority: trustme.CA) -> None:
    """Even one of the same authority: what is trusted is a certificate, not who issued it."""
    kept = Kept(authority.issue_cert("localhost"))
    with store_at(front.url, kept) as store:
        assert not store.ready()
        with pytest.raises(DependencyUnavailable):
            store.count(SPEC, SCOPE, {})

    assert kept.looks == 2, "once for each request: a new certificate may have come"


def test_a_certificate_of_another_name_is_refused(
    face: QdrantFace, front: TlsFront, authority: trustme.CA
) -> None:
    elsewhere = authority.issue_cert("vectors.elsewhere.internal")
    front.show(elsewhere)
    with store_at(front.url, Kept(elsewhere)) as store, pytest.raises(DependencyUnavailable):
        store.count(SPEC, SCOPE, {})


def test_an_engine_without_a_certificate_of_ours_is_not_trusted(front: TlsFront) -> None:
    store = QdrantVectorStore(front.url, access=lambda _: Access(KEY))
    with pytest.raises(DependencyUnavailable):
        store.count(SPEC, SCOPE, {})
    store.close()


def test_a_new_certificate_is_read_once_and_the_request_sent_again(
    front: TlsFront, leaf: trustme.LeafCert, authority: trustme.CA
) -> None:
    kept = Kept(leaf)
    with store_at(front.url, kept) as store:
        store.ensure_collection(SPEC)
        renewed = authority.issue_cert("localhost")
        front.show(renewed)
        kept.stored = replace(kept.stored, certificate=pem(renewed))

        store.ensure_collection(SPEC)
        assert store.count(SPEC, SCOPE, {}) == 0

    assert kept.looks == 1


def test_a_new_key_is_read_once_and_the_request_sent_again(front: TlsFront, leaf: trustme.LeafCert) -> None:
    kept = Kept(leaf, "the key of last week")
    kept.stored = replace(kept.stored, api_key=KEY)
    with store_at(front.url, kept) as store:
        store.ensure_collection(SPEC)
        assert store.count(SPEC, SCOPE, {}) == 0

    assert kept.looks == 1


def test_a_key_that_stays_wrong_is_told(front: TlsFront, leaf: trustme.LeafCert) -> None:
    with (
        store_at(front.url, Kept(leaf, "wrong")) as store,
        pytest.raises(VectorEngineRejected, match="401") as caught,
    ):
        store.count(SPEC, SCOPE, {})

    assert "wrong" not in str(caught.value)


def test_many_threads_notice_a_new_certificate(
    front: TlsFront, leaf: trustme.LeafCert, authority: trustme.CA
) -> None:
    kept = Kept(leaf)
    counts: list[int] = []
    with store_at(front.url, kept) as store:
        store.ensure_collection(SPEC)
        renewed = authority.issue_cert("localhost")
        front.show(renewed)
        kept.stored = replace(kept.stored, certificate=pem(renewed))
        threads = [
            threading.Thread(target=lambda: counts.append(store.count(SPEC, SCOPE, {}))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert counts == [0] * 8
    assert kept.looks == 1


def test_access_shows_in_no_representation(leaf: trustme.LeafCert) -> None:
    shown = repr(Access("s3cr3t", pem(leaf)))

    assert "s3cr3t" not in shown
    assert "BEGIN" not in shown


class Manager:
    """The part of Secrets Manager that is read from."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        return {"SecretString": self.values[SecretId]}


def test_what_secrets_manager_keeps_is_looked_at_again_before_its_copy_is_old(
    front: TlsFront, leaf: trustme.LeafCert, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "VECTORS_URL": front.url,
        "VECTORS_KEY_SECRET": "key",
        "VECTORS_CERTIFICATE_SECRET": "certificate",
        "HOUSE_TENANT_ID": str(UUID(int=1)),
    }.items():
        monkeypatch.setenv(name, value)
    manager, own = Manager(key=KEY, certificate=pem(leaf)), Container()
    own.secrets = SecretsManagerStore(manager, FakeClock())
    own.vectors.ensure_collection(SPEC)

    renewed = authority.issue_cert("localhost")
    front.show(renewed)
    manager.values["certificate"] = pem(renewed)
    own.vectors.ensure_collection(SPEC)
    own.vectors.close()  # type: ignore[attr-defined]  # of the store on Qdrant


def test_without_a_secret_of_a_certificate_only_the_key_is_read(
    face: QdrantFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VECTORS_CERTIFICATE_SECRET", raising=False)
    monkeypatch.setenv("VECTORS_URL", face.url)
    monkeypatch.setenv("VECTORS_KEY_SECRET", "key")
    monkeypatch.setenv("HOUSE_TENANT_ID", str(UUID(int=1)))
    own = Container()
    own.secrets = FakeSecrets({"key": KEY})
    own.vectors.ensure_collection(SPEC)
    own.vectors.close()  # type: ignore[attr-defined]  # of the store on Qdrant


def test_a_certificate_that_is_none_opens_nothing(front: TlsFront) -> None:
    store = QdrantVectorStore(front.url, access=lambda _: Access(KEY, "not a certificate"))

    assert not store.ready()
    with pytest.raises(DependencyUnavailable):
        store.count(SPEC, SCOPE, {})
    store.close()


def test_a_key_that_is_not_there_is_told_as_such(front: TlsFront) -> None:
    def unset(fresh: bool) -> Access:
        raise SecretMissing("The secret key has no value.")

    store = QdrantVectorStore(front.url, access=unset)
    with pytest.raises(SecretMissing):
        store.count(SPEC, SCOPE, {})
    store.close()


def is_healthy(front: TlsFront, certificate: Path) -> bool:
    """What ECS asks in the engine's container."""
    port = front.url.rpartition(":")[2]
    script = HEALTH_CHECK.read_text(encoding="utf-8")
    asked = ["bash", "-c", script, "readyz", str(certificate), port]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def test_the_container_is_healthy_when_the_engine_says_so_with_its_certificate(
    front: TlsFront, leaf: trustme.LeafCert, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "trusted.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")

    assert is_healthy(front, tmp_path / "trusted.pem")
    assert not is_healthy(front, tmp_path / "other.pem")


def test_the_container_is_not_healthy_when_the_engine_is_gone(
    face: QdrantFace, front: TlsFront, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "trusted.pem")
    face.stop()

    assert not is_healthy(front, tmp_path / "trusted.pem")
