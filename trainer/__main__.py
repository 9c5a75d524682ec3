"""`python -m trainer`."""

import os

# Read by OpenMP when torch is loaded, so set before. Threads that wait for each other by spinning make a step ten times
# slower as soon as another process wants the same core, and several runs, a database and a browser share ours.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from trainer.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
