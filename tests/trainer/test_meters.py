"""Meters see what is there, and are absent where they cannot."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from contextlib import suppress

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from tests.waiting import PATIENCE
from trainer import meters, metrics
from trainer.batches import Batches
from trainer.errors import Stopped
from trainer.meters import EnergyCounter, Gpu, Meters, ProcMemory, PsutilMemory, find_gpu, rapl
from trainer.rundir import RunDir

MB = 1_000_000


@pytest.mark.parametrize("make", [ProcMemory, PsutilMemory])
def test_100_mb_are_seen_within_5_per_cent(make):
    memory = make()
    before = memory.rss()
    block = np.ones(100 * MB, np.uint8)
    grown = memory.rss() - before
    assert grown == pytest.approx(block.nbytes, rel=0.05)
    assert memory.peak() >= memory.rss()


def test_anonymous_memory_grows_with_tensors_but_not_with_mapped_files(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(50 * MB))
    memory = ProcMemory()
    before = memory.anonymous()
    mapped = np.memmap(path, np.uint8, "r")
    assert mapped.sum() == 0
    block = torch.ones(100 * MB // 4)
    assert memory.anonymous() - before == pytest.approx(block.nbytes, rel=0.05)


TOLD = """
import json
from trainer.meters import Meters, ProcMemory, PsutilMemory
mine, other = ProcMemory(), PsutilMemory()
first = {"rss": [mine.rss(), other.rss()], "peak": [mine.peak()]}
whole = Meters("cpu")
first["rss"] += [whole.rss(), whole.fast()["memory/rss"]]
first["peak"].append(whole.rss_peak())
first["anonymous"] = [mine.anonymous(), whole.anonymous()]
print(json.dumps(first))
"""


def test_all_meters_mean_the_same_bytes():
    """In a process of its own: a peak that was reset is another one for the kernel's accounts."""
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, timeout=PATIENCE, check=True)
    for name, told in json.loads(done.stdout).items():
        assert all(value == pytest.approx(told[0], rel=0.05) for value in told), name


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_the_kernels_account_of_the_peak_is_read_in_its_unit(monkeypatch, system, unit):
    huge = types.SimpleNamespace(ru_maxrss=1 << 40)
    monkeypatch.setattr(meters.resource, "getrusage", lambda who: huge)
    monkeypatch.setattr(meters.sys, "platform", system)
    assert PsutilMemory().peak() == unit << 40


def test_the_peak_stays_when_memory_is_given_back():
    memory = ProcMemory()
    block = np.ones(100 * MB, np.uint8)
    top = memory.rss()
    del block
    assert memory.rss() < top - 90 * MB
    assert memory.peak() >= top


def test_the_peak_is_of_what_came_and_went():
    memory = ProcMemory()
    assert memory.forget_peak()
    before = memory.rss()
    block = np.ones(100 * MB, np.uint8)
    size = block.nbytes
    del block
    assert memory.peak() - before == pytest.approx(size, rel=0.05)


def test_a_cpu_run_measures_no_gpu_and_never_says_zero():
    meter = Meters("cpu")
    sum(range(100_000))
    sample = meter.sample()
    assert {"memory/rss", "memory/rss_peak", "memory/anonymous", "cpu/utilisation"} <= sample.keys()
    assert not any(name.startswith(("gpu/", "memory/cuda")) for name in sample)
    assert all(value > 0 for name, value in sample.items() if name != "memory/rise")  # nothing has risen yet
    assert all(metrics.metric(name) for name in sample)
    assert meter.fast().keys() == {"memory/rss"}
    assert (meter.cuda(), meter.cuda_peak(), meter.gpu()) == (None, None, {})


def test_cpu_utilisation_counts_from_call_to_call(monkeypatch):
    cpu, wall = [1.0, 3.0, 3.0], [10.0, 14.0, 14.0]
    monkeypatch.setattr(meters.time, "process_time", lambda: cpu.pop(0))
    monkeypatch.setattr(meters.time, "perf_counter", lambda: wall.pop(0))
    meter = Meters("cpu")
    assert meter.cpu_utilisation() == 50
    assert meter.cpu_utilisation() is None


