"""FFWeb: launch, watch, compare and share Forward-Forward experiments in a browser."""

from ffweb import sqlite

__version__ = "0.1.0"

sqlite.install()
