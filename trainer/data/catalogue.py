"""Which data sets there are, and what is known of each without loading it. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import ConfigError, DataError
from . import digits, npz, torchvision_sets
from .family import DataInfo, Family
from .folders import read_folders

__all__ = ["FAMILIES", "DataInfo", "describe", "family_of", "listing"]

FAMILIES: tuple[Family, ...] = (digits, torchvision_sets, npz)


def _names(folders: Sequence[Path]) -> list[str]:
    return [name for family in FAMILIES for name in family.names(folders)]


def family_of(name: str, folders: Sequence[Path]) -> tuple[Family, DataInfo]:
    """The family that owns `name`, and the facts. Raises DataError (corrupt file), ConfigError (unknown name)."""
    for family in FAMILIES:
        info = family.describe(name, folders)
        if info is not None:
            return family, info
    known = ", ".join(_names(folders))
    raise ConfigError(
        [
            {
                "loc": "data.name",
                "msg": f"there is no data set {name!r}; these would work: {known}, and npz:NAME for a NAME.npz "
                "in a folder of FFWEB_DATASETS",
                "type": "unknown_dataset",
            }
        ]
    )


def describe(name: str, folders: Sequence[Path] | None = None) -> DataInfo:
    """Facts of one data set. Raises ConfigError (loc `data.name`) with the names or the repair that would work."""
    try:
        return family_of(name, read_folders() if folders is None else folders)[1]
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
