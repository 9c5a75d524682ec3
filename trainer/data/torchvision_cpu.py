"""The only door to torchvision.

The registry's torchvision is built for CUDA. Beside a CPU torch its compiled part fails to load, silently, and then
`import torchvision` itself fails with "operator torchvision::nms does not exist". So its library is loaded here first;
where that fails, the two operators whose absence stops the import are declared (never called: we read data sets only).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

_OPERATORS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def _compiled_part_loads() -> bool:
    spec = importlib.util.find_spec("torchvision")
    roots = (spec.submodule_search_locations or ()) if spec else ()
    libraries = [file for root in roots for file in Path(root).glob("_C*.so")]
    try:
        for library in libraries:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
    except OSError:  # libc10_cuda and its like are not there
        return False
    return bool(libraries)


def _declare_operators() -> torch.library.Library:
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _OPERATORS:
        library.define(name + _SIGNATURE)  # type: ignore[no-untyped-call]
    return library


# Kept for the life of the process: an operator goes with the Library object that declared it.
_keep = None if _compiled_part_loads() else _declare_operators()

from torchvision import datasets  # noqa: E402  (only now can it be imported)

__all__ = ["datasets"]
