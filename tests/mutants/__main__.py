"""`make mutants`: break the mathematics, piece by piece, and run the tests that pass through the piece.

Prints every mutant that no test noticed; the exit status is 1 if there are any. A tool that mutates whole files would
make thousands of mutants of words and defaults, and start an interpreter and PyTorch for each: here a mutant is a code
object put in the place of the function's own in a fork that has everything loaded, which takes tenths of a second.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.mutants.passes import Passes
from tests.mutants.same import SAME
from tests.mutants.targets import ROOT, targets
from tests.mutants.ways import Mutant, mutants

FILES = (
    "test_meters",  # first: what others leave in memory would be used again
    "test_oracle", "test_sampler", "test_closed_form", "test_values", "test_values_together",
    "test_attention", "test_clocks", "test_competitors_images", "test_competitors_text", "test_conv", "test_conv_runs",
    "test_conv_shortcuts", "test_cut_batches", "test_learning", "test_local", "test_products",
    "test_published_updates", "test_recompute", "test_recurrent", "test_streamed", "test_oracle_layers",
)  # fmt: skip
"""Of tests/trainer: those that look at what is computed."""
SECONDS = 25.0
"""Of tests for each mutant, the quickest first."""
NOTICED, UNNOTICED, BROKEN = 0, 1, 2
MOST_SAME = 5
"""So many mutants may be said to change nothing."""


@dataclass
class Trial:
    """A mutant whose tests run."""

    mutant: Mutant
    folder: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all were noticed."""
    parser = argparse.ArgumentParser("make mutants", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="what is not tried by then is counted (default 20)")
    parser.add_argument("--only", default="", help="a pattern in the names of the functions to break")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    os.chdir(ROOT)
    torch.set_num_threads(1)
    chosen = [target for target in targets() if re.search(asked.only, target.name)]
    passes = Passes(chosen)
    paths = [f"tests/trainer/{name}.py" for name in FILES]
    if pytest.main([*paths, "-q", "--no-header", "-p", "no:cacheprovider"], plugins=[passes]) != pytest.ExitCode.OK:
        print("the tests are not green as it is: mend them first", file=sys.stderr)
        return BROKEN
    print(f"{len(passes.seconds)} tests in {time.monotonic() - began:.0f} s pass through {len(passes.by_target)} "
          f"of {len(chosen)} functions", flush=True)  # fmt: skip
    known = {mutant.name for target in targets() for mutant in mutants(target)}
    if stale := set(SAME) - known or len(SAME) > MOST_SAME:
        print(f"same.py names what is no mutant any more, or more than {MOST_SAME}: {stale}", file=sys.stderr)
        return BROKEN
    left = [mutant for target in chosen for mutant in mutants(target) if mutant.name not in SAME]
    random.Random(0).shuffle(left)  # what is tried before time is over stands for all
    count = len(left)
    survivors, tried = _try(left, passes, until=began + 60 * asked.minutes)
    _tell(survivors, tried, count, SAME if not asked.only else {})
    return UNNOTICED if survivors else NOTICED


def _tell(survivors: list[Mutant], tried: int, count: int, same: dict[str, str]) -> None:
    for mutant in sorted(survivors, key=lambda one: one.name):
        print(f"not noticed: {mutant.name}")
    for name, reason in same.items():
        print(f"changes nothing: {name}: {reason}")
    print(f"{tried} of {count} mutants tried, {len(survivors)} not noticed")


def _try(left: list[Mutant], passes: Passes, until: float) -> tuple[list[Mutant], int]:
    """The mutants that were not noticed, and how many were tried; as many at once as there are cores."""
    running: dict[int, Trial] = {}
    survivors, tried = [], 0
    with tempfile.TemporaryDirectory() as folder:
        while running or (left and time.monotonic() < until):
            while left and len(running) < (os.cpu_count() or 1) and time.monotonic() < until:
                mutant = left.pop()
                trial = Trial(mutant, Path(folder) / str(len(left)))
                tests, seconds = passes.tests(mutant.target, SECONDS)
                if tests:
                    running[_start(trial, tests, seconds)] = trial
                else:
                    survivors.append(mutant)
                tried += 1
            if running:
                child, status = os.wait()
                trial = running.pop(child)
                shutil.rmtree(trial.folder, ignore_errors=True)
                ended = os.waitstatus_to_exitcode(status)
                if ended in (UNNOTICED, BROKEN):  # what could not be tried has not been noticed either
                    survivors.append(trial.mutant)
                    told = "not noticed" if ended == UNNOTICED else "could not be tried"
                    print(f"{told}: {trial.mutant.name}", flush=True)
    return survivors, tried


def _start(trial: Trial, tests: list[str], seconds: float) -> int:
    """A fork in which the mutant is in force; it ends with NOTICED or UNNOTICED."""
    child = os.fork()
    if child:
        return child
    status = BROKEN
    try:
        signal.alarm(int(60 + 10 * seconds))  # a mutant that goes round in circles is noticed
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        trial.mutant.target.function().__code__ = trial.mutant.code()
        quiet = ["-x", "-q", "-p", "no:cacheprovider", f"--basetemp={trial.folder}"]
        ended = pytest.main([*tests, *quiet])
        status = {pytest.ExitCode.OK: UNNOTICED, pytest.ExitCode.TESTS_FAILED: NOTICED}.get(ended, BROKEN)
    finally:
        os._exit(status)


if __name__ == "__main__":
    raise SystemExit(main())
