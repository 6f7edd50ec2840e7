"""Every embedder keeps the same promises; Bedrock's is driven over HTTP against a double of InvokeModel."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.embeddings import (
    BedrockEmbedder,
    Embedder,
    EmbeddingRejected,
    HashedEmbedder,
    sparse_query,
    sparse_terms,
)
from shared.adapters.embeddings_minilm import MiniLmEmbedder
from shared.adapters.lexical import stem, words
from shared.errors import DependencyUnavailable, Invalid


@dataclass
class BedrockDouble:
    """Answers InvokeModel as Cohere Embed v4 does, or with the next of `failures`; remembers the requests."""

    url: str = ""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failures: list[tuple[int, str, bytes]] = field(default_factory=list)

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, str, bytes]:
        self.requests.append((path, body))
        if self.failures:
            return self.failures.pop(0)
        size, kind = body["output_dimension"], body["input_type"]
        # Not normalised on purpose; a query lies beside its document, not upon it.
        vectors = [
            [float(len(text)), 2.0, *[0.0] * (size - 3), float(kind == "search_query")]
            for text in body["texts"]
        ]
        answer = {"id": "1", "response_type": "embeddings_by_type", "embeddings": {"float": vectors}}
        return 200, "", json.dumps(answer).encode()


@pytest.fixture
def bedrock() -> Iterator[BedrockDouble]:
    double = BedrockDouble()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, code, content = double.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if code:
                self.send_header("x-amzn-ErrorType", code)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        double.url = f"http://127.0.0.1:{server.server_port}"
        yield double
        server.shutdown()
        thread.join()


def runtime(url: str) -> Any:
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2),
    )


@pytest.fixture(
    params=["hashed-1536", "hashed-768", "minilm-1536", "minilm-768", "bedrock-1536", "bedrock-768"]
)
def embedder(request: pytest.FixtureRequest, bedrock: BedrockDouble) -> Embedder:
    kind, dimension = request.param.split("-")
    if kind == "hashed":
        return HashedEmbedder(int(dimension))
    if kind == "minilm":
        return MiniLmEmbedder(int(dimension))
    return BedrockEmbedder(runtime(bedrock.url), dimension=int(dimension))


def test_vectors_have_the_dimension_and_unit_length(embedder: Embedder) -> None:
    vectors = [*embedder.embed_documents(["Quota of fish", "A doctor"]), embedder.embed_query("quota")]

    assert embedder.dimension in {768, 1536}
    assert [len(vector) for vector in vectors] == [embedder.dimension] * 3
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * 3)


def test_the_model_has_a_name(embedder: Embedder) -> None:
    assert embedder.model in {"hashed-ngrams-v1", "minilm-int8-hash-v1", "cohere.embed-v4"}


def test_texts_are_embedded_in_order_and_alike_each_time(embedder: Embedder) -> None:
    texts = [f"boats {number}" for number in range(1, 101)]

    together = embedder.embed_documents(texts)

    assert embedder.embed_documents([texts[0], texts[99]]) == [together[0], together[99]]
    assert together[0] != together[99]


def test_a_text_longer_than_the_model_reads_is_embedded_all_the_same(embedder: Embedder) -> None:
    long, longer = ("quota of boats " * times for times in (2_000, 20_000))

    vectors = embedder.embed_documents([long, longer])

    assert [len(vector) for vector in vectors] == [embedder.dimension] * 2
    assert all(map(math.isfinite, vectors[1]))


def test_no_texts_make_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_documents([]) == []


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_a_blank_text_is_refused(embedder: Embedder, blank: str) -> None:
    with pytest.raises(Invalid):
        embedder.embed_documents(["fine", blank])
    with pytest.raises(Invalid):
        embedder.embed_query(blank)


def test_bedrock_is_asked_as_its_guide_says(bedrock: BedrockDouble) -> None:
    embedder = BedrockEmbedder(runtime(bedrock.url), dimension=768)

    embedder.embed_documents(["text"])
    embedder.embed_query("asked")

    path, request = bedrock.requests[0]
    assert path == "/model/cohere.embed-v4%3A0/invoke"
    assert request == {
        "texts": ["text"],
        "input_type": "search_document",
        "embedding_types": ["float"],
        "output_dimension": 1536,
        "truncate": "RIGHT",
    }
    assert bedrock.requests[1][1]["input_type"] == "search_query"


def test_bedrock_gets_at_most_96_texts_a_call(bedrock: BedrockDouble) -> None:
    vectors = BedrockEmbedder(runtime(bedrock.url)).embed_documents([f"text {n}" for n in range(200)])

    assert [len(request["texts"]) for _, request in bedrock.requests] == [96, 96, 8]
    assert len(vectors) == 200


def test_an_inference_profile_changes_the_address_and_not_the_model(bedrock: BedrockDouble) -> None:
    embedder = BedrockEmbedder(runtime(bedrock.url), model_id="us.cohere.embed-v4:0")

    embedder.embed_query("asked")

    assert bedrock.requests[0][0] == "/model/us.cohere.embed-v4%3A0/invoke"
    assert embedder.model == "cohere.embed-v4"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, "ThrottlingException", DependencyUnavailable),
        (503, "ServiceUnavailableException", DependencyUnavailable),
        (500, "InternalServerException", DependencyUnavailable),
        (408, "ModelTimeoutException", DependencyUnavailable),
        (424, "ModelErrorException", DependencyUnavailable),
        (400, "ValidationException", EmbeddingRejected),
        (403, "AccessDeniedException", EmbeddingRejected),
        (404, "ResourceNotFoundException", EmbeddingRejected),
    ],
)
def test_errors_of_bedrock_say_whether_to_try_again(
    bedrock: BedrockDouble, status: int, code: str, expected: type[Exception]
) -> None:
    bedrock.failures.append((status, code, json.dumps({"message": "secret text"}).encode()))

    with pytest.raises(expected, match=code) as caught:
        BedrockEmbedder(runtime(bedrock.url)).embed_query("asked")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{not json", DependencyUnavailable),
        (b"{}", EmbeddingRejected),
        (b'{"embeddings": {"float": [[1.0, 2.0]]}}', EmbeddingRejected),
        (b'{"embeddings": {"float": []}}', EmbeddingRejected),
    ],
)
def test_an_answer_that_is_no_vector_is_an_error(
    bedrock: BedrockDouble, content: bytes, expected: type[Exception]
) -> None:
    bedrock.failures.append((200, "", content))

    with pytest.raises(expected):
        BedrockEmbedder(runtime(bedrock.url)).embed_query("asked")


def test_bedrock_out_of_reach_is_worth_trying_again() -> None:
    with pytest.raises(DependencyUnavailable):
        BedrockEmbedder(runtime("http://127.0.0.1:9")).embed_query("asked")


@pytest.mark.parametrize("dimension", [0, 1537])
def test_bedrock_has_no_such_dimension(dimension: int) -> None:
    with pytest.raises(ValueError, match="dimensions"):
        BedrockEmbedder(None, dimension=dimension)


def _cosine(one: str, other: str) -> float:
    embedder = HashedEmbedder()
    return sum(a * b for a, b in zip(embedder.embed_query(one), embedder.embed_query(other), strict=True))


def test_hashing_sees_kin_words_identifiers_and_accents() -> None:
    assert _cosine("fisheries", "fishery") > 0.9
    assert _cosine("getUserName", "user name") > 0.5
    assert _cosine("café", "CAFE") == pytest.approx(1.0)
    assert _cosine("fishing boats", "a boat for fishing") > 0.9
    assert abs(_cosine("fishing boats", "medical invoices")) < 0.2


@given(st.text(min_size=1).filter(str.strip))
def test_hashing_takes_any_text(text: str) -> None:
    vector = HashedEmbedder(768).embed_query(text)
    terms = sparse_terms(text)

    assert math.hypot(*vector) == pytest.approx(1.0)
    assert list(terms.indices) == sorted(set(terms.indices))
    assert all(0 <= term < 2**32 for term in terms.indices)
    assert all(value > 0 for value in terms.values)
    assert set(sparse_query(text).indices) == set(terms.indices)


def test_vectors_are_the_same_in_every_process() -> None:
    code = (
        "from shared.adapters.embeddings import HashedEmbedder, sparse_terms;"
        "print(HashedEmbedder().embed_query('Quota für Boote'), sparse_terms('Quota'))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
    # Kept in indexes on disk: these may only change together with the name of the model.
    assert sparse_terms("quota").indices == (1813778413,)
    assert [i for i, value in enumerate(HashedEmbedder().embed_query("quota")) if value] == [
        45,
        64,
        584,
        694,
        790,
        1108,
        1129,
        1196,
        1206,
        1242,
    ]


def test_words_are_split_folded_and_stemmed() -> None:
    assert words("getUserName of HTTPServer") == [
        "get",
        "user",
        "nam",
        "getusernam",
        "http",
        "server",
        "httpserver",
    ]
    assert words("The deliveries, delivered & delivering") == ["deliveri", "deliver", "deliver"]
    assert words("東京都") == ["東京", "京都"]
    assert words("the of and") == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("trading", "trad"),
        ("trade", "trad"),
        ("boxes", "box"),
        ("stopped", "stop"),
        ("classes", "class"),
        ("class", "class"),
        ("status", "status"),
        ("ties", "tie"),
        ("king", "king"),
        ("sing", "sing"),
        ("bus", "bus"),
        ("utf8", "utf8"),
    ],
)
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_a_repeated_word_weighs_more_but_not_without_bound() -> None:
    once, often, very_often = (sparse_terms("quota " * n).values[0] for n in (1, 5, 100))

    assert once < often
    assert very_often < 2.2


def test_a_query_weighs_each_word_once() -> None:
    assert sparse_query("quota quota boats").values == (1.0, 1.0)
