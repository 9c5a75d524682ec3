"""Two works measured in turns, each in a process of its own: CPU time of one thread, and how far the memory rises.

The product's process starts as `python -m trainer` does, the usual script's as a script does. `python -m
benchmarks.turns MODULE WORK` is such a process: for every line on its standard input it works once and answers with a
line of JSON.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import torch

from trainer.meters import ProcMemory
from trainer.surroundings import VARIABLES

TURNS = 5
Act = Callable[[], object]


@dataclass(frozen=True)
class Cost:
    """Of one turn."""

    seconds: float
    """CPU time, of user and system."""
    rise: int
    """Highest resident memory above that before the turn, bytes."""
    said: str = ""
    """What the work says of itself."""


class Worker:
    """A process that does one work whenever it is asked."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def turn(self) -> Cost:
        """Have the work done once."""
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer:
            raise RuntimeError("a process that measures ended early")
        return Cost(**json.loads(answer))


@contextmanager
def worker(module: str, work: str, *, ours: bool) -> Iterator[Worker]:
    """A process of `module`, whose `WORKS` make the work of that name."""
    bare = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-m", "benchmarks.turns", module, work]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=bare | (VARIABLES if ours else {})) as child:
        yield Worker(child)
        assert child.stdin
        child.stdin.close()


def costs(module: str, ours: str, *others: str, product: int = 1) -> list[list[Cost]]:
    """Of each work over `TURNS` turns, a first one left out; the first `product` works are the product's."""
    with ExitStack() as stack:
        works = enumerate((ours, *others))
        workers = [stack.enter_context(worker(module, work, ours=place < product)) for place, work in works]
        turns = [[each.turn() for each in workers] for _ in range(TURNS + 1)][1:]
    return [list(of_one) for of_one in zip(*turns, strict=True)]


def times(usual: list[Cost], ours: list[Cost]) -> float:
    """How many times the CPU time of `ours` `usual` takes: the median over the turns."""
    return statistics.median(u.seconds / o.seconds for u, o in zip(usual, ours, strict=True))


def median(costs: list[Cost]) -> float:
    """CPU seconds of a turn."""
    return statistics.median(cost.seconds for cost in costs)


def share_of_peak(usual: list[Cost], ours: list[Cost]) -> float:
    """Our rise of memory over that of `usual`."""
    return max(cost.rise for cost in ours) / max(cost.rise for cost in usual)


def _serve(act: Act, answers: TextIO) -> None:
    memory = ProcMemory()
    for _ in sys.stdin:
        ctypes.CDLL(None).malloc_trim(0)
        memory.forget_peak()
        before, began = memory.rss(), time.process_time()
        said = act()
        seconds = time.process_time() - began
        cost = {"seconds": seconds, "rise": memory.peak() - before, "said": said if isinstance(said, str) else ""}
        print(json.dumps(cost), file=answers, flush=True)


def main() -> None:
    module, work = sys.argv[1:]
    torch.set_num_threads(1)
    answers = sys.stdout
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):  # a run's own lines are no answers
        _serve(importlib.import_module(f"benchmarks.{module}").WORKS[work](Path(folder)), answers)


if __name__ == "__main__":
    main()
