"""`python -m trainer profile-memory`: peak memory over depth, by method."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.data.catalogue import facts
from trainer.estimate import estimate
from trainer.profiling.cases import DEFAULT, DEPTHS, IMAGES, METHODS, Case
from trainer.profiling.study import Row
from trainer.words import plural

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

HELP = """Trains nets of equal layers for one epoch, each in a process of its own, and writes the highest memory of each
above that of its process before the model was built: OUT/memory.json and OUT/memory.html; and how much of what FF saves
beside backprop comes from going through a batch in pieces and how much from layers that learn alone. What is measured
is not measured again. As it comes it takes about a quarter of an hour of one core; all depths of nebuly's study
(--layers 2,7,12,17,22,27,32,37,42,47) take three hours and 8 GB, more images only more time."""


def add_to(commands: Commands) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser("profile-memory", help="peak memory over depth, by method", description=HELP)
    parser.add_argument("--layers", type=_numbers, default=DEPTHS, metavar="2,7,…",
                        help=f"depths (default {','.join(map(str, DEPTHS))})")  # fmt: skip
    parser.add_argument("--methods", type=_methods, default=DEFAULT, metavar="A,B",
                        help=f"of {', '.join(METHODS)} (default: all)")  # fmt: skip
    parser.add_argument("--hidden", type=_number, default=2000, help="units of each layer (default 2000)")
    parser.add_argument("--batch", type=_number, default=5000, help="images of a batch (default 5000)")
    parser.add_argument("--data", default="mnist", help="data set (default mnist)")
    parser.add_argument("--images", type=_images, default=IMAGES, metavar="N",
                        help=f"training images, or all (default {IMAGES}, or all where there are fewer)")  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (default auto)")
    parser.add_argument("--threads", type=_number, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument("--out", type=Path, default=Path("memory"), help="folder of the results (default ./memory)")
    parser.set_defaults(command=_profile)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)


def _images(text: str) -> int | None:
    return None if text == "all" else _number(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_number(part) for part in text.split(",")))


def _methods(text: str) -> tuple[str, ...]:
    for name in text.split(","):
        if name not in METHODS:
            raise argparse.ArgumentTypeError(f"there is no method {name!r}; there are {', '.join(METHODS)}")
    return tuple(dict.fromkeys(text.split(",")))


def _profile(args: argparse.Namespace) -> int:
    from trainer.profiling import plot, study

    case = Case(args.methods[0], args.layers[0], args.hidden, args.batch, args.data, None, args.device,
                args.threads)  # fmt: skip
    there = facts(case.config().data).train  # a data set that there is not is refused once, not by each process
    case = replace(case, images=min(IMAGES, there) if args.images == IMAGES else args.images)
    cases = [replace(case, method=method, layers=layers) for layers in args.layers for method in args.methods]
    path, failed, alike = args.out / "memory.json", 0, list[Row]()
    print(_outlook(cases), file=sys.stderr, flush=True)
    for row, known in study.study(cases, path):
        print(_line(row) + (", was there" if known else ""), flush=True)
        failed += "failed" in row
        alike = [kept for kept in study.read(path) if study.alike(kept, case)]
        plot.write(alike, args.out / "memory.html")
    for text in plot.said(alike):
        print(text)
    if failed:
        print(f"{failed} of {len(cases)} gave no figure; the same command tries them again", file=sys.stderr)
    return 1 if failed else 0


def _outlook(cases: list[Case]) -> str:
    """How long the study takes where nothing of it is there."""
    seconds = 0.0
    for case in cases:
        config = case.config()
        seconds += estimate(config, facts(config.data)).seconds
    minutes = max(1, round(seconds / 60))
    return f"{plural(len(cases), 'case')}, about {plural(minutes, 'minute')} on one core"


def _line(row: Row) -> str:
    from trainer.profiling import plot, saving

    head = f"{row['method']}  {plural(row['layers'], 'layer')}  "
    if "failed" in row:
        return f"{head}{row['failed']}"
    return head + f"{plot.peak(row) / saving.MEGABYTE:.1f} MB  {row['seconds']:.1f} s"
