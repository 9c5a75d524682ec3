"""The database from a consumer: short reads, each in a thread of a pool, so that no socket waits for another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a thread that closes stale connections before and after.

    Without thread_sensitive=False all consumers of a process would share one thread.
    """
    return await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)
