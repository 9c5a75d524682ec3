"""What counting alone achieves on a text: n-gram models, to be printed beside every net that tells the next character.

Source: I. H. Witten and T. C. Bell, The zero-frequency problem, IEEE Trans. Inf. Theory 37 (1991), interpolated.
Imports no torch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .characters import SYMBOLS

LONGEST = 6
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def perplexities(
    windows: npt.NDArray[np.integer], targets: Numbers, test_windows: npt.NDArray[np.integer], test_targets: Numbers
) -> list[float]:
    """Perplexity of the test targets under 1-, 2-, … 6-grams counted on the training windows and their targets.

    Windows are (N, W) symbol numbers; targets (N,). With W < 5 there are W + 1 values. Perplexity is
    exp(mean −log p(target)), as for a net that sees the same windows.
    """
    p = np.full(len(test_targets), 1 / len(SYMBOLS))
    context, test_context = (np.zeros(len(rows), np.int64) for rows in (windows, test_windows))
    found = []
    for n in range(1, min(LONGEST, windows.shape[1] + 1) + 1):
        if n > 1:
            context, test_context = (
                _longer(before, rows, n) for before, rows in ((context, windows), (test_context, test_windows))
            )
        p = _witten_bell(context, targets, test_context, test_targets, p)
        found.append(float(np.exp(-np.log(p).mean())))
    return found


def _longer(context: Numbers, rows: npt.NDArray[np.integer], n: int) -> Numbers:
    """The number of the last n − 1 characters, from that of the last n − 2."""
    longer: Numbers = context + rows[:, 1 - n].astype(np.int64) * len(SYMBOLS) ** (n - 2)
    return longer


def _witten_bell(context: Numbers, targets: Numbers, test_context: Numbers, test_targets: Numbers, p: Floats) -> Floats:
    """(count(h, c) + kinds(h) p'(c)) / (count(h) + kinds(h)); p' is the shorter context's, alone where h is unseen."""
    pairs, counts = np.unique(context * len(SYMBOLS) + targets, return_counts=True)
    contexts, kinds = np.unique(pairs // len(SYMBOLS), return_counts=True)
    totals = np.add.reduceat(counts, np.cumsum(kinds) - kinds)
    count = _looked_up(pairs, counts, test_context * len(SYMBOLS) + test_targets)
    kind, total = (_looked_up(contexts, values, test_context) for values in (kinds, totals))
    return np.where(total > 0, (count + kind * p) / np.maximum(total + kind, 1), p)


def _looked_up(keys: Numbers, values: Numbers, wanted: Numbers) -> Numbers:
    """The values of the `wanted` keys, 0 for those that are not among the ascending `keys`."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
