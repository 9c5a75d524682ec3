"""From a name in a config to tensors on the device."""

from __future__ import annotations

import io
import pickle
import re
import tarfile
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.io
import torch
from datafiles import md5, npz_bytes, pictures, serve, write_raw
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from trainer.data import catalogue, digits, fetch, load, splits
from trainer.data.folders import read_folders
from trainer.data.torchvision_cpu import datasets
from trainer.errors import ConfigError, DataError


@dataclass
class Config:
    name: str = "digits"
    train_size: int | None = None
    valid_size: int = 0
    test_size: int | None = None
    standardise: str = "none"
    augment: str = "none"
    window: int = 10
    prefix: int | None = None


@pytest.fixture(autouse=True)
def folder(own_folder):
    return own_folder


def test_digits_are_scikit_learns():
    ours, theirs = digits.read("digits", []), load_digits()
    assert (len(ours.x_train), len(ours.x_test)) == (1437, 360)
    rows = np.concatenate([ours.x_train, ours.x_test]).reshape(1797, 64)
    labels = np.concatenate([ours.y_train, ours.y_test])
    mine = sorted((tuple(row), int(label)) for row, label in zip(rows, labels, strict=True))
    reference = sorted(
        (tuple(map(int, row)), int(label)) for row, label in zip(theirs.data, theirs.target, strict=True)
    )
    assert mine == reference
    share = np.bincount(ours.y_test) / np.bincount(theirs.target)
    assert share.min() > 0.19
    assert share.max() < 0.21


def test_images_are_between_zero_and_one_on_the_device():
    data = load(Config(), "cpu", seed=0)
    assert data.x_train.shape == (1437, 8, 8, 1)
    assert data.x_train.dtype == torch.float32
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    assert data.y_train.dtype == torch.int64
    assert len(data.x_valid) == 0
    assert data.labels == tuple("0123456789")
    assert data.download_seconds == 0
    assert data.info == catalogue.describe("digits")


def test_standardising_gives_mean_zero_deviation_one_by_channel_and_can_be_undone(folder):
    x, _, xt, _ = pictures()
    colour = (x * np.array([1.0, 0.5, 0.0])).astype(np.uint8)
    (folder / "rgb.npz").write_bytes(npz_bytes(x_train=colour, x_test=np.repeat(xt, 3, 3)))
    data = load(Config("npz:rgb", standardise="dataset"), "cpu", seed=0)
    mean, std = data.x_train.double().mean((0, 1, 2)), data.x_train.double().std((0, 1, 2), correction=0)
    torch.testing.assert_close(mean, torch.zeros(3).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(std, torch.tensor([1.0, 1.0, 0.0]).double(), atol=1e-5, rtol=0)
    np.testing.assert_array_equal(data.pixels(data.x_train), colour)


def test_sizes_are_drawn_by_class_without_overlap():
    data = load(Config(train_size=1000, valid_size=200, test_size=100), "cpu", seed=1)
    assert [len(part) for part in (data.x_train, data.x_valid, data.x_test)] == [1000, 200, 100]
    assert (data.info.train, data.info.test) == (1000, 100)
    for labels in (data.y_train, data.y_valid, data.y_test):
        counts = labels.bincount(minlength=10)
        assert counts.max() - counts.min() <= 0.1 * counts.max() + 1
    rows = [{image.numpy().tobytes() for image in part} for part in (data.x_train, data.x_valid)]
    assert not rows[0] & rows[1]


def test_the_seed_draws_the_training_images_but_never_the_test_images():
    one, again, two = (load(Config(train_size=500, test_size=100), "cpu", seed=s) for s in (1, 1, 2))
    assert torch.equal(one.x_train, again.x_train)
    assert not torch.equal(one.x_train, two.x_train)
    assert torch.equal(one.x_test, two.x_test)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=200), st.integers(0, 3), st.data())
