"""Who may import whom (docs/architecture.md): walked over the source, and tried in a fresh interpreter."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "torchvision", "sklearn")
# What the web may use of the trainer: modules that load no torch.
LIGHT = (
    "arithmetic",
    "axes",
    "clash",
    "compatibility",
    "config",
    "controls",
    "presets",
    "profiling.cases",
    "profiling.saving",
    "data.catalogue",
    "data.fingerprint",
    "data.folders",
    "data.words",
    "estimate",
    "metrics",
    "overall",
    "events",
    "rundir",
    "errors",
    "identity",
    "words",
    "plain",
)
EDGES = ("ffweb.pages", "ffweb.api", "ffweb.live.consumers", "ffweb.work.tasks")


def sources(folder: str) -> list[Path]:
    return [p for p in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in p.parts]


def module(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at the top or in a body, typing-only ones left out."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def under(name: str, *roots: str) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize("path", sources("trainer"), ids=module)
def test_trainer_stands_alone(path: Path) -> None:
    assert [name for name in imports(path) if under(name, "django", "ffweb", "celery", "channels", "ninja")] == []


@pytest.mark.parametrize("path", sources("ffweb"), ids=module)
def test_web_imports_no_torch_and_only_light_trainer_modules(path: Path) -> None:
    found = set(imports(path))
    assert [name for name in found if under(name, *HEAVY)] == []
    light = tuple(f"trainer.{name}" for name in LIGHT)
    assert [name for name in found if under(name, "trainer") and name != "trainer" and not under(name, *light)] == []


@pytest.mark.parametrize("path", sources("ffweb"), ids=module)
def test_edges_do_not_import_edges(path: Path) -> None:
    me = next((edge for edge in EDGES if under(module(path), edge)), None)
    if me is None:
        return
    assert [name for name in imports(path) if under(name, *EDGES) and not under(name, me)] == []


# Axes whose values fill several files.
AXES = (
    {"architecture", "architecture_base", "mlp", "recurrent", "transformer"},
    {"goodness", "goodness_base", "class_rows"},
    {"normalisation", "norm_base", "black_box"},
    {"objective", "terms"},
    {"optimiser", "curve"},
)


@pytest.mark.parametrize("path", sources("trainer/axes"), ids=module)
def test_axes_import_nothing_of_each_other(path: Path) -> None:
    own = next((axis for axis in AXES if path.stem in axis), {path.stem}) | {"base"}
    found = {name.split(".")[2] for name in imports(path) if name.startswith("trainer.axes.")}
    assert path.stem == "__init__" or found <= own


def fresh(code: str) -> str:
    """Run `code` in a new interpreter; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_web_process_loads_no_torch() -> None:
    code = "import ffweb.asgi, sys; from django.urls import get_resolver; get_resolver().url_patterns; "
    assert (
        fresh(code + "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'torchvision', 'sklearn')])")
        == "[]"
    )


def test_the_worker_process_loads_no_torch() -> None:
    code = "import django, os, sys; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'ffweb.settings'); django.setup(); "
    code += "import ffweb.work.tasks, ffweb.work.janitor; "
    assert fresh(code + "print('torch' in sys.modules)") == "False"


@pytest.mark.parametrize("name", LIGHT)
def test_light_trainer_modules_load_no_torch(name: str) -> None:
    assert fresh(f"import trainer.{name}, sys; print('torch' in sys.modules)") == "False"
