"""Downloads that are whole or absent: temporary name, checksum, rename; one process at a time. Imports no torch.

`FFWEB_DATASETS_MIRROR` names a server of one's own: files are then taken from MIRROR/<data set>/<file> only.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DataError, OutOfSpace
from .family import Progress

TIMEOUT = 10.0
"""Seconds without a byte after which a server counts as gone."""
ROUNDS = 2
"""How often every address is tried."""
CHUNK = 1 << 18


@dataclass(frozen=True)
class Remote:
    """One file to download: its addresses in order of trial, its checksum, its usual size in bytes."""

    name: str
    urls: tuple[str, ...]
    checksum: str
    """MD5 as torchvision publishes it, or SHA-256, in hexadecimal; the length tells which."""
    size: int

    @property
    def algorithm(self) -> Literal["MD5", "SHA-256"]:
        return "MD5" if len(self.checksum) == 32 else "SHA-256"


class _Failed(Exception):
    """One address did not give the file; the text says why."""


def addresses(dataset: str, file: str, published: tuple[str, ...]) -> tuple[str, ...]:
    """The published addresses, or the mirror's when `FFWEB_DATASETS_MIRROR` is set."""
    mirror = os.environ.get("FFWEB_DATASETS_MIRROR", "").rstrip("/")
    if not mirror:
        return published
    if not mirror.startswith(("http://", "https://")):
        raise DataError(f"FFWEB_DATASETS_MIRROR is {mirror!r}; it has to begin with http:// or https://")
    return (f"{mirror}/{dataset}/{file}",)


@contextmanager
def writing(what: str, folder: Path) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be written into the run's own sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace(f"{what} could not be stored: the disk of {folder} is full", "data.name") from error
        raise DataError(f"{what} could not be stored in {folder}: {error.strerror or error}", "data.name") from error


@contextmanager
def lock(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path`; `waiting` is called a few times a second while another process holds it.

    The kernel lets go of the lock when its holder dies, so none is ever left behind.
    """
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(0.1)
        yield


class Transfer:
    """Downloads files into a folder and reports bytes over all of them."""

    def __init__(self, what: str, remotes: list[Remote], folder: Path, progress: Progress) -> None:
        self.what = what
        self.folder = folder
        self._remotes = remotes
        self._progress = progress
        self._sizes = {remote.name: remote.size for remote in remotes}
        self._before = 0

    def run(self) -> Iterator[tuple[Remote, Path]]:
        """Yield each file once it is whole and its checksum is right; it is removed again after the caller had it."""
        for remote in self._remotes:
            part = self.folder / f"{remote.name}.part"
            try:
                self._from_anywhere(remote, part)
                self._before += self._sizes[remote.name]
                yield remote, part
            finally:
                part.unlink(missing_ok=True)

    def _from_anywhere(self, remote: Remote, part: Path) -> None:
        causes: dict[str, str] = {}
        for url in remote.urls * ROUNDS:
            try:
                self._from(url, remote, part)
                return
            except _Failed as failure:
                causes[url] = str(failure)
        told = "; ".join(f"{url}: {cause}" for url, cause in causes.items())
        raise DataError(f"{self.what} could not be downloaded: {told}", "data.name")

    def _from(self, url: str, remote: Remote, part: Path) -> None:
        request = urllib.request.Request(url, headers={"User-Agent": "FFWeb"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                digest = self._copy(response, remote, part)
        except urllib.error.HTTPError as error:
            raise _Failed(f"the server answered {error.code} ({error.reason})") from error
        except urllib.error.URLError as error:
            raise _Failed(_why(error.reason)) from error
        except (http.client.HTTPException, OSError) as error:
            raise _Failed(_why(error)) from error
        if digest != remote.checksum:
            raise _Failed(f"the file is corrupt (its {remote.algorithm} is {digest}, published is {remote.checksum})")

    def _copy(self, response: http.client.HTTPResponse, remote: Remote, part: Path) -> str:
        """Stream the answer into `part`; returns its checksum."""
        length = response.headers.get("Content-Length") or ""
        expected = int(length) if length.isdecimal() else 0
        self._sizes[remote.name] = expected or remote.size
        digest, done = hashlib.new(remote.algorithm.replace("-", ""), usedforsecurity=False), 0
        with writing(self.what, self.folder):
            file = part.open("wb")
        with file:
            while body := response.read(CHUNK):
                with writing(self.what, self.folder):
                    file.write(body)
                digest.update(body)
                done += len(body)
                self._progress(self._before + done, max(sum(self._sizes.values()), self._before + done))
            with writing(self.what, self.folder):
                file.flush()
                os.fsync(file.fileno())
        if done < expected:
            raise _Failed(f"the connection ended after {done:,} of {expected:,} bytes")
        self._sizes[remote.name] = done
        return digest.hexdigest()


def _why(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"the server sent nothing for {TIMEOUT:g} s"
    if isinstance(reason, http.client.IncompleteRead):
        return f"the connection ended after {len(reason.partial):,} bytes"
    return str(reason) or type(reason).__name__
