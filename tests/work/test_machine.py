"""Which workers a machine runs."""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import types
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ffweb.work import machine, presence
from ffweb.work.machine import Gpu, detect_gpus, parse_gpus, plan

TWO = [Gpu(0, "GPU-5f0c-1", "NVIDIA H200"), Gpu(1, "GPU-77aa-2", "NVIDIA H200")]


def names(slots: int, gpus: str, found: list[Gpu], visible: str | None = None) -> list[str]:
    return [spec.name for spec in plan(slots, gpus, found, visible)]


def test_one_worker_for_all_cpu_slots_and_one_for_each_gpu() -> None:
    cpu, gpu0, gpu1 = plan(3, "all", TWO)
    assert (cpu.queue, cpu.slots, cpu.env["CUDA_VISIBLE_DEVICES"]) == ("cpu", 3, "")
    assert [(g.queue, g.slots, g.env["CUDA_VISIBLE_DEVICES"]) for g in (gpu0, gpu1)] == [
        ("gpu", 1, "0"),
        ("gpu", 1, "1"),
    ]
    assert gpu1.env["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert gpu1.environment()["FFWEB_WORKER_DEVICE"] == "cuda:1 NVIDIA H200"
    assert gpu1.node.startswith("gpu1@")


def test_the_setting_chooses() -> None:
    assert names(1, "none", TWO) == ["cpu"]
    assert names(0, "1", TWO) == ["gpu1"]
    assert names(1, "all", []) == ["cpu"]
    assert names(0, "cpu:2", []) == ["gpu0", "gpu1"]
    assert plan(0, "cpu:1", [])[0].env["FFWEB_WORKER_SET"] == "device=cpu"


def test_all_means_what_cuda_visible_devices_leaves() -> None:
    assert names(0, "all", TWO, visible="1") == ["gpu1"]
    assert names(0, "all", TWO, visible="") == []
    assert names(0, "all", TWO, visible="1,0,1") == ["gpu1", "gpu0"]
    assert names(0, "all", TWO, visible="GPU-77aa") == ["gpu1"]
    assert names(1, "all", TWO, visible="-1") == names(1, "all", TWO, visible="-1,0") == ["cpu"]
    assert names(0, "all", TWO, visible="0,7,1") == ["gpu0"]


def test_a_slice_of_a_gpu_is_seen_by_its_uuid() -> None:
    (spec,) = plan(0, "all", TWO, "MIG-c6d4")
    assert (spec.name, spec.env["CUDA_VISIBLE_DEVICES"]) == ("gpu0", "MIG-c6d4")


def test_a_gpu_worker_computes_on_its_own_gpu_whatever_number_a_config_names() -> None:
    assert {spec.env["FFWEB_WORKER_SET"] for spec in plan(0, "all", TWO)} == {"device=cuda"}


def test_a_pytorch_without_cuda_gets_no_gpu_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "detect_gpus", lambda: TWO)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.13.0+cpu")
    assert [spec.name for spec in machine.workers_here(1, "all")] == ["cpu"]
    with pytest.raises(ImproperlyConfigured, match=r"FFWEB_GPUS=1 .*2\.13\.0\+cpu is built without CUDA"):
        machine.workers_here(1, "1")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.13.0")
    assert [spec.name for spec in machine.workers_here(1, "all")] == ["cpu", "gpu0", "gpu1"]


@pytest.mark.parametrize(
    ("gpus", "words"), [("2", "names GPU 2.*0 .NVIDIA H200."), ("two", "use all, none"), ("cpu:", "cpu:2")]
)
def test_a_wrong_setting_is_refused_with_what_would_work(gpus: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        plan(1, gpus, TWO)


def test_what_nvidia_smi_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "0, GPU-5f, NVIDIA H200\n1, GPU-77, Tesla T4, 16 GB\n"
    assert parse_gpus(listing) == [Gpu(0, "GPU-5f", "NVIDIA H200"), Gpu(1, "GPU-77", "Tesla T4, 16 GB")]
    assert parse_gpus("NVIDIA-SMI has failed, because the driver is gone.\n") == []
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho '0, GPU-0, Pretended'\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert detect_gpus() == [Gpu(0, "GPU-0", "Pretended")]
    smi.write_text("#!/bin/sh\nexit 9\n")
    assert detect_gpus() == []


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """An NVML that knows one GPU, by index and by UUID."""
    nvml = types.ModuleType("pynvml")
    nvml.__spec__ = importlib.machinery.ModuleSpec("pynvml", None)
    error = type("NVMLError", (Exception,), {})

    def handle(wanted: object) -> object:
        if wanted not in (0, "GPU-5f", "MIG-c6"):
            raise error("Not Found")
        return wanted

    known = {
        "NVMLError": error,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetHandleByIndex": handle,
        "nvmlDeviceGetHandleByUUID": handle,
        "nvmlDeviceGetMemoryInfo": lambda handle: types.SimpleNamespace(total=80_000),
    }
    nvml.__dict__.update(known)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    return nvml


@pytest.mark.parametrize("visible", ["0", "0,1", "GPU-5f", "MIG-c6"])
def test_a_gpu_worker_says_what_its_board_has(
    board: types.ModuleType, monkeypatch: pytest.MonkeyPatch, visible: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert presence.meters("gpu") == {"energy": "NVML", "memory_bytes": 80_000}


@pytest.mark.parametrize("visible", ["3", "GPU-none", "what"])
def test_a_gpu_that_nvml_does_not_know_promises_nothing(
    board: types.ModuleType, monkeypatch: pytest.MonkeyPatch, visible: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert presence.meters("gpu") == {"energy": None, "memory_bytes": None}


def test_a_gpu_without_nvml_promises_no_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert presence.meters("gpu") == {"energy": None, "memory_bytes": None}
