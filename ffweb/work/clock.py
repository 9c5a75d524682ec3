"""Time as the database sees it: workers and janitors on several machines then need no equal clocks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now


def seconds_from_now(seconds: float) -> ExpressionWrapper[Any]:
    """The database's now plus `seconds` (which may be negative), for updates and comparisons."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())
