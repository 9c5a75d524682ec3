"""How memory, energy and use of the machine are measured. A meter that cannot measure gives None, never 0.

Frequent readings cost microseconds: `/proc/self/statm` through a descriptor that stays open. What costs more (NVML, the
process's whole status) is read by `sample()`, a few times a second at most.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import psutil
import torch

from trainer.rise import Rise

PROC = Path("/proc/self")
POWERCAP = Path("/sys/class/powercap")
_PAGE = resource.getpagesize()


class Memory(Protocol):
    """Resident memory of this process, in bytes."""

    def rss(self) -> int: ...
    def peak(self) -> int: ...
    def anonymous(self) -> int | None: ...
    def forget_peak(self) -> bool: ...


class ProcMemory:
    """Linux: two files of /proc, kept open."""

    def __init__(self, proc: Path = PROC) -> None:
        self._statm = os.open(proc / "statm", os.O_RDONLY | os.O_CLOEXEC)
        self._status = os.open(proc / "status", os.O_RDONLY | os.O_CLOEXEC)
        self._clear = proc / "clear_refs"

    def rss(self) -> int:
        return int(os.pread(self._statm, 128, 0).split(maxsplit=2)[1]) * _PAGE

    def peak(self) -> int:
        return self._field(b"VmHWM:")

    def anonymous(self) -> int:
        """Resident memory that no file backs: what the process itself needs, without the pages of libraries."""
        return self._field(b"RssAnon:")

    def forget_peak(self) -> bool:
        """Let the peak begin anew at what is resident now; False where the kernel does not let us."""
        try:
            self._clear.write_text("5")
        except OSError:
            return False
        return True

    def _field(self, name: bytes) -> int:
        body = os.pread(self._status, 8192, 0)
        start = body.index(name) + len(name)
        return int(body[start : body.index(b"kB", start)]) * 1024

    def __del__(self) -> None:
        for name in ("_statm", "_status"):
            if (fd := self.__dict__.get(name)) is not None:
                os.close(fd)


class PsutilMemory:
    """Any other system: psutil, and the peak as the kernel accounts for it."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def rss(self) -> int:
        return int(self._process.memory_info().rss)

    def peak(self) -> int:
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB elsewhere
        return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, self.rss())

    def anonymous(self) -> None:
        return None

    def forget_peak(self) -> bool:
        return False


class EnergyCounter:
    """Joules since it was made, from a counter that may wrap at `limit` (in the counter's own unit)."""

    def __init__(self, source: str, read: Callable[[], int], unit: float, limit: int | None = None) -> None:
        self.source = source
        self._read, self._unit, self._limit = read, unit, limit
        self._last = read()
        self._total = 0

    def joules(self) -> float:
        now = self._read()
        step = now - self._last
        if step < 0 and self._limit:
            step += self._limit
        self._last = now
        self._total += step
        return self._total * self._unit


def rapl(powercap: Path = POWERCAP) -> list[EnergyCounter]:
    """One counter a CPU package (RAPL), as far as the kernel lets us read them; empty elsewhere."""
    counters = []
    for zone in sorted(powercap.glob("intel-rapl:[0-9]*")):
        if zone.name.count(":") > 1:  # a part of a package, counted within it
            continue
        try:
            limit = int((zone / "max_energy_range_uj").read_text())
            counters.append(EnergyCounter("RAPL", _reader(zone / "energy_uj"), 1e-6, limit))
        except (OSError, ValueError):  # most kernels show the counter to root only
            continue
    return counters


def _reader(path: Path) -> Callable[[], int]:
    return lambda: int(path.read_text())


class Gpu:
    """One GPU by NVML: use, power and energy of the whole board. Raises an NVML error where it cannot be asked."""

    def __init__(self, uuid: str) -> None:
        import pynvml

        self._nvml: Any = pynvml
        pynvml.nvmlInit()
        self._handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
        self._metrics: dict[str, Callable[[], float]] = {
            "gpu/utilisation": lambda: float(pynvml.nvmlDeviceGetUtilizationRates(self._handle).gpu),
            "gpu/power": lambda: pynvml.nvmlDeviceGetPowerUsage(self._handle) / 1000,
        }

    def read(self) -> dict[str, float]:
        """What this board can tell: `gpu/utilisation` in %, `gpu/power` in W."""
        values = {}
        for name, measure in list(self._metrics.items()):
            try:
                values[name] = measure()
            except self._nvml.NVMLError:  # not on this board: do not ask again
                del self._metrics[name]
        return values

    def energy(self) -> EnergyCounter | None:
        """A counter of the board's energy; None on boards older than Volta."""
        try:
            return EnergyCounter(
                "NVML", lambda: int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)), 1e-3
            )
        except self._nvml.NVMLError:
            return None


