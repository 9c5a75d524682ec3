"""Workers: claim a run, own its trainer, keep its lease; the janitor."""
