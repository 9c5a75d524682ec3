"""What was measured of a preset with this repository, beside its controls: trainer/presets/measured.json in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from trainer.presets import Preset, words
from trainer.presets import measured as file
from trainer.presets.summary import SEEDS, Against, Summary, summary
from trainer.words import plural

CONTROLS = {
    "random": "the same net frozen at random",
    "backprop": "backprop",
    "deep_supervision": "backprop with a loss at every layer",
    "linear": "a softmax on the pixels",
}


@dataclass(frozen=True)
class Measured:
    """Mean over the seeds, what one seed took, and each control with the difference."""

    figure: str
    budget: str
    controls: tuple[str, ...]


def measured(preset: Preset) -> Measured | None:
    """None where this preset, as it stands, has not been measured."""
    found = summary(file.current(preset, rows()), preset.target.metric if preset.target else None)
    if found is None:
        return None
    controls = tuple(_beside(control, against) for control, against in found.controls.items())
    return Measured(words.mean(found.figure), _budget(found), controls)


def rows() -> list[file.Row]:
    """All that was measured, as the file has it now."""
    return _rows(_stamp())


def _stamp() -> int:
    """When the file was last written; 0 where there is none."""
    return file.MEASURED.stat().st_mtime_ns if file.MEASURED.exists() else 0


@lru_cache(maxsize=1)
def _rows(stamp: int) -> list[file.Row]:
    """The file as it was at `stamp`."""
    return file.read(file.MEASURED)


def _budget(found: Summary) -> str:
    return f"{words.seeds(found.figure)}, {effort(found)} each on {found.hardware}"


def effort(found: Summary) -> str:
    """`60 epochs, 7.8 min`."""
    return f"{found.epochs:,.0f} epoch{'' if found.epochs == 1 else 's'}, {words.seconds(found.seconds)}"


def _beside(control: str, against: Against) -> str:
    """`backprop 98.21 ± 0.05 %: 1.19 points worse`; a difference within the noise, or of too few seeds, is none."""
    difference = words.difference(against.control.metric, abs(against.gain)).removeprefix("+")
    side = "better" if against.gain > 0 else "worse"
    name = CONTROLS.get(control, control)
    return f"{name} {words.mean(against.control)}: {difference} {side}{_doubt(against)}"


def _doubt(against: Against) -> str:
    """What keeps the difference, either way, from being one."""
    if not against.judged:
        return f" with {plural(against.seeds, 'seed')}, where {SEEDS} would tell"
    return ", which may be chance" if against.verdict == "level" else ""
