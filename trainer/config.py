"""A run's configuration: the axes put together. Imports no torch.

`compose` joins a preset, a config and dotted changes; `parse` makes a checked RunConfig of it or says what to change;
`schema` is what the form, the API and the documentation are made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic.config import JsonDict

from trainer import compatibility, merging, plain, problems
from trainer.axes.activation import AnyActivation, Relu
from trainer.axes.architecture import AnyArchitecture
from trainer.axes.base import RARE, Value
from trainer.axes.competitors import AnyCompetitors, WrongLabel
from trainer.axes.context import AnyContext, Own
from trainer.axes.data import Data
from trainer.axes.goodness import Activity, AnyGoodness
from trainer.axes.init import AnyInit, Normal
from trainer.axes.label_code import AnyLabelCode, Overlay
from trainer.axes.memory import AnyMemory, Resident
from trainer.axes.meters import Checkpoint, Evaluate, Metrics
from trainer.axes.mlp import Mlp
from trainer.axes.normalisation import Normalisation
from trainer.axes.objective import AnyObjective, SwishSymBa
from trainer.axes.optimiser import Adam, AnyOptimiser
from trainer.axes.precision import AnyPrecision, Float32
from trainer.axes.readout import AnyReadout, Candidates
from trainer.axes.regulariser import Regulariser
from trainer.axes.schedule import AnySchedule, Joint, Phase
from trainer.axes.scope import AnyScope, Layer
from trainer.controls import CONTROLS
from trainer.errors import ConfigError
from trainer.overrides import LayerSettings, Override, plan

VERSION: Literal[1] = 1


def _group(name: str, rare: bool = False) -> JsonDict:
    """The part of the form in which a field stands, and whether it is folded away there."""
    return {"group": name, **(RARE if rare else {})}


class RunConfig(Value, title="Run"):
    """One run: a point on the axes, what it trains on, and how it is measured."""

    version: Literal[1] = VERSION
    """Version of this format."""
    name: str = Field("FF on digits", min_length=1, max_length=200, title="Name", json_schema_extra=_group("data"))
    """What the run is called in tables and charts."""
    data: Data = Field(Data(), title="Data", json_schema_extra=_group("data"))
    """The images to learn."""
    architecture: AnyArchitecture = Field(Mlp(), title="Architecture", json_schema_extra=_group("network"))
    """The net's layers."""
    activation: AnyActivation = Field(Relu(), title="Activation", json_schema_extra=_group("network"))
    """What a unit does with its input."""
    init: AnyInit = Field(Normal(), title="Initial weights", json_schema_extra=_group("network"))
    """How the weights start."""
    label_code: AnyLabelCode = Field(Overlay(), title="Label code", json_schema_extra=_group("label"))
    """How a candidate label enters the input."""
    competitors: AnyCompetitors = Field(WrongLabel(), title="Competitors", json_schema_extra=_group("label"))
    """What stands against the truth in training."""
    goodness: AnyGoodness = Field(Activity(), title="Goodness", json_schema_extra=_group("goodness"))
    """What a layer reads from its activity."""
    objective: AnyObjective = Field(SwishSymBa(), title="Objective", json_schema_extra=_group("goodness"))
    """What the readings should look like: the loss."""
    context: AnyContext = Field(Own(), title="Context", json_schema_extra=_group("goodness"))
    """Whose readings a layer's loss takes into account."""
    normalisation: Normalisation = Field(
        Normalisation(), title="Normalisation", json_schema_extra=_group("normalisation")
    )
    """How rows are scaled."""
    scope: AnyScope = Field(Layer(), title="Scope", json_schema_extra=_group("training"))
    """How far a layer's loss reaches."""
    schedule: AnySchedule = Field(Joint(), title="Schedule", json_schema_extra=_group("training"))
    """When which layers learn."""
    optimiser: AnyOptimiser = Field(Adam(), title="Optimiser", json_schema_extra=_group("training"))
    """How a gradient becomes a step."""
    regulariser: Regulariser = Field(Regulariser(), title="Regulariser", json_schema_extra=_group("training"))
    """What keeps weights small and units busy."""
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed", json_schema_extra=_group("meters"))
    """Of all chances: weights, order of the images, negatives, dropout. Equal seeds give equal runs."""
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$",
        title="Device",
        json_schema_extra={**_group("meters"), "takes": "auto, cpu, mps, cuda, or cuda:1 for one of several"},
    )
    """auto: a GPU where there is one, else the CPU. Or cpu, cuda, cuda:1, mps."""
    threads: int | None = Field(
        None,
        ge=1,
        le=1024,
        title="Threads",
        json_schema_extra={**_group("meters", rare=True), "empty": "PyTorch's choice"},
    )
    """CPU threads to compute with; empty: PyTorch's choice. The last bits of the weights depend on it."""
    precision: AnyPrecision = Field(Float32(), title="Precision", json_schema_extra=_group("meters", rare=True))
    """The numbers that matrix products are computed in."""
    compile: bool = Field(False, title="Compiled", json_schema_extra=_group("meters", rare=True))
    """What a layer does in a step is compiled by PyTorch first, which takes seconds and about 200 MB. The last bits of
    the weights depend on it; a machine without a compiler goes on without."""
    memory: AnyMemory = Field(Resident(), title="Memory", json_schema_extra=_group("meters"))
    """Where weights and activities live."""
    readout: AnyReadout = Field(Candidates(), title="Readout", json_schema_extra=_group("readout"))
    """How the net's answer is read."""
    layers: tuple[Override, ...] = Field(
        (), max_length=64, title="Layers of their own", json_schema_extra=_group("training", rare=True)
    )
    """Exceptions for some layers; the last one that names a layer wins."""
    evaluate: Evaluate = Field(Evaluate(), title="Evaluation", json_schema_extra=_group("meters"))
    """How often accuracy is measured, and on what."""
    metrics: Metrics = Field(Metrics(), title="Metrics", json_schema_extra=_group("meters"))
    """How often the layers are measured."""
    checkpoint: Checkpoint = Field(Checkpoint(), title="Checkpoints", json_schema_extra=_group("meters"))
    """How often the run can be gone back to."""

    @property
    def depth(self) -> int:
        """Number of layers."""
        return self.architecture.depth

    def at(self, layer: int) -> LayerSettings:
        """What holds for layer number `layer`, counted from 1."""
        return self._plan[0][layer - 1]

    def spans(self) -> tuple[range, ...]:
        """Stretches of neighbouring layers (from 0) that share scope and competitors, from the first layer up."""
        return self._plan[1]

    @property
    def _plan(self) -> tuple[tuple[LayerSettings, ...], tuple[range, ...]]:
        run = LayerSettings(
            self.scope, self.competitors, self.goodness, self.objective, self.optimiser, window=None, frozen=False
        )
        return plan(run, self.layers, self.depth)

    def reach(self, layer: int) -> int | None:
        """The lowest layer (from 0) that the loss of `layer` (from 0) moves; None where it has no loss."""
        span = next(span for span in self.spans() if layer in span)
        return self.at(layer + 1).scope.reach(layer, span)

    def groups(self) -> list[range]:
        """The layers (from 0) that a gradient joins for good, from the first up: what greedy training takes in turn."""
        return [group for span in self.spans() for group in self.at(span.start + 1).scope.joined(span)]

    @property
    def across(self) -> bool:
        """Whether a rule looks at all images of a batch together, so that it is not cut into pieces."""
        norms = any(norm.across for _, norm in self.normalisation)
        return norms or self.regulariser.across or any(self.at(n + 1).objective.across for n in range(self.depth))

    def phases(self) -> list[Phase]:
        """The stretches of training, in their order."""
        phases = self.schedule.phases(self.groups())
        after = getattr(self.readout, "epochs", None)
        return [*phases, Phase("train readout", (), after)] if after else phases

    def twin(self) -> RunConfig:
        """The fair backprop beside this run (controls.py)."""
        return CONTROLS["backprop"].derive(self)