def test_a_stratified_draw_is_a_partition_of_fair_shares(labels, seed, data):
    take = data.draw(st.integers(0, len(labels)))
    y = np.array(labels)
    drawn, rest = splits.stratified(y, take, seed)
    assert len(drawn) == take
    np.testing.assert_array_equal(np.sort(np.concatenate([drawn, rest])), np.arange(len(y)))
    for value in np.unique(y):
        fair = take * (y == value).mean()
        assert abs((y[drawn] == value).sum() - fair) < 1


@pytest.mark.parametrize(
    ("changes", "field", "bound"),
    [
        ({"train_size": 1438}, "train_size", "1,437"),
        ({"train_size": 1400, "valid_size": 100}, "train_size", "1,337"),
        ({"valid_size": 1437}, "valid_size", "1,436"),
        ({"test_size": 361}, "test_size", "360"),
    ],
)
def test_more_images_than_there_are(changes, field, bound):
    with pytest.raises(ConfigError, match=bound) as caught:
        load(Config(**changes), "cpu", seed=0)
    assert caught.value.errors[0]["loc"] == f"data.{field}"


def test_raw_idx_files_are_read_as_torchvision_reads_them(folder):
    write_raw(folder)
    data = load(Config("mnist"), "cpu", seed=0)
    theirs = datasets.MNIST(folder, train=True, download=False)
    np.testing.assert_array_equal(data.pixels(data.x_train)[..., 0], theirs.data.numpy())
    assert torch.equal(data.y_train, theirs.targets)


def test_an_npz_stands_for_a_set_of_the_catalogue(folder):
    (folder / "fashion_mnist.npz").write_bytes(npz_bytes())
    data = load(Config("fashion_mnist"), "cpu", seed=0)
    assert (data.info.title, data.info.train, data.labels[0]) == ("Fashion-MNIST", 200, "T-shirt/top")
    (folder / "cifar10.npz").write_bytes(npz_bytes())
    with pytest.raises(DataError, match=r"is not CIFAR-10: it has images \(28, 28, 1\)"):
        load(Config("cifar10"), "cpu", seed=0)


@pytest.mark.parametrize("keep", [0, 2, 12, 1000, -1])
def test_a_damaged_idx_file_is_named(folder, keep):
    path = write_raw(folder) / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    for act in (lambda: load(Config("mnist"), "cpu", seed=0), lambda: catalogue.describe("mnist")):
        with pytest.raises((DataError, ConfigError), match=r"train-images-idx3-ubyte .*replace it, or remove it"):
            act()


def test_a_missing_set_without_a_net_says_what_would_work():
    with pytest.raises(DataError) as caught:
        load(Config("svhn"), "cpu", seed=0)
    for part in (
        "SVHN could not be downloaded",
        "http://127.0.0.1:9/svhn/train_32x32.mat",
        "FFWEB_DATASETS",
        "svhn.npz",
    ):
        assert part in caught.value.reason


def cifar(monkeypatch, cls=datasets.CIFAR10, folder="cifar-10-batches-py", key="labels", names="label_names") -> bytes:
    """A small CIFAR archive of real digits; its checksums become the published ones."""
    x, y, xt, yt = pictures(size=32, channels=3)
    flat = x.transpose(0, 3, 1, 2).reshape(200, -1)
    parts = {name: {"data": flat[i::5], key: y[i::5].tolist()} for i, (name, _) in enumerate(cls.train_list)}
    if len(parts) == 1:
        parts = {name: {"data": flat, key: y.tolist()} for name in parts}
    parts[cls.test_list[0][0]] = {"data": xt.transpose(0, 3, 1, 2).reshape(50, -1), key: yt.tolist()}
    bodies = {name: pickle.dumps(part) for name, part in parts.items()}
    bodies[cls.meta["filename"]] = pickle.dumps({names: [f"class {n}" for n in range(10)]})
    monkeypatch.setattr(cls, "train_list", [[name, md5(bodies[name])] for name, _ in cls.train_list])
    monkeypatch.setattr(cls, "test_list", [[name, md5(bodies[name])] for name, _ in cls.test_list])
    monkeypatch.setattr(cls, "meta", cls.meta | {"md5": md5(bodies[cls.meta["filename"]])})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, body in bodies.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    monkeypatch.setattr(cls, "tgz_md5", md5(out.getvalue()))
    return out.getvalue()


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_cifar_comes_from_a_server_through_torchvision(monkeypatch, name):
    if name == "cifar10":
        file, body = "cifar-10-python.tar.gz", cifar(monkeypatch)
    else:
        file = "cifar-100-python.tar.gz"
        body = cifar(monkeypatch, datasets.CIFAR100, "cifar-100-python", "fine_labels", "fine_label_names")
    with serve({file: body}) as server:
        monkeypatch.setenv("FFWEB_DATASETS_MIRROR", server.url)
        data = load(Config(name), "cpu", seed=0)
    x, *_ = pictures(size=32, channels=3)
    assert data.download_seconds > 0
    assert data.x_train.shape == (200, 32, 32, 3)
    assert sorted(map(bytes, data.pixels(data.x_train))) == sorted(map(bytes, x))
    assert data.labels[3] == ("cat" if name == "cifar10" else "class 3")


