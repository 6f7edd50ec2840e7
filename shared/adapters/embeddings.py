"""What turns text into dense vectors: an interface, Bedrock, and hashed n-grams that need no network.

`embeddings_minilm` has the one for one machine.
The other half of a hybrid search, `sparse_terms` and `sparse_query`, is the same for all: see `lexical`.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

from shared.adapters.lexical import SparseVector, sparse_query, sparse_terms, words
from shared.errors import AppError, DependencyUnavailable, Invalid

__all__ = [
    "BedrockEmbedder",
    "Embedder",
    "EmbeddingModelUnknown",
    "EmbeddingRejected",
    "HashedEmbedder",
    "SparseVector",
    "sparse_query",
    "sparse_terms",
]

# Share of a word's weight that goes to its character n-grams: kin words (fisher, fishery) meet through them.
NGRAM_SHARE = 0.5


class EmbeddingRejected(AppError):
    """The provider of the embedding model rejected the request."""

    status = 502
    title = "Embedding error"


class EmbeddingModelUnknown(AppError):
    """Nothing here embeds with that model."""

    title = "Embedding model unknown"


class Embedder(Protocol):
    """Makes vectors of one model and one dimension, L2-normalised, so that cosine is the dot product."""

    @property
    def model(self) -> str:
        """The name that is kept beside every vector: vectors of different models never meet in a search."""

    @property
    def dimension(self) -> int:
        """The length of each vector."""

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text that will be searched; in order.

        Raises Invalid for a blank text, DependencyUnavailable when the provider does not answer.
        """

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a text to search with; raises as `embed_documents`."""


class HashedEmbedder:
    """Words and character n-grams hashed to signed dimensions (Weinberger et al. 2009).

    Frequency counts sublinearly. Knows spelling, not meaning. The same in every process, machine and Python version.
    """

    model = "hashed-ngrams-v1"

    def __init__(self, dimension: int = 1536) -> None:
        self.dimension = dimension

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embedder`."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """See `Embedder`; documents and queries are alike here."""
        refuse_blank(text)
        # A text of signs only has no words; its characters are all there is to compare.
        counts = Counter(words(text) or unicodedata.normalize("NFKC", text).split())
        vector = [0.0] * self.dimension
        for word, count in counts.items():
            scale = 1.0 + math.log(count)
            for position, weight in _features(word, self.dimension):
                vector[position] += scale * weight
        return _normalised(vector)


class BedrockEmbedder:
    """Cohere Embed v4 on Amazon Bedrock, asked for 1536 dimensions; fewer by truncation and renormalisation.

    Source: Bedrock user guide, "Cohere Embed v4". `model_id` may be an inference profile
    (`us.cohere.embed-v4:0`); the vectors are the same, so `model` does not change with it.
    """

    model = "cohere.embed-v4"
    _NATIVE_DIMENSION = 1536
    _TEXTS_PER_CALL = 96

    def __init__(
        self, client: Any, *, dimension: int = _NATIVE_DIMENSION, model_id: str = "cohere.embed-v4:0"
    ) -> None:
        """`client` is a boto3 `bedrock-runtime` client. Raises ValueError for a dimension outside 1..1536."""
        if not 1 <= dimension <= self._NATIVE_DIMENSION:
            raise ValueError(f"Cohere Embed v4 has 1 to {self._NATIVE_DIMENSION} dimensions, not {dimension}")
        self._client = client
        self._model_id = model_id
        self.dimension = dimension

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embedder`; 96 texts a call."""
        for text in texts:
            refuse_blank(text)
        vectors: list[list[float]] = []
        for start in range(0, len(texts), self._TEXTS_PER_CALL):
            vectors += self._embed(texts[start : start + self._TEXTS_PER_CALL], "search_document")
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """See `Embedder`."""
        refuse_blank(text)
        return self._embed([text], "search_query")[0]

    def _embed(self, texts: Sequence[str], input_type: str) -> list[list[float]]:
        answer = self._invoke(
            {
                "texts": list(texts),
                "input_type": input_type,
                "embedding_types": ["float"],
                "output_dimension": self._NATIVE_DIMENSION,
                "truncate": "RIGHT",
            }
        )
        try:
            vectors: list[list[float]] = answer["embeddings"]["float"]
            sound = [len(vector) for vector in vectors] == [self._NATIVE_DIMENSION] * len(texts)
        except (KeyError, TypeError):
            sound = False
        if not sound:
            raise EmbeddingRejected(f"{self._model_id} did not return {len(texts)} vectors of 1536 numbers.")
        return [_normalised(vector[: self.dimension]) for vector in vectors]

    def _invoke(self, request: dict[str, Any]) -> Any:
        # botocore is loaded by whoever made the client; here it is needed for the names of its errors only.
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

        try:
            response = self._client.invoke_model(
                modelId=self._model_id,
                body=json.dumps(request),
                accept="application/json",
                contentType="application/json",
            )
            return json.loads(response["body"].read())
        except ParamValidationError as error:
            raise EmbeddingRejected(f"{self._model_id}: {error}") from error
        except BotoCoreError as error:
            raise DependencyUnavailable(
                f"The embedding model does not answer: {type(error).__name__}."
            ) from error
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            code = error.response.get("Error", {}).get("Code", "unknown")
            # 424 ModelErrorException, 408 ModelTimeoutException and 429 pass by themselves, as 5xx do.
            if status in {408, 424, 429} or status >= 500:
                raise DependencyUnavailable(f"The embedding model does not answer: {code}.") from error
            raise EmbeddingRejected(f"The embedding model rejected the request: {code}.") from error
        except ValueError as error:
            raise DependencyUnavailable("The embedding model sent a broken answer.") from error


def refuse_blank(text: str) -> None:
    """Raise Invalid for a text of white space only."""
    if not text.strip():
        raise Invalid("A blank text has no embedding.")


def _normalised(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(math.fsum(value * value for value in vector))
    return [value / length for value in vector] if length else list(vector)


@lru_cache(maxsize=65_536)
def _features(word: str, dimension: int) -> tuple[tuple[int, float], ...]:
    """The signed dimensions of a word and of the 3- and 4-grams of `<word>`; squared weights sum to 1."""
    grams = list(_ngrams(f"<{word}>"))
    features = [_hashed(word, dimension, math.sqrt(1 - NGRAM_SHARE))]
    share = math.sqrt(NGRAM_SHARE / len(grams))
    features += (_hashed(f"#{gram}", dimension, share) for gram in grams)
    return tuple(features)


def _ngrams(word: str) -> Iterator[str]:
    for size in (3, 4):
        for start in range(max(1, len(word) - size + 1)):
            yield word[start : start + size]


def _hashed(feature: str, dimension: int, weight: float) -> tuple[int, float]:
    value = int.from_bytes(blake2b(feature.encode(errors="surrogatepass"), digest_size=8).digest(), "big")
    return (value >> 1) % dimension, weight if value & 1 else -weight
