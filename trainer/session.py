"""A run in memory: what the config, the data and a checkpoint come to, and the way back to a checkpoint."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor

from trainer import arithmetic, checkpoint, machine, memory
from trainer.axes.readout import AnyHead
from trainer.batches import Batches
from trainer.chance import Stream, generator
from trainer.config import RunConfig
from trainer.data import Dataset
from trainer.dropout import Dropout
from trainer.errors import Diverged, Stopped
from trainer.gauges import Gauges
from trainer.ledger import Ledger
from trainer.memory import LayerMemory
from trainer.meters import Meters
from trainer.nets.head import Head
from trainer.nets.layer import Layer
from trainer.nets.net import Net, build
from trainer.nets.shelf import Shelf
from trainer.nets.spill import Scratch
from trainer.nets.store import store
from trainer.plan import Plan, Step
from trainer.recorder import Counters, Recorder
from trainer.resuming import bound
from trainer.rundir import RunDir
from trainer.sampler import Sampler
from trainer.stages import Stages
from trainer.stopping import Stop
from trainer.stopwatch import Stopwatch
from trainer.update.compiled import Compiler, Make, as_written
from trainer.update.reading import Reading, Task


class Session:
    """Everything `loop.train` works on."""

    def __init__(
        self, config: RunConfig, data: Dataset, *, folder: RunDir, recorder: Recorder, stop: Stop, device: torch.device
    ) -> None:
        self.config, self.data, self.folder, self.recorder, self.stop = config, data, folder, recorder, stop
        self.device = device
        machine.ready(device)
        self.meters = Meters(device)
        self.environment = machine.environment(device) | {"data": data.fingerprint}
        self.net = _net(config, data, folder, device)
        layers = len(self.net.layers)
        self.plan = Plan(config.phases(), len(data.y_train), config.schedule.batch_size)
        self.stages = Stages(config)
        self._phase_flops = {
            phase.name: float(arithmetic.phase_flops(config, data.info, phase)) for phase in self.plan.phases
        }
        self.batches = Batches(data.x_train, data.y_train, self.plan, config.seed, augment=config.data.augment)
        self.head = Head(config.readout, self.net) if isinstance(config.readout, AnyHead) else None
        self.sampler = Sampler(self.net, data, config.seed, self.head)
        self.rng = generator(device, config.seed, Stream.DRAWS)
        self.dropout = Dropout(config, self.net, device)
        self.gauges, self.clock = Gauges(self.net.layers), Stopwatch(device)
        self.make = _maker(config, recorder)
        """Gives the functions of a step in the form in which they run."""
        self.counters = Counters()
        self.ledger = Ledger(layers)
        self.sample = _sample(config, len(data.y_train), device)
        self.chosen: tuple[int, str] | None = None
        """The answer that a readout took by the validation images, and the step for which it did."""
        self.energy_before = 0.0
        self.e2e_before = 0.0
        self.began = time.time()
        self._began = time.perf_counter()
        self.pending = False
        """Whether the last step still has to be reported: it was stopped in the middle of its evaluation."""
        self.saved: dict[str, Any] | None = None
        self.anonymous_peak = 0.0
        """Most resident memory without files that was seen, bytes; 0 where it cannot be measured."""
        self.log_seconds = 0.0
        """What the last point took to measure and write."""
        self.memory_shown = False
        """Whether the layers' bytes have been told since they last changed."""
        self.peak_memory: list[LayerMemory] = [{} for _ in range(layers)]
        self.drawn_at = self.sampled_at = -math.inf
        """When figures and slow meters were last looked at (monotonic seconds)."""
        self._saved_at = time.monotonic()
        self._first = 0
        self._paced: tuple[int, float] | None = None
        """The first step of this session that is done, and when it was."""

    # -- where the run stands

    @property
    def e2e_seconds(self) -> float:
        """Wall time since there is a net, pauses excluded; the data were there before."""
        return self.e2e_before + time.perf_counter() - self._began

    def flops(self, step: Step) -> float:
        """Estimated arithmetic of a step."""
        images = self.plan.drawn(step.number) - self.plan.drawn(step.number - 1)
        return images * self._phase_flops[step.phase.name]

    def advance(self, step: Step) -> None:
        """Count a step that is done."""
        counters = self.counters
        counters.step = step.number
        counters.epoch = step.number / self.plan.steps_per_epoch
        counters.images = self.plan.drawn(step.number)
        counters.flops += self.flops(step)

    @property
    def every_epochs(self) -> int:
        """Epochs between two evaluations."""
        return self.config.evaluate.every_epochs or (50 if self.plan.steps_per_epoch == 1 else 1)

    @property
    def gathers(self) -> bool:
        """Whether a layer sees all pieces of a batch before the next layer sees any."""
        return self.config.schedule.recomputes or self.net.scratch is not None

    def trained(self, step: Step) -> int:
        """How many layers, from the first, have learnt or are learning; a readout's phase comes when all have."""
        return max(step.phase.layers, default=len(self.net.layers) - 1) + 1

    def studies(self, step: Step) -> bool:
        """Whether the readout's head learns in this step: always, or in a phase of its own."""
        return getattr(self.config.readout, "epochs", None) is None or not step.phase.layers

    def answers(self, step: Step) -> bool:
        """Whether the net has an answer by now: a head that learns afterwards knows nothing before."""
        return self.head is None or self.studies(step)

    @property
    def sweeps(self) -> bool:
        """Whether layers say something of each label without a head."""
        return self.net.coder.code.carries_label or any(
            layer.reads and layer.rules.goodness.gives == "classes" for layer in self.net.layers
        )

    def learning_rate(self, step: Step) -> float:
        """Of the first layer that learns in this step; of the head where it learns alone."""
        curve = self.config.optimiser.curve
        if self.head and not step.phase.layers:
            return self.head.rule.lr * curve.factor(step.done)
        optimiser = self.net.layers[min(step.phase.layers, default=0)].rules.optimiser
        return optimiser.lr * optimiser.curve.factor(step.done)

    def evaluates(self, step: Step) -> bool:
        return step.ends_epoch and (step.ends_phase or (step.epoch + 1) % self.every_epochs == 0)

    def logs(self, step: Step) -> bool:
        """The first step too, so that an open page comes alive."""
        return step.number == 1 or step.number % self.config.metrics.every_steps == 0 or self.evaluates(step)

    # -- checkpoints

    @property
    def save_due(self) -> bool:
        return time.monotonic() - self._saved_at >= self.config.checkpoint.every_seconds

    def save(self) -> None:
        """Write the state of this very step. Raises Diverged rather than store weights that are no numbers."""
        self._refuse_nonsense()
        self.ledger.fold(self.clock, self.counters)
        about = {"step": self.counters.step, "environment": self.environment, "data": self.data.fingerprint}
        with self.meters.apart():
            if self.net.shelf:
                self.net.shelf.save(self.net.layers, self.folder.layers(self.counters.step))
            self.saved = checkpoint.save(self.folder, self.state(), about)
        self.folder.forget_layers(but=self.counters.step)
        self.recorder.checkpoint(self.counters.step, self.saved["bytes"])
        self._saved_at = time.monotonic()

    def _refuse_nonsense(self) -> None:
        for layer in self.net.layers:
            if not layer.finite():
                self.gauges.read()
                raise self.diverged(*(self.gauges.first_bad() or (self.counters.step, layer.index + 1)))

    def diverged(self, step: int, layer: int) -> Diverged:
        """The error of a layer (from 1) whose numbers ran away at `step`."""
        return Diverged.at(step, layer, self.net.layers[layer - 1].rules.optimiser.lr)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, and all that the result counts."""
        return {
            "config": bound(self.config),
            "data": self.data.fingerprint,
            "threads": torch.get_num_threads(),
            "layers": [{"awake": layer.awake, **layer.tensors()} for layer in self.net.layers],
            "head": self.head.tensors() if self.head else {},
            "rivals": self.sampler.tensors(),
            "rng": self.rng.get_state(),
            "gauges": self.gauges.state(),
            "counters": asdict(self.counters),
            "summary": self.recorder.summary,
            "overall": self.recorder.overall.whole,
            "curve": self.recorder.curve,
            "ledger": self.ledger.state(),
            "peak_memory": self.peak_memory,
            "anonymous_peak": self.anonymous_peak,
            "e2e_seconds": self.e2e_seconds,
            "energy": self.energy() or 0.0,
            "began": self.began,
            "pending": self.pending,
        }

    def restore(self, state: dict[str, Any], folder: RunDir) -> None:
        """Go on from the state stored in `folder`, which `resuming` has found to be this config's."""
        for layer, stored in zip(self.net.layers, state["layers"], strict=True):
            layer.restore(stored)
        if self.net.shelf:
            self.net.shelf.load(self.net.layers, folder.layers(state["counters"]["step"]))
        if self.head:
            self.head.restore(state["head"])
        self.sampler.restore(state["rivals"])
        self._draw_on(state["rng"], state["counters"]["step"])
        self.gauges.restore(state["gauges"], self.device)
        self.counters = self._counted(Counters(**state["counters"]))
        self.recorder.summary, self.recorder.curve = state["summary"], state.get("curve", [])
        self.recorder.overall.whole = state.get("overall", {})
        self.ledger.restore(state["ledger"])
        self.peak_memory, self.anonymous_peak = state["peak_memory"], state["anonymous_peak"]
        self.e2e_before, self.energy_before = state["e2e_seconds"], state["energy"]
        self._first = self.counters.step
        self.began, self.pending = state["began"], state["pending"]

    def _draw_on(self, stored: Tensor, step: int) -> None:
        """Let the draws go on; on another kind of device, which draws otherwise, from a start that hangs on `step`."""
        if stored.shape == self.rng.get_state().shape:
            self.rng.set_state(stored)
        else:
            self.rng = generator(self.device, self.config.seed, Stream.DRAWS, step)

    def _counted(self, counters: Counters) -> Counters:
        """Raises ValueError for counters that no run of this plan comes by."""
        step = counters.step
        if type(step) is not int or not 0 <= step <= self.plan.total:
            raise ValueError(f"it counts step {step!r} of {self.plan.total:,}")
        if counters.images != self.plan.drawn(step):
            raise ValueError(f"it counts {counters.images!r} images at step {step:,}")
        if not all(math.isfinite(number) and number >= 0 for number in asdict(counters).values()):
            raise ValueError("it counts what is no number or below zero")
        return counters

    def memory(self) -> list[LayerMemory]:
        """Bytes of each layer now; the largest seen are kept for the result."""
        now = memory.by_layer(self.net, self.plan.batch_size, whole=not self.config.scope.local)
        for peak, parts in zip(self.peak_memory, now, strict=True):
            for part, count in parts.items():
                peak[part] = max(peak.get(part, 0), count)
        return now

    def energy(self) -> float | None:
        """Joules over the whole run; None where nothing measures them."""
        joules = self.meters.energy()
        return None if joules is None else self.energy_before + joules

    def progress(self, phase: str, *, force: bool = True) -> None:
        """Say how far the run is; the time left goes by the steps of this session.

        Without its first one, in which libraries warm up and steps are compiled.
        """
        now, step, total = time.perf_counter(), self.counters.step, self.plan.total
        if self._paced is None and step > self._first:
            self._paced = step, now
        first, began = self._paced or (step, now)
        eta = (now - began) / (step - first) * (total - step) if step > first else None
        self.recorder.progress(step / total, eta, phase, force=force)
        if self.recorder.bar:
            self.recorder.bar.advance(step)

    def count(self, layer: Layer, reading: Reading, task: Task, step: Step) -> None:
        """Let the gauges see a layer's reading of a piece of a step."""
        self.gauges.add(layer, reading, task, step.number)
        if self.logs(step):
            self.gauges.watch(layer, reading.h)

    def check_stop(self) -> None:
        """Raises Stopped, with the state stored, when somebody asked for it."""
        try:
            self.stop.check()
        except Stopped:
            self.save()
            raise


