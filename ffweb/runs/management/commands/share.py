"""`manage.py share RUN`: a read-only link for people without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from ffweb.runs.models import Run
from ffweb.runs.services import make_share

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Makes a share link to RUN in its owner's name and prints it alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help="a run's id")
        parser.add_argument("--days", type=float, default=None, help="let it expire after so many days")
        parser.add_argument("--base", default=f"http://{settings.HOST}:{settings.PORT}", help="the site's address")

    def handle(self, *args: Any, **options: Any) -> None:
        run = Run.objects.select_related("owner").filter(pk=options["run"].lower(), deleted_at=None).first()
        if run is None:
            raise CommandError(f"There is no run {options['run']}.")
        days = options["days"]
        if days is not None and not 0 < days <= MOST_DAYS:
            raise CommandError(
                f"A link has to expire in the future: give --days a number above 0, {MOST_DAYS:,} at most."
            )
        _, token = make_share(run.owner, run, timezone.now() + timedelta(days=days) if days else None)
        self.stdout.write(options["base"].rstrip("/") + reverse("share", args=[token]))
