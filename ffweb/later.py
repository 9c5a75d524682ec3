"""What cannot be done now and is worth another try: said with 429 or 503 and Retry-After, by pages and API alike."""

from __future__ import annotations

from django.db import Error, InterfaceError, OperationalError

RETRY_SECONDS = 5
# How SQLite says that it is at work, away or full; its other "operational" errors are mistakes in a statement.
_BUSY = ("locked", "busy", "readonly", "disk i/o", "unable to open", "is full", "interrupted")
_DAMAGED = ("malformed", "not a database", "could not decode to utf-8")
BUSY = "The database is busy or away. Try again in a moment: nothing was changed."
DAMAGED = "The database is damaged: stop the site and restore a backup."


class TryLater(Exception):
    """Refused for now; `seconds` says when it is worth another try, `status` how HTTP says it."""

    status = 429

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.seconds = max(1, seconds)


class Busy(TryLater):
    """There is no room for it, whoever asks."""

    status = 503


def busy(error: BaseException | None) -> Busy | None:
    """The database is busy, away, restarting or takes no writes: a later try may work. None for any other error."""
    if not isinstance(error, (OperationalError, InterfaceError)):
        return None
    sqlite = type(error.__cause__).__module__.startswith(("sqlite3", "pysqlite3"))
    if sqlite and not any(word in str(error)[:60].lower() for word in _BUSY):
        return None
    return Busy(BUSY, RETRY_SECONDS)


def damaged(error: BaseException | None) -> bool:
    """Whether a page of the SQLite file cannot be read: no later try will do."""
    return isinstance(error, Error) and any(word in str(error).lower() for word in _DAMAGED)


def told(error: BaseException) -> str | None:
    """What a command says of a database that does not let itself be read or written; None for any other error."""
    if damaged(error):
        why = str(error)[:60]  # what follows may be somebody's text
        return (
            f"The database is damaged ({why}). Stop the site, move its file away and restore the last good backup "
            "into a new one (manage.py restore FILE); `sqlite3 FILE .recover` may save what came after that."
        )
    if busy(error):
        return f"The database does not answer ({str(error).strip()}): see DATABASE_URL, and who else writes to it."
    return None