def _maker(config: RunConfig, recorder: Recorder) -> Make:
    """In what form steps run."""
    if not config.compile:
        return as_written
    recorder.log("steps are compiled where they first run, which takes seconds")
    return Compiler(partial(recorder.log, level="warning"))


def _net(config: RunConfig, data: Dataset, folder: RunDir, device: torch.device) -> Net:
    rng = generator(device, config.seed, Stream.WEIGHTS)
    strength = _strength(config, data.x_train)
    if config.memory.kind == "resident":
        return build(config, data.info.shape, data.info.classes, strength, rng)
    shelf = Shelf(store(folder.path, device), device)
    net = build(config, data.info.shape, data.info.classes, strength, rng, shelf=shelf)
    passes = max(layer.rules.competitors.passes(data.info.classes) for layer in net.layers)
    batch = min(config.schedule.batch_size or len(data.y_train), len(data.y_train))
    numbers = min(net.piece, batch) * passes * max(prod(layer.block.outputs) for layer in net.layers)
    return replace(net, shelf=shelf, scratch=Scratch(store(folder.path, device), numbers, device))


def _sample(config: RunConfig, images: int, device: torch.device) -> Tensor:
    """Indices of the training images that the train accuracy is measured on, always the same."""
    rng = generator(device, config.seed, Stream.SAMPLE)
    return torch.randperm(images, generator=rng, device=device)[: config.evaluate.train_images]


def _strength(config: RunConfig, images: Tensor) -> float:
    """The label's value in the input, "max" resolved."""
    strength = getattr(config.label_code, "strength", 0.0)
    return float(images.max()) if strength == "max" else float(strength)
