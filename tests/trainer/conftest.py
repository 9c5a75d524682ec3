"""One thread: tests are many small products, and other processes want the cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def _subset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("subset")
    images, labels = np.zeros((50, 32, 32, 3), np.uint8), np.arange(50) % 10
    np.savez(folder / "cifar10_sub.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    return folder


@pytest.fixture
def subset(_subset_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in place of CIFAR-10's 10,000 images, which some presets name: its facts are looked at, no more."""
    monkeypatch.setenv("FFWEB_DATASETS", str(_subset_folder))


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A folder of FFWEB_DATASETS; the download folder is elsewhere and the net is away."""
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("FFWEB_DATASETS", str(own))
    monkeypatch.setenv("FFWEB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FFWEB_DATASETS_MIRROR", "http://127.0.0.1:9")
    return own
