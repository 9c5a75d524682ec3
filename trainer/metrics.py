"""Names, units and directions of every metric. Imports no torch.

A metric is one entry here and its measurement where such things are measured: docs/how-to-add.md. The run's `start`
event carries the table to the web, which needs no change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypedDict

Over = Literal["last", "mean", "rate", "peak"]
"""What a metric comes to over a run. last: its last value, of the weights that are kept or of all that was spent; mean:
the mean over the steps; rate: the mean over the seconds of training; peak: the highest."""


class MetricInfo(TypedDict):
    """What the `start` event says of a metric."""

    unit: str
    better: Literal["up", "down"] | None
    help: str
    over: Over


@dataclass(frozen=True)
class Metric:
    """`name` may hold `{layer}`: one series a layer, counted from 1."""

    name: str
    unit: str
    better: Literal["up", "down"] | None
    help: str
    over: Over = "last"

    def info(self) -> MetricInfo:
        return {"unit": self.unit, "better": self.better, "help": self.help, "over": self.over}


def _layer(name: str, unit: str, better: Literal["up", "down"] | None, help: str, over: Over = "last") -> Metric:
    return Metric("layers/{layer}/" + name, unit, better, help, over)


METRICS: tuple[Metric, ...] = (
    _layer("goodness_pos", "", None, "Mean goodness of positive data in this layer."),
    _layer("goodness_neg", "", None, "Mean goodness of negative data in this layer."),
    _layer("gap", "", "up", "Δ = positive minus negative goodness: how far this layer parts them."),
    _layer("loss", "", "down", "This layer's own training loss."),
    _layer("separation", "fraction", "up", "Share of training pairs whose positive has the higher goodness."),
    _layer("accuracy", "fraction", "up", "Test accuracy read from this layer alone."),
    _layer("train_accuracy", "fraction", "up", "Training accuracy read from this layer alone."),
    _layer("probe_accuracy", "fraction", "up", "Test accuracy of a linear probe on this layer."),
    _layer("dead_units", "fraction", "down", "Share of units that were off for every image of the last logged batch."),
    _layer("weight_norm", "", None, "Euclidean norm of this layer's weights."),
    _layer("memory/weights", "B", "down", "Bytes of this layer's weights.", "peak"),
    _layer("memory/gradients", "B", "down", "Bytes of this layer's gradients.", "peak"),
    _layer("memory/optimiser", "B", "down", "Bytes of this layer's optimiser state.", "peak"),
    _layer("memory/activations", "B", "down", "Bytes of this layer's activations kept during a step.", "peak"),
    _layer("time_e2e", "s", "down", "Wall time spent on this layer so far, end to end."),
    _layer("time_compute", "s", "down", "Device time spent on this layer so far."),
    Metric("train/loss", "", "down", "Sum of the layers' training losses."),
    Metric("train/accuracy", "fraction", "up", "Accuracy on (a fixed sample of) the training images."),
    Metric("test/accuracy", "fraction", "up", "Accuracy on the test images."),
    Metric("test/sweep_accuracy", "fraction", "up", "Test accuracy by the label sweep, where a softmax head answers."),
    Metric(
        "test/shortlist_agreement",
        "fraction",
        "up",
        "How often the label sweep of a shortlist answers as one of all labels, of the first 1,000 test images.",
    ),
    Metric(
        "test/rounding_agreement",
        "fraction",
        "up",
        "How often an evaluation in bfloat16 answers as one in float32, of the first 1,000 test images.",
    ),
    Metric(
        "test/accuracy_no_top_down",
        "fraction",
        None,
        "Test accuracy at the end with nothing coming down from layer to layer: what the way down is worth.",
    ),
    Metric("valid/accuracy", "fraction", "up", "Accuracy on the validation images."),
    Metric("test/perplexity", "", "down", "exp of the mean negative log probability of the true next character."),
    Metric("valid/perplexity", "", "down", "As test perplexity, on the validation windows."),
    Metric("learning_rate", "", None, "Learning rate of the optimiser at this step; over a run, at its end."),
    Metric("memory/rss", "B", "down", "Resident memory of the trainer's process.", "peak"),
    Metric("memory/rss_peak", "B", "down", "Highest resident memory so far.", "peak"),
    Metric(
        "memory/rise",
        "B",
        "down",
        "Highest memory while training above that of the process just before the net was built: of tensors on a GPU, "
        "else resident. Evaluation and checkpoints are left out.",
        "peak",
    ),
    Metric("memory/anonymous", "B", "down", "Resident memory that is not backed by files.", "peak"),
    Metric("memory/cuda", "B", "down", "GPU memory allocated by tensors.", "peak"),
    Metric("memory/cuda_peak", "B", "down", "Highest GPU memory allocated so far.", "peak"),
    Metric("gpu/utilisation", "%", None, "Share of time the GPU was busy, by NVML.", "rate"),
    Metric("gpu/power", "W", None, "Power drawn by the GPU, by NVML.", "rate"),
    Metric("energy/total", "J", "down", "Energy since the start, from the source named in the result."),
    Metric("cpu/utilisation", "%", None, "CPU time of the trainer over wall time; 100 is one core.", "rate"),
    Metric("speed/images_per_second", "img/s", "up", "Training images drawn per second of training.", "rate"),
    Metric("time/step", "s", "down", "Wall time of a training step.", "mean"),
    Metric("time/data", "s", "down", "Part of a step spent on drawing the batch.", "mean"),
    Metric("time/forward", "s", "down", "Part of a step spent on forward passes.", "mean"),
    Metric("time/update", "s", "down", "Part of a step spent on gradients and the optimiser.", "mean"),
    Metric("time/evaluate", "s", "down", "Wall time of an evaluation.", "mean"),
    Metric("time/log", "s", "down", "Wall time spent on meters and writing this event's predecessor.", "mean"),
    Metric("time/compute", "s", "down", "Device time spent on training so far."),
    Metric("time/epoch_compute", "s", "down", "Device time of the last whole epoch."),
    Metric("time/e2e", "s", "down", "Wall time since the start, the download excluded."),
    Metric("time/download", "s", "down", "Wall time spent on downloading data."),
)

_EXACT = {metric.name: metric for metric in METRICS}
_LAYER = re.compile(r"^layers/\d+/")

# Metrics that differ between two runs of equal seed; all others are equal bit for bit on the CPU after a resume.
VOLATILE = ("time/", "speed/", "memory/", "energy/", "cpu/", "gpu/")


@cache
def metric(name: str) -> Metric | None:
    """The entry of a series name (`layers/3/gap`), or None for an unknown name."""
    return _EXACT.get(_LAYER.sub("layers/{layer}/", name))


def over_of(name: str) -> Over:
    """What a series comes to over a run; one that nobody knows is told by its last value."""
    known = metric(name)
    return known.over if known else "last"


def is_volatile(name: str) -> bool:
    """Whether two runs of equal seed may differ in this series: time, speed, memory, energy, cpu, gpu."""
    return _LAYER.sub("", name).startswith((*VOLATILE, "time_"))


def layer(index: int, name: str) -> str:
    """Series name of a layer's metric; `index` counts from 1."""
    return f"layers/{index}/{name}"
