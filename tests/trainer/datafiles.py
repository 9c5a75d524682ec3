"""Small real data files for the tests: scikit-learn's digits in the formats of the big sets, and a server for them."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from tests.waiting import PATIENCE
from trainer.data import digits
from trainer.data.download import Remote

IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def pictures(train=200, test=50, size=28, channels=1):
    """Real digits on a bigger canvas: (x_train NHWC uint8, y_train, x_test, y_test)."""
    arrays = digits.read("digits", [])

    def canvas(x):
        big = np.kron(x[..., 0] * 15, np.ones((3, 3), np.uint8)).astype(np.uint8)
        pad = (size - 24) // 2
        return np.repeat(np.pad(big, ((0, 0), (pad, pad), (pad, pad)))[..., None], channels, axis=3)

    x, y = canvas(arrays.x_train[:train]), arrays.y_train[:train]
    return x, y, canvas(arrays.x_test[:test]), arrays.y_test[:test]


def idx(array) -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def idx_files() -> dict[str, bytes]:
    """The four files of an MNIST made of digits."""
    x_train, y_train, x_test, y_test = pictures()
    return dict(zip(IDX, map(idx, (x_train[..., 0], y_train, x_test[..., 0], y_test)), strict=True))


def gzipped() -> dict[str, bytes]:
    return {f"{name}.gz": gzip.compress(body, mtime=0) for name, body in idx_files().items()}


def md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def remotes(base: str, files: dict[str, bytes]) -> list[Remote]:
    return [Remote(name, (f"{base}/{name}",), md5(body), len(body)) for name, body in files.items()]


def write_raw(folder: Path, below: str = "MNIST/raw") -> Path:
    raw = folder / below
    raw.mkdir(parents=True)
    for name, body in idx_files().items():
        (raw / name).write_bytes(body)
    return raw


def npz_bytes(**changes) -> bytes:
    """A good npz file with some arrays replaced; None leaves one out."""
    parts = dict(zip(("x_train", "y_train", "x_test", "y_test"), pictures(), strict=True)) | changes
    out = io.BytesIO()
    np.savez(out, **{name: array for name, array in parts.items() if array is not None})
    return out.getvalue()


class Server:
    """Serves `files` by their last path part; `faults` says how a file goes wrong: a status, or a word."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.faults: dict[str, int | str] = {}
        self.asked: list[str] = []
        self.stalled = threading.Event()
        self.release = threading.Event()
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        fault, body = self.faults.get(name), self.files.get(name)
        if isinstance(fault, int) or body is None:
            handler.send_error(fault if isinstance(fault, int) else 404)
            return
        handler.send_response(200)
        if fault != "unsaid":
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        half = len(body) // 2
        if fault == "corrupt":
            body = body[:half] + bytes([body[half] ^ 255]) + body[half + 1 :]
        handler.wfile.write(body[:half])
        if fault == "stall":
            handler.wfile.flush()
            self.stalled.set()
            self.release.wait(PATIENCE)
        elif fault != "truncate":
            handler.wfile.write(body[half:])


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Server]:
    server = Server(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *args) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        http.shutdown()
        http.server_close()
        thread.join(PATIENCE)
