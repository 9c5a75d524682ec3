"""FFWeb: launch, watch, compare and share Forward-Forward experiments in a browser."""

__version__ = "0.1.0"
