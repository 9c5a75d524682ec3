"""A GPU that is only pretended: computed on the CPU, with every tensor told apart by where it would lie.

What a machine with a GPU refuses is refused here: an operation on tensors of both sides, a generator of the other
side, NumPy on what lies on the GPU. A number alone (no dimension) may come from the host, and indices may, as PyTorch
has it. Tensors are known by their storage, so that views and gradients lie where their source does. An Apple GPU (mps)
has no float64 besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import trainer.session
from trainer import machine
from trainer.meters import Meters
from trainer.stopwatch import Stopwatch

HOST, GPU = torch.device("cpu"), torch.device("cuda", 0)
aten = torch.ops.aten
ACROSS = {aten.copy_.default, aten._to_copy.default, aten.is_same_size.default}
INDEXED = {aten.index.Tensor, aten.index_put_.default, aten.index_put.default, aten._index_put_impl_.default}
BEFORE = {aten.lift_fresh.default}
"""What NumPy gave, which has not been moved yet."""
DEVICE_OF, IS_CUDA = Tensor.device.__get__, Tensor.is_cuda.__get__  # type: ignore[attr-defined]
MOVES = {Tensor.to, Tensor.cpu, Tensor.cuda}
Generator = torch.Generator


class Misplaced(AssertionError):
    """What a machine with a GPU would refuse."""


class Chance(Generator):
    """A generator that says where it would be."""

    def __new__(cls, device: Any = HOST) -> Chance:
        made = super().__new__(cls)
        made.place = torch.device(device)
        return made

    @property
    def device(self) -> torch.device:
        return self.place


class Places:
    """Where each storage would lie."""

    def __init__(self, gpu: torch.device) -> None:
        self.gpu = gpu
        self._known: dict[int, torch.device] = {}
        self.here = HOST
        """Where a call makes what it needs besides: where the tensors lie that it was given."""

    def of(self, tensor: Tensor) -> torch.device:
        return self._known.get(tensor.untyped_storage()._cdata, HOST)

    def put(self, tensor: Tensor, place: torch.device) -> None:
        self._known[tensor.untyped_storage()._cdata] = place


def tensors(*values: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]


class Operations(TorchDispatchMode):
    """Every operation, those of gradients too: reads of one side, writes there."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places, self._gpu = places, places.gpu

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        read = tensors(args, kwargs)
        self._check(func, read, args)
        made = func(*args, **(kwargs or {}))
        place = (
            self._gpu
            if any(self._places.of(tensor) == self._gpu for tensor in read)
            else HOST
            if read
            else self._places.here
        )
        known = {tensor.untyped_storage()._cdata for tensor in read}
        for tensor in tensors(made):
            if tensor.untyped_storage()._cdata not in known:
                self._places.put(tensor, place)
            if place.type == "mps" and tensor.dtype == torch.float64 and func not in BEFORE:
                raise Misplaced(f"{func} makes float64, which {place.type} has not")
        return made

    def _check(self, func: Any, read: Iterable[Tensor], args: Any) -> None:
        if func in ACROSS:
            return
        sides = {self._places.of(tensor) for tensor in read if tensor.dim() or self._places.of(tensor) == self._gpu}
        if func in INDEXED and self._places.of(args[0]) == self._gpu:
            return
        if len(sides) > 1:
            shapes = [f"{tuple(tensor.shape)} on {self._places.of(tensor).type}" for tensor in read]
            raise Misplaced(f"{func} reads {', '.join(shapes)}")


class Calls(TorchFunctionMode):
    """What is said in Python: where to put, where it lies, with which generator."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places, self._gpu = places, places.gpu

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.device:
            return func(*args, **kwargs)
        if func == DEVICE_OF:
            return self._places.of(args[0])
        if func == IS_CUDA:
            return self._places.of(args[0]) == self._gpu
        if func is Tensor.numpy and self._places.of(args[0]) == self._gpu:
            raise Misplaced("NumPy cannot read what lies on a GPU")
        wanted = self._wanted(func, args, kwargs)
        self._check_chance(kwargs.get("generator"), wanted, args)
        kwargs = {name: value for name, value in kwargs.items() if name not in ("device", "pin_memory")}
        args = tuple(HOST if isinstance(value, torch.device) else value for value in args)
        outside, self._places.here = self._places.here, wanted or self._given(args, kwargs)
        try:
            made = func(*args, **kwargs)
        finally:
            self._places.here = outside
        if wanted is not None:
            made = self._placed(func, made, args, wanted)
        return made

    def _given(self, args: Any, kwargs: dict[str, Any]) -> torch.device:
        return self._gpu if any(self._places.of(tensor) == self._gpu for tensor in tensors(args, kwargs)) else HOST

    def _wanted(self, func: Any, args: Any, kwargs: dict[str, Any]) -> torch.device | None:
        """The side that a call asks for."""
        if func is Tensor.cpu:
            return HOST
        if func is Tensor.new_tensor and "device" not in kwargs:
            return self._places.of(args[0])
        asked = kwargs.get("device") or next((value for value in args if isinstance(value, torch.device)), None)
        if func is Tensor.to and asked is None:
            other = next((value for value in args[1:] if isinstance(value, Tensor | str)), None)
            asked = self._places.of(other) if isinstance(other, Tensor) else other
        return None if asked is None else torch.device(asked) if torch.device(asked).type == "cpu" else self._gpu

    def _placed(self, func: Any, made: Any, args: Any, wanted: torch.device) -> Any:
        """What was made, put there; what moves becomes another tensor, as it would."""
        if (
            func in MOVES
            and self._places.of(args[0]) != wanted
            and made.untyped_storage()._cdata in {args[0].untyped_storage()._cdata}
        ):
            made = made.clone()
        for tensor in tensors(made):
            self._places.put(tensor, wanted)
        return made

    def _check_chance(self, chance: Any, wanted: torch.device | None, args: Any) -> None:
        if chance is None:
            return
        there = wanted or next((self._places.of(value) for value in args if isinstance(value, Tensor)), HOST)
        if chance.device != there:
            raise Misplaced(f"a generator on {chance.device.type} draws numbers on {there.type}")


@contextmanager
def pretended_gpu(monkeypatch: pytest.MonkeyPatch, gpu: torch.device = GPU) -> Iterator[torch.device]:
    """The device to build a session on. Meters and clocks are those of the CPU: they are no tensors."""
    monkeypatch.setattr(torch, "Generator", Chance)
    monkeypatch.setattr(machine, "ready", lambda device: None)
    environment = machine.environment
    monkeypatch.setattr(machine, "environment", lambda device: environment(HOST))
    monkeypatch.setattr(trainer.session, "Meters", lambda device: Meters(HOST))
    monkeypatch.setattr(trainer.session, "Stopwatch", lambda device: Stopwatch(HOST))
    places = Places(gpu)
    with Operations(places), Calls(places):
        yield gpu
