"""What has to stand beside a figure before it means anything: runs derived from a run. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.axes.architecture import Pixels
from trainer.axes.competitors import Classes
from trainer.axes.context import Own
from trainer.axes.data import Data
from trainer.axes.goodness import Projection
from trainer.axes.label_code import NoCode
from trainer.axes.normalisation import AnyHandover, AnyNorm, NoNorm, Normalisation
from trainer.axes.objective import CrossEntropy
from trainer.axes.optimiser import Adam, Linear
from trainer.axes.readout import AnyReadout, Last, Softmax, Sum
from trainer.axes.regulariser import Regulariser
from trainer.axes.schedule import Joint
from trainer.axes.scope import Layer, Whole
from trainer.errors import ConfigError
from trainer.overrides import Override

if TYPE_CHECKING:
    from trainer.config import RunConfig

HEAD_POOL = 4
"""Places each way that maps are averaged to before a head reads them, where the run does not say."""


@dataclass(frozen=True)
class Control:
    """A run that differs from another in one thing that matters."""

    name: str
    title: str
    sentence: str
    """What it shows."""
    derive: Callable[[RunConfig], RunConfig]
    """The control beside a run: same data, batch, seed and number of images seen."""


def _backprop(config: RunConfig) -> RunConfig:
    return _whole(config, "backprop", Whole(), Last())


def _deep_supervision(config: RunConfig) -> RunConfig:
    return _whole(config, "deep supervision", Whole(losses="all"), Sum())


def _whole(config: RunConfig, name: str, scope: Whole, readout: Last | Sum) -> RunConfig:
    """Backprop through the same net, on its own terms: no label code, no length normalisation, Adam at 0.001."""
    norms = config.normalisation
    return _named(
        config,
        name,
        {
            "architecture": config.architecture.upward,
            "label_code": NoCode(),
            "context": Own(),
            "competitors": Classes(),
            "goodness": Projection(start="normal", bias=True, pool=getattr(config.goodness, "pool", None)),
            "objective": CrossEntropy(),
            "normalisation": Normalisation(
                input=_kept(norms.input), before=_kept(norms.before), handover=_kept(norms.handover)
            ),
            "scope": scope,
            "schedule": Joint(epochs=_epochs(config), batch_size=config.schedule.batch_size),
            "optimiser": Adam(lr=0.001),
            "regulariser": Regulariser(
                dropout=config.regulariser.dropout, input_dropout=config.regulariser.input_dropout
            ),
            "readout": readout,
            "layers": (),
        },
    )


def _random(config: RunConfig) -> RunConfig:
    """The same net as it starts; only what reads it learns."""
    frozen = (Override(span="1-", frozen=True),)
    rows = {config.at(layer).goodness.gives for layer in range(1, config.depth + 1)}
    if rows == {"classes"} and config.goodness.learns and config.scope.local:
        return _named(
            config, "frozen", {"layers": (*config.layers, *frozen), "scope": Layer(), "schedule": _joint(config)}
        )
    return _named(
        config,
        "frozen",
        {
            "data": _as_read(config),
            "label_code": NoCode(),
            "context": Own(),
            "competitors": Classes(),
            "goodness": Projection(start="normal", trained=False),
            "objective": CrossEntropy(),
            "scope": Layer(),
            "schedule": Joint(epochs=_reading(config), batch_size=config.schedule.batch_size),
            "regulariser": Regulariser(),
            "readout": _beside(config),
            "layers": frozen,
        },
    )


def _frozen_below(config: RunConfig) -> RunConfig:
    """A hybrid whose lower layers stay as they start: what is above them learns as it did. Raises ConfigError."""
    below = sum(config.at(layer).goodness.gives == "reading" for layer in range(1, config.depth + 1))
    if not 0 < below < config.depth:
        msg = "only a hybrid has layers that learn by goodness below layers that learn by classes"
        raise ConfigError([{"loc": "layers", "msg": msg, "type": "control"}])
    frozen = Override(
        span=f"1-{below}",
        scope=Layer(),
        competitors=Classes(),
        goodness=Projection(start="normal", trained=False),
        objective=CrossEntropy(),
        frozen=True,
    )
    return _named(
        config,
        "frozen below",
        {
            "label_code": NoCode(),
            "schedule": Joint(epochs=config.schedule.epochs, batch_size=config.schedule.batch_size),
            "layers": (frozen, *config.layers),
        },
    )


def _linear(config: RunConfig) -> RunConfig:
    """A softmax on the pixels: the net is gone, what reads it is left."""
    none = NoNorm()
    return _named(
        config,
        "linear",
        {
            "architecture": Pixels(),
            "label_code": NoCode(),
            "context": Own(),
            "competitors": Classes(),
            "goodness": Projection(bias=True),
            "objective": CrossEntropy(),
            "normalisation": Normalisation(input=none, before=none, handover=none),
            "scope": Layer(),
            "schedule": _joint(config),
            "optimiser": Adam(lr=0.001, curve=Linear()),
            "regulariser": Regulariser(),
            "readout": Last(),
            "layers": (),
        },
    )


def _beside(config: RunConfig) -> AnyReadout:
    """The run's own head, or one on all layers, learning in every step."""
    if config.readout.learns:
        return config.readout.model_copy(update={"epochs": None})
    return Softmax(pool=HEAD_POOL if not config.architecture.flat else None)


def _as_read(config: RunConfig) -> Data:
    """The data as the head sees them: one that learns when the net is done sees images as they are."""
    afterwards = getattr(config.readout, "epochs", None) is not None
    return config.data.model_copy(update={"augment": "none"}) if afterwards else config.data


def _reading(config: RunConfig) -> int:
    """Passes over the training images in which the head learns."""
    return getattr(config.readout, "epochs", None) or _epochs(config)


def _joint(config: RunConfig) -> Joint:
    return Joint(epochs=_epochs(config), batch_size=config.schedule.batch_size)


def _epochs(config: RunConfig) -> int:
    """Passes over the training images in all."""
    return sum(phase.epochs for phase in config.phases() if phase.layers)


def _kept(norm: AnyHandover) -> AnyNorm:
    """A normalisation under backprop: batch norm stays, what FF needs against lengths does not."""
    return norm if norm.kind == "batch" else NoNorm()


def _named(config: RunConfig, name: str, update: dict[str, object]) -> RunConfig:
    return config.model_copy(update={"name": f"{config.name} · {name}"[:200], **update})


CONTROLS: dict[str, Control] = {
    control.name: control
    for control in (
        Control("backprop", "Backprop", "The same net trained whole by backprop.", _backprop),
        Control(
            "deep_supervision",
            "Backprop, deep supervision",
            "The same net trained whole, with a loss on every layer: backprop with what local learning has.",
            _deep_supervision,
        ),
        Control(
            "random",
            "Frozen random layers",
            "The same net as it starts, only its readout learns: what the layers have learnt is what is above it.",
            _random,
        ),
        Control(
            "frozen_below",
            "Frozen below",
            "A hybrid whose lower layers stay as they start: what learning them is worth to the layers above.",
            _frozen_below,
        ),
        Control("linear", "Softmax on the pixels", "No net at all: one linear softmax on the pixels.", _linear),
    )
}
