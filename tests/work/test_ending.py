"""What a run becomes when its trainer is gone."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ffweb.runs import status
from ffweb.work import oom
from ffweb.work.ending import GOES_ON, Asked, Ending, from_event, not_gone_on, of_trainer


def of(code: int, asked: Asked = Asked.NOTHING, end: dict[str, object] | None = None, **known: object) -> Ending:
    about = {"oom": bool(known.get("oom")), "full": bool(known.get("full"))}
    return of_trainer(end, code, asked, console=str(known.get("console", "")), **about)


@pytest.mark.parametrize("said", ["finished", "failed", "stopped", "diverged"])
def test_the_trainer_says_it_itself(said: str) -> None:
    assert of(0, end={"status": said, "reason": "because"}).status == said


def test_its_words_become_a_sentence_and_keep_their_field() -> None:
    end = {"status": "diverged", "reason": "the loss of layer 2 became nan at step 30", "field": "optimiser.lr"}
    assert from_event(end) == Ending(status.DIVERGED, "The loss of layer 2 became nan at step 30.", "optimiser.lr")


def test_a_status_that_no_trainer_may_give_is_a_failure() -> None:
    assert from_event({"status": "queued", "reason": "?"}).status == status.FAILED


def test_a_signal_is_named_and_want_of_memory_told() -> None:
    assert of(-signal.SIGSEGV).reason == "The trainer was killed by SIGSEGV."
    assert "ran out of memory" in of(-signal.SIGKILL, oom=True).reason
    assert of(-signal.SIGKILL, oom=True).status == status.FAILED


@pytest.mark.parametrize(("code", "words"), [(2, "configuration"), (3, "data set"), (5, "disk"), (77, "exit code 77")])
def test_exit_codes_are_told_with_the_last_line_of_the_console(code: int, words: str) -> None:
    ending = of(code, console="first\nlast words\n\n")
    assert ending.status == status.FAILED
    assert words in ending.reason
    assert "last words" in ending.reason


def test_a_full_disk_is_named_though_nothing_could_be_written() -> None:
    assert "disk of the run folder is full" in of(1, full=True).reason
    assert "disk of the run folder is full" in of(5, full=True).reason
    assert "SIGSEGV" in of(-signal.SIGSEGV, full=True).reason


def test_a_run_that_did_not_go_on_is_what_it_was() -> None:
    refused, stopped = of(2), {"kind": "end", "status": "stopped", "reason": "stopped on request"}
    assert not_gone_on(stopped, refused).status == status.STOPPED
    assert "It could not go on." in not_gone_on(stopped, refused).reason
    assert not_gone_on({"kind": "end", "status": "finished"}, of(0)) == Ending(status.FINISHED)
    assert not_gone_on({"kind": "metrics"}, refused).status == status.FAILED
    assert not_gone_on(None, of(130, Asked.STOP)).status == status.STOPPED
    assert not_gone_on(stopped, of(130, Asked.INTERRUPT)) == Ending(status.QUEUED, GOES_ON)


def test_exit_4_is_divergence() -> None:
    assert of(4).status == status.DIVERGED


def test_an_interrupted_run_is_queued_again_unless_it_had_ended() -> None:
    assert of(130, Asked.INTERRUPT, {"status": "stopped"}) == Ending(status.QUEUED, GOES_ON)
    assert of(-signal.SIGKILL, Asked.INTERRUPT) == Ending(status.QUEUED, GOES_ON)
    assert of(0, Asked.INTERRUPT, {"status": "finished"}).status == status.FINISHED
    assert of(4, Asked.INTERRUPT, {"status": "diverged"}).status == status.DIVERGED


def test_a_stop_is_a_stop_however_the_trainer_took_it() -> None:
    assert of(130, Asked.STOP, {"status": "stopped", "reason": "stopped by SIGTERM"}).reason.startswith(
        "Stopped on request"
    )
    assert of(-signal.SIGTERM, Asked.STOP).status == status.STOPPED
    assert "did not stop by itself" in of(-signal.SIGKILL, Asked.STOP).reason
    assert of(0, Asked.STOP, {"status": "finished"}).status == status.FINISHED


def test_memory_kills_are_told_from_the_kernels_counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = tmp_path / "vmstat"
    counter.write_text("nr_free_pages 1\noom_kill 3\n")
    monkeypatch.setattr(oom, "COUNTERS", (counter, tmp_path / "absent"))
    before = oom.kills()
    assert before == (3, None)
    assert not oom.killed_since(before)
    counter.write_text("oom_kill 4\n")
    assert oom.killed_since(before)
