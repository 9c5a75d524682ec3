"""One case, measured in a process that does nothing else: `python -m trainer.profiling.measure`, the case on stdin."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from trainer import allocator, loop, machine
from trainer.config import RunConfig
from trainer.data import Dataset, load
from trainer.errors import TrainerError
from trainer.meters import ProcMemory
from trainer.profiling.cases import Case
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop
from trainer.stopwatch import Part, Stopwatch

RESET = Path("/proc/self/clear_refs")


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
    if config.memory.kind == "streamed":
        allocator.fix_threshold()
    device = machine.pick(config.device)
    data = load(config.data, device, config.seed)
    _warm(device)
    with tempfile.TemporaryDirectory() as folder:
        return case.as_dict() | _train(config, data, RunDir(Path(folder)).create(), device)


def _warm(device: torch.device) -> None:
    """Load the kernels, whose libraries are not the method's."""
    x = torch.randn(256, 256, device=device, requires_grad=True)
    torch.optim.Adam([x], fused=True).step()
    (x @ x).relu().square().sum().backward()  # type: ignore[no-untyped-call]


def _train(config: RunConfig, data: Dataset, folder: RunDir, device: torch.device) -> dict[str, Any]:
    memory = ProcMemory()
    RESET.write_text("5")
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    before = _Bytes(memory.rss(), memory.anonymous(), _cuda(device))
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
    rise = _Bytes(memory.peak(), watch.anonymous, _cuda(device, peak=True)).above(before)
    held = {"rise": asdict(rise), "before": asdict(before), "parts": _parts(run, config)}
    return {**seconds, "flops": run.counters.flops, **held}


@dataclass(frozen=True)
class _Bytes:
    """Memory of this process."""

    rss: int
    anonymous: int
    cuda: int | None
    """Of tensors on the GPU; None without one."""

    def above(self, start: _Bytes) -> _Bytes:
        """How much more than at the start."""
        cuda = None if self.cuda is None or start.cuda is None else self.cuda - start.cuda
        return _Bytes(self.rss - start.rss, self.anonymous - start.anonymous, cuda)


def _cuda(device: torch.device, *, peak: bool = False) -> int | None:
    if device.type != "cuda":
        return None
    return torch.cuda.max_memory_allocated(device) if peak else torch.cuda.memory_allocated(device)


def _parts(run: Session, config: RunConfig) -> dict[str, int]:
    """Bytes of what the method holds, over its layers: added where layers stay, the largest where one is at work."""
    by_layer = run.memory()
    alone = max if config.memory.kind == "streamed" else sum
    parts = {part: alone(layer[part] for layer in by_layer) for part in ("weights", "gradients", "optimiser")}
    acts = [layer["activations"] for layer in by_layer]
    return parts | {"activations": max(acts) if config.scope.local else sum(acts)}


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
