"""Sessions in the database, where looking at a page needs none of it to be written."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from ffweb.optional import optionally


class SessionStore(DatabaseSessions):
    """Django's, but for texts that are no key, and for sessions that end while the database takes no writes."""

    def _validate_session_key(self, key: Any) -> bool:
        """What a cookie holds is anybody's: no other text is asked of the database (Postgres refuses NUL)."""
        return isinstance(key, str) and 8 <= len(key) <= 40 and key.isascii() and key.isalnum()

    def flush(self) -> None:
        """Out in this browser in any case; the row, which opens nothing any more, goes if it can.

        Who signs out calls `delete` first, which has to succeed.
        """
        self.clear()
        optionally(self.delete)
        self._session_key = None
