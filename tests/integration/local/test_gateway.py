"""The HTTP front of one machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local.serving import Limits, PortInUse, Server
from infra.local.webhook_sink import ENDPOINT_ID
from shared.webhook_signature import derive_secret
from tests.integration.local.conftest import ACCOUNT, System, together


def _ask(
    system: System, method: str, path: str, body: bytes | str | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(system.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    try:
        data = body.encode() if isinstance(body, str) else body
        connection.request(method, path, data, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def _problem(answer: tuple[int, dict[str, str], bytes], status: int, path: str) -> dict[str, Any]:
    assert answer[0] == status
    assert answer[1]["content-type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answer[2])
    assert document["status"] == status
    assert document["instance"] == path
    assert {"type", "title", "detail"} < set(document)
    assert document["request_id"] == answer[1]["x-request-id"]
    return document


def test_whom_the_authorizer_lets_in_comes_with_its_context(system: System) -> None:
    status, _, body = _ask(system, "GET", "/v1/guarded", Authorization="Bearer good")

    assert status == 200
    context = json.loads(body)["requestContext"]
    assert context["authorizer"]["principalId"] == "someone"
    assert context["authorizer"]["operation"] == context["resourcePath"] == "/v1/guarded"


@pytest.mark.parametrize(
    ("token", "status", "header", "detail"),
    [
        ("bad", 401, ("www-authenticate", "Bearer"), "The request carries no valid credentials."),
        ("poor", 403, ("x-content-type-options", "nosniff"), "This needs the permission thing:read."),
        ("other", 503, ("retry-after", "1"), "Nobody can say just now whether this is allowed"),
    ],
)
def test_whom_it_does_not_let_in_is_told_why(
    system: System, token: str, status: int, header: tuple[str, str], detail: str
) -> None:
    answer = _ask(system, "GET", "/v1/guarded", Authorization=f"Bearer {token}")

    assert detail in _problem(answer, status, "/v1/guarded")["detail"]
    assert answer[1][header[0]] == header[1]


def test_a_request_becomes_the_event_of_api_gateway(system: System) -> None:
    status, _, body = _ask(
        system,
        "GET",
        "/v1/things/caf%C3%A9/parts/a%2Fb?q=x%20y&q=z&empty=",
        User_Agent="tests",
        X_Forwarded_For="203.0.113.9",
    )

    assert status == 200
    event = json.loads(body)
    assert event["resource"] == "/v1/things/{thing_id}/parts/{part_id}"
    assert event["path"] == "/v1/things/café/parts/a/b"
    assert event["httpMethod"] == "GET"
    assert event["pathParameters"] == {"thing_id": "café", "part_id": "a/b"}
    assert event["queryStringParameters"] == {"q": "z", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"q": ["x y", "z"], "empty": [""]}
    assert event["stageVariables"] is None
    assert event["body"] is None
    assert event["isBase64Encoded"] is False
    assert event["headers"]["User-Agent"] == "tests"
    assert event["headers"]["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"
    assert event["multiValueHeaders"]["User-Agent"] == ["tests"]
    context = event["requestContext"]
    assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "tests"}
    assert context["resourcePath"] == event["resource"]
    assert context["stage"] == "local"
    assert context["accountId"] == ACCOUNT
    assert uuid.UUID(context["requestId"])


def test_a_body_is_text_or_base64(system: System) -> None:
    text = json.loads(_ask(system, "POST", "/v1/things", "é ☕", Content_Type="text/plain")[2])
    binary = json.loads(_ask(system, "POST", "/v1/things", b"\xff\x00")[2])

    assert (text["body"], text["isBase64Encoded"]) == ("é ☕", False)
    assert text["headers"]["Content-Type"] == "text/plain"
    assert (binary["body"], binary["isBase64Encoded"]) == (base64.b64encode(b"\xff\x00").decode(), True)


def test_an_answer_is_translated(system: System) -> None:
    answer = {
        "statusCode": 201,
        "headers": {"Location": "/v1/things/1", "X-Number": 3},
        "multiValueHeaders": {"Link": ["<a>", "<b>"]},
        "body": base64.b64encode(b"\x00\xff").decode(),
        "isBase64Encoded": True,
    }

    status, headers, body = _ask(system, "POST", "/v1/things", json.dumps({"answer": answer}))

    assert (status, body) == (201, b"\x00\xff")
    assert headers["location"] == "/v1/things/1"
    assert headers["x-number"] == "3"


@pytest.mark.parametrize("answer", [None, "text", {}, {"statusCode": "x"}, {"statusCode": 200, "body": 5}])
def test_an_answer_that_says_nothing_is_a_bad_gateway(system: System, answer: Any) -> None:
    _problem(_ask(system, "POST", "/v1/things", json.dumps({"answer": answer})), 502, "/v1/things")


def test_what_a_handler_raises_is_not_told(system: System) -> None:
    document = _problem(_ask(system, "POST", "/v1/things", "raise"), 502, "/v1/things")

    assert "secret detail" not in json.dumps(document)


def test_a_header_cannot_smuggle_another(system: System) -> None:
    answer = {"statusCode": 200, "headers": {"X-One": "1\r\nX-Two: 2"}, "body": ""}

    _, headers, _ = _ask(system, "POST", "/v1/things", json.dumps({"answer": answer}))

    assert "x-two" not in headers


def test_a_slow_function_is_a_gateway_timeout(system: System, tag: str) -> None:
    _problem(_ask(system, "POST", "/v1/slow", json.dumps({"tag": tag})), 504, "/v1/slow")
    system.invoke("release", {"tag": tag})


def test_unknown_paths_and_methods(system: System) -> None:
    _problem(_ask(system, "GET", "/v1/nothing"), 404, "/v1/nothing")
    _problem(_ask(system, "GET", "/v1/things/1/2/3"), 404, "/v1/things/1/2/3")
    refused = _ask(system, "DELETE", "/v1/things/1")
    _problem(refused, 405, "/v1/things/1")
    assert refused[1]["allow"] == "GET"


def test_too_large_a_body_is_refused_before_it_is_sent(system: System) -> None:
    parts = urlsplit(system.url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=5) as connection:
        connection.sendall(
            b"POST /v1/things HTTP/1.1\r\nHost: local\r\nContent-Length: 1000000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


def test_a_body_in_chunks_has_the_same_limit(system: System) -> None:
    parts = urlsplit(system.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    chunks = iter([b"x" * 1024 * 1024] * 11)
    try:
        connection.request("POST", "/v1/things", chunks, encode_chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        connection.close()
        return  # refused while it was still being sent
    assert connection.getresponse().status == 413
    connection.close()


def test_what_lambda_cannot_take_is_too_large_as_well(system: System) -> None:
    _problem(_ask(system, "POST", "/v1/things", b"x" * (7 * 1024 * 1024)), 413, "/v1/things")


def test_a_connection_is_kept(system: System) -> None:
    parts = urlsplit(system.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    ports = set()
    for _ in range(3):
        connection.request("GET", "/v1/things/1")
        connection.getresponse().read()
        ports.add(connection.sock.getsockname()[1])
    connection.close()

    assert len(ports) == 1


def test_many_at_once(system: System) -> None:
    answers = together(lambda index: _ask(system, "GET", f"/v1/things/{index}"), 20)

    assert [json.loads(answer[2])["pathParameters"]["thing_id"] for answer in answers] == [
        str(index) for index in range(20)
    ]


def test_health_and_page(system: System) -> None:
    status, _, body = _ask(system, "GET", "/_local/health")
    page = _ask(system, "GET", "/_local/")

    assert status == 200
    parts = {"API": "ok", "AWS": "ok", "Previews": "ok", "Logs": "ok"}
    assert json.loads(body) == {"status": "ok", "parts": parts}
    assert page[0] == 200
    assert b"RoboAgency on this machine" in page[2]
    assert system.about["aws_url"].encode() in page[2]
    assert b"<script" not in page[2]
    assert _ask(system, "GET", "/")[1]["location"] == "/_local/"
    _problem(_ask(system, "GET", "/_local/other"), 404, "/_local/other")
    _problem(_ask(system, "PUT", "/_local/health"), 405, "/_local/health")


def _webhook(
    system: System, payload: dict[str, Any], *, age: int = 0, key: str = "", version: int = 1
) -> int:
    body = json.dumps(payload)
    identifier, stamp = f"msg_{uuid.uuid4()}", str(int(time.time()) - age)
    derived = derive_secret(key or system.secrets["webhook-key"], ENDPOINT_ID, version)
    secret = base64.b64decode(derived.removeprefix("whsec_"))
    signed = hmac.new(secret, f"{identifier}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    signatures = "v1,bm90aGluZw== v1," + base64.b64encode(signed).decode()
    return _ask(
        system,
        "POST",
        "/_local/webhooks",
        body,
        webhook_id=identifier,
        webhook_timestamp=stamp,
        webhook_signature=signatures,
    )[0]


def test_webhooks_are_checked_and_kept(system: System, tag: str) -> None:
    wrong = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()

    statuses = [
        _webhook(system, {"type": "kit.completed", "n": 1, "tag": tag}),
        _webhook(system, {"type": "kit.completed", "n": 1, "tag": tag}, version=2),
        _webhook(system, {"type": "kit.completed", "n": 2, "tag": tag}, age=3600),
        _webhook(system, {"type": "kit.completed", "n": 3, "tag": tag}, key=wrong),
        _ask(system, "POST", "/_local/webhooks", f"no json {tag}")[0],
    ]

    assert statuses == [204, 204, 401, 401, 401]
    entries = json.loads(_ask(system, "GET", "/_local/webhooks")[2])["data"]
    kept = [entry for entry in entries if tag in json.dumps(entry)]
    assert [entry["verified"] for entry in kept] == [True, True, False, False, False]
    assert [entry["type"] for entry in kept] == ["kit.completed"] * 4 + [None]
    assert set(kept[0]) == {"id", "type", "time", "verified", "payload"}
    assert (system.folder / "webhooks.jsonl").read_text().count(tag) == 5


def test_the_handlers_output_is_in_the_log_and_not_in_the_terminal(system: System) -> None:
    _ask(system, "GET", "/v1/things/1")

    log = (system.folder / "logs" / "functions.log").read_text()
    assert "a line of the handler" in log
    report = next(json.loads(line) for line in log.splitlines() if '"platform.report"' in line)
    assert report["status"] == "success"
    assert not any("a line of the handler" in line for line in system.output)


@pytest.fixture
def strict() -> Iterator[Server]:
    """A server with little patience."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read()]

    server = Server(app, limits=Limits(idle=0.3, head=0.3, upload=0.3, connections=3))
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
    ],
    ids=["silent", "request line", "headers", "body"],
)
def test_a_client_that_dawdles_is_hung_up_on(strict: Server, beginning: bytes) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as connection:
        connection.sendall(beginning)
        hung_up = False
        dripping = 0
        while not hung_up and dripping < 600:
            connection.settimeout(0.05)
            try:
                hung_up = connection.recv(1) == b""
            except TimeoutError:
                dripping += 1
                if beginning:
                    connection.send(b"x")  # a byte now and then does not help
            except ConnectionError:
                hung_up = True
        assert hung_up


def test_connections_are_limited(strict: Server) -> None:
    held = [socket.create_connection(("127.0.0.1", strict.port), timeout=5) for _ in range(3)]
    answers = []
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as more:
            answers.append(more.recv(1000))
    for connection in held:
        connection.close()

    assert any(answer.startswith(b"HTTP/1.1 503") for answer in answers)


def test_a_taken_port_is_told_plainly(strict: Server) -> None:
    with pytest.raises(
        PortInUse, match=f"port {strict.port} on 127.0.0.1 cannot be used: Address already in use"
    ):
        Server(strict.app, port=strict.port)


def test_an_error_of_the_application_is_a_500(strict: Server) -> None:
    heard: list[Exception] = []

    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise RuntimeError("inner secret")

    server = Server(broken, on_error=heard.append)
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    server.stop()

    assert answer.status == 500
    assert b"secret" not in body
    assert str(heard[0]) == "inner secret"
