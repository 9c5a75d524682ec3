"""`python -m benchmarks [NAME…]`: run all benchmarks, or those named; exit status 1 when a bar is missed."""

from __future__ import annotations

import argparse
import importlib

from benchmarks import harness

MODULES = ("trainer_log", "training", "gpu", "memory", "live", "site", "recovery")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(MODULES)}; none: all")
    names = parser.parse_args().names or MODULES
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(MODULES)}")
    held = [harness.run(name, importlib.import_module(f"benchmarks.{name}").rows) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
