"""`python -m trainer`: run, presets, reproduce, profile-memory, schema, data."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trainer import config as configs
from trainer.commands import presets as presets_command
from trainer.commands import profile_memory
from trainer.commands import reproduce as reproduce_command
from trainer.commands.usage import change, sentence, wrong
from trainer.errors import ConfigError, Stopped, TrainerError, of_disk
from trainer.presets import PRESETS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 0 done, 2 bad config or usage, else that of the error."""
    args = _parser().parse_args(argv)
    try:
        status: int = args.command(args)
    except ConfigError as error:
        for problem in error.errors:
            _say(sentence(problem))
        return error.exit_code
    except TrainerError as error:
        _say(error.reason)
        return error.exit_code
    except OSError as error:
        full = of_disk(error)
        if full is None:
            raise
        _say(f"{error.strerror}: {error.filename or 'standard output'}")
        return full.exit_code
    except KeyboardInterrupt:
        _say("stopped before it began")
        return Stopped.exit_code
    return status


def _say(text: str) -> None:
    with suppress(OSError):  # stderr too may end on a full disk
        print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Train Forward-Forward and backprop nets.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train a net into a folder")
    run.add_argument("--preset", help="a point to start from; see `presets`")
    run.add_argument("--config", type=Path, help="a JSON file laid over the preset")
    run.add_argument("--set", action="append", default=[], metavar="A.B=V", dest="changes", help="change one field")
    run.add_argument("--out", type=Path, required=True, help="the run's folder")
    run.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    run.add_argument(
        "--from", type=Path, dest="begin", metavar="DIR", help="begin with the checkpoint of another run: more epochs"
    )
    run.add_argument("--parent-pipe", action="store_true", help="end when stdin ends; for the worker")
    run.set_defaults(command=_run)
    presets_command.add_to(commands)
    reproduce_command.add_to(commands)
    profile_memory.add_to(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of a config")
    schema.set_defaults(command=_schema)
    data = commands.add_parser("data", help="list or fetch data sets").add_subparsers(required=True, metavar="ACTION")
    data.add_parser("list", help="data sets and where they are").set_defaults(command=_data_list)
    fetch = data.add_parser("fetch", help="download a data set")
    fetch.add_argument("name")
    fetch.set_defaults(command=_data_fetch)
    return parser


def _run(args: argparse.Namespace) -> int:
    from trainer.running import run

    if args.begin and args.resume:
        raise ConfigError([wrong("from", "--resume goes on in its own folder: leave --from out, it was read before")])
    return run(lambda: _composed(args), args.out, resume=args.resume, parent_pipe=args.parent_pipe, begin=args.begin)


def _composed(args: argparse.Namespace) -> configs.RunConfig:
    """The config that the arguments describe. Raises ConfigError."""
    goes_on = args.begin or (args.out if args.resume else None)
    stored = goes_on / "config.json" if goes_on and not (args.preset or args.config) else args.config
    content = _read(stored) if stored else None
    if args.preset is None and content is None and not args.changes:
        msg = f"say what to run, with --preset, --config or --set; presets: {', '.join(PRESETS)}"
        raise ConfigError([{"loc": "preset", "msg": msg, "type": "missing"}])
    return configs.parse(configs.compose(args.preset, content, dict(change(text) for text in args.changes)))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError([wrong("config", f"{path} cannot be read: {error.strerror}")]) from error
    except ValueError as error:
        raise ConfigError([wrong("config", f"{path} is no JSON: {error}")]) from error
    except RecursionError as error:
        raise ConfigError([wrong("config", f"{path} is nested too deep to be a config")]) from error
    if not isinstance(content, dict):
        raise ConfigError([wrong("config", f"{path} must hold a JSON object")])
    return content


def _schema(args: argparse.Namespace) -> int:
    print(json.dumps(configs.schema(), indent=2, ensure_ascii=False))
    return 0


def _data_list(args: argparse.Namespace) -> int:
    from trainer.data.catalogue import survey

    found = survey()
    for info in found.usable:
        where = "here" if info.local else "downloaded on first use"
        shape, note = " × ".join(map(str, info.shape)), f". {info.note}" if info.note else ""
        print(f"{info.name}: {info.title}, {shape}, {info.classes} classes, "
              f"{info.train:,} + {info.test:,} {info.items}, {where}; {info.licence}{note}")  # fmt: skip
    for other in found.unusable:
        print(f"{other.name}: cannot be used. {other.reason}")
    return 0


def _data_fetch(args: argparse.Namespace) -> int:
    from trainer.data import fetch

    info = fetch(args.name)
    print(f"{info.name}: {info.train:,} + {info.test:,} {info.items} are here. {info.note}".rstrip())
    return 0