def parse(config: Mapping[str, Any]) -> RunConfig:
    """A checked config; fields that are not given have their defaults. Raises ConfigError naming every field."""
    plain.check(config)
    whole = merging.merge(defaults(), upgrade(config))
    try:
        result = RunConfig.model_validate(whole)
    except ValidationError as error:
        raise ConfigError(problems.of(error, RunConfig)) from error
    plain.check_truths(whole, result.model_dump(mode="json"))
    if errors := compatibility.problems(result):
        raise ConfigError(errors)
    return result


def compose(
    preset: str | None = None, config: Mapping[str, Any] | None = None, changes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Defaults, then the preset, `config` and dotted `changes` (kinds first), for `parse`. Raises ConfigError."""
    from trainer.presets import find

    plain.check(config or {})
    plain.check(changes or {})
    result = merging.merge(defaults(), find(preset).config if preset else {})
    result = merging.merge(result, upgrade(config or {}))
    return merging.change(result, changes or {})


def defaults() -> dict[str, Any]:
    """Every field's default, as stored."""
    return RunConfig().model_dump(mode="json")


def schema() -> dict[str, Any]:
    """JSON Schema of a config, with discriminated unions, titles, help, defaults and bounds."""
    return RunConfig.model_json_schema(mode="validation")


def upgrade(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A config of an older version in today's form. Raises ConfigError for one from the future."""
    version = config.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        msg = f"this FFWeb reads configs up to version {VERSION}; this one is of version {version}: update FFWeb"
        raise ConfigError([{"loc": "version", "msg": msg, "type": "version"}])
    return config
