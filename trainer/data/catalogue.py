"""Which data sets there are, and what is known of each without loading it. Imports no torch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import ConfigError, DataError, TrainerError
from . import digits, files, npz, text, torchvision_sets
from .family import DEFAULT_CUT, Cut, DataInfo, Family, Unusable
from .folders import named_folders, read_folders
from .sizes import DataConfig, cut_of

__all__ = [
    "DEFAULT_CUT", "FAMILIES", "Cut", "DataInfo", "Survey", "Unusable",
    "describe", "facts", "family_of", "listing", "survey",
]  # fmt: skip

FAMILIES: tuple[Family, ...] = (digits, torchvision_sets, text, npz)
OWN = ((text.PREFIX, text.ENDING), (npz.PREFIX, npz.ENDING))
"""Names of one's own files begin so, and the files end so."""
MOST_LISTED = 500
"""Names of a family that are listed."""
SECONDS = 2.0
"""Of this thread's computing that one look at all files may take; what was looked at is remembered."""


class Survey(NamedTuple):
    """What there is: sets that can be trained on, and what cannot, with the reason."""

    usable: list[DataInfo]
    unusable: list[Unusable]


def _names(folders: Sequence[Path]) -> list[str]:
    return [name for family in FAMILIES for name in family.names(folders)]


def family_of(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> tuple[Family, DataInfo]:
    """The family that owns `name`, and the facts, of a text those of its windows by `cut`.

    Raises DataError (corrupt file), ConfigError (unknown name).
    """
    for family in FAMILIES:
        info = _described(family, name, folders, cut)
        if info is not None:
            return family, info
    known = files.some(_names(folders))
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


def _described(family: Family, name: str, folders: Sequence[Path], cut: Cut) -> DataInfo | None:
    """What a family says of a name. Whatever its files bring up is a sentence about this name and nobody else's."""
    try:
        return family.describe(name, folders, cut)
    except TrainerError:
        raise
    except Exception as error:  # the files are anybody's, and may vanish, too
        raise DataError(f"{name} cannot be read: {files.reason(error)}", "data.name") from error


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
    """Every data set that could be trained on, and every file of one's own that can be."""
    return survey(folders).usable


def survey(folders: Sequence[Path] | None = None) -> Survey:
    """Every data set that could be trained on, and every one found that cannot be, with its sentence."""
    where = read_folders() if folders is None else folders
    usable: list[DataInfo] = []
    unusable = list(_gone()) if folders is None else []
    until = time.thread_time() + SECONDS
    for name in (name for family in FAMILIES for name in family.names(where)[:MOST_LISTED]):
        if time.thread_time() > until:
            why = "It has not been looked at yet: there is much to read here. Choose it by its name, or look again."
            unusable.append(Unusable(name, why))
            continue
        try:
            usable.append(describe(name, where))
        except ConfigError as error:
            unusable.append(Unusable(name, sentence(error.errors[0]["msg"])))
    return Survey(usable, [*unusable, *(odd for prefix, ending in OWN for odd in _odd(prefix, ending, where))])


def sentence(text: str) -> str:
    """`text` with its full stop."""
    return text if text.endswith(".") else f"{text}."


def _odd(prefix: str, ending: str, folders: Sequence[Path]) -> Iterator[Unusable]:
    """Files that no name can choose, and how many there are beyond those listed."""
    names, odd = files.listed(folders, ending)
    for path, why in odd[:MOST_LISTED]:
        yield Unusable(prefix + files.said(path.name), sentence(f"{files.said(path)}: {why}"))
    if max(len(names), len(odd)) > MOST_LISTED:
        yield Unusable(
            f"{prefix}…", f"There are more files than are listed here: choose one by its name, {prefix}NAME."
        )


def _gone() -> Iterator[Unusable]:
    """Folders of FFWEB_DATASETS in which nothing can be found."""
    for folder in named_folders():
        if why := files.unreadable(folder):
            yield Unusable(files.said(folder), f"FFWEB_DATASETS names {files.said(folder)}: {why}.")
