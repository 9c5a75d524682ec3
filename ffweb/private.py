"""The home folder belongs to its owner alone: accounts, session keys and private runs lie in it.

Every process sets its umask when it reads the settings; what was left open by an earlier version, or by hand, is closed
at the start, and said.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

UMASK = 0o077
OTHERS = 0o077
NAMED = 3  # of those that were open


def claim(home: Path) -> None:
    """Make the folder, and have this process make private files. Raises ImproperlyConfigured.

    So it does where the folder is another user's, or cannot be made. One that can only be read may still be read.
    """
    os.umask(UMASK)
    try:
        home.mkdir(parents=True, exist_ok=True)
        status = home.stat()
    except OSError as error:
        raise ImproperlyConfigured(
            f"FFWEB_HOME={home} cannot be made: {error.strerror}. Name a folder that you may write to."
        ) from error
    if not stat.S_ISDIR(status.st_mode):
        raise ImproperlyConfigured(f"FFWEB_HOME={home} is no folder. Name one that you may write to.")
    if status.st_uid != os.geteuid():
        raise ImproperlyConfigured(
            f"FFWEB_HOME={home} belongs to another user ({owner(status.st_uid)}), who could read and change all of it."
            " Start FFWeb as that user, or name a folder of your own."
        )
    if os.access(home, os.W_OK) and not any(home.iterdir()):  # made for us a moment ago: nobody could see anything
        home.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)


def secret(path: Path) -> str:
    """The text of a file of one's own, made once of random letters. Raises ImproperlyConfigured."""
    try:
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read or made: {error.strerror}.") from error
    if not text:
        raise ImproperlyConfigured(f"{path} is empty: remove it, and another is made.")
    return text


def _make(path: Path) -> None:
    """Whole or not at all; of several that make it at once the first wins."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def owner(uid: int) -> str:
    """A user's name, or number where they have none here."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@dataclass
class Found:
    """What others could read or change; `left` is what could not be closed."""

    closed: list[Path] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)

    def said(self, home: Path) -> list[str]:
        """A sentence each, none where all was well."""
        lines = []
        if self.closed:
            lines.append(
                f"Others on this machine could open {_named(home, self.closed)} in {home}: now only you can. "
                "If others use this machine, change passwords and make tokens anew."
            )
        if self.left:
            lines.append(
                f"Others can open {_named(home, self.left)} in {home}, and it could not be changed: "
                "it belongs to another user. Give it to yours (chown)."
            )
        return lines


def _named(home: Path, paths: list[Path]) -> str:
    names = [str(path.relative_to(home)) if path != home else "the folder itself" for path in paths[:NAMED]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more > 0 else "")


def close(home: Path) -> Found:
    """Take from others whatever they may do with the folder and what is in it."""
    found = Found()
    for path, mode in open_to_others(home):
        try:
            path.chmod(mode & ~OTHERS)
        except FileNotFoundError:  # gone meanwhile
            continue
        except OSError:
            found.left.append(path)
        else:
            found.closed.append(path)
    return found


def open_to_others(home: Path) -> Iterator[tuple[Path, int]]:
    """Every file and folder of the home, itself first, that others may open, with its mode; links are not followed."""
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & OTHERS:
        yield home, mode
    yield from _open_in(home)


def _open_in(folder: Path) -> Iterator[tuple[Path, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:  # gone meanwhile
            continue
        if stat.S_ISLNK(status.st_mode):
            continue
        mode = stat.S_IMODE(status.st_mode)
        if mode & OTHERS:
            yield Path(entry.path), mode
        if stat.S_ISDIR(status.st_mode):
            yield from _open_in(Path(entry.path))
