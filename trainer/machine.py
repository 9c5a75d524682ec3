"""What a run is computed on: the device, and env.json."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch

import trainer
from trainer import products
from trainer.errors import ConfigError
from trainer.processor import processor


def pick(device: str) -> torch.device:
    """The device of that name, a GPU with its number; auto takes a GPU where there is one.

    Raises ConfigError where it is not there.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    wanted = torch.device(device)
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (wanted.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there[wanted.type]:
        built = wanted.type != "cuda" or torch.backends.cuda.is_built()  # type: ignore[no-untyped-call]
        why = "" if built else f" (this PyTorch, {torch.__version__}, is built without CUDA)"
        msg = f"there is no {device} on this machine{why}; auto or cpu would work"
        raise ConfigError([{"loc": "device", "msg": msg, "type": "device"}])
    if wanted.type == "cuda" and wanted.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return wanted


def ready(device: torch.device) -> None:
    """See that all is computed on `device`, in the numbers that the config names; then `warm` it."""
    # a GPU's convolutions would take 10 bits of each number, and sums of bfloat16 products be bfloat16 themselves
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    if device.type == "cuda":
        torch.cuda.set_device(device)  # events and streams lie on the current one
    warm(device)


def warm(device: torch.device) -> None:
    """Load the kernels that every net uses, so that their libraries are no part of what a net needs; about 10 ms."""
    x = torch.ones(256, 256, device=device, requires_grad=True)
    (x @ x).relu().square().sum().backward()  # type: ignore[no-untyped-call]
    flat, grad, mean, square = torch.zeros(4, 1, device=device)
    torch._fused_adam_(
        [flat], [grad], [mean], [square], [], [torch.ones((), device=device)],
        lr=0.0, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8, amsgrad=False, maximize=False,
    )  # fmt: skip


def environment(device: torch.device) -> dict[str, Any]:
    """Versions, device, threads and commit (`dirty`: changed since): what has to be equal for equal bits."""
    return {
        "ffweb": trainer.__version__,
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--", "trainer", ":!trainer/presets/measured.json")),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if device.type == "cuda" else _cpu_name(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "products": products.LIBRARY if device.type == "cpu" else "torch",
    }


def _cpu_name() -> str:
    return processor("model name") or platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    """What git says of this checkout; None where it is none."""
    root = Path(trainer.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
