"""Installs FFWeb into the environment that runs this file: `python ffweb/serve/install.py EXTRA[,EXTRA]`.

Standard library only. It sees to it that a machine without an NVIDIA GPU never fetches gigabytes of CUDA: the
registry's PyTorch for Linux brings them along, so there the CPU builds come from PyTorch's own index and nowhere else.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PIP = [sys.executable, "-m", "pip"]
# Compiling 750 MB of PyTorch takes longer than installing it; Python does it file by file when first needed.
INSTALL = [*PIP, "install", "-qq", "--no-compile", "--disable-pip-version-check"]


def torch_requirements(pyproject: Path) -> list[str]:
    """The requirements of the extra `train` that come from PyTorch's index."""
    extras = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    return [line for line in extras["train"] if line.startswith("torch")]


def plan(extras: str, torch: Sequence[str], index: str | None) -> list[list[str]]:
    """The pip commands: PyTorch alone from `index` if there is one, then everything else."""
    whole = [*INSTALL, "--editable", f".[{extras}]"]
    return [[*INSTALL, "--no-deps", "--index-url", index, *torch], whole] if index else [whole]


def choose_index(wish: str, *, system: str, has_gpu: bool, satisfied: bool) -> str | None:
    """Where PyTorch comes from: `wish` is TORCH_INDEX (auto, none or a URL); None means pip's own choice.

    `satisfied`: a build within our bounds is installed already or lies in a local folder that pip looks into.
    """
    if wish == "none":
        return None
    if wish != "auto":
        return wish
    return CPU_INDEX if system == "Linux" and not has_gpu and not satisfied else None


def found_locally(torch: Sequence[str]) -> bool:
    """Whether pip can satisfy PyTorch itself without any index."""
    dry_run = [*PIP, "install", "--dry-run", "--no-index", "--no-deps", "--quiet", torch[0]]
    return subprocess.run(dry_run, check=False, capture_output=True).returncode == 0


def main() -> None:
    extras = sys.argv[1]
    torch = torch_requirements(ROOT / "pyproject.toml")
    wish = os.environ.get("TORCH_INDEX") or "auto"
    gpu = shutil.which("nvidia-smi") is not None
    index = choose_index(wish, system=platform.system(), has_gpu=gpu, satisfied=found_locally(torch))
    print(f"Installing FFWeb[{extras}]" + (f", PyTorch from {index}" if index else "") + " …", flush=True)
    for command in plan(extras, torch, index):
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            sys.exit(_failed(index if "--index-url" in command else None))


def _failed(index: str | None) -> str:
    if index is None:
        return "pip could not install FFWeb: its message is above."
    return (
        f"PyTorch could not be fetched from {index}: pip's message is above. Set TORCH_INDEX to another index of CPU "
        "builds, or to none to take what pip finds by itself (on Linux, gigabytes of CUDA)."
    )


if __name__ == "__main__":
    main()
