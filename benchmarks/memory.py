"""Peak memory over depth: one layer in memory beside all layers; backprop with a batch at once, in the pieces that FF
takes, and with layers computed again; nebuly's scheme.

Layers of 2,000 units, batches of 5,000, noise of MNIST's shape, one epoch, one thread; every case is a process of its
own. 10,000 images are two batches: what our methods and backprop hold does not grow with the set, so more would only
take longer. nebuly's scheme keeps the set's activities, so its figure is that of the same 10,000 images; of MNIST's
60,000 it is 1.6 GB more. What a process has free on its heap before the model differs by some megabytes from start to
start, and memory comes in pages of 2 MB: equal streamed runs lie up to 2 % apart. So the rise is that between the
highest of three runs of each depth. Checkpointed backprop is not measured at 47 layers: it holds their weights
and moments too.

`python -m benchmarks.memory` measures nebuly's scheme in the process that it starts; the case comes on stdin.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks import nebuly, product
from benchmarks.harness import Row
from trainer.config import compose, parse
from trainer.data import load
from trainer.meters import ProcMemory
from trainer.profiling import study
from trainer.profiling.cases import Case

HIDDEN, BATCH, IMAGES = 2000, 5000, 10_000
SHALLOW, MIDDLE, DEEP = 2, 7, 47
TURNS = 3
BELOW = 0.999
"""The bar of what has to be less than another."""
DATA = "npz:made"
OURS = [
    ("ff-streamed", SHALLOW), ("ff", SHALLOW), ("backprop", SHALLOW), ("backprop", MIDDLE),
    ("backprop-pieces", MIDDLE), ("backprop-checkpointed", MIDDLE), ("ff-streamed", DEEP), ("ff", DEEP),
]  # fmt: skip

Found = dict[tuple[str, int], study.Row]
"""By method and layers."""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        product.dataset(Path(folder), IMAGES)
        turns = [{method: _ours(method, MIDDLE, folder) for method in ("ff", "ff-streamed")} for _ in range(TURNS)]
        found: Found = {(method, MIDDLE): row for method, row in turns[0].items()}
        found |= {case: _ours(*case, folder) for case in OURS}
        for case in (("ff-streamed", SHALLOW), ("ff-streamed", DEEP)):
            again = [_ours(*case, folder) for _ in range(TURNS - 1)]
            found[case] = max((found[case], *again), key=lambda row: row["rise"]["rss"])
        found |= {("nebuly", layers): _nebuly(layers, folder) for layers in (SHALLOW, MIDDLE, DEEP)}
    slower = statistics.median(turn["ff-streamed"]["cpu_seconds"] / turn["ff"]["cpu_seconds"] for turn in turns)
    return [
        Row("streamed/rise", 100 * (_ratio(found, ("ff-streamed", DEEP), ("ff-streamed", SHALLOW)) - 1), 1, "%"),
        _row("streamed/2-layers-to-backprop", found, ("ff-streamed", "backprop"), SHALLOW, 0.5),
        _row("streamed/7-layers-to-backprop", found, ("ff-streamed", "backprop"), MIDDLE, 1 / 6),
        _row("streamed/7-layers-to-backprop-in-pieces", found, ("ff-streamed", "backprop-pieces"), MIDDLE, 1 / 3),
        _row("resident/7-layers-to-backprop-in-pieces", found, ("ff", "backprop-pieces"), MIDDLE, None),
        _row("streamed/7-layers-to-checkpointed", found, ("ff-streamed", "backprop-checkpointed"), MIDDLE, BELOW),
        Row("streamed/time", slower, 1.2, "×"),
        *(_row(f"resident/{n}-layers-to-nebuly", found, ("ff", "nebuly"), n, BELOW) for n in (SHALLOW, MIDDLE, DEEP)),
    ]


def _ratio(found: Found, over: tuple[str, int], under: tuple[str, int]) -> float:
    """Of two peaks, each above that of its process before the model."""
    return float(found[over]["rise"]["rss"] / found[under]["rise"]["rss"])


def _row(work: str, found: Found, methods: tuple[str, str], layers: int, bar: float | None) -> Row:
    """The first method's peak over the second's, at that many layers."""
    ours, other = methods
    return Row(work, _ratio(found, (ours, layers), (other, layers)), bar, "×")


def _ours(method: str, layers: int, folder: str) -> study.Row:
    case = Case(method, layers, HIDDEN, BATCH, DATA, IMAGES, "cpu", 1)
    return _shown(study.alone("trainer.profiling.measure", case.as_dict(), folder))


def _nebuly(layers: int, folder: str) -> study.Row:
    return _shown(study.alone("benchmarks.memory", {"method": "nebuly", "layers": layers}, folder))


def _shown(row: study.Row) -> study.Row:
    """The row, printed. Raises RuntimeError for one without a figure."""
    head = f"{row['method']}, {row['layers']} layers: "
    if "failed" in row:
        raise RuntimeError(head + row["failed"])
    bytes_ = {name: f"{row['rise'][name] / 1e6:.1f} MB" for name in ("rss", "anonymous")}
    print(
        f"{head}{bytes_['rss']} (anonymous, when looked at: {bytes_['anonymous']}), {row['cpu_seconds']:.1f} s CPU",
        flush=True,
    )
    return row


def measure(layers: int) -> dict[str, Any]:
    """nebuly's scheme in this process, measured as `trainer.profiling.measure` does ours."""
    torch.set_num_threads(1)
    data = load(parse(compose(changes={"data.name": DATA, "data.train_size": IMAGES})).data, "cpu", 0)
    nebuly.train(nebuly.net(8, 8, 1), torch.randn(64, 8), torch.arange(64) % 10, 64, lambda: None)  # loads the kernels
    memory = ProcMemory()
    memory.forget_peak()
    before = memory.rss(), memory.anonymous()
    seen = [before[1]]
    began = time.process_time()
    net = nebuly.net(data.x_train[0].numel(), HIDDEN, layers)
    nebuly.train(net, data.x_train.flatten(1), data.y_train, BATCH, lambda: seen.append(memory.anonymous()))
    rise = {"rss": memory.peak() - before[0], "anonymous": max(seen) - before[1]}
    return {"rise": rise, "cpu_seconds": time.process_time() - began}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(asked | measure(asked["layers"])))
