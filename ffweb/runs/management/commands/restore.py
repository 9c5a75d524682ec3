"""`manage.py restore FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ffweb import backup
from trainer.words import plural


class Command(BaseCommand):
    help = "Puts a backup into this site, which has to be empty. Stop the site first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="drop what this site has")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = backup.restore(options["file"], force=options["force"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['file']} could not be read: {error.strerror or error}.") from error
        self.stdout.write(
            f"Restored {plural(counts['people.user'], 'member')} and {plural(counts['runs.run'], 'run')}."
        )
