"""What this machine can work with: which Celery workers it should run. Loads no torch."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger(__name__)

CPU, GPU = "cpu", "gpu"
PROBE_SECONDS = 10.0
SLICE = "MIG-"


@dataclass(frozen=True)
class Gpu:
    """A GPU as nvidia-smi lists it: its index in PCI order, its UUID and its name."""

    index: int
    uuid: str
    name: str

    @property
    def visible(self) -> str:
        """What CUDA_VISIBLE_DEVICES calls it; a slice of a GPU (MIG) has no index there."""
        return self.uuid if self.uuid.startswith(SLICE) else str(self.index)


@dataclass(frozen=True)
class WorkerSpec:
    """One Celery worker process. `device` is what the page shows; `env` fixes what its trainers can see."""

    name: str
    queue: str
    slots: int
    device: str
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def node(self) -> str:
        return f"{self.name}@{socket.gethostname()}"

    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "ffweb.work.worker", self.node, self.queue, str(self.slots))

    def environment(self) -> dict[str, str]:
        """What the worker process needs to know beside the site's settings."""
        return {
            "FFWEB_WORKER_DEVICE": self.device,
            "FFWEB_WORKER_SLOTS": str(self.slots),
            "CELERY_SKIP_CHECKS": "1",  # they would load every page and address of the site
            **self.env,
        }


def detect_gpus() -> list[Gpu]:
    """The NVIDIA GPUs of this machine, empty where there is none. A driver that hangs counts as none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=index,uuid,name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=PROBE_SECONDS, check=True)
    except (subprocess.SubprocessError, OSError):
        return []
    return parse_gpus(answer.stdout)


def parse_gpus(listing: str) -> list[Gpu]:
    """Parse `index, uuid, name` lines; anything else (an error message) is left out."""
    lines = ([part.strip() for part in line.split(",", 2)] for line in listing.splitlines() if line.count(",") > 1)
    return [Gpu(int(index), uuid, name) for index, uuid, name in lines if index.isdigit()]


def plan(slots: int, gpus: str, found: Sequence[Gpu], visible: str | None = None) -> list[WorkerSpec]:
    """The workers for `slots` CPU slots and the FFWEB_GPUS setting `gpus`, on a machine that has `found`.

    `visible` is CUDA_VISIBLE_DEVICES as the user set it: "all" means no more than that.
    Raises ImproperlyConfigured for a setting that names what is not there.
    """
    workers = [WorkerSpec("cpu", CPU, slots, CPU, {"CUDA_VISIBLE_DEVICES": ""})] if slots else []
    if pretended := re.fullmatch(r"cpu:(\d{1,2})", gpus):
        return workers + [_pretended(index) for index in range(int(pretended[1]))]
    return workers + [_real(gpu) for gpu in _chosen(gpus, found, visible)]


def _pretended(index: int) -> WorkerSpec:
    env = {"CUDA_VISIBLE_DEVICES": "", "FFWEB_WORKER_SET": "device=cpu"}
    return WorkerSpec(f"gpu{index}", GPU, 1, "cpu (as a GPU)", env)


def _real(gpu: Gpu) -> WorkerSpec:
    env = {
        "CUDA_VISIBLE_DEVICES": gpu.visible,
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "FFWEB_WORKER_SET": "device=cuda",  # the one that it sees, whichever of several the config names
    }
    return WorkerSpec(f"gpu{gpu.index}", GPU, 1, f"cuda:{gpu.index} {gpu.name}", env)


def _chosen(gpus: str, found: Sequence[Gpu], visible: str | None) -> list[Gpu]:
    if gpus in ("none", ""):
        return []
    by_index = {gpu.index: gpu for gpu in found}
    if gpus == "all":
        return list(found) if visible is None else _visible(visible, found)
    wanted = _indices(gpus)
    if wanted is None:
        raise ImproperlyConfigured(f"FFWEB_GPUS={gpus!r}: use all, none, indices such as 0,1, or cpu:2.")
    if missing := [index for index in wanted if index not in by_index]:
        here = ", ".join(f"{gpu.index} ({gpu.name})" for gpu in found) or "none"
        raise ImproperlyConfigured(f"FFWEB_GPUS={gpus} names GPU {missing[0]}, which is not here. Here: {here}.")
    return [by_index[index] for index in wanted]


def _visible(text: str, found: Sequence[Gpu]) -> list[Gpu]:
    """What CUDA_VISIBLE_DEVICES leaves, as CUDA reads it: what is not there (-1) ends the list."""
    chosen: dict[str, Gpu] = {}
    for number, part in enumerate(entry.strip() for entry in text.split(",")):
        meant = [gpu for gpu in found if part == str(gpu.index) or (part and gpu.uuid.startswith(part))]
        if part.startswith(SLICE):
            meant = [Gpu(number, part, "MIG slice")]
        if not meant:
            break
        chosen.setdefault(meant[0].uuid, meant[0])
    return list(chosen.values())


def _indices(text: str) -> list[int] | None:
    """`0,1` as numbers in order, each once; None where it is no such list (a word)."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return list(dict.fromkeys(map(int, parts))) if all(part.isdigit() for part in parts) else None


def workers_here(slots: int, gpus: str) -> list[WorkerSpec]:
    """The workers that this machine should run. Raises ImproperlyConfigured for GPUs that cannot be worked with."""
    found, build = detect_gpus(), _without_cuda()
    if found and build:
        how = f"PyTorch {build} is built without CUDA, a new environment with TORCH_INDEX=none would have it"
        if _indices(gpus):
            raise ImproperlyConfigured(f"FFWEB_GPUS={gpus} cannot be had: {how}.")
        log.warning("No worker for %s: %s.", ", ".join(gpu.name for gpu in found), how)
        found = []
    return plan(slots, gpus, found, os.environ.get("CUDA_VISIBLE_DEVICES"))


def _without_cuda() -> str | None:
    """The version of a PyTorch that says that it is for the CPU; asked of its files, as it takes seconds to load."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    return version if version.endswith("+cpu") else None
