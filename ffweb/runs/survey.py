"""What a run folder from elsewhere holds, read before anything of it is taken in: what can be used, and what cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, chain, islice, takewhile
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

import orjson

from ffweb.live.apply import State, apply
from ffweb.live.follow import LONGEST_LINE
from trainer import config as trainer_config
from trainer.config import RunConfig
from trainer.events import Event
from trainer.rundir import RunDir
from trainer.words import plural

BATCH = 1000  # lines folded at a time
LONGEST_CONFIG = 1 << 20
PARTS = (
    "config.json", "env.json", "result.json", "checkpoint.pt", "checkpoint.json", "console.log", "layers-*.bin",
    "figures/*.json", "figures/*.npz",
)  # fmt: skip


class NotImported(Exception):
    """Why a folder cannot be brought in."""


@dataclass
class Events:
    """The events of a file as far as they can be read: its first `size` bytes."""

    first: Event
    last: Event
    end: Event | None
    size: int
    damage: str = ""
    """Which line cannot be read and what is left out with it; empty where there is none."""


@dataclass
class Survey:
    """A folder that can be brought in."""

    folder: RunDir
    config: RunConfig
    content: bytes
    """The bytes of config.json."""
    events: Events
    parts: list[Path] = field(default_factory=list)
    """The files that belong to a run, the events apart, as paths inside the folder."""
    left_out: list[str] = field(default_factory=list)


def survey(path: Path) -> Survey:
    """Read the folder at `path`. Raises NotImported, or ConfigError for a config that is wrong."""
    try:
        folder = RunDir(path.resolve())
        for needed in (folder.config, folder.events):
            _check_plain(folder, needed)
        events, content = read_events(folder.events), _content(folder.config)
        found = Survey(folder, _config(folder, content), content, events)
        _list(found)
    except OSError as error:
        raise NotImported(f"{error.filename or path} cannot be read: {error.strerror}.") from error
    return found


def _check_plain(folder: RunDir, path: Path) -> None:
    """A link could lead anywhere, and a pipe would be waited for for ever."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise NotImported(f"{folder.path} is no run folder: it has no {path.name}.") from None
    if not S_ISREG(mode):
        raise NotImported(f"{path} is no plain file: put a copy of the file itself in its place.")


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LONGEST_CONFIG + 1)
    if len(content) > LONGEST_CONFIG:
        raise NotImported(f"{path} is no config: it has more than {LONGEST_CONFIG:,} bytes.")
    return content


def _config(folder: RunDir, content: bytes) -> RunConfig:
    try:
        config = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NotImported(f"{folder.config} is no JSON: {error.msg}.") from error
    if not isinstance(config, dict):
        raise NotImported(f"{folder.config} must hold a JSON object.")
    return trainer_config.parse(config)


def read_events(path: Path) -> Events:
    """Fold the whole file as the follower would. Raises NotImported where not even its first event can be read."""
    state, lines_read, first, last, left = State(), 0, b"", b"", 0
    with path.open("rb") as file:
        lines = _lines(file)
        while batch := list(islice(lines, BATCH)):
            offset = state.offset
            rows, _, state = apply(state, batch)
            if rows.n:
                kept = rows.body[:-1].split(b"\n")
                first, last = first or kept[0], kept[-1]
            taken = _taken(batch, state.offset - offset)
            lines_read += taken
            if state.damage:
                left = sum(bool(line.strip()) for line in chain(batch[taken:], lines))
                break
    damage = f"line {lines_read + 1:,} of {path.name} cannot be read ({state.damage})"
    if not first:
        raise NotImported(f"{path} holds no event yet." if not state.damage else f"{path.parent}: {damage}.")
    told = f"{damage}: {left:,} of {plural(state.seq + left, 'event')} left out" if left else ""
    return Events(orjson.loads(first), orjson.loads(last), state.end, state.offset, told)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The whole lines; of one that is too long only its start, which is no event."""
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n") and len(line) == LONGEST_LINE:
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield line[:1000]
        elif line.endswith(b"\n"):
            yield line[:-1]


def _taken(batch: list[bytes], size: int) -> int:
    """How many lines of the batch `size` bytes are."""
    ends = accumulate(len(line) + 1 for line in batch)
    return sum(1 for _ in takewhile(lambda end: end <= size, ends))


def _list(found: Survey) -> None:
    """Note which files come along, and which of a run's own do not."""
    root = found.folder.path
    for path in (path for part in PARTS for path in sorted(root.glob(part))):
        name = path.relative_to(root)
        if S_ISREG(path.lstat().st_mode) and path.parent.resolve() in (root, root / "figures"):
            found.parts.append(name)
        else:
            found.left_out.append(f"{name} is no plain file and is left out")
