"""What a process that trains wants of its surroundings before anything is loaded. Standard library only."""

from __future__ import annotations

import os
import sys

VARIABLES = {
    # Read by OpenMP when torch is loaded. Threads that wait for each other by spinning make a step ten times slower as
    # soon as another process wants the same core, and several runs, a database and a browser share ours.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Read by the C library when a process starts. A step allocates what the last one freed: in pages of 2 MB that costs
    # a conv net next to nothing, in pages of 4 kB a quarter of its time.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def settle() -> None:
    """Set what is not set; on Linux start this very command anew where it has to be there from the start."""
    late = sys.platform == "linux" and "GLIBC_TUNABLES" not in os.environ
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    if late:
        os.execv(sys.executable, sys.orig_argv)
