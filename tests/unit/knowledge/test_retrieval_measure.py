"""What `make bench` says of retrieval rests on these."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

import pytest

from shared.adapters.lexical import words
from tests.benchmarks.bm25 import Bm25, whole_words
from tests.benchmarks.retrieval import quality
from tests.benchmarks.retrieval_pairs import Pair, function_pair, prose_pairs

SOURCE = '''
class Ledger:
    @property
    def settle(self, invoice):
        """Pay an invoice
        of the customer.

        Twice is once.
        """
        # Who pays late pays more.
        due = invoice.total + self.interest(invoice)

        return self.pay(due)

    def close(self):
        """Close it."""
        return None
'''
README = """
Fishing quotas
==============

.. image:: badge.svg

A harbour that has not used its quota may lend it to `another <harbours>`_ until the end
of the season, and no longer than that.

This second paragraph below the same heading is long enough to be taken, but only the first one answers the heading.

## Paying **later** ##
Whoever borrows pays with the [first catch](https://example.com) of the season,
at the price of the day on which it was landed, and not later than a week after.

## Licence

Short.
"""


def functions() -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.FunctionDef)]


def test_a_docstring_asks_for_its_function_and_is_not_in_it() -> None:
    found = [function_pair("ledger", node, SOURCE.splitlines()) for node in functions()]

    # The docstring of `close` has two words, and its body one line.
    assert found[1] is None
    assert found[0] is not None
    assert found[0].question == "Pay an invoice of the customer."
    assert found[0].passage.splitlines() == [
        "def settle(self, invoice):",
        "    # Who pays late pays more.",
        "    due = invoice.total + self.interest(invoice)",
        "    return self.pay(due)",
    ]


def test_a_heading_asks_for_the_first_paragraph_below_it() -> None:
    found = list(prose_pairs("quotas", README))

    assert [pair.question for pair in found] == ["Fishing quotas", "Paying later"]
    assert found[0].passage.startswith("A harbour that has not used its quota may lend it to another")
    assert found[1].passage.startswith("Whoever borrows pays with the first catch of the season")
    assert not any(pair.question in pair.passage for pair in found)


def test_quality_counts_places_among_the_first_ten() -> None:
    found = [Pair("p", str(number), f"passage {number}") for number in range(4)]
    others = list(range(4, 24))
    ranked: dict[str, Sequence[int]] = {
        "0": [0, *others],
        "1": [*others[:3], 1],
        "2": [*others[:10], 2],
        "3": [],
    }

    got = quality(found, lambda question: ranked[question])

    assert got.mrr == pytest.approx((1 + 1 / 4) / 4)
    assert got.recall == pytest.approx(2 / 4)


def test_bm25_is_that_of_the_textbook() -> None:
    index = Bm25(["quota quota boat", "boat", "harbour of boats"])

    assert index.best("quota boat", 10) == [0, 1]
    assert index.best("quota boat", 1) == [0]
    assert index.best("nothing", 10) == []
    # tf 2, three of 7/3 words on average, in one of three passages.
    norm = 1.2 * (1 - 0.75 + 0.75 * 3 / (7 / 3))
    expected = math.log(2.5 / 1.5 + 1) * 2 * 2.2 / (2 + norm)
    assert index.scores("quota")[0] == pytest.approx(expected)


def test_words_can_be_those_of_the_product() -> None:
    passages = ["def getUserName(): ...", "def close(): ..."]

    assert Bm25(passages, whole_words).best("names of users", 10) == []
    assert Bm25(passages, words).best("names of users", 10) == [0]
