"""What a run is computed on: what is chosen, what is refused, and what is set for it, without a GPU at hand."""

from __future__ import annotations

import types

import pytest
import torch

from tests.trainer import tiny
from tests.trainer.test_placement import session
from trainer import machine, running
from trainer.errors import ConfigError, OutOfSpace

CPU = torch.device("cpu")


@pytest.fixture
def two_gpus(monkeypatch):
    """CUDA with two GPUs, of which 0 is current; what is made current is noted."""
    current = [0]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: current[0])
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: current.__setitem__(0, device.index))
    monkeypatch.setattr(machine, "warm", lambda device: None)
    return current


@pytest.mark.parametrize(("wanted", "index"), [("auto", 0), ("cuda", 0), ("cuda:1", 1)])
def test_a_gpu_is_known_by_its_number_and_made_the_current_one(two_gpus, wanted, index):
    device = machine.pick(wanted)
    assert device == torch.device("cuda", index)  # "cuda" and "cuda:0" would be unequal
    machine.ready(device)
    assert two_gpus == [index]  # events and streams lie on the current one


def test_a_gpu_too_many_is_refused(two_gpus):
    with pytest.raises(ConfigError, match="there is no cuda:2"):
        machine.pick("cuda:2")


@pytest.mark.skipif(torch.backends.cuda.is_built(), reason="this PyTorch has CUDA")
def test_a_pytorch_without_cuda_is_named():
    assert machine.pick("auto") == CPU
    with pytest.raises(ConfigError) as refused:
        machine.pick("cuda")
    assert "built without CUDA" in refused.value.errors[0]["msg"]


def test_float32_is_float32_on_a_gpu_too():
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = True
    machine.ready(CPU)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"), "out of GPU memory"),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be …"), "out of GPU memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), "out of GPU memory"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "out of GPU memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "out of memory"),
        (MemoryError(), "out of memory"),
    ],
)
def test_memory_that_ran_out_is_named_by_where_it_did(error, words):
    told = running._explain(error)
    assert isinstance(told, OutOfSpace)
    assert told.reason.startswith(words)


def test_a_run_of_a_gpu_goes_on_where_there_is_none(tmp_path):
    """A generator of another kind of device has a state of another form: the draws begin anew, and it is said."""
    config = tiny.config()
    run = session(config, tmp_path / "a", CPU)
    list(tiny.learnt(run, 2))
    state = run.state()
    drawn = []
    for stored in (torch.zeros(16, dtype=torch.uint8), torch.zeros(16, dtype=torch.uint8), state["rng"]):
        again = session(config, tmp_path / "b", CPU)
        again.restore(state | {"rng": stored}, again.folder)
        drawn.append(torch.rand(3, generator=again.rng))
    assert drawn[0].equal(drawn[1])
    assert not drawn[0].equal(drawn[2])
    said = []
    recorder = types.SimpleNamespace(log=lambda text, level: said.append(text))
    now = machine.environment(CPU)
    running._compare(recorder, now | {"device": "cuda:0"}, now)
    assert said == ["resumed with device cpu (before: cuda:0): from here on other numbers are drawn"]
