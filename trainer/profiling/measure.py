"""One case, measured in a process that does nothing else: `python -m trainer.profiling.measure`, the case on stdin."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from trainer import allocator, loop, machine
from trainer.config import RunConfig
from trainer.data import Dataset, load
from trainer.errors import TrainerError
from trainer.meters import ProcMemory
from trainer.profiling.cases import Case, holding, parts
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop
from trainer.stopwatch import Part, Stopwatch


class Watch(Stopwatch):
    """A stopwatch that looks at the anonymous memory whenever it is looked at: several times in each layer's turn."""

    def __init__(self, device: torch.device, memory: ProcMemory) -> None:
        super().__init__(device)
        self._memory = memory
        self.anonymous = memory.anonymous()

    def lap(self, part: Part, layer: int | None = None) -> None:
        super().lap(part, layer)
        self.anonymous = max(self.anonymous, self._memory.anonymous())


def measure(case: Case) -> dict[str, Any]:
    """Train one epoch; returns bytes above those of the process before the model was built, and seconds."""
    config = case.config()
    if config.threads:
        torch.set_num_threads(config.threads)
    allocator.settle(config.memory.kind)
    device = machine.pick(config.device)
    data = load(config.data, device, config.seed)
    machine.ready(device)
    with tempfile.TemporaryDirectory() as folder:
        return case.as_dict() | _train(config, data, RunDir(Path(folder)).create(), device)


def _train(config: RunConfig, data: Dataset, folder: RunDir, device: torch.device) -> dict[str, Any]:
    memory = ProcMemory()
    anonymous = memory.anonymous()
    run = Session(config, data, folder=folder, recorder=Recorder(folder), stop=Stop(folder), device=device)
    run.clock = watch = Watch(device, memory)
    began, cpu = time.perf_counter(), time.process_time()
    for step in run.plan.after(0):
        if step.opens_phase:
            loop.open_phase(run, step)
        run.clock.start()
        loop.learn(run, step, run.batches.draw(step, run.rng))
        run.advance(step)
    seconds = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    meters = run.meters
    rise = {
        "rss": meters.resident.above(),
        "anonymous": watch.anonymous - anonymous,
        "cuda": meters.tensors.above() if meters.tensors else None,
    }
    before = {
        "rss": meters.resident.start,
        "anonymous": anonymous,
        "cuda": meters.tensors.start if meters.tensors else None,
    }
    held = {"rise": rise, "before": before, "parts": _parts(run)}
    return {**seconds, "flops": run.counters.flops, **held}


def _parts(run: Session) -> dict[str, float]:
    """Bytes of weights, gradients, optimiser and activities that the method holds."""
    return parts(run.memory(), **holding(run.config))


def main() -> int:
    """Print the figures as JSON; exit status of the error where there are none."""
    try:
        print(json.dumps(measure(Case(**json.load(sys.stdin)))))
    except TrainerError as error:
        print(error.reason, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
