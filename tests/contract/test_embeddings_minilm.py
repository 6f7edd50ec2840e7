"""What MiniLM adds to the promises of every embedder: it is the model it says, and it knows meaning."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.embeddings import HashedEmbedder
from shared.adapters.embeddings_minilm import (
    HASH_SHARE,
    MINILM_DIMENSION,
    VOCABULARY,
    WORD_PIECES,
    MiniLmEmbedder,
    minilm,
)

CLS, SEP = 101, 102


def cosine(one: list[float], other: list[float]) -> float:
    return math.sumprod(one, other) if sys.version_info >= (3, 12) else sum(map(float.__mul__, one, other))


def test_the_vocabulary_is_the_one_that_is_described() -> None:
    content = VOCABULARY.read_bytes()

    assert content.count(b"\n") == 30_522
    assert hashlib.sha256(content).hexdigest() in VOCABULARY.with_name("README.md").read_text(
        encoding="utf-8"
    )


# As the tokenizer.json of sentence-transformers/all-MiniLM-L6-v2 reads them.
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("the quick brown fox", [1996, 4248, 2829, 4419]),
        (
            "def get_userName(self): return 42",
            [13366, 2131, 1035, 5310, 18442, 1006, 2969, 1007, 1024, 2709, 4413],
        ),
        ("Café ÜBER straße İstanbul", [7668, 19169, 2358, 27807, 9960]),
        ("東京都 tower", [1879, 1755, 1961, 3578]),
        ("x\u0000y \ufffd\tz", [1060, 2100, 1062]),
        ("a" * 101, [100]),
    ],
    ids=["words", "code", "accents", "chinese", "control", "too-long"],
)
def test_texts_are_cut_into_word_pieces_as_the_model_learned_them(text: str, pieces: list[int]) -> None:
    assert minilm().word_pieces(text) == [CLS, *pieces, SEP]


def test_a_long_text_is_read_from_its_beginning() -> None:
    pieces = minilm().word_pieces("\n" * 20_000 + "boat " * 5_000)

    assert len(pieces) == WORD_PIECES
    assert (pieces[0], pieces[-1]) == (CLS, SEP)


def test_what_follows_in_a_long_text_counts_by_its_words() -> None:
    embedder = MiniLmEmbedder(768)
    start = "fishing boats " * WORD_PIECES

    one, other = embedder.embed_documents([start + "quota", start + "invoice"])

    assert one[:MINILM_DIMENSION] == other[:MINILM_DIMENSION]
    assert one[MINILM_DIMENSION:] != other[MINILM_DIMENSION:]


def test_both_parts_have_their_share_of_the_length() -> None:
    vector = MiniLmEmbedder(1536).embed_query("Quota of fish")

    meaning, spelling = vector[:MINILM_DIMENSION], vector[MINILM_DIMENSION:]
    assert math.hypot(*spelling) ** 2 == pytest.approx(HASH_SHARE)
    assert [value / math.sqrt(1 - HASH_SHARE) for value in meaning] == pytest.approx(
        minilm().embed("Quota of fish")
    )
    expected = HashedEmbedder(1536 - MINILM_DIMENSION).embed_query("Quota of fish")
    assert [value / math.sqrt(HASH_SHARE) for value in spelling] == pytest.approx(expected)


def test_meaning_is_found_where_no_word_is_shared() -> None:
    question = "how do I get my money back"
    kin, stranger = "Refunds are paid within five days.", "The harbour opens at dawn."

    by_meaning, by_spelling = MiniLmEmbedder(768), HashedEmbedder(768)
    asked = by_meaning.embed_query(question)
    near, far = (cosine(asked, by_meaning.embed_query(text)) for text in (kin, stranger))

    assert near > far + 0.2
    spelled = by_spelling.embed_query(question)
    assert abs(cosine(spelled, by_spelling.embed_query(kin))) < 0.1


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=400).filter(str.strip))
def test_any_text_has_a_vector(text: str) -> None:
    vector = MiniLmEmbedder(768).embed_query(text)

    assert math.hypot(*vector) == pytest.approx(1.0)


def test_company_and_threads_change_nothing() -> None:
    embedder = MiniLmEmbedder(768)
    texts = [f"{'fishing ' * length}quota {length}" for length in range(12)]

    alone = [embedder.embed_query(text) for text in texts]

    assert embedder.embed_documents(texts) == alone
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(embedder.embed_query, texts)) == alone


def test_making_one_loads_nothing() -> None:
    code = (
        "import sys; from shared.adapters.embeddings_minilm import MiniLmEmbedder; MiniLmEmbedder();"
        "print(sorted({'onnxruntime', 'numpy', 'tokenizers'} & set(sys.modules)))"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"


def test_a_process_ends_in_peace_while_its_threads_embed() -> None:
    code = (
        "import threading;"
        "from shared.adapters.embeddings_minilm import MiniLmEmbedder;"
        "begun = threading.Event();"
        "embed = lambda: [MiniLmEmbedder(768).embed_query('fish ' * 500) and begun.set() for _ in range(10_000)];"
        "[threading.Thread(target=embed, daemon=True).start() for _ in range(3)];"
        "begun.wait()"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("dimension", [0, 384])
def test_no_dimension_is_left_for_the_ngrams(dimension: int) -> None:
    with pytest.raises(ValueError, match="dimensions"):
        MiniLmEmbedder(dimension)