def spent():
    """Seconds of the wall clock and of this process's CPU."""
    return np.array([time.perf_counter(), time.process_time()])


def test_one_busy_thread_uses_what_it_gets_of_one_core():
    outside = spent()
    meter = Meters("cpu")
    inside = spent()
    while spent()[1] - inside[1] < 0.2:
        pass
    inner_wall, inner_cpu = spent() - inside
    used = meter.cpu_utilisation()
    outer_wall, outer_cpu = spent() - outside
    assert 100 * inner_cpu / outer_wall <= used <= 100 * outer_cpu / inner_wall


def zone(folder, name, energy, limit=1000):
    path = folder / name
    path.mkdir(parents=True)
    (path / "max_energy_range_uj").write_text(f"{limit}\n")
    if energy is not None:
        (path / "energy_uj").write_text(f"{energy}\n")
    return path


def test_rapl_adds_packages_and_survives_the_counters_wrap(tmp_path, monkeypatch):
    one, two = zone(tmp_path, "intel-rapl:0", 900), zone(tmp_path, "intel-rapl:1", 0)
    zone(tmp_path, "intel-rapl:0:0", 500)
    zone(tmp_path, "intel-rapl:2", None)
    monkeypatch.setattr(meters, "rapl", lambda: rapl(tmp_path))
    meter = Meters("cpu")
    (one / "energy_uj").write_text("100")
    (two / "energy_uj").write_text("50")
    assert meter.energy() == pytest.approx(250e-6)
    assert meter.energy_source == "RAPL"
    assert meter.sample()["energy/total"] == pytest.approx(250e-6)


def test_no_rapl_no_energy(tmp_path, monkeypatch):
    monkeypatch.setattr(meters, "rapl", lambda: rapl(tmp_path))
    meter = Meters("cpu")
    assert (meter.energy(), meter.energy_source) == (None, None)
    assert "energy/total" not in meter.sample()


@pytest.mark.parametrize("stops", [False, True])
def test_a_run_counts_the_energy_of_a_package_of_known_power(tmp_path, monkeypatch, stops):
    counter = zone(tmp_path / "powercap", "intel-rapl:0", 70_000_000, limit=100_000_000) / "energy_uj"

    def burn(step_j=5):  # 50 W for 0.1 s in each of the 12 steps; the counter wraps on the way
        counter.write_text(str((int(counter.read_text()) + step_j * 1_000_000) % 100_000_000))

    draw = Batches.draw
    monkeypatch.setattr(Batches, "draw", lambda *args: (burn(), draw(*args))[1])
    monkeypatch.setattr(meters, "rapl", lambda: rapl(tmp_path / "powercap"))
    if stops:
        with suppress(Stopped):
            tiny.train(tiny.config(), tmp_path / "run", tiny.StopAt(tmp_path / "run", 6))
        burn(20)  # what others burn meanwhile is not the run's
    tiny.train(tiny.config(), tmp_path / "run", resume=stops)
    result = json.loads(RunDir(tmp_path / "run").result.read_bytes())
    assert result["energy"] == {"joules": pytest.approx(60), "source": "RAPL"}


class NVMLError(Exception):
    pass


@pytest.fixture
def nvml(monkeypatch):
    """A board that tells energy and power but not its use, as some do."""
    board = types.ModuleType("pynvml")
    board.NVMLError = NVMLError
    board.asked = []
    board.energy = 5000

    def utilisation(handle):
        board.asked.append("utilisation")
        raise NVMLError("Not Supported")

    board.nvmlInit = lambda: None
    board.nvmlDeviceGetHandleByUUID = lambda uuid: uuid
    board.nvmlDeviceGetUtilizationRates = utilisation
    board.nvmlDeviceGetPowerUsage = lambda handle: 123_456
    board.nvmlDeviceGetTotalEnergyConsumption = lambda handle: board.energy
    monkeypatch.setitem(sys.modules, "pynvml", board)
    properties = types.SimpleNamespace(uuid="abc")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    return board


