"""The people of persons.py, and how each of them calls the API."""

from persons import alice, as_alice, as_bob, as_charlie, as_dora, as_nobody, bob, calls, charlie, dora

__all__ = ["alice", "as_alice", "as_bob", "as_charlie", "as_dora", "as_nobody", "bob", "calls", "charlie", "dora"]
