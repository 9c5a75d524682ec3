"""`manage.py api_token USER`: a key to the HTTP API, alone on the last line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ffweb.people.models import User
from ffweb.people.services import Invalid, make_token


class Command(BaseCommand):
    help = "Makes an API token with the rights of USER and prints it alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="a member's name")
        parser.add_argument("--name", default="command line", help="what the token is for, as Settings shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            members = ", ".join(
                User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)
            )
            raise CommandError(f"No active member is called {options['user']}. There are: {members or 'none yet'}.")
        try:
            _, secret = make_token(user, options["name"])
        except Invalid as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"A token of {user.username}; it is shown this once.")
        self.stdout.write(secret)
