"""A backup in one tar file: every table as JSON lines, and the run folders.

It holds no database's own format, so it also moves a site from SQLite to Postgres.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.management.color import no_style
from django.core.serializers.base import DeserializationError
from django.db import DataError, IntegrityError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model
from django.utils import timezone

from ffweb import __version__
from ffweb.people.models import User
from ffweb.runs.models import Run
from ffweb.runs.snapshot import snapshot

FORMAT = 1
APPS = ("people", "runs", "metrics")
PASSING = ("people.attempt",)  # what a restored site has no use for
BATCH = 500
_RUN_FILE = re.compile(r"^runs/[0-9a-z]{8}/[\w./-]+$")


class BackupError(Exception):
    """Why a backup cannot be read or restored, and what would work."""


def models() -> list[type[Model]]:
    """What is kept, in an order in which it can be restored."""
    configs = [(apps.get_app_config(label), None) for label in APPS]
    found = serializers.sort_dependencies(configs, allow_cycles=True)
    return [model for model in found if model._meta.label_lower not in PASSING]


def migrations() -> list[str]:
    """The migrations that shaped the tables, as app.name."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app in APPS)


# ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def write(path: Path, with_runs: bool = True) -> dict[str, int]:
    """Write the backup whole or not at all, readable by its owner alone; returns the number of rows a table."""
    part = path.with_name(path.name + ".part")
    mode = "w:gz" if path.suffix in (".gz", ".tgz") else "w"
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode=mode) as tar:  # type: ignore[call-overload]
                counts = _write_tables(tar)
                if with_runs:
                    _write_runs(tar)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return counts


def _write_tables(tar: tarfile.TarFile) -> dict[str, int]:
    counts: dict[str, int] = {}
    with snapshot():
        manifest = {
            "format": FORMAT,
            "ffweb": __version__,
            "made": timezone.now(),
            "migrations": migrations(),
        }
        _add(tar, "manifest.json", io.BytesIO(orjson.dumps(manifest)))
        for model in models():
            with tempfile.TemporaryFile() as file:
                counts[model._meta.label_lower] = _dump(model, file)
                file.seek(0)
                _add(tar, f"tables/{model._meta.label_lower}.jsonl", file)
    return counts


def _dump(model: type[Model], file: IO[bytes]) -> int:
    rows = model._default_manager.order_by("pk").iterator(BATCH)
    text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
    try:
        serializers.serialize("jsonl", rows, stream=text)
    except ValueError as error:  # what was stored as JSON or text is neither any more
        raise BackupError(
            f"A row of {model._meta.label_lower} cannot be read, so the database is damaged: "
            "restore the last good backup into a new one."
        ) from error
    text.detach()
    return model._default_manager.count()


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    """The size is taken of the open file: one that grows meanwhile is cut there, one that is replaced stays whole."""
    info = tarfile.TarInfo(name)
    info.size = file.seek(0, os.SEEK_END)
    info.mtime = int(timezone.now().timestamp())
    info.mode = 0o600
    file.seek(0)
    tar.addfile(info, file)


def _write_runs(tar: tarfile.TarFile) -> None:
    for path in sorted(settings.RUNS_DIR.rglob("*")):
        name = f"runs/{path.relative_to(settings.RUNS_DIR)}"
        if _RUN_FILE.match(name) and path.is_file() and not path.is_symlink() and path.suffix != ".part":
            with path.open("rb") as file:
                _add(tar, name, file)


# ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def restore(path: Path, force: bool = False) -> dict[str, int]:
    """Put a backup into this site, whole or not at all; returns the number of rows a table.

    Raises BackupError: for a file that is none or of a newer version, and for a site that has members or runs
    unless `force`, which drops them.
    """
    if not force and (User.objects.exists() or Run.objects.exists()):
        raise BackupError("This site has members or runs already: --force drops them for those of the backup.")
    try:
        with tarfile.open(path) as tar:
            _check_manifest(tar)
            with transaction.atomic():
                counts = _restore_tables(tar)
            _restore_runs(tar)
    except (
        tarfile.TarError,
        EOFError,
        zlib.error,
        KeyError,
        TypeError,
        ValueError,
        DeserializationError,
        IntegrityError,
        DataError,
    ) as error:
        raise BackupError(f"{path} is no whole backup of FFWeb: {error}") from error
    return counts


def _check_manifest(tar: tarfile.TarFile) -> None:
    manifest = orjson.loads(_read(tar, "manifest.json").read())
    unknown = sorted(set(manifest["migrations"]) - set(migrations()))
    if manifest["format"] != FORMAT or unknown:
        raise BackupError(f"This backup is of FFWeb {manifest['ffweb']}, which is newer than this one: update FFWeb.")


def _read(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _restore_tables(tar: tarfile.TarFile) -> dict[str, int]:
    kept = models()
    for model in reversed(kept):
        model._default_manager.all().delete()
    counts = {model._meta.label_lower: _load(model, tar) for model in kept}
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), kept):
            cursor.execute(sql)
    return counts


def _load(model: type[Model], tar: tarfile.TarFile) -> int:
    lines = io.TextIOWrapper(_read(tar, f"tables/{model._meta.label_lower}.jsonl"), encoding="utf-8")
    rows: Iterator[Any] = (found.object for found in serializers.deserialize("jsonl", lines))
    count = 0
    while batch := list(islice(rows, BATCH)):
        model._default_manager.bulk_create(batch)
        count += len(batch)
    return count


def _restore_runs(tar: tarfile.TarFile) -> None:
    for member in tar:
        if member.isfile() and _RUN_FILE.match(member.name):
            tar.extract(member, settings.RUNS_DIR.parent, filter="data")
