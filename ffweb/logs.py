"""What is logged holds no secret: addresses that are keys, tokens, passwords in URLs. One filter for every logger.

The filter sits on the root's handler, so a library that logs an address, a header or an error is covered too.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.views.debug import ExceptionReporter

MASK = "***"
# Bounded on purpose: a line is as long as whoever asks wants it to be, and each of these has to stay linear.
_NAMED = r"\w{0,40}(?:password|passwd|secret|token|sessionid|csrf|api_?key)\w{0,20}"
_PATTERNS = (
    # …/sign-in/TOKEN, /s/TOKEN, /ws/s/TOKEN, /api/v1/s/TOKEN, also in a query (`next=%2Fsign-in%2F…`)
    (re.compile(r"((?:/|%2F)(?:sign-in|s)(?:/|%2F){1,4})[^\s/?#&'\"<>%]{6,}", re.I), rf"\1{MASK}"),
    (re.compile(r"\b(Bearer|Basic)\s{1,4}[^\s'\",]+", re.I), rf"\1 {MASK}"),
    (re.compile(rf"\b({_NAMED}['\"]?\s{{0,4}}[=:]\s{{0,4}}['\"]?)[^\s&;,'\"<>]+", re.I), rf"\1{MASK}"),
    (re.compile(r"(\b[a-z][\w+.-]{0,20}://[^\s/:@'\"]{0,100}:)[^\s@/'\"]{1,200}(?=@)", re.I), rf"\1{MASK}"),
)
# A random token of ours by its looks: letters of both cases and digits, 32 or more in one piece.
_RANDOM = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{32,}(?![\w-])", re.ASCII)


def masked(text: str) -> str:
    """`text` without what opens anything."""
    for secret in known_secrets():
        text = text.replace(secret, MASK)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _RANDOM.sub(MASK, text)


def known_secrets() -> list[str]:
    """This process's own: its key, and the passwords of its database and its Redis."""
    parts = [urlsplit(url).password for url in (settings.DATABASE_URL, settings.REDIS_URL) if url]
    found = [settings.SECRET_KEY, *(form for part in parts if part for form in (part, unquote(part)))]
    return [secret for secret in found if len(secret) >= 6]


class Masked(logging.Filter):
    """Masks message, traceback and stack of every record that comes by; drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = masked(_said(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = record.exc_text and masked(record.exc_text)
        record.stack_info = record.stack_info and masked(record.stack_info)
        return True


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit: logging itself would print them all
        return f"{record.msg} {record.args}"


class Report(ExceptionReporter):
    """Django's page and mail about an error, which show variables and settings."""

    def get_traceback_html(self) -> Any:
        return masked(super().get_traceback_html())

    def get_traceback_text(self) -> Any:
        return masked(super().get_traceback_text())