def test_a_gpu_tells_what_it_can(nvml):
    gpu = find_gpu(torch.device("cuda"))
    assert isinstance(gpu, Gpu)
    assert gpu.read() == gpu.read() == {"gpu/power": pytest.approx(123.456)}
    assert nvml.asked == ["utilisation"]
    counter = gpu.energy()
    nvml.energy = 7500
    assert (counter.joules(), counter.source) == (pytest.approx(2.5), "NVML")


def test_a_gpu_run_measures_all_of_it(nvml, monkeypatch):
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 10)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 20)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    meter = Meters("cuda")
    nvml.energy = 6000
    sample = meter.sample()
    assert (sample["memory/cuda"], sample["memory/cuda_peak"]) == (10, 20)
    assert sample["energy/total"] == pytest.approx(1.0)
    assert sample["gpu/power"] == pytest.approx(123.456)
    assert meter.energy_source == "NVML"


def test_a_gpu_without_nvml_is_no_error(nvml, monkeypatch):
    def refuse() -> None:
        raise NVMLError("Driver Not Loaded")

    monkeypatch.setattr(nvml, "nvmlInit", refuse)
    assert find_gpu(torch.device("cuda")) is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_gpu(torch.device("cuda")) is None
    assert find_gpu(torch.device("cpu")) is None


def test_an_energy_counter_adds_up():
    readings = iter([10, 30, 5])
    counter = EnergyCounter("x", lambda: next(readings), 0.5, limit=40)
    assert [counter.joules(), counter.joules()] == [10.0, 17.5]


def test_the_rise_is_that_of_training_and_the_peak_that_of_all():
    meter = Meters("cpu")
    if meter.rise() == {}:
        pytest.skip("this kernel does not let a process reset its peak")
    block = np.ones(100 * MB, np.uint8)
    assert meter.rise()["memory/rise"] == pytest.approx(block.nbytes, rel=0.05)
    before = meter.rss()
    with meter.apart():
        assert np.ones(200 * MB, np.uint8).all()  # an evaluation's, given back
        with meter.apart():  # a checkpoint in its middle
            assert np.ones(10 * MB, np.uint8).all()
        assert meter.rise()["memory/rise"] == pytest.approx(block.nbytes, rel=0.05)
    assert meter.rise()["memory/rise"] == pytest.approx(block.nbytes, rel=0.05)
    assert meter.rss_peak() >= before + 0.95 * 200 * MB
    more = np.ones(50 * MB, np.uint8)
    assert meter.rise()["memory/rise"] == pytest.approx(block.nbytes + more.nbytes, rel=0.05)


def test_what_was_there_before_the_net_is_no_rise_and_stays_in_the_peak():
    assert np.ones(150 * MB, np.uint8).all()  # a data set as it is read
    top = ProcMemory().peak()
    meter = Meters("cpu")
    assert meter.rise().get("memory/rise", 0) < 10 * MB
    assert meter.rss_peak() >= top


def test_a_kernel_that_keeps_its_peak_tells_no_rise(monkeypatch):
    monkeypatch.setattr(ProcMemory, "forget_peak", lambda memory: False)
    meter = Meters("cpu")
    with meter.apart():
        pass
    assert meter.rise() == {}
    assert "memory/rise" not in meter.sample()
    assert meter.rss_peak() >= meter.rss()


def test_a_proc_that_cannot_be_written_says_so(tmp_path):
    for name in ("statm", "status"):
        (tmp_path / name).write_text("VmHWM: 1 kB")
    (tmp_path / "clear_refs").mkdir()
    assert ProcMemory(tmp_path).forget_peak() is False


def test_the_rise_of_a_gpu_is_that_of_its_tensors(nvml, monkeypatch):
    held = {"now": 10, "peak": 70}
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: held["now"])
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: held["peak"])
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: held.update(peak=held["now"]))
    meter = Meters("cuda")
    held.update(now=20, peak=30)
    with meter.apart():
        held["peak"] = 90
    assert meter.rise() == {"memory/rise": 20}
    assert meter.cuda_peak() == 90


def test_anonymous_memory_is_what_the_system_says():
    mine = ProcMemory().anonymous()
    assert Meters("cpu").anonymous() == pytest.approx(mine, rel=0.05)
