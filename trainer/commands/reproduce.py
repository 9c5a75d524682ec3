"""`python -m trainer reproduce`: run presets and their controls over seeds, and write down what they came to."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from trainer.commands.usage import change, sentence, wrong
from trainer.errors import ConfigError, Stopped
from trainer.presets import PRESETS
from trainer.presets.findings import FINDINGS
from trainer.presets.measured import read
from trainer.reproduce import pages
from trainer.reproduce.places import Places, places
from trainer.reproduce.plan import Controls, Plan, Wish, plan
from trainer.reproduce.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

HELP = """Runs every preset with every seed in OUT/<preset>/<seed>, each in a process of its own, and its controls in
OUT/controls. What is finished is not run again, what was stopped goes on. Results are recorded in
trainer/presets/measured.json and docs of a checkout, elsewhere in OUT/measured.json."""


def add_to(commands: Commands) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser("reproduce", help="run presets over seeds into the table of results", description=HELP)
    parser.add_argument("presets", nargs="*", metavar="PRESET", help="see `presets`")
    parser.add_argument("--all", action="store_true", help="every preset")
    parser.add_argument("--findings", action="store_true", help="the cases of docs/findings.md")
    parser.add_argument("--seeds", type=_seeds, default=(0,), metavar="0,1,2", help="which seeds (default 0)")
    parser.add_argument("--controls", default="random", metavar="A,B",
                        help="beside each: random (default), backprop, deep_supervision, linear; or none")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("reproduced"), help="where the runs go (default ./reproduced)")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=V", dest="changes", help="change one field")
    parser.add_argument("--short", action="store_true",
                        help="a minute form, to see that all run: 2 epochs of 500 images; never recorded")  # fmt: skip
    parser.add_argument("--threads", type=_count, help="CPU threads of each run (default: the cores, shared by --jobs)")
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="runs at a time (default 1)")
    parser.add_argument(
        "--table", action="store_true", help="run nothing; make docs/results.md and docs/findings.md anew"
    )
    parser.set_defaults(command=_reproduce)


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of seeds, such as 0,1,2") from error


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)


def _reproduce(args: argparse.Namespace) -> int:
    where = places(args.out)
    if args.table:
        return _table(where)
    planned = plan(*_wishes(args))
    for text in planned.without:
        print(text, file=sys.stderr)
    work = Work(planned.jobs, None if args.short else where, args.jobs)
    try:
        with _terminate_as_interrupt():
            work.carry_out()
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return Stopped.exit_code
    if work.recorded and where.docs is None:
        print(f"recorded in {where.rows} alone: this is no checkout, which would have docs", file=sys.stderr)
    return _account(planned, work.failed)


def _table(where: Places) -> int:
    if where.docs is None:
        raise ConfigError([wrong("table", "docs belong to a checkout, and this is none")])
    pages.write(where.docs, read(where.rows))
    return 0


def _wishes(args: argparse.Namespace) -> list[Wish]:
    """What the arguments ask for. Raises ConfigError."""
    if (bool(args.presets), args.all, args.findings).count(True) != 1:
        msg = f"name presets, or say --all or --findings; presets: {', '.join(PRESETS)}"
        raise ConfigError([wrong("preset", msg)])
    changes = dict(change(text) for text in args.changes)
    if not args.findings:
        return [_wish(args, list(PRESETS) if args.all else args.presets, changes)]
    cases = [case for finding in FINDINGS for case in finding.cases]
    return [_wish(args, [case.preset], {**case.changes, **changes}) for case in cases]


def _wish(args: argparse.Namespace, presets: Sequence[str], changes: dict[str, Any]) -> Wish:
    return Wish(
        presets=presets,
        out=args.out,
        seeds=args.seeds,
        controls=_controls(args.controls),
        changes=changes,
        threads=args.threads or _share(args.jobs),
        short=args.short,
    )


def _share(jobs: int) -> int | None:
    """Threads of one of several runs at a time; a single one has PyTorch's choice."""
    return max(1, (os.cpu_count() or 1) // jobs) if jobs > 1 else None


def _controls(text: str) -> Controls:
    """The controls named in `a,b`, or none. Raises ConfigError."""
    if text == "none":
        return {}
    from trainer.controls import CONTROLS

    for name in text.split(","):
        if name not in CONTROLS:
            msg = f"there is no control {name!r}; these would work: {', '.join(CONTROLS)}, or none"
            raise ConfigError([wrong("controls", msg)])
    return {name: CONTROLS[name].derive for name in text.split(",")}


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM means what Ctrl-C means."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _account(planned: Plan, failed: Sequence[str]) -> int:
    """Say at the end what did not work; returns the exit status."""
    lines = [sentence(problem) for error in planned.refused for problem in error.errors]
    if failed:
        lines += [f"{len(failed)} of {len(planned.jobs)} did not finish:", *(f"  {text}" for text in failed)]
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0
