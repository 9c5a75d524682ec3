"""What import takes on trust: nothing. A folder is read first; what cannot be used is named, or the folder refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.utils import IntegrityError
from django.test import Client

from ffweb.metrics import store
from ffweb.people.models import User
from ffweb.runs import importing, launch
from ffweb.runs.models import Figure, Run
from trainer import config
from trainer.events import EventWriter
from trainer.rundir import RunDir, write_json

INFO = {"test/accuracy": {"unit": "fraction", "better": "up", "help": ""}}
RESULT = {"status": "finished", "reason": "", "metrics": {"test/accuracy": {"last": 0.3, "best": 0.3, "best_step": 3}}}


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings) -> RunDir:
    """A finished run of nine events: start, five points, figure, result, end."""
    settings.RUNS_DIR = tmp_path / "runs"
    settings.RUNS_DIR.mkdir()
    run_dir = RunDir(tmp_path / "out").create()
    write_json(run_dir.config, config.parse({"name": "by hand", "seed": 3}).model_dump(mode="json"))
    write_json(run_dir.figures / "confusion.json", {"labels": ["0"], "matrix": [[1]]})
    writer = EventWriter(run_dir.events)
    layers = [{"index": 1, "name": "64 → 16", "parameters": 1040}]
    writer.write("start", metrics=INFO, layers=layers, device="cpu", total_steps=5, resumed_from=None, epochs=5)
    for step in range(1, 6):
        values = {"test/accuracy": step / 10}
        writer.metrics(step=step, epoch=1.0 * step, images=step, flops=1.0, train_seconds=0.1, values=values)
    writer.write("figure", name="confusion", step=5, file="confusion.json", summary="")
    writer.write("result", **RESULT)
    writer.write("end", status="finished", reason="All epochs done.", field=None)
    writer.close()
    run_dir.checkpoint.write_bytes(b"weights")
    return run_dir


def brought(folder: RunDir, capsys: pytest.CaptureFixture[str]) -> tuple[Run, str]:
    """The run that the command made, and what it said."""
    call_command("import_run", str(folder.path))
    said = capsys.readouterr()
    return Run.objects.get(), said.out + said.err


def refused(folder: RunDir) -> str:
    """Why the command refused; nothing was written."""
    with pytest.raises(CommandError) as error:
        call_command("import_run", str(folder.path))
    assert not Run.objects.exists()
    assert not list(launch.folder("").iterdir())
    return str(error.value)


@pytest.fixture
def pages(dora: User) -> Callable[[], None]:
    """Looks at every page that shows runs."""

    def look() -> None:
        client = Client(raise_request_exception=True)
        client.force_login(dora)
        run = Run.objects.get()
        for path in ("/", f"/runs/{run.pk}", "/api/v1/runs", f"/api/v1/runs/{run.pk}"):
            assert client.get(path).status_code == 200, path

    return look


def edited(folder: RunDir, line: int, change: Callable[[bytes], bytes]) -> None:
    """Change a line (from 1) of the events; an empty list of lines leaves it out."""
    lines = folder.events.read_bytes().splitlines()
    lines[line - 1] = change(lines[line - 1])
    folder.events.write_bytes(b"".join(body + b"\n" for body in lines))


def with_fields(**fields: Any) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps({**json.loads(body), **fields}).encode()


def without(*fields: str) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps({k: v for k, v in json.loads(body).items() if k not in fields}).encode()


DEEP = "[" * 3000 + "]" * 3000
DAMAGE = {
    "blank": (4, lambda body: b""),
    "broken": (4, lambda body: body[:-5]),
    "a list": (4, lambda body: b"[1]"),
    "nested": (4, lambda body: body[:-1] + f',"deep":{DEEP}}}'.encode()),
    "no text": (4, lambda body: b"\xff\xfe" + body),
    "a byte order mark": (4, lambda body: b"\xef\xbb\xbf" + body),
    "a hole": (4, with_fields(seq=6)),
    "NaN": (4, with_fields(values={"test/accuracy": float("nan")})),
    "Infinity": (4, with_fields(epoch=float("inf"))),
    "version 2": (4, with_fields(v=2)),
    "2**70": (4, with_fields(step=2**70)),
    "2**63": (4, with_fields(step=2**63)),
    "negative": (4, with_fields(step=-1)),
    "back": (4, with_fields(step=1)),
    "a bool": (4, with_fields(step=True)),
    "text for a number": (4, with_fields(values={"test/accuracy": "0.5"})),
    "no values": (4, without("values")),
    "values a list": (4, with_fields(values=[1])),
    "odd name": (4, with_fields(values={'"><script>': 1})),
    "NUL in a name": (4, with_fields(values={"a\0b": 1})),
    "long name": (4, with_fields(values={"n" * 81: 1})),
    "names": (4, with_fields(values={f"n{n}": 1 for n in range(10_001)})),
    "nonfinite": (4, with_fields(nonfinite=[1])),
    "no time": (4, without("t")),
    "time beyond the calendar": (4, with_fields(t=1e300)),
    "kind a number": (4, with_fields(kind=5)),
    "kind a list": (4, with_fields(kind=["end"])),
    "figure without a step": (7, without("step")),
    "figure of 3 names": (7, with_fields(name=["a", "b", "c"])),
    "result of lists": (8, with_fields(metrics=[1])),
    "result of texts": (8, with_fields(metrics={"test/accuracy": {"last": "high"}})),
    "per layer": (8, with_fields(per_layer=[1, "x"])),
    "confusion": (8, with_fields(confusion=[["x"]])),
    "end as running": (9, with_fields(status="running")),
    "end as queued": (9, with_fields(status="queued")),
    "unknown end": (9, with_fields(status="exploded")),
    "end as a list": (9, with_fields(status=["finished"])),
    "end with a number": (9, with_fields(reason=5)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_line_that_cannot_be_read_is_named_with_what_it_leaves_out(
    name: str, folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str], pages: Callable[[], None]
) -> None:
    line, change = DAMAGE[name]
    edited(folder, line, change)
    run, said = brought(folder, capsys)
    left = 9 - line + (name != "blank")
    assert f"Line {line} of events.jsonl cannot be read" in said
    assert f"{left} of {line - 1 + left} events left out." in said
    assert (run.status, run.seq) == ("lost", line - 1)
    assert f"line {line} of events.jsonl cannot be read" in run.reason
    pages()


FIRST = {
    "version 2": with_fields(v=2),
    "a hole": with_fields(seq=2),
    "layers": with_fields(layers=5),
    "layers of texts": with_fields(layers=["64 → 16"]),
    "metrics": with_fields(metrics={"test/accuracy": "up"}),
    "classes": with_fields(classes={"a": 1}),
    "environment": with_fields(environment=[1]),
    "device": with_fields(device="x" * 121),
    "total_steps": with_fields(total_steps=2**64),
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "time": with_fields(t="now"),
    "blank": lambda body: b"",
}


@pytest.mark.parametrize("name", FIRST)
def test_events_of_which_not_even_the_first_can_be_read_are_refused(name: str, folder: RunDir, dora: User) -> None:
    edited(folder, 1, FIRST[name])
    assert "line 1 of events.jsonl cannot be read" in refused(folder)


def test_what_a_line_may_well_hold_is_taken(
    folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str], pages: Callable[[], None]
) -> None:
    edited(folder, 4, lambda body: body + b"\r")
    edited(folder, 9, without("reason", "field"))
    edited(folder, 3, with_fields(later={"a": [1, "x\0"]}))
    folder.events.write_bytes(folder.events.read_bytes() + b'\n\n{"v":1,"seq":')
    run, said = brought(folder, capsys)
    assert (run.status, run.seq, run.reason) == ("finished", 9, "")
    assert said == f"{run.pk} by hand: finished, 9 events\n"
    pages()


def test_one_event_is_one_event(folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str]) -> None:
    folder.events.write_bytes(folder.events.read_bytes().splitlines(keepends=True)[0])
    assert "lost, 1 event\n" in brought(folder, capsys)[1]


CONFIGS = {
    b"{": "is no JSON",
    b"[1]": "must hold a JSON object",
    b'"x"': "must hold a JSON object",
    b"": "is no JSON",
    b"\xff": "is no JSON",
    f'{{"data": {DEEP}}}'.encode(): "is no JSON",
    ("{" + '"a":{' * 900 + "}" * 901).encode(): "nested",
    b'{"version": 2}': "update FFWeb",
    b'{"seed": 1180591620717411303424}': "seed",
    b'{"seed": true}': "seed",
    b'{"data": {"train_size": 9223372036854775808}}': "data.train_size",
}


@pytest.mark.parametrize("content", CONFIGS)
def test_a_config_that_is_none_is_refused_with_a_sentence(content: bytes, folder: RunDir, dora: User) -> None:
    folder.config.write_bytes(content)
    assert CONFIGS[content] in refused(folder)


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("instead", [link, pipe, directory])
@pytest.mark.parametrize("name", ["config.json", "events.jsonl"])
def test_what_is_no_plain_file_is_refused(
    instead: Callable[[Path], None], name: str, folder: RunDir, dora: User
) -> None:
    instead(folder.path / name)
    assert f"{name} is no plain file" in refused(folder)


@pytest.mark.parametrize("instead", [link, pipe, directory])
@pytest.mark.parametrize("name", ["checkpoint.pt", "figures/confusion.json"])
def test_a_part_that_is_no_plain_file_is_left_out_and_named(
    instead: Callable[[Path], None], name: str, folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str]
) -> None:
    instead(folder.path / name)
    run, said = brought(folder, capsys)
    assert f"{name[:1].upper()}{name[1:]} is no plain file and is left out." in said
    assert run.status == "finished"
    assert not (launch.folder(run.pk) / name).exists()


def test_only_what_belongs_to_a_run_is_copied(folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.path / "secret.txt").write_text("mine")
    (folder.path / "deep").mkdir()
    run, _ = brought(folder, capsys)
    names = {path.name for path in launch.folder(run.pk).iterdir()}
    assert names == {"config.json", "events.jsonl", "checkpoint.pt", "figures"}


@pytest.mark.parametrize("body", [b"[1]", b'{"matrix": NaN}', f'{{"a":{DEEP}}}'.encode(), b'{"a":9223372036854775808}'])
def test_a_figure_that_is_none_is_left_out(
    body: bytes, folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.figures / "confusion.json").write_bytes(body)
    assert brought(folder, capsys)[0].status == "finished"
    assert not Figure.objects.exists()


def test_a_figure_is_looked_for_in_the_folder_alone(
    folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str], pages: Callable[[], None]
) -> None:
    (folder.path / "secret.json").write_bytes(b"{}")
    edited(folder, 7, with_fields(file="../secret.json", name="../../secret"))
    brought(folder, capsys)
    assert not Figure.objects.exists()
    pages()


def test_a_folder_that_went_its_own_way_does_not_replace_ours(folder: RunDir, alice: User) -> None:
    run = importing.import_dir(alice, folder.path)
    ours = RunDir(launch.folder(run.pk)).events
    before = ours.read_bytes()
    lines = folder.events.read_bytes().splitlines(keepends=True)
    folder.events.write_bytes(b"".join(lines[:3]) + lines[3].replace(b"0.3", b"0.9") + b"".join(lines[4:]) * 2)
    with pytest.raises(importing.NotImported, match="another way"):
        importing.import_dir(alice, folder.path)
    assert ours.read_bytes() == before


def test_a_damaged_folder_that_was_mended_is_taken_in_whole(folder: RunDir, alice: User) -> None:
    whole = folder.events.read_bytes()
    edited(folder, 4, lambda body: b"")
    assert importing.import_dir(alice, folder.path).seq == 3
    folder.events.write_bytes(whole)
    run = importing.import_dir(alice, folder.path)
    assert (run.status, run.seq, run.reason) == ("finished", 9, "All epochs done.")
    assert list(store.window(run.pk, ["test/accuracy"])["test/accuracy"].y) == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_run_that_was_deleted_here_is_not_taken_in_unseen(folder: RunDir, alice: User) -> None:
    from ffweb.runs import services

    services.delete(alice, importing.import_dir(alice, folder.path))
    with pytest.raises(importing.NotImported, match="restore it first"):
        importing.import_dir(alice, folder.path)


def test_a_full_disk_leaves_nothing_half_brought_in(
    folder: RunDir, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device", "checkpoint.pt")

    monkeypatch.setattr("shutil.copyfile", full)
    assert "No space left on device" in refused(folder)


HUGE = 1e308  # finite, and its mean is not


@pytest.mark.parametrize("field", ["values", "epoch", "images", "flops", "train_seconds"])
def test_numbers_whose_sum_is_none_are_taken_in_or_refused(
    field: str, folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [orjson.loads(line) for line in folder.events.read_bytes().splitlines()]
    progress = {"v": 1, "t": 1.0, "kind": "progress", "done": 0.0, "eta_s": None, "phase": "data"}  # so a start rewinds
    for line in lines:
        if line["kind"] == "metrics":
            speeds = {"speed/images_per_second": HUGE, "memory/rss": HUGE, "time/step": HUGE}
            line.update({"values": line["values"] | speeds} if field == "values" else {field: HUGE})
    numbered = [{**line, "seq": seq} for seq, line in enumerate([progress, *lines], start=1)]
    folder.events.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in numbered))
    try:
        call_command("import_run", str(folder.path))
    except CommandError:
        assert not Run.objects.exists()
    else:
        assert Run.objects.get().status == "finished"


def test_what_the_database_does_not_take_leaves_no_row_behind(
    folder: RunDir, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfit(self: object) -> int:
        raise IntegrityError("CHECK constraint failed")

    monkeypatch.setattr("ffweb.live.follow.Follower.drain", unfit)
    assert "cannot be stored" in refused(folder)


def test_the_raw_lines_go_on_to_be_readable(folder: RunDir, dora: User, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = brought(folder, capsys)
    events = [orjson.loads(line) for line in RunDir(launch.folder(run.pk)).events.read_bytes().splitlines()]
    assert [event["seq"] for event in events] == list(range(1, 10))
