"""`manage.py backup FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ffweb import backup
from ffweb.work import home
from trainer.words import plural


class Command(BaseCommand):
    help = "Writes members, runs, series and run folders to FILE (.tar, .tar.gz), also while the site is running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--no-runs", action="store_true", help="leave the run folders (checkpoints) out")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not options["no_runs"] and (why := home.missing()):
            raise CommandError(f"{why} A backup without the run folders: --no-runs.")
        try:
            counts = backup.write(path, with_runs=not options["no_runs"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{path} could not be written: {error.strerror or error}.") from error
        self.stdout.write(
            f"{path}: {plural(counts['people.user'], 'member')}, {plural(counts['runs.run'], 'run')}, "
            f"{path.stat().st_size:,} bytes"
        )
