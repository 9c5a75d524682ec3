"""Presets: points on the axes with a source, and what to expect of them. Imports no torch."""

from __future__ import annotations

from trainer.errors import ConfigError
from trainer.presets.attention import ATTENTION
from trainer.presets.base import Preset, Published, Target
from trainer.presets.classrows_conv import CLASS_ROWS_CONV
from trainer.presets.competing import COMPETING
from trainer.presets.conv import CONV
from trainer.presets.digits import DIGITS
from trainer.presets.kesanapalli import KESANAPALLI
from trainer.presets.local import LOCAL
from trainer.presets.mixed import MIXED
from trainer.presets.mnist import MNIST
from trainer.presets.recurrent import RECURRENT
from trainer.presets.rows import ROWS
from trainer.presets.text import TEXT
from trainer.presets.trifecta import TRIFECTAS
from trainer.presets.unsupervised import UNSUPERVISED

__all__ = ["PRESETS", "Preset", "Published", "Target", "find"]

_ALL = (
    *DIGITS,
    *MNIST,
    *ROWS,
    *COMPETING,
    *UNSUPERVISED,
    *RECURRENT,
    *TEXT,
    *MIXED,
    *CONV,
    *TRIFECTAS,
    *CLASS_ROWS_CONV,
    *LOCAL,
    *ATTENTION,
    *KESANAPALLI,
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def find(name: str) -> Preset:
    """The preset of that name. Raises ConfigError (loc `preset`) with the names that would work."""
    if name not in PRESETS:
        msg = f"there is no preset {name!r}; these would work: {', '.join(PRESETS)}"
        raise ConfigError([{"loc": "preset", "msg": msg, "type": "unknown_preset"}])
    return PRESETS[name]
