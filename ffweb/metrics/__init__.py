"""The series store: append, window, down-sample."""
