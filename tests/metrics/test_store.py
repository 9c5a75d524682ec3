"""The series store at its door: what is appended comes back, thinned without losing its extremes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffweb.metrics import read, store
from ffweb.metrics.models import Chunk, Pyramid
from ffweb.runs.models import Run

RNG = np.random.default_rng(7)


def fill(
    run: Run, n: int, *, stride: int = 10, metric: str = "train/loss", start: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    x = start + stride * np.arange(n)
    y = RNG.normal(size=n).cumsum()
    store.append(run.pk, {metric: (x.tolist(), y.tolist())})
    return x, y


def points(run: Run, metric: str = "train/loss") -> tuple[list[int], list[float]]:
    x, y = read.points(run.pk, metric)
    return x.tolist(), y.tolist()


def test_appended_batches_come_back_as_one_series(run: Run) -> None:
    x, y = list(range(0, 5000, 2)), RNG.normal(size=2500).tolist()
    writer = store.Writer(run.pk)
    for start, end in itertools.pairwise([0, 1, 3, 900, 1024, 1025, 2500]):
        writer.append({"train/loss": (x[start:end], y[start:end])})
    assert points(run) == (x, y)
    assert list(Chunk.objects.order_by("index").values_list("n", flat=True)) == [1024, 1024, 452]


def test_irregular_steps_are_kept(run: Run) -> None:
    x = np.sort(RNG.choice(100_000, 3000, replace=False)).tolist()
    y = RNG.normal(size=3000).tolist()
    store.append(run.pk, {"test/accuracy": (x, y)})
    assert points(run, "test/accuracy") == (x, y)


def test_a_short_window_is_given_in_full(run: Run) -> None:
    x, y = fill(run, 700)
    found = store.window(run.pk, ["train/loss"])["train/loss"]
    assert found.x.tolist() == x.tolist()
    assert found.y.tolist() == y.tolist()
    assert found.total == 700


@pytest.mark.parametrize(("n", "count"), [(3000, 500), (9_000, 100), (20_000, 600), (300_000, 400)])
@pytest.mark.parametrize("bounds", [(None, None), (123, 2_000_000), (10_235, 98_765), (10_231, None)])
def test_a_thinned_window_holds_logged_points_the_extremes_and_both_ends(
    run: Run, n: int, count: int, bounds: tuple[int | None, int | None]
) -> None:
    x, y = fill(run, n)
    low, high = bounds
    inside = (x >= (low or 0)) & (x <= (n * 10 if high is None else high))
    x, y = x[inside], y[inside]
    found = store.window(run.pk, ["train/loss"], "step", low, high, count)["train/loss"]
    assert found.total == len(x)
    assert len(found.x) <= 2 * count + 2
    assert (np.diff(found.x) > 0).all()
    assert (found.x[0], found.x[-1], found.y[0], found.y[-1]) == (x[0], x[-1], y[0], y[-1])
    logged = dict(zip(x.tolist(), y.tolist(), strict=True))
    assert all(logged[a] == b for a, b in zip(found.x.tolist(), found.y.tolist(), strict=True))
    assert (found.y.min(), found.y.max()) == (y.min(), y.max())


def test_every_bucket_keeps_its_least_and_greatest_point(run: Run) -> None:
    _, y = fill(run, 8192, stride=1)
    found = store.window(run.pk, ["train/loss"], points=256)["train/loss"]
    for bucket in range(256):
        inside = (found.x >= bucket * 32) & (found.x < bucket * 32 + 32)
        part = y[bucket * 32 : bucket * 32 + 32]
        assert {part.min(), part.max()} <= set(found.y[inside].tolist())


def test_a_window_that_begins_between_two_chunks_begins_with_the_next_point(run: Run) -> None:
    fill(run, 1024, stride=1)
    x, y = fill(run, 60_000, stride=1, start=5000)
    found = store.window(run.pk, ["train/loss"], lo=3000, points=20)["train/loss"]
    assert (found.x[0], found.y[0], found.total) == (x[0], y[0], 60_000)


def test_an_empty_window_is_left_out(run: Run) -> None:
    fill(run, 100)
    assert store.window(run.pk, ["train/loss"], lo=5000) == {}
    assert store.window(run.pk, ["train/loss"], hi=-1) == {}
    assert store.window(run.pk, ["no/such"]) == {}


def test_values_that_are_no_numbers_stay_and_hide_nothing(run: Run) -> None:
    y = RNG.normal(size=5000)
    y[::3] = np.nan
    y[1000:1200] = np.inf
    store.append(run.pk, {"train/loss": (list(range(5000)), y.tolist())})
    assert np.array_equal(read.points(run.pk, "train/loss")[1], y, equal_nan=True)
    found = store.window(run.pk, ["train/loss"], points=50)["train/loss"]
    finite = y[np.isfinite(y)]
    assert (np.nanmin(found.y), np.nanmax(found.y[np.isfinite(found.y)])) == (finite.min(), finite.max())
    assert None in store.plain(found)["y"]


def test_globs_and_axes(run: Run) -> None:
    steps = list(range(0, 100, 10))
    names = ("layers/1/gap", "layers/2/gap", "test/accuracy", "axis/epoch", "axis/time")
    store.append(run.pk, {name: (steps, [s / 50 for s in steps]) for name in names})
    assert store.names(run.pk) == ["layers/1/gap", "layers/2/gap", "test/accuracy"]
    assert list(store.window(run.pk, ["layers/*/gap"])) == ["layers/1/gap", "layers/2/gap"]
    assert "axis/epoch" not in store.window(run.pk, ["*"])
    assert list(store.window(run.pk, ["axis/*"])) == ["axis/epoch", "axis/time"]


def test_other_x_axes_are_joined_by_step(run: Run) -> None:
    steps = list(range(0, 30_000, 3))
    store.append(
        run.pk, {"axis/epoch": (steps, [s / 100 for s in steps]), "axis/time": (steps, [s * 2.0 for s in steps])}
    )
    store.append(run.pk, {"test/accuracy": (steps[::100], [s / 30_000 for s in steps[::100]])})
    found = store.window(run.pk, ["test/accuracy"], "epoch", 30, 60)["test/accuracy"]
    assert (found.x >= 30).all()
    assert (found.x <= 60).all()
    assert found.total == 11
    assert found.y.tolist() == pytest.approx([x * 100 / 30_000 for x in found.x.tolist()])
    assert store.window(run.pk, ["test/accuracy"], "time")["test/accuracy"].x[-1] == steps[9900] * 2
    assert store.window(run.pk, ["test/accuracy"], "images") == {}


def test_an_unknown_axis_is_named(run: Run) -> None:
    with pytest.raises(ValueError, match="no x axis 'moon'; there are step, epoch"):
        store.window(run.pk, ["*"], "moon")


@pytest.mark.parametrize("keep", [0, 1, 500, 1024, 1025, 2048, 17_000, 40_000])
def test_points_after_a_step_are_forgotten_and_written_again(run: Run, keep: int) -> None:
    x, y = fill(run, 40_000, stride=1)
    store.append(run.pk, {"late": ([39_999], [1.0])})
    store.drop_after(run.pk, keep - 1)
    assert points(run) == (x[:keep].tolist(), y[:keep].tolist())
    assert store.names(run.pk) == ([] if keep == 0 else ["train/loss"] if keep < 40_000 else ["late", "train/loss"])
    again = RNG.normal(size=40_000 - keep)
    store.append(run.pk, {"train/loss": (x[keep:].tolist(), again.tolist())})
    whole = np.concatenate([y[:keep], again])
    for count in (100, 1000):
        found = store.window(run.pk, ["train/loss"], points=count)["train/loss"]
        assert (found.total, found.y.min(), found.y.max()) == (40_000, whole.min(), whole.max())
    assert sorted(Pyramid.objects.values_list("level", "index", "n")) == [
        (1, 0, 1024),
        (1, 1, 1024),
        (1, 2, 448),
        (2, 0, 156),
    ]


def test_the_export_has_a_row_for_every_logged_step(run: Run) -> None:
    steps = list(range(0, 12_000))
    store.append(
        run.pk, {"train/loss": (steps, [float(s) for s in steps]), "axis/epoch": (steps, [s / 10 for s in steps])}
    )
    store.append(run.pk, {"test/accuracy": ([5000, 12_001], [0.5, float("nan")])})
    rows = list(store.export_rows(run.pk))
    assert store.columns(run.pk) == ["step", "epoch", "test/accuracy", "train/loss"]
    assert [row["step"] for row in rows] == [*steps, 12_001]
    assert rows[4999] == {"step": 4999, "epoch": 499.9, "train/loss": 4999.0}
    assert rows[5000] == {"step": 5000, "epoch": 500.0, "test/accuracy": 0.5, "train/loss": 5000.0}
    assert np.isnan(rows[-1]["test/accuracy"])


def test_typed_columns_say_the_same_as_plain_ones(run: Run) -> None:
    fill(run, 100)
    store.append(run.pk, {"axis/epoch": ([0, 990], [0.0, 9.9]), "odd": ([1, 2, 4], [1.0, 2.0, 3.0])})
    windows = store.window(run.pk, ["train/loss", "odd"])
    typed = store.typed(windows["train/loss"])
    assert (typed["x0"], typed["dx"], typed["total"]) == (0, 10, 100)
    assert unpack(typed["y"]) == pytest.approx(windows["train/loss"].y.tolist(), rel=1e-6)
    odd = store.typed(windows["odd"])
    assert odd["x"]["dtype"] == "i4"
    assert unpack(odd["x"]) == [1, 2, 4]
    by_epoch = store.typed(store.window(run.pk, ["train/loss"], "epoch")["train/loss"])
    assert by_epoch["x"]["dtype"] == "f8"
    assert unpack(by_epoch["x"])[-1] == 9.9


def unpack(packed: dict[str, str]) -> list[float]:
    import base64

    return np.frombuffer(base64.b64decode(packed["bdata"]), "<" + packed["dtype"]).tolist()


@given(
    st.lists(
        st.tuples(st.integers(1, 2500), st.integers(1, 3), st.one_of(st.none(), st.integers(0, 4000))),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_of_appends_and_cuts_equals_a_list(run: Run, history: list[tuple[int, int, int | None]]) -> None:
    Chunk.objects.all().delete()
    Pyramid.objects.all().delete()
    x: list[int] = []
    y: list[float] = []
    for n, stride, cut in history:
        start = x[-1] + 1 if x else 0
        new = list(range(start, start + n * stride, stride))
        values = RNG.normal(size=n).tolist()
        store.append(run.pk, {"a": (new, values)})
        x, y = x + new, y + values
        if cut is not None:
            store.drop_after(run.pk, cut)
            kept = sum(step <= cut for step in x)
            x, y = x[:kept], y[:kept]
    assert points(run, "a") == (x, y)
    for count in (3, 40):
        found = store.window(run.pk, ["a"], points=count).get("a")
        assert (found is None) == (not x)
        if found is not None:
            assert (found.total, found.y.min(), found.y.max()) == (len(x), min(y), max(y))
