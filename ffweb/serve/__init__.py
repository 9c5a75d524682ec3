"""`make run`: the embedded server, the supervisor, the first sign-in."""
