"""Why a wish for a run was not granted, as the person who made it has to read it."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.errors import Problem


class Refused(Exception):
    """What was asked cannot be done to this run now. `status` is the HTTP status that says the same."""

    status = 409

    def __init__(self, detail: str, errors: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)


class NotYours(Refused):
    """You may see this run but not change it."""

    status = 403


class TooMany(Refused):
    """A bound on what one person may have waiting."""

    status = 429
