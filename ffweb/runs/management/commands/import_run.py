"""`manage.py import_run DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ffweb.people.models import User
from ffweb.runs.importing import NotImported, import_dir
from ffweb.work import home
from trainer.errors import ConfigError
from trainer.words import plural


class Command(BaseCommand):
    help = "Brings a run folder of `python -m trainer run` into the web; repeated, it takes in what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path)
        parser.add_argument("--user", help="whose run it is to be; else the first admin's")

    def handle(self, *args: Any, **options: Any) -> None:
        if why := home.missing():
            raise CommandError(why)
        members = User.objects.filter(is_active=True).order_by("-is_staff", "pk")
        name = options["user"]
        user = members.filter(username=name).first() if name else members.first()
        if user is None:
            raise CommandError(
                f"No active member is called {name}." if name else "There is no member yet: sign in once."
            )
        try:
            run = import_dir(user, options["dir"], self.stderr.write)
        except (NotImported, ConfigError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{run.pk} {run.name}: {run.status}, {plural(run.seq, 'event')}")
