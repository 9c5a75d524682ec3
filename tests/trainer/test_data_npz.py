"""One's own npz files: what is accepted, and a sentence for each way to be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from datafiles import npz_bytes, pictures

from trainer.data import catalogue, npz
from trainer.errors import ConfigError, DataError

X, Y, XT, YT = pictures()


def write(folder, name="own", **changes):
    path = folder / f"{name}.npz"
    path.write_bytes(npz_bytes(**changes))
    return path


def test_any_integers_are_labels(tmp_path):
    path = write(tmp_path, y_train=(Y * 7 - 20).astype(np.int16), y_test=(YT * 7 - 20).astype(np.int32))
    arrays = npz.arrays(path)
    np.testing.assert_array_equal(arrays.y_train, Y)
    np.testing.assert_array_equal(arrays.y_test, YT)
    assert arrays.labels == tuple(str(7 * label - 20) for label in range(10))
    np.testing.assert_array_equal(arrays.x_train, X)


@pytest.mark.parametrize("shape", ["NHW", "NHWC"])
def test_nhw_and_nhwc(tmp_path, shape):
    x, xt = (X[..., 0], XT[..., 0]) if shape == "NHW" else (np.repeat(X, 3, 3), np.repeat(XT, 3, 3))
    write(tmp_path, x_train=x, x_test=xt)
    info = catalogue.describe("npz:own", [tmp_path])
    assert (info.shape, info.classes) == ((28, 28, 1 if shape == "NHW" else 3), 10)
    assert (info.train, info.test, info.local) == (200, 50, True)


BAD = {
    "float images": (
        {"x_train": X / 255},
        r"x_train is float64; images have to be uint8.*\(255 \* x_train\)\.round\(\)\.astype",
    ),
    "flat images": (
        {"x_train": X.reshape(200, -1)},
        r"x_train has the shape \(200, 784\).*x_train\.reshape\(-1, 28, 28\)",
    ),
    "no images": ({"x_test": XT[:0], "y_test": YT[:0]}, r"x_test has the shape \(0, 28, 28, 1\)"),
    "another size": ({"x_test": XT[:, 1:]}, "they have to be equal"),
    "labels short": ({"y_train": Y[1:]}, r"y_train has the shape \(199,\); it has to be \(200,\)"),
    "labels as columns": ({"y_train": Y[:, None]}, r"one label an image: y_train = y_train\.argmax\(1\)"),
    "float labels": ({"y_test": YT / 1}, "y_test holds float64; labels have to be integers"),
    "objects": ({"y_train": Y.astype(object)}, "Python objects, which are never loaded"),
    "one class": ({"y_train": Y * 0, "y_test": YT * 0}, "one class only"),
    "a test label never trained on": ({"y_test": YT + 5}, "y_test holds the label 10, which y_train never has"),
    "missing": ({"y_test": None}, "y_test missing"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_content_is_refused_before_launch(tmp_path, case):
    changes, message = BAD[case]
    path = write(tmp_path, **changes)
    with pytest.raises(ConfigError, match=message) as caught:
        catalogue.describe("npz:own", [tmp_path])
    assert caught.value.errors[0]["loc"] == "data.name"
    assert str(path) in caught.value.errors[0]["msg"]
    with pytest.raises(DataError, match=message):
        npz.arrays(path)
    assert "npz:own" not in [info.name for info in catalogue.listing([tmp_path])]


@pytest.mark.parametrize("keep", [0, 10, 1000, -30])
def test_a_damaged_file_is_one_sentence(tmp_path, keep):
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="is no readable npz file"):
        npz.arrays(path)


def test_a_flipped_byte_is_found(tmp_path):
    path = write(tmp_path)
    body = bytearray(path.read_bytes())
    body[5000] ^= 255
    path.write_bytes(body)
    with pytest.raises(DataError, match="CRC"):
        npz.arrays(path)


@pytest.mark.parametrize("stem", ["../own", "a/b", "own.npz", "..", "", " own", "a\nb", "a\0b", "x" * 91])
def test_names_cannot_leave_the_folders(tmp_path, stem):
    write(tmp_path)
    with pytest.raises(ConfigError, match="names no npz file"):
        catalogue.describe(f"npz:{stem}", [tmp_path / "below"])


def test_a_missing_file_says_where_it_would_be_found(tmp_path):
    write(tmp_path, "other")
    with pytest.raises(ConfigError, match=r"no own\.npz\. Put own\.npz into a folder of FFWEB_DATASETS.*npz:other"):
        catalogue.describe("npz:own", [tmp_path])


def test_the_first_folder_wins(tmp_path):
    for name, count in (("a", 200), ("b", 100)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, x_train=X[:count], y_train=Y[:count])
    assert catalogue.describe("npz:own", [tmp_path / "b", tmp_path / "a"]).train == 100
    assert [i.name for i in catalogue.listing([tmp_path / "a", tmp_path / "b"])].count("npz:own") == 1


def test_describe_reads_no_images(tmp_path, monkeypatch):
    write(tmp_path)
    loaded = []
    real = np.lib.format.read_array
    monkeypatch.setattr(np.lib.format, "read_array", lambda *a, **k: loaded.append(real(*a, **k)) or loaded[-1])
    catalogue.describe("npz:own", [tmp_path])
    assert all(array.ndim == 1 for array in loaded)


# ── where the channels are ────────────────────────────────────────────────────────────────────────────────────────
def colours(shape: str, height=6, width=5, channels=3, count=12) -> np.ndarray:
    """Random images whose axes stand as `shape` says."""
    x = np.random.default_rng(0).integers(0, 256, (count, height, width, channels), np.uint8)
    return x.transpose([0, *("NHWC".index(axis) for axis in shape[1:])])


def described(folder, x):
    write(folder, x_train=x, y_train=np.arange(len(x)) % 2, x_test=x, y_test=np.arange(len(x)) % 2)
    return catalogue.describe("npz:own", [folder]), npz.arrays(folder / "own.npz").x_train


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_first_are_turned_with_a_word(tmp_path, channels):
    info, pixels = described(tmp_path, colours("NCHW", channels=channels))
    assert info.shape == (6, 5, channels)
    assert f"channels first, (N, {channels}, 6, 5)" in info.note
    np.testing.assert_array_equal(pixels, colours("NHWC", channels=channels))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_last_stay_without_a_word(tmp_path, channels):
    info, pixels = described(tmp_path, colours("NHWC", channels=channels))
    assert (info.shape, info.note) == ((6, 5, channels), "")
    np.testing.assert_array_equal(pixels, colours("NHWC", channels=channels))


def test_a_square_stays_however_many_channels_it_has(tmp_path):
    assert described(tmp_path, colours("NHWC", 7, 7, 16))[0].shape == (7, 7, 16)


def test_training_and_test_images_may_lie_differently(tmp_path):
    x, y = colours("NHWC"), np.arange(12) % 2
    path = write(tmp_path, x_train=colours("NCHW"), y_train=y, x_test=x, y_test=y)
    np.testing.assert_array_equal(npz.arrays(path).x_train, npz.arrays(path).x_test)


@pytest.mark.parametrize(
    ("x", "line"),
    [
        (colours("NCHW", 8, 8, 5), "x_train.transpose(0, 2, 3, 1)"),
        (colours("NCHW", 6, 3, 3), "x_train.transpose(0, 2, 3, 1)"),
        (colours("NHWC", 3, 6, 3), "x_train.transpose(0, 2, 1, 3)"),
        (colours("NCHW", 6, 1, 1), "x_train[:, 0]"),
        (colours("NHWC", 1, 6, 1), "x_train[..., 0]"),
    ],
)
def test_images_that_read_in_two_ways_are_refused_with_the_line_that_mends_them(tmp_path, x, line):
    with pytest.raises(ConfigError) as caught:
        described(tmp_path, x)
    assert f"x_train = {line}" in caught.value.reason
    mended = eval(line, {"x_train": x})
    assert described(tmp_path, np.ascontiguousarray(mended))[0].train == 12


def test_fortran_order_and_any_byte_order_are_read(tmp_path):
    path = write(tmp_path, x_train=np.asfortranarray(X), y_train=Y.astype(">i4"), y_test=YT.astype(np.uint64))
    arrays = npz.arrays(path)
    np.testing.assert_array_equal(arrays.x_train, X)
    np.testing.assert_array_equal(arrays.y_train, Y)


def test_labels_beyond_64_bits_of_either_sign_are_told_apart(tmp_path):
    values = np.array([0, 2**63, 2**64 - 1], np.uint64)
    write(tmp_path, y_train=values[Y % 3], y_test=values[YT % 3])
    assert npz.arrays(tmp_path / "own.npz").labels == ("0", str(2**63), str(2**64 - 1))
    np.testing.assert_array_equal(npz.arrays(tmp_path / "own.npz").y_train, Y % 3)
    write(tmp_path, y_train=np.where(Y % 2, -1, 2**62), y_test=np.full(50, 2**64 - 2, np.uint64))
    with pytest.raises(ConfigError, match=rf"y_test holds the label {2**64 - 2}"):
        catalogue.describe("npz:own", [tmp_path])