def test_a_corrupt_cifar_batch_is_never_opened(folder, monkeypatch):
    body = cifar(monkeypatch)
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        archive.extractall(folder, filter="data")
    (folder / "cifar-10-batches-py" / "data_batch_2").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(DataError, match=r"CIFAR-10 in .*cifar-10-batches-py cannot be read \(.*corrupted"):
        load(Config("cifar10"), "cpu", seed=0)


def test_an_archive_without_its_files(monkeypatch):
    body = cifar(monkeypatch, folder="elsewhere")
    with serve({"cifar-10-python.tar.gz": body}) as server:
        monkeypatch.setenv("FFWEB_DATASETS_MIRROR", server.url)
        with pytest.raises(DataError, match="CIFAR-10 could not be unpacked"):
            fetch("cifar10")
    assert not catalogue.describe("cifar10").local


def test_svhn_comes_from_a_server_through_torchvision(monkeypatch):
    x, y, xt, yt = pictures(size=32, channels=3)
    files = {}
    for split, images, labels in (("train", x, y), ("test", xt, yt)):
        out = io.BytesIO()
        scipy.io.savemat(out, {"X": images.transpose(1, 2, 3, 0), "y": np.where(labels == 0, 10, labels)[:, None]})
        files[f"{split}_32x32.mat"] = out.getvalue()
    listed = {
        split: [f"http://far/{split}_32x32.mat", f"{split}_32x32.mat", md5(files[f"{split}_32x32.mat"])]
        for split in ("train", "test")
    }
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)
    with serve(files) as server:
        monkeypatch.setenv("FFWEB_DATASETS_MIRROR", server.url)
        data = load(Config("svhn"), "cpu", seed=0)
    np.testing.assert_array_equal(data.pixels(data.x_train), x)
    np.testing.assert_array_equal(data.y_train.numpy(), y)


def test_unknown_names_list_what_would_work():
    with pytest.raises(ConfigError, match=r"no data set 'mnits'; these would work: .*npz:NAME") as refused:
        catalogue.describe("mnits")
    offered = re.search("would work: (.*), and npz:NAME", str(refused.value))
    assert offered
    assert offered[1].split(", ") == names()
    with pytest.raises(ConfigError, match="mnits"):
        load(Config("mnits"), "cpu", seed=0)


def test_the_listing_says_what_is_there(folder):
    write_raw(folder, "FashionMNIST/raw")
    (folder / "own.npz").write_bytes(npz_bytes())
    local = {info.name: info.local for info in catalogue.listing()}
    assert list(local) == names()
    assert local.items() >= {"digits": True, "mnist": False, "fashion_mnist": True, "npz:own": True}.items()
    assert local == {name: can_be_read(name) for name in local}


def names():
    """Of every family, in its order."""
    return [name for family in catalogue.FAMILIES for name in family.names(read_folders())]


def can_be_read(name):
    """Whether all images are there without a download."""
    family, _ = catalogue.family_of(name, read_folders())
    try:
        family.read(name, read_folders())
    except DataError:
        return False
    return True
