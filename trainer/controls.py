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
from trainer.axes.memory import AnyMemory, Resident
from trainer.axes.normalisation import AnyHandover, AnyNorm, NoNorm, Normalisation
from trainer.axes.objective import CrossEntropy
from trainer.axes.optimiser import Adam, Linear
from trainer.axes.readout import AnyHead, Better, Last, Probe, Softmax, Sum
from trainer.axes.regulariser import Regulariser
from trainer.axes.schedule import Joint
from trainer.axes.scope import Layer, Whole
from trainer.data.catalogue import family_of
from trainer.data.folders import read_folders
from trainer.data.sizes import cut_of, sizes
from trainer.errors import ConfigError, DataError
from trainer.overrides import Override

if TYPE_CHECKING:
    from trainer.config import RunConfig

HEAD_POOL = 4
"""Places each way that maps are averaged to before a head reads them, where the run does not say."""
FAST, SLOWER = 0.01, 0.1
"""Learning rate of a softmax on frozen layers, falling to 0, where the run has none of its own; and the share of it for
one beside: the first is better in short runs and for narrow layers, the second in long ones (docs/measuring.md)."""
KEPT_BACK, FEWEST_KEPT = 500, 20
"""Most and fewest training images that a control keeps back to choose its readout on."""


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
    """Backprop through the same net, on its own terms: no label code, no length normalisation, Adam at 0.001.

    What it shares is a batch's way through the net: in pieces where the run's goes in pieces.
    """
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
            "memory": _together(config.memory),
        },
    )


def _random(config: RunConfig) -> RunConfig:
    """The same net as it starts; what reads it learns, and is the strongest that learns no layer.

    One way for all: no dropout, since it would take from features that cannot make up for it, and a softmax on all
    layers, beside what the run reads its own layers with where that learns too: who does better on images kept back.
    """
    readout = _strongest(config)
    update: dict[str, object] = {
        "data": _kept_back(_as_read(config)) if readout.kind == "better" else _as_read(config),
        "scope": Layer(),
        "schedule": Joint(epochs=_reading(config), batch_size=config.schedule.batch_size),
        "regulariser": Regulariser(),
        "readout": readout,
        "layers": (FROZEN,),
    }
    if not isinstance(config.readout, AnyHead):
        update["optimiser"] = config.optimiser.model_copy(update={"curve": Linear()})
    if _reads_by_rows(config):
        return _named(config, "frozen", update | {"layers": (*config.layers, FROZEN)})
    return _named(
        config,
        "frozen",
        update
        | {
            "label_code": NoCode(),
            "context": Own(),
            "competitors": Classes(),
            "goodness": Projection(start="normal", trained=False),
            "objective": CrossEntropy(),
        },
    )


FROZEN = Override(span="1-", frozen=True)


def _reads_by_rows(config: RunConfig) -> bool:
    """Whether every layer has class scores of its own that learn, each from its own loss."""
    gives = {config.at(layer).goodness.gives for layer in range(1, config.depth + 1)}
    return gives == {"classes"} and config.goodness.learns and config.scope.local


def _strongest(config: RunConfig) -> AnyHead:
    """What reads layers that do not learn: a softmax on all of them, or that against the run's own readout."""
    own = config.readout
    if isinstance(own, Softmax | Probe):
        shared = {name: getattr(own, name) for name in ("lr", "weight_decay", "shortlist", "pool")}
        other = "each" if own.kind == "probe" else own.layers
        one = other == "all" or config.depth == 1
        return Softmax(**shared) if one else Better(other=other, **shared)
    pool = HEAD_POOL if not config.architecture.flat else None
    if isinstance(own, Better):
        return own.model_copy(update={"epochs": None})
    return Better(other="scores" if _reads_by_rows(config) else "nothing", lr=FAST, slower=SLOWER, pool=pool)


def _kept_back(data: Data) -> Data:
    """With images to choose a readout on: a twentieth of the training images, or KEPT_BACK, where the run has none."""
    if data.valid_size:
        return data
    try:
        info = family_of(data.name, read_folders(), cut_of(data))[1]
    except (ConfigError, DataError):  # gone since: the run itself will say so
        return data.model_copy(update={"valid_size": FEWEST_KEPT})
    used = sizes(data, info).train
    valid = min(max(used // 20, FEWEST_KEPT), KEPT_BACK, info.train if info.valid is None else info.valid)
    fits = data.train_size is None or info.valid is not None or data.train_size + valid <= info.train
    return data.model_copy(update={"valid_size": valid, "train_size": data.train_size if fits else info.train - valid})


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


def _together(memory: AnyMemory) -> AnyMemory:
    """A batch goes through as in the run; layers that a gradient joins cannot wait for each other in files."""
    return memory if memory.kind == "resident" else Resident(batch="pieces")


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