def find_gpu(device: torch.device) -> Gpu | None:
    """The NVML side of a CUDA device; None for other devices, or where NVML is missing or refuses."""
    if device.type != "cuda":
        return None
    try:
        import pynvml
    except ImportError:
        return None
    try:
        return Gpu(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except pynvml.NVMLError:
        return None


class Meters:
    """All meters of one process and its device, reading from the moment it is made: just before a net is built."""

    def __init__(self, device: torch.device | str) -> None:
        self._device = torch.device(device)
        self._memory: Memory = ProcMemory() if (PROC / "statm").exists() else PsutilMemory()
        self.resident = Rise(self._memory.rss, self._memory.peak, self._memory.forget_peak)
        self.tensors = _tensors(self._device) if self._device.type == "cuda" else None
        self._gpu = find_gpu(self._device)
        self._energy = self._counters()
        self._cpu = (time.process_time(), time.perf_counter())

    def _counters(self) -> list[EnergyCounter]:
        if self._device.type != "cuda":
            return rapl()
        counter = self._gpu.energy() if self._gpu else None
        return [counter] if counter else []

    def rss(self) -> int:
        """Resident memory, bytes; about 2 µs."""
        return self._memory.rss()

    def rss_peak(self) -> int:
        """Highest resident memory of the process so far, bytes; about 30 µs."""
        return self.resident.highest()

    def anonymous(self) -> int | None:
        """Resident memory that no file backs, bytes; None off Linux; about 30 µs."""
        return self._memory.anonymous()

    def cuda(self) -> int | None:
        """Bytes that tensors hold on the GPU; None without one."""
        return torch.cuda.memory_allocated(self._device) if self._device.type == "cuda" else None

    def cuda_peak(self) -> int | None:
        """Highest number of bytes that tensors held on the GPU so far; None without one."""
        return self.tensors.highest() if self.tensors else None

    def rise(self) -> dict[str, float]:
        """`memory/rise`: the highest so far above the start, of tensors on a GPU, else of resident memory; about 30 µs.

        Empty where it cannot be measured.
        """
        return _known({"memory/rise": (self.tensors or self.resident).above()})

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Memory that is taken in here and given back is no part of the rise."""
        with self.resident.apart(), self.tensors.apart() if self.tensors else nullcontext():
            yield

    def cpu_utilisation(self) -> float | None:
        """CPU time over wall time since the last call, in % of one core; None when called again at once."""
        cpu, wall = time.process_time(), time.perf_counter()
        (cpu0, wall0), self._cpu = self._cpu, (cpu, wall)
        return 100 * (cpu - cpu0) / (wall - wall0) if wall > wall0 else None

    def gpu(self) -> dict[str, float]:
        """`gpu/utilisation` and `gpu/power`, as far as NVML tells them; empty without an NVIDIA GPU."""
        return self._gpu.read() if self._gpu else {}

    @property
    def energy_source(self) -> str | None:
        """Who measures the energy: "NVML" (the whole board), "RAPL" (the whole CPU package), or None."""
        return self._energy[0].source if self._energy else None

    def energy(self) -> float | None:
        """Joules since these meters were made, of all that ran on the board or package; None where unknown."""
        return sum(counter.joules() for counter in self._energy) if self._energy else None

    def fast(self) -> dict[str, float]:
        """What may be read at every logged step: microseconds."""
        return _known({"memory/rss": self.rss(), "memory/cuda": self.cuda()})

    def sample(self) -> dict[str, float]:
        """Everything that can be measured, by metric name; up to a millisecond where NVML is asked."""
        rest = {
            "memory/rss_peak": self.rss_peak(),
            "memory/anonymous": self.anonymous(),
            "memory/cuda_peak": self.cuda_peak(),
            "cpu/utilisation": self.cpu_utilisation(),
            "energy/total": self.energy(),
        }
        return {**self.fast(), **_known(rest), **self.rise(), **self.gpu()}


def _tensors(device: torch.device) -> Rise:
    def forget_peak() -> bool:
        torch.cuda.reset_peak_memory_stats(device)
        return True

    return Rise(
        lambda: torch.cuda.memory_allocated(device), lambda: torch.cuda.max_memory_allocated(device), forget_peak
    )


def _known(values: dict[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}
