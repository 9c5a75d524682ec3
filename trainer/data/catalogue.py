"""Which data sets there are, and what is known of each without loading it. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import ConfigError, DataError
from . import digits, npz, text, torchvision_sets
from .family import DEFAULT_CUT, Cut, DataInfo, Family
from .folders import read_folders
from .sizes import DataConfig, cut_of

__all__ = ["DEFAULT_CUT", "FAMILIES", "Cut", "DataInfo", "describe", "facts", "family_of", "listing"]

FAMILIES: tuple[Family, ...] = (digits, torchvision_sets, text, npz)


def _names(folders: Sequence[Path]) -> list[str]:
    return [name for family in FAMILIES for name in family.names(folders)]


def family_of(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> tuple[Family, DataInfo]:
    """The family that owns `name`, and the facts, of a text those of its windows by `cut`.

    Raises DataError (corrupt file), ConfigError (unknown name).
    """
    for family in FAMILIES:
        info = family.describe(name, folders, cut)
        if info is not None:
            return family, info
    known = ", ".join(_names(folders))
    raise ConfigError(
        [
            {
                "loc": "data.name",
                "msg": f"there is no data set {name!r}; these would work: {known}, and npz:NAME for a NAME.npz "
                "or text:NAME for a NAME.txt in a folder of FFWEB_DATASETS",
                "type": "unknown_dataset",
            }
        ]
    )


def facts(data: DataConfig) -> DataInfo:
    """Facts of the data set that a config names, cut as it says. Raises as `describe` does."""
    return describe(data.name, cut=cut_of(data))


def describe(name: str, folders: Sequence[Path] | None = None, cut: Cut = DEFAULT_CUT) -> DataInfo:
    """Facts of one data set. Raises ConfigError (loc `data.name`) with the names or the repair that would work."""
    try:
        return family_of(name, read_folders() if folders is None else folders, cut)[1]
    except DataError as error:
        raise ConfigError([{"loc": "data.name", "msg": error.reason, "type": "dataset"}]) from error


def listing(folders: Sequence[Path] | None = None) -> list[DataInfo]:
    """Every data set that could be trained on, and every npz file found; a corrupt file is left out."""
    where = read_folders() if folders is None else folders
    infos = []
    for name in _names(where):
        try:
            infos.append(describe(name, where))
        except ConfigError:  # choosing it says what is wrong; one bad file must not hide the others
            continue
    return infos
