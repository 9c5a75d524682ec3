"""From a finished folder to rows of measured.json. Imports no torch."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trainer.presets.fingerprint import fingerprint
from trainer.presets.measured import Machine, Row, read
from trainer.reproduce import folders
from trainer.reproduce.plan import Job, User
from trainer.rundir import RunDir, write_bytes

KEPT = (
    "test/accuracy", "test/sweep_accuracy", "test/accuracy_no_top_down", "train/accuracy", "valid/accuracy",
    "test/perplexity",
)  # fmt: skip


def rows_of(job: Job) -> list[Row]:
    """What a finished job says, once for each preset that it is run for."""
    folder = RunDir(job.folder)
    result, machine = folders.result(folder), folders.environment(folder)
    return [_row(job, user, result, machine) for user in job.users]


def add(path: Path, rows: Iterable[Row]) -> list[Row]:
    """Put `rows` into the file `path`, in place of those they measure again; returns all rows, sorted."""
    with _alone(path):
        found = {_key(row): row for row in read(path)}
        found |= {_key(row): row for row in rows}
        kept = [found[key] for key in sorted(found)]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in kept)
        write_bytes(path, f"[\n{lines}\n]\n".encode())
    return kept


def _key(row: Row) -> tuple[str, str, str, int]:
    return row["preset"], json.dumps(row["changes"], sort_keys=True), row["control"] or "", row["seed"]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time reads and writes `path`: the folder is the lock, so that no file is left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _row(job: Job, user: User, result: dict[str, Any], environment: dict[str, Any]) -> Row:
    gpu = str(environment.get("device", "cpu")).startswith("cuda")
    peak = result.get("peak", {})
    row: Row = {
        "preset": user.preset,
        "seed": job.seed,
        "control": job.control,
        "changes": user.changes,
        "config": user.config,
        "metrics": _metrics(result),
        "per_layer": [layer.get("test_accuracy") for layer in result["per_layer"]],
        "epochs": result["epochs"],
        "images": result["images"],
        "flops": result["flops"],
        "seconds": round(result["e2e_seconds"], 2),
        "compute_seconds": round(result["compute_seconds"], 2),
        "peak_bytes": peak.get("cuda") if gpu else peak.get("rss"),
        "test_images": _test_images(job, result),
        "commit": _commit(environment),
        "date": datetime.fromtimestamp(result["ended"], UTC).date().isoformat(),
        "machine": _machine(environment, gpu),
    }
    if "ngrams" in result:
        row["ngrams"] = result["ngrams"]
    if job.control:
        row["derived"] = fingerprint(job.config, but=("data",))
    return row


def _metrics(result: dict[str, Any]) -> dict[str, float]:
    """The last values; accuracies from the judgement of all images after the last step."""
    last = {name: entry["last"] for name, entry in result["metrics"].items() if name in KEPT}
    judged = {f"{split}/accuracy": result.get(f"{split}_accuracy") for split in ("test", "train")}
    return {name: value for name, value in (last | judged).items() if value is not None}


def _test_images(job: Job, result: dict[str, Any]) -> int:
    counted = sum(map(sum, result.get("confusion") or []))
    return counted or job.config.data.test_size or 0


def _commit(environment: dict[str, Any]) -> str | None:
    commit = environment.get("commit")
    return f"{commit}-dirty" if commit and environment.get("dirty") else commit


def _machine(environment: dict[str, Any], gpu: bool) -> Machine:
    name = environment.get("device_name")
    return {
        "cpu": None if gpu else name,
        "cores": environment.get("cores"),
        "threads": environment.get("threads"),
        "device": str(name) if gpu else str(environment.get("device", "cpu")),
        "torch": environment.get("torch"),
    }
