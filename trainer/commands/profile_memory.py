"""`python -m trainer profile-memory`: peak memory over depth, by method."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.data.catalogue import facts
from trainer.profiling.cases import DEFAULT, DEPTHS, METHODS, Case
from trainer.words import plural

if TYPE_CHECKING:
    from trainer.profiling.study import Row

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

HELP = """Trains nets of equal layers for one epoch, each in a process of its own, and writes the highest memory of each
above that of its process before the model was built: OUT/memory.json and OUT/memory.html. What is measured is not
measured again."""


def add_to(commands: Commands) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser("profile-memory", help="peak memory over depth, by method", description=HELP)
    parser.add_argument("--layers", type=_numbers, default=DEPTHS, metavar="2,7,…", help="depths (default: 2 to 47)")
    parser.add_argument("--methods", type=_methods, default=DEFAULT, metavar="A,B",
                        help=f"of {', '.join(METHODS)} (default: all but backprop-pieces)")  # fmt: skip
    parser.add_argument("--hidden", type=_number, default=2000, help="units of each layer (default 2000)")
    parser.add_argument("--batch", type=_number, default=5000, help="images of a batch (default 5000)")
    parser.add_argument("--data", default="mnist", help="data set (default mnist)")
    parser.add_argument("--images", type=_number, help="training images (default: all)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 (default auto)")
    parser.add_argument("--threads", type=_number, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument("--out", type=Path, default=Path("memory"), help="folder of the results (default ./memory)")
    parser.set_defaults(command=_profile)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_number(part) for part in text.split(",")))


def _methods(text: str) -> tuple[str, ...]:
    for name in text.split(","):
        if name not in METHODS:
            raise argparse.ArgumentTypeError(f"there is no method {name!r}; there are {', '.join(METHODS)}")
    return tuple(dict.fromkeys(text.split(",")))


def _profile(args: argparse.Namespace) -> int:
    from trainer.profiling import plot, study

    case = Case(args.methods[0], args.layers[0], args.hidden, args.batch, args.data, args.images, args.device,
                args.threads)  # fmt: skip
    facts(case.config().data)  # a data set that there is not is refused once, not by each process
    cases = [replace(case, method=method, layers=layers) for layers in args.layers for method in args.methods]
    path, failed = args.out / "memory.json", 0
    for row, known in study.study(cases, path):
        print(_line(row) + (", was there" if known else ""), flush=True)
        failed += "failed" in row
        plot.write(study.read(path), args.out / "memory.html")
    if failed:
        print(f"{failed} of {len(cases)} gave no figure; the same command tries them again", file=sys.stderr)
    return 1 if failed else 0


def _line(row: Row) -> str:
    from trainer.profiling import plot

    head = f"{row['method']}  {plural(row['layers'], 'layer')}  "
    if "failed" in row:
        return f"{head}{row['failed']}"
    return head + f"{plot.peak(row) / plot.MEGABYTE:.1f} MB  {row['seconds']:.1f} s"
