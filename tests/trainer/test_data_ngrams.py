"""N-gram counts against a case counted by hand, a slow statement of the formula, and a text."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from trainer.axes.data import Data
from trainer.data import counted, load
from trainer.data.characters import SYMBOLS
from trainer.data.ngrams import perplexities


def events(text: str, window: int):
    codes = np.array([SYMBOLS.index(symbol) for symbol in text])
    rows = np.lib.stride_tricks.sliding_window_view(codes, window + 1)
    return rows[:, :-1], rows[:, -1]


def test_by_hand():
    """Trained on a→b, b→a, a→b (a once, b twice: two kinds), tested on a→b and c→a."""
    test = np.array([[0], [2]]), np.array([1, 0])
    one, two = perplexities(*events("abab", 1), *test)
    b, a = (2 + 2 / 30) / 5, (1 + 2 / 30) / 5
    assert one == pytest.approx(1 / math.sqrt(a * b))
    after_a = (2 + 1 * b) / (2 + 1)  # two times, always b
    assert two == pytest.approx(1 / math.sqrt(after_a * a))  # c was never seen: the shorter context decides


def slow(train: str, test: str, window: int, n: int) -> float:
    pairs = [(train[i - window : i], train[i]) for i in range(window, len(train))]

    def p(context: str, symbol: str) -> float:
        if len(context) + 1 > n:
            return p(context[1:], symbol)
        shorter = p(context[1:], symbol) if context else 1 / len(SYMBOLS)
        after = Counter(y for x, y in pairs if x.endswith(context))
        if not after:
            return shorter
        return (after[symbol] + len(after) * shorter) / (after.total() + len(after))

    logs = [math.log(p(test[i - window : i], test[i])) for i in range(window, len(test))]
    return math.exp(-sum(logs) / len(logs))


@pytest.mark.parametrize("window", [2, 5])
def test_against_the_formula(window):
    train = "the cat saw the mice; the mice saw the cat, and all ran, the cat last."
    test = "the mice ran and the cat saw them all; then the cat sat."
    found = perplexities(*events(train, window), *events(test, window))
    assert len(found) == window + 1
    assert found == pytest.approx([slow(train, test, window, n) for n in range(1, window + 2)])


def test_on_a_text_longer_contexts_help_up_to_a_point():
    data = load(Data(name="python-topics", train_size=100_000, test_size=5000), "cpu", seed=0)
    found = counted(data)
    assert len(found) == 6
    assert found[0] > found[1] > found[2] > found[3] > found[4]
    assert 15 < found[0] < 22
    assert 3 < found[4] < 6
    scaled = load(Data(name="python-topics", train_size=100_000, test_size=5000, standardise="dataset"), "cpu", seed=0)
    assert counted(scaled) == found
