"""The people of persons.py."""

from persons import alice, bob, charlie, dora

__all__ = ["alice", "bob", "charlie", "dora"]
