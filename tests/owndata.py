"""Small data files of one's own, good ones and odd ones, in a folder of FFWEB_DATASETS."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

X, Y = np.zeros((40, 6, 9), np.uint8), np.arange(40) % 4


def npz(classes: int = 4, images: int = 40) -> bytes:
    out = io.BytesIO()
    x, y = np.resize(X, (images, 6, 9)), np.arange(images) % classes
    np.savez(out, x_train=x, y_train=y, x_test=x, y_test=y)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path))
    (tmp_path / "own.npz").write_bytes(npz())
    return tmp_path


def odd(folder: Path) -> None:
    """A password, a pipe, a folder, a name of bytes, a text that is none."""
    body = bytearray(npz())
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := body.find(sign, start + 1)) >= 0:
            body[start + place] |= 1
    (folder / "locked.npz").write_bytes(body)
    os.mkfifo(folder / "pipe.npz")
    (folder / "folder.txt").mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n.npz")).write_bytes(npz())
    (folder / "digits.txt").write_text("3.1415 2.7182 1.4142\n\n" * 50)
