"""One run from config to result, and every way it can end, each with a sentence and an exit status."""

from __future__ import annotations

import contextlib
import errno
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from trainer import allocator, checkpoint, estimate, machine
from trainer.config import RunConfig
from trainer.data import Dataset, counted, fingerprint, load
from trainer.data.catalogue import family_of
from trainer.data.folders import read_folders
from trainer.data.sizes import cut_of
from trainer.errors import ConfigError, OutOfSpace, TrainerError
from trainer.events import read_events
from trainer.loop import train
from trainer.recorder import Bar, Recorder
from trainer.result import conclude
from trainer.rundir import RunDir, write_json
from trainer.session import Session
from trainer.stopping import Stop

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(compose: Callable[[], RunConfig], out: Path, *, resume: bool, parent_pipe: bool) -> int:
    """Train into folder `out`; returns the exit status. Raises ConfigError where there is no folder to tell it to."""
    folder = RunDir(out)
    if not out.exists():
        compose()  # a config that is refused leaves no folder behind
    if resume:  # before anything is written
        fingerprint.ask(checkpoint.about(folder).get("data"), compose().data.name)
    _claim(folder, resume=resume)
    recorder, stop = Recorder(folder), Stop(folder)
    try:
        with stop.listening(parent_pipe=parent_pipe):
            reason = carry_out(compose(), folder, recorder, stop, resume=resume)
    except Exception as error:  # a defect too ends the file with its name; its traceback goes to the console
        return _failed(recorder, _explain(error))
    recorder.end("finished", reason, None)
    return 0


def _claim(folder: RunDir, *, resume: bool) -> None:
    """Make the folder ready. Raises ConfigError for one that holds another run or cannot be written."""
    if not resume and any(event["kind"] == "start" for event in read_events(folder.events)[0]):
        msg = f"{folder.path} already holds a run; --resume goes on with it, or choose another folder"
        raise ConfigError([{"loc": "out", "msg": msg, "type": "out"}])
    try:
        folder.create()
    except OSError as error:
        msg = f"{folder.path} cannot be made: {error.strerror}"
        raise ConfigError([{"loc": "out", "msg": msg, "type": "out"}]) from error
    if resume:
        folder.stop.unlink(missing_ok=True)


def carry_out(config: RunConfig, folder: RunDir, recorder: Recorder, stop: Stop, *, resume: bool) -> str:
    """Load the data, go on from the checkpoint if asked, train, write the result; returns its sentence.

    Raises TrainerError.
    """
    allocator.settle(config.memory.kind)
    device = machine.pick(config.device)
    state = checkpoint.load(folder) if resume else None
    before = checkpoint.about(folder).get("environment", {}) if state else {}
    _set_threads(config, state)
    write_json(folder.config, config.model_dump(mode="json"))
    recorder.progress(0.0, None, "data", force=True)
    _check(config, device)
    data = load(config.data, device, config.seed, _on_download(recorder, stop))
    if state:
        fingerprint.compare(state.get("data"), data.fingerprint)
    session = Session(config, data, folder=folder, recorder=recorder, stop=stop, device=device)
    if state:
        session.restore(state)
    write_json(folder.env, session.environment)
    _start(session, resumed=_resumed_from(session) if resume else None)
    _compare(recorder, before, session.environment)
    if state and "data" not in state:
        recorder.log("this checkpoint does not say which data it began with: they are taken to be the same", "warning")
    if data.info.note and not state:
        recorder.log(data.info.note)
    if data.info.kind == "text" and not state:
        recorder.log(_counts(data))
    train(session)
    return str(conclude(session)["reason"])


def _counts(data: Dataset) -> str:
    """What there is to beat on a text."""
    found = ", ".join(f"{value:.2f}" for value in counted(data))
    return f"counting characters alone, 1-, 2-, … grams, reaches a test perplexity of {found}"


def _check(config: RunConfig, device: torch.device) -> None:
    """Refuse what the data set cannot give and what does not fit in memory. Raises ConfigError, DataError."""
    info = family_of(config.data.name, read_folders(), cut_of(config.data))[1]
    problems = estimate.problems(config, info)
    if not problems and device.type == "cpu":
        full = estimate.fits(estimate.estimate(config, info), estimate.available_memory())
        problems = [full] if full else []
    if problems:
        raise ConfigError(problems)


def _set_threads(config: RunConfig, state: dict[str, Any] | None) -> None:
    """A resumed run takes its old number of threads: the last bits depend on it."""
    threads = config.threads or (state["threads"] if state else None)
    if threads:
        torch.set_num_threads(threads)


def _resumed_from(session: Session) -> int:
    """The last step whose points are true; a step stopped in the middle of its evaluation is reported again."""
    return session.counters.step - session.pending


def _start(session: Session, resumed: int | None) -> None:
    layers, plan = session.net.layers, session.plan
    thetas = [getattr(layer.rules.objective, "theta", None) for layer in layers]
    session.recorder.start(
        session.data.info.kind,
        layers=[{"index": layer.index + 1, "name": layer.name, "parameters": layer.parameters} for layer in layers],
        device=str(session.device),
        total_steps=plan.total,
        resumed_from=resumed,
        threshold=thetas[0] if len(set(thetas)) == 1 else thetas,
        classes=list(session.data.labels),
        epochs=plan.epochs,
        environment=session.environment,
    )
    session.recorder.bar = Bar(plan.total, session.counters.step)


def _on_download(recorder: Recorder, stop: Stop) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        stop.check()
        megabytes = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else f"{done / 1e6:.0f} MB"
        recorder.progress(0.0, None, f"download {megabytes}")

    return progress


def _compare(recorder: Recorder, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Say what differs from the machine that wrote the checkpoint: equal bits need equal ground."""
    for key in ("torch", "device", "cpu_capability", "threads", "products"):
        if before.get(key, now[key]) != now[key]:
            text = f"resumed with {key} {now[key]} (before: {before[key]}): the last bits may differ"
            recorder.log(text, "warning")


def _explain(error: Exception) -> TrainerError:
    """The error as one that carries a sentence and an exit status."""
    if isinstance(error, TrainerError):
        return error
    if isinstance(error, OSError) and error.errno in FULL:
        return OutOfSpace(
            f"the disk is full or a quota is used up ({error.filename or 'run folder'}): make room, resume"
        )
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return OutOfSpace("out of memory: a smaller batch, narrower layers or fewer examples need less")
    traceback.print_exception(error, file=sys.stderr)
    return TrainerError(f"{type(error).__name__}: {error}")


def _failed(recorder: Recorder, error: TrainerError) -> int:
    """End the events file as far as the disk allows, and say the reason on stderr."""
    if isinstance(error, ConfigError):
        lines = [f"{problem['loc']}: {problem['msg']}" for problem in error.errors]
    else:
        lines = [error.reason]
    print(*lines, sep="\n", file=sys.stderr)
    with contextlib.suppress(OSError):  # on a full disk the exit status and the console say it
        recorder.end(error.status, error.reason, error.field)
    return error.exit_code
