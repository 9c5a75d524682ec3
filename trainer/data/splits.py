"""Stratified draws that are the same on every machine and under every numpy. Imports no torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Index = npt.NDArray[np.int64]


def _shares(counts: Index, take: int) -> Index:
    """How many of each class make `take` in all: proportional, remainders to the largest fractions."""
    exact = counts * (take / counts.sum())
    shares: Index = np.floor(exact).astype(np.int64)
    rest = np.argsort(-(exact - shares), kind="stable")[: take - int(shares.sum())]
    shares[rest] += 1
    return shares


def stratified(labels: Index, take: int, seed: int) -> tuple[Index, Index]:
    """Draw `take` of the N images, each class by its share: (indices drawn, the other indices), both ascending.

    RandomState's streams are frozen by numpy's compatibility policy, so a split never moves.
    """
    classes, counts = np.unique(labels, return_counts=True)
    rng = np.random.RandomState(seed)
    drawn = np.zeros(len(labels), dtype=bool)
    for value, share in zip(classes, _shares(counts, take), strict=True):
        drawn[rng.permutation(np.flatnonzero(labels == value))[:share]] = True
    return np.flatnonzero(drawn), np.flatnonzero(~drawn)
