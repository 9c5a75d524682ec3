"""Are the tests tested? The mathematics is broken piece by piece, and a test has to notice: `make mutants`."""
