"""What is compared in a study of memory: methods as points on the axes, at several depths. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trainer.axes.scope import runs
from trainer.config import RunConfig, compose, parse
from trainer.controls import CONTROLS

DEPTHS = (2, 7, 12)
"""The least of nebuly's study of memory, which goes on to 47 in steps of 5: what grows with depth shows in them."""

IMAGES = 10_000
"""Two batches of the usual size: the second meets all that the first has left behind, and more change no peak."""

TESTED = 100
"""Images that a run answers at its end, which is no part of what is measured."""

Derive = Callable[[RunConfig], RunConfig]


@dataclass(frozen=True)
class Method:
    """A line of the plot."""

    title: str
    changes: dict[str, Any]
    """Of the setting that all methods share."""
    derive: Derive = lambda config: config


_WHOLE = {"memory.batch": "whole"}

METHODS: dict[str, Method] = {
    "ff": Method("FF, all layers in memory", {}),
    "ff-streamed": Method("FF, one layer in memory", {"memory.kind": "streamed"}),
    "ff-recurrent": Method("FF, recurrent", {"architecture.kind": "recurrent", "label_code.kind": "top"}),
    "backprop": Method("backprop, a batch at once", _WHOLE, CONTROLS["backprop"].derive),
    "backprop-pieces": Method("backprop, in the same pieces", {}, CONTROLS["backprop"].derive),
    "backprop-checkpointed": Method(
        "backprop, layers computed again", _WHOLE, lambda config: _again(CONTROLS["backprop"].derive(config))
    ),
}
"""FF goes through a batch in pieces, and so does `backprop-pieces`, its fair rival: between the two stands what
learning layer by layer saves, between the two backprops what pieces save."""
DEFAULT = tuple(METHODS)


def _again(config: RunConfig) -> RunConfig:
    return parse(compose(config=config.model_dump(mode="json"), changes={"scope.recompute": True}))


@dataclass(frozen=True)
class Case:
    """One measurement."""

    method: str
    layers: int
    hidden: int = 2000
    batch: int = 5000
    data: str = "mnist"
    images: int | None = None
    """Training images; None: all."""
    device: str = "auto"
    threads: int | None = None

    def config(self) -> RunConfig:
        """One epoch, all layers learning from each batch. Raises ConfigError."""
        method = METHODS[self.method]
        changes = {
            "data.name": self.data,
            "data.train_size": self.images,
            "data.test_size": TESTED,
            "evaluate.train_images": TESTED,
            "evaluate.at_end": "sample",
            "architecture.hidden": [self.hidden] * self.layers,
            "schedule": {"kind": "joint", "epochs": 1, "batch_size": self.batch},
            "device": self.device,
            "threads": self.threads,
        }
        kind = {path: value for path, value in method.changes.items() if path.endswith(".kind")}
        return method.derive(parse(compose(changes={**kind, **changes, **method.changes})))

    @property
    def title(self) -> str:
        """FF, one layer in memory, 7 layers."""
        return f"{METHODS[self.method].title}, {self.layers} {'layer' if self.layers == 1 else 'layers'}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def holding(config: RunConfig) -> dict[str, bool]:
    """How a method holds its layers, as `parts` asks for it."""
    again = getattr(config.scope, "recompute", False)
    return {"streamed": config.memory.kind == "streamed", "local": config.scope.local, "again": again}


def parts(by_layer: Sequence[Mapping[Any, float]], *, streamed: bool, local: bool, again: bool) -> dict[str, float]:
    """Bytes of what a method holds, over its layers: added where layers stay, the largest where one is at work.

    `streamed`: one layer is in memory at a time. `local`: layers learn alone, so activities of one exist at a time.
    `again`: of all layers those that begin a run, and the layers of one run.
    """
    alone = max if streamed else sum
    stay = {part: alone(layer[part] for layer in by_layer) for part in ("weights", "gradients", "optimiser")}
    acts = [layer["activations"] for layer in by_layer]
    if again:
        cut = runs(len(acts))
        return stay | {
            "activations": sum(acts[run.start] for run in cut) + max(sum(acts[i] for i in run) for run in cut)
        }
    return stay | {"activations": max(acts) if local else sum(acts)}
