"""`python -m trainer presets`: what there is, where it comes from, and what was measured here."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trainer.presets import PRESETS, Preset, words
from trainer.presets.measured import Row, current, read
from trainer.presets.summary import Against, Summary, summary
from trainer.words import plural

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser("presets", help="list the presets, their sources and what was measured")
    parser.add_argument("--json", action="store_true", help="as JSON, configs included")
    parser.set_defaults(command=_presets)


def _presets(args: argparse.Namespace) -> int:
    rows = read()
    if args.json:
        entries = [asdict(preset) | {"measured": _content(_found(preset, rows))} for preset in PRESETS.values()]
        print(json.dumps(entries, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(_text(preset, _found(preset, rows)) for preset in PRESETS.values()))
    return 0


def _found(preset: Preset, rows: Sequence[Row]) -> Summary | None:
    return summary(current(preset, rows), preset.target.metric if preset.target else None)


def _content(found: Summary | None) -> dict[str, Any] | None:
    """A summary as JSON, with what it concludes of its controls."""
    if found is None:
        return None
    content = asdict(found)
    for name, against in found.controls.items():
        content["controls"][name]["beats"] = against.beats
    return content


def _text(preset: Preset, found: Summary | None) -> str:
    lines = [preset.name, f"{preset.title}; about {words.seconds(60 * preset.minutes)} on two CPU cores",
             f"source: {preset.source}", f"published {_published(preset)}",
             f"this project measured {_measured(found)}"]  # fmt: skip
    if preset.differs:
        lines.append(f"differs from the public code: {preset.differs}")
    if found:
        lines += [_against(name, against) for name, against in found.controls.items()]
    return "\n  ".join(lines)


def _published(preset: Preset) -> str:
    """With its conditions, always: the figures of two sources cannot be ranked without them."""
    figure = preset.published
    return f"{figure.value:g} {figure.unit} ({figure.split}): {figure.conditions}" if figure else "no figure"


def _measured(found: Summary | None) -> str:
    if found is None:
        return "not yet: python -m trainer reproduce runs it"
    budget = f"{plural(found.epochs, 'epoch')}, {words.seconds(found.seconds)}"
    return f"{words.mean(found.figure)} (test, {words.seeds(found.figure)}; {budget}; {found.hardware})"


def _against(name: str, against: Against) -> str:
    control = against.control
    return f"beside its control {name}: {words.mean(control)} ({words.seeds(control)}), {words.verdict(against)}"
