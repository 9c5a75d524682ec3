"""What tells the data of a run from others of the same name, so that a run goes on with what it began with.

Made of headers and checksums that are there anyway, never of all pixels. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError
from .catalogue import family_of
from .family import DataInfo
from .folders import read_folders

MOST, LONGEST = 1 << 53, 200
"""Numbers and texts beyond these are none of ours."""
Fingerprint = dict[str, Any]
"""{name, content, shape, classes, train, test}, of the whole set: what a run takes of it stands in its config."""


def made_of(info: DataInfo) -> Fingerprint:
    """Of a data set with its default cut: a window belongs to the config."""
    shape = list(info.shape) if info.kind == "image" else [info.shape[-1]]
    return {
        "name": info.name,
        "content": info.content,
        "shape": shape,
        "classes": info.classes,
        "train": info.train,
        "test": info.test,
    }


def of(name: str) -> Fingerprint:
    """Of the data set `name` as it is now. Raises DataError where it is gone, ConfigError."""
    return made_of(family_of(name, read_folders())[1])


def read(stored: object) -> Fingerprint | None:
    """What a file or a row says that it is, if it is one."""
    if not isinstance(stored, dict) or not isinstance(shape := stored.get("shape"), list) or len(shape) not in (1, 3):
        return None
    numbers = [*shape, *(stored.get(key) for key in ("classes", "train", "test"))]
    texts = [stored.get(key) for key in ("name", "content")]
    if not all(type(number) is int and 0 <= number < MOST for number in numbers):
        return None
    return stored if all(isinstance(text, str) and len(text) < LONGEST for text in texts) else None


def differ(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two runs of one name saw other data. Digests that were made in different ways are not compared."""
    if before["name"] != now["name"]:
        return False
    if any(before[key] != now[key] for key in ("shape", "classes", "train", "test")):
        return True
    old, new = str(before["content"]), str(now["content"])
    return old != new and old.partition(":")[0] == new.partition(":")[0]


def short(found: Mapping[str, Any]) -> str:
    """The digest as a page shows it; empty where there is none."""
    return str(found["content"]).partition(":")[2][:8]


def said(found: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> str:
    """10 classes and 1,000 images; the digest too where `beside` has the same numbers."""
    shape = found["shape"]
    kind = "windows" if len(shape) == 1 else "images"
    size = f" of {' × '.join(map(str, shape))}" if beside and beside["shape"] != shape else ""
    words = f"{found['classes']:,} classes and {found['train'] + found['test']:,} {kind}{size}"
    return f"{words} ({short(found) or 'unknown'})" if beside and said(beside) == words else words


def changed(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str:
    """What changed since a run began, with what would help; empty where nothing did, or nothing is known."""
    if not before or not differ(before, now):
        return ""
    what = f"{now['name']} had {said(before, now)} when this run began, now {said(now, before)}"
    old = "put the old file back" if ":" in now["name"] else "go on with the files, or the Python, that it began with"
    return f"{what}: {old}, or start a new run"


def compare(stored: object, now: Fingerprint) -> None:
    """Raises ConfigError (loc `data.name`) when a run that began with `stored` would go on with other data."""
    if why := changed(read(stored), now):
        raise ConfigError([{"loc": "data.name", "msg": why, "type": "other_data"}])


def ask(stored: object, name: str) -> None:
    """`compare` with the data set `name` as it is; a run that began with another name is none of its business."""
    before = read(stored)
    if before and before["name"] == name:
        compare(before, of(name))
