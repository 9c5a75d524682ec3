"""Data sets: names and facts (`catalogue`), where they lie (`folders`), images as tensors on the device (`load`).

Importing this package loads no torch; `load` does.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DataError
from . import fingerprint, ngrams
from .catalogue import family_of
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Labels, Pixels, Progress
from .fingerprint import Fingerprint
from .folders import download_folder, read_folders
from .sizes import DataConfig, Sizes, cut_of, problems, sizes
from .splits import stratified

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["DataInfo", "Dataset", "counted", "fetch", "load"]

Floats = npt.NDArray[np.float64]
TEST_SEED = 0


@dataclass(frozen=True)
class Dataset:
    """Images as float32 (N, H, W, C) and labels as int64 (N,), all on one device; batches are index draws."""

    x_train: Tensor
    y_train: Tensor
    x_valid: Tensor
    """Held-out training images; empty unless `valid_size` asks for some."""
    y_valid: Tensor
    x_test: Tensor
    y_test: Tensor
    mean: Tensor
    """(C,): what standardising subtracted; 0 for none."""
    std: Tensor
    """(C,): what it divided by; 1 for none."""
    info: DataInfo
    """With the numbers of images in use."""
    labels: tuple[str, ...]
    """Names of the classes, by label."""
    download_seconds: float
    fingerprint: Fingerprint
    """Of the whole set, as its files were when they were read."""

    def pixels(self, x: Tensor) -> Pixels:
        """Images (N, H, W, C) as the eye knows them: standardising undone, uint8 0 … 255; a text's symbols are 255."""
        picture = (x * self.std + self.mean).mul_(255).round_().clamp_(0, 255)
        result: Pixels = picture.cpu().numpy().astype(np.uint8)
        return result


def _ignore(done: int, total: int) -> None:
    """Progress nobody wants to see."""


def fetch(name: str, on_download: Progress = _ignore, cut: Cut = DEFAULT_CUT) -> DataInfo:
    """Bring a data set onto this machine if it is not there. Raises ConfigError, DataError, OutOfSpace."""
    folders = read_folders()
    family, _ = family_of(name, folders)
    family.prepare(name, folders, download_folder(), on_download)
    return family_of(name, folders, cut)[1]


def load(data: DataConfig, device: torch.device | str, seed: int, on_download: Progress = _ignore) -> Dataset:
    """Download if need be, read, split and standardise; every tensor ends on `device`.

    Training and validation images are drawn by `seed`, each class by its share; a smaller test set is the same for
    every seed. A text trains on its training documents, whether or not `valid_size` asks for its validation ones.
    `on_download` is called with (bytes done, bytes in all) and may raise to end the download.
    Raises ConfigError (a size that does not fit), DataError (missing or corrupt), OutOfSpace.
    """
    folders = read_folders()
    family, before = family_of(data.name, folders)
    started = time.perf_counter()
    info = fetch(data.name, on_download, cut_of(data))
    seconds = 0.0 if before.local else time.perf_counter() - started
    if errors := problems(data, info):
        raise ConfigError(errors)
    wanted = sizes(data, info)
    arrays = family.read(data.name, folders, cut_of(data))
    found = family_of(data.name, folders)[1]
    if found.content != info.content:
        raise DataError(f"the files of {info.title} changed while they were read: start again", "data.name")
    chosen = _choose(arrays, split(arrays, wanted, seed))
    moments = channel_moments(chosen[0], arrays.white) if data.standardise != "none" else None
    return Dataset(
        *_on_device(chosen, moments, arrays.white, device),
        info=dataclasses.replace(info, train=wanted.train, test=wanted.test),
        labels=arrays.labels,
        download_seconds=seconds,
        fingerprint=fingerprint.made_of(found),
    )


def counted(data: Dataset) -> list[float]:
    """Test perplexity of 1- to 6-grams counted on the training windows of a text, what every net there has to beat."""
    seen, tested = (x.squeeze(1).argmax(-1).cpu().numpy() for x in (data.x_train, data.x_test))
    return ngrams.perplexities(seen, data.y_train.cpu().numpy(), tested, data.y_test.cpu().numpy())


Chosen = tuple[Pixels, Labels, Pixels, Labels, Pixels, Labels]


def _choose(arrays: Arrays, index: tuple[Labels, Labels, Labels]) -> Chosen:
    train, valid, test = index
    x, y, x_held, y_held = arrays.x_train, arrays.y_train, *held_out(arrays)
    return (
        _take(x, train),
        y[train],
        _take(x_held, valid),
        y_held[valid],
        _take(arrays.x_test, test),
        arrays.y_test[test],
    )


def held_out(arrays: Arrays) -> tuple[Pixels, Labels]:
    """The images that validation draws from: the set's own, or the training images."""
    if arrays.x_valid is None or arrays.y_valid is None:
        return arrays.x_train, arrays.y_train
    return arrays.x_valid, arrays.y_valid


def _take(x: Pixels, index: Labels) -> Pixels:
    """The images at ascending `index`; the array itself where that is all of them."""
    return x if len(index) == len(x) else x[index]


def _on_device(
    chosen: Chosen, moments: tuple[Floats, Floats] | None, white: int, device: torch.device | str
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The six arrays as tensors, images standardised; then the mean and deviation that this took."""
    import torch

    channels = chosen[0].shape[-1]
    mean, std = (
        torch.from_numpy(part).to(device, torch.float32) for part in moments or (np.zeros(channels), np.ones(channels))
    )

    def images(source: Pixels) -> Tensor:
        x = torch.from_numpy(source).to(device).to(torch.float32).div_(white)
        return x.sub_(mean).div_(std) if moments else x

    def labels(source: Labels) -> Tensor:
        return torch.from_numpy(source).to(device)

    x_train, y_train, x_valid, y_valid, x_test, y_test = chosen
    return (
        images(x_train),
        labels(y_train),
        images(x_valid),
        labels(y_valid),
        images(x_test),
        labels(y_test),
        mean,
        std,
    )


def split(arrays: Arrays, wanted: Sizes, seed: int) -> tuple[Labels, Labels, Labels]:
    """Indices of the (training, validation, test) images, all ascending: into x_train, `held_out` and x_test."""
    valid, rest = stratified(held_out(arrays)[1], wanted.valid, seed)
    if arrays.y_valid is not None:  # what validation takes is not missing from training
        rest = np.arange(len(arrays.y_train))
    chosen, _ = stratified(arrays.y_train[rest], wanted.train, seed)
    test, _ = stratified(arrays.y_test, wanted.test, TEST_SEED)
    return rest[chosen], valid, test


def channel_moments(pixels: Pixels, white: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each channel (C,), pixels in [0, 1]; a constant channel has deviation 1.

    From counts of the 256 values, so exact and the same on every machine.
    """
    values = np.arange(256) / white
    counts = np.zeros((pixels.shape[-1], 256), np.int64)
    for first in range(0, len(pixels), 1000):  # counting makes eight bytes of each pixel
        for channel in range(len(counts)):
            counts[channel] += np.bincount(pixels[first : first + 1000, ..., channel].ravel(), minlength=256)
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    variance = share @ values**2 - mean**2
    std = np.sqrt(np.where(variance > 1e-12, variance, 1.0))
    return mean, std
