"""Which workers a machine runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ffweb.work.machine import Gpu, detect_gpus, parse_gpus, plan

TWO = [Gpu(0, "NVIDIA H200"), Gpu(1, "NVIDIA H200")]


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
    assert names(0, "all", TWO, visible="GPU-5f0c") == ["gpu0", "gpu1"]


@pytest.mark.parametrize(
    ("gpus", "words"), [("2", "names GPU 2.*0 .NVIDIA H200."), ("two", "use all, none"), ("cpu:", "cpu:2")]
)
def test_a_wrong_setting_is_refused_with_what_would_work(gpus: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        plan(1, gpus, TWO)


def test_what_nvidia_smi_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_gpus("0, NVIDIA H200\n1, Tesla T4\n") == [Gpu(0, "NVIDIA H200"), Gpu(1, "Tesla T4")]
    assert parse_gpus("NVIDIA-SMI has failed, because the driver is gone.\n") == []
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho '0, Pretended'\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert detect_gpus() == [Gpu(0, "Pretended")]
    smi.write_text("#!/bin/sh\nexit 9\n")
    assert detect_gpus() == []
