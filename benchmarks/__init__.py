"""What `make bench` measures: each module has `rows()`, the lines of one table."""
