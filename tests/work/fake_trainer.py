"""Stands in for `python -m trainer`: keeps its contract with the worker, trains nothing, misbehaves on request.

`config["fake"]`: {steps, pause (seconds a step), ignore (stop and SIGTERM), orphan (end of file on stdin too),
kill_at, exit_at, garbage_at (steps), child (leave a process behind), refuse (to go on)}.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from trainer.events import EventWriter
from trainer.rundir import RunDir, write_json

stopping = threading.Event()
orphaned = threading.Event()


def watch_parent() -> None:
    os.read(0, 1)
    orphaned.set()


def checkpoint(folder: RunDir, events: EventWriter, step: int) -> None:
    write_json(folder.checkpoint, {"step": step})
    events.write("checkpoint", step=step, bytes=folder.checkpoint.stat().st_size)


def end(events: EventWriter, status: str, reason: str, code: int) -> None:
    events.write("end", status=status, reason=reason, field=None)
    sys.exit(code)


def announce(events: EventWriter, steps: int, resumed_from: int | None) -> None:
    events.write(
        "start",
        metrics={"train/loss": {"unit": "", "better": "down", "help": "Loss."}},
        layers=[{"index": 1, "name": "layer 1", "parameters": 10}],
        device="cpu",
        total_steps=steps,
        resumed_from=resumed_from,
        threshold=None,
        classes=["0", "1"],
        epochs=1,
        environment={"threads": 1},
    )


def train(folder: RunDir, fake: dict[str, Any], resume: bool) -> None:
    ignore, steps = fake.get("ignore", False), fake.get("steps", 5)
    done = json.loads(folder.checkpoint.read_text())["step"] if resume and folder.checkpoint.exists() else 0
    events = EventWriter(folder.events)
    announce(events, steps, done if resume else None)
    for step in range(done + 1, steps + 1):
        if fake.get("kill_at") == step:
            os.kill(os.getpid(), signal.SIGKILL)
        if fake.get("garbage_at") == step:
            events._size += os.pwrite(events._fd, b"no event\n", events._size)
        if fake.get("exit_at") == step:
            print("Something went wrong here.", flush=True)
            os._exit(7)
        events.metrics(
            step=step, epoch=step / steps, images=step, flops=step, train_seconds=step, values={"train/loss": 1 / step}
        )
        if (stopping.is_set() or folder.stop.exists()) and not ignore:
            checkpoint(folder, events, step)
            end(events, "stopped", f"Stopped at step {step}.", 130)
        if orphaned.is_set() and not fake.get("orphan"):
            checkpoint(folder, events, step)
            sys.exit(1)
        time.sleep(fake.get("pause", 0.01))
    checkpoint(folder, events, steps)
    end(events, "finished", "", 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--set", action="append")
    parser.add_argument("--parent-pipe", action="store_true")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    fake = json.loads(args.config.read_text()).get("fake", {})
    signal.signal(signal.SIGTERM, signal.SIG_IGN if fake.get("ignore") else lambda *_: stopping.set())
    if args.parent_pipe:
        threading.Thread(target=watch_parent, daemon=True).start()
    with (args.out / "starts").open("a") as file:
        file.write(json.dumps({"argv": sys.argv[1:], "env": dict(os.environ)}) + "\n")
    if fake.get("child"):
        child = subprocess.Popen(["sleep", "600"])
        (args.out / "child").write_text(str(child.pid))
    if fake.get("refuse") and args.resume:
        print("data.name: npz:own is gone", file=sys.stderr)
        sys.exit(2)
    train(RunDir(args.out), fake, args.resume)


if __name__ == "__main__":
    main()
