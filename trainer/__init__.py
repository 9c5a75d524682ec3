"""Forward-Forward and backprop training in pure PyTorch, with a command line of its own (`python -m trainer`)."""

__version__ = "0.1.0"
