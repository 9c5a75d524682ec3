"""The pictures of a result as plain numbers: confusion, separation of right from wrong labels, the worst mistakes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from trainer.evaluate import Judgement

if TYPE_CHECKING:
    from trainer.data import Dataset

BINS = 48
MISTAKES = 10


def confusion(judgement: Judgement, labels: tuple[str, ...]) -> dict[str, Any]:
    """{labels, matrix}: matrix[true][answered] counts images."""
    classes = len(labels)
    cells = judgement.y * classes + judgement.total.argmax(1)
    matrix = torch.bincount(cells, minlength=classes**2).view(classes, classes)
    return {"labels": list(labels), "matrix": matrix.tolist()}


def separation(judgement: Judgement, layer: int, theta: float | None) -> dict[str, Any]:
    """Histograms of one layer's (from 0) readings of the right label and of the wrong ones.

    `ordered` is the share of (right, wrong) pairs of an image in which the right label reads higher.
    """
    scores = judgement.scores[layer].float().cpu()
    right = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, judgement.y.cpu()[:, None], True)
    true, wrong = scores[right], scores[~right].view(len(scores), -1)
    pairs = (true[:, None] > wrong)[~(true.isneginf()[:, None] | wrong.isneginf())]  # a shortlist tries some labels
    low, high = _span(scores)
    edges = torch.linspace(low, high, BINS + 1, dtype=torch.float64)
    return {
        "layer": layer + 1,
        "edges": edges.tolist(),
        "right": _counts(true, low, high),
        "wrong": _counts(wrong.flatten(), low, high),
        "theta": theta,
        "ordered": float(pairs.double().mean()) if len(pairs) else 0.0,
    }


def _span(scores: Tensor) -> tuple[float, float]:
    """Least and greatest finite score, not equal; strays beyond the middle 99.8 % are gathered at the ends."""
    finite = scores[scores.isfinite()].sort().values
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite[int(len(finite) * 0.001)]), float(finite[-1 - int(len(finite) * 0.001)])
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _counts(values: Tensor, low: float, high: float) -> list[int]:
    values = values[values.isfinite()].clamp(low, high)
    return [int(n) for n in values.histc(BINS, low, high).tolist()]


def mistakes(judgement: Judgement, data: Dataset) -> dict[str, Any]:
    """The wrongly answered test images whose true label scored furthest below the answer, with their pixels."""
    total = judgement.total.float()
    chosen = total.max(1)
    short = chosen.values - total.gather(1, judgement.y[:, None])[:, 0]
    worst = short.argsort(descending=True, stable=True)[:MISTAKES]
    worst = worst[chosen.indices[worst] != judgement.y[worst]]
    pixels = data.pixels(data.x_test[worst])
    items = [
        {
            "index": int(index),
            "true": int(judgement.y[index]),
            "chosen": int(chosen.indices[index]),
            "scores": total[index].tolist(),
            "pixels": base64.b64encode(picture.tobytes()).decode(),
        }
        for index, picture in zip(worst, pixels, strict=True)
    ]
    return {"shape": list(data.x_test.shape[1:]), "items": items}
