"""What a layer does in a step, as torch.compile makes it: its small passes become one. Opt-in, and never needed.

Whatever cannot be compiled (a machine without a compiler, code that PyTorch does not understand) runs as it is written,
and is named once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

import torch

F = TypeVar("F", bound=Callable[..., Any])
FORMS = 256
"""Versions of one function: by shapes of layers, sizes of pieces, and rules."""


class Make(Protocol):
    """Gives a function in the form in which it is to run."""

    def __call__(self, function: F, /) -> F: ...


def as_written(function: F) -> F:
    """The function itself."""
    return function


class Compiler:
    """Gives functions compiled. `say` is told what could not be."""

    def __init__(self, say: Callable[[str], None], backend: str = "inductor") -> None:
        self._say, self._backend = say, backend
        self._made: dict[Callable[..., Any], Callable[..., Any]] = {}
        torch._dynamo.config.recompile_limit = FORMS
        torch._inductor.config.compile_threads = 1  # no processes beside the one that trains
        torch._dynamo.config.trace_autograd_ops = True
        torch._functorch.config.donated_buffer = False  # overlapping losses go back through one graph twice

    def __call__(self, function: F) -> F:
        if function not in self._made:
            self._made[function] = self._tried(function)
        return self._made[function]  # type: ignore[return-value]

    def _tried(self, function: Callable[..., Any]) -> Callable[..., Any]:
        from torch._dynamo import exc  # takes a second and 80 MB

        # whole or not at all: one that failed half way would have done half of its work
        compiled = torch.compile(function, fullgraph=True, dynamic=False, backend=self._backend)

        @wraps(function)
        def run(*args: Any, **named: Any) -> Any:
            try:
                return compiled(*args, **named)
            except (exc.TorchDynamoException, exc.FailOnRecompileLimitHit, OSError) as error:  # OSError: no cache
                self._made[function] = function
                self._say(f"not compiled but run as written: {function.__name__.strip('_')} ({_cause(error)})")
                return function(*args, **named)

        return run


def _cause(error: Exception) -> str:
    """The line of the error that says what is missing."""
    return str(error).strip().splitlines()[0]
