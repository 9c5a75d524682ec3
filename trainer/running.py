"""One run from config to result, and every way it can end, each with a sentence and an exit status."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from trainer import allocator, checkpoint, claim, estimate, machine, resuming
from trainer.config import RunConfig
from trainer.data import Dataset, counted, fingerprint, load
from trainer.data.catalogue import family_of
from trainer.data.folders import read_folders
from trainer.data.sizes import cut_of
from trainer.errors import ConfigError, DataError, OutOfSpace, TrainerError, of_disk
from trainer.loop import train
from trainer.recorder import Bar, Recorder
from trainer.result import conclude
from trainer.rundir import RunDir, write_json
from trainer.session import Session
from trainer.stopping import Stop

OUT_OF_MEMORY = ("can't allocate memory", "CUDA error: out of memory", "STATUS_ALLOC_FAILED")
"""What is in the messages of those who do not raise an error of its own kind: the CPU's allocator, CUDA, cuBLAS."""


def run(
    compose: Callable[[], RunConfig], out: Path, *, resume: bool, parent_pipe: bool, begin: Path | None = None
) -> int:
    """Train into folder `out`; returns the exit status. Raises ConfigError for a folder that is not to be written to.

    A folder that holds a run already is written to when all is known to be well, and not before. `begin`: the folder
    of the run whose checkpoint a new one begins with.
    """
    folder = RunDir(out)
    if not out.exists():
        config = compose()  # a config that is refused leaves no folder behind
        if begin:
            fingerprint.ask(resuming.begun(config, RunDir(begin)).get("data"), config.data.name)
    claim.check(folder, resume=resume)
    with claim.held(folder, patience=claim.PATIENCE_SECONDS if parent_pipe else 0.0):
        return _train(compose, folder, resume=resume, parent_pipe=parent_pipe, begin=RunDir(begin) if begin else None)


def _train(
    compose: Callable[[], RunConfig], folder: RunDir, *, resume: bool, parent_pipe: bool, begin: RunDir | None
) -> int:
    recorder, stop = None, Stop(folder, stale=resume)
    try:
        with stop.listening(parent_pipe=parent_pipe):
            recorder = Recorder(folder)
            config = compose()
            if resume and claim.is_finished(folder):
                resuming.check_same(config, folder, checkpoint.load(folder))
                print(f"The run in {folder.path} is finished: there is nothing left to do.")
                return 0
            reason = carry_out(config, folder, recorder, stop, resume=resume, begin=begin)
            recorder.end("finished", reason, None)
    except Exception as error:  # a defect too ends the file with its name; its traceback goes to the console
        return _failed(recorder, _explain(error))
    return 0


def carry_out(
    config: RunConfig,
    folder: RunDir,
    recorder: Recorder,
    stop: Stop,
    *,
    resume: bool,
    begin: RunDir | None = None,
) -> str:
    """Load the data, go on from the checkpoint if asked, train, write the result; returns its sentence.

    Raises TrainerError. What is refused before `_start` leaves a folder that holds a run as it was.
    """
    allocator.settle(config.memory.kind)
    device = machine.pick(config.device)
    state = checkpoint.load(folder) if resume else None
    if resume:
        resuming.check_same(config, folder, state)
        fingerprint.ask(checkpoint.about(folder).get("data"), config.data.name)
    if begin:
        state = resuming.begun(config, begin)
    before = checkpoint.about(begin or folder).get("environment", {}) if state else {}
    _set_threads(config, state)
    if not recorder.waits:
        write_json(folder.config, config.model_dump(mode="json"))
    recorder.progress(0.0, None, "data", force=True)
    _check(config, device)
    data = load(config.data, device, config.seed, _on_download(recorder, stop))
    if state:
        fingerprint.compare(state.get("data"), data.fingerprint)
    session = Session(config, data, folder=folder, recorder=recorder, stop=stop, device=device)
    if state:
        _restore(session, state, begin or folder)
    stop.check()
    _start(session, resumed=_resumed_from(session) if resume or begin else None)
    _describe(session)
    if begin:
        _begin(session, begin)
    _compare(recorder, before, session.environment)
    if not state:
        for text in estimate.warnings(config, data.info):
            recorder.log(text, "warning")
    elif "data" not in state:
        recorder.log("this checkpoint does not say which data it began with: they are taken to be the same", "warning")
    if data.info.kind == "text" and not state:
        recorder.log(_counts(data))
    train(session)
    return str(conclude(session)["reason"])


def _begin(session: Session, source: RunDir) -> None:
    """Let layers that had learnt to their end learn on; from here on the run depends on no other folder."""
    asleep = [layer for layer in session.net.layers if not layer.awake]
    for layer in asleep:
        layer.wake()
    afresh = "; its optimiser starts afresh, as a run that has ended keeps weights alone" if asleep else ""
    session.save()
    session.recorder.log(f"began with the checkpoint of step {session.counters.step:,} in {source.path}{afresh}")


def _restore(session: Session, state: dict[str, Any], folder: RunDir) -> None:
    """Raises DataError for a checkpoint that is whole but not one of this net."""
    try:
        session.restore(state, folder)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        path = folder.checkpoint
        raise DataError(f"the checkpoint {path} cannot be gone on from: {type(error).__name__}: {error}") from error


def _describe(session: Session) -> None:
    """config.json and env.json of the run that has just begun or gone on."""
    folder = session.folder
    folder.create()
    session.stop.clear()
    write_json(folder.config, session.config.model_dump(mode="json"))
    write_json(folder.env, session.environment)


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
            text = f"resumed with {key} {now[key]} (before: {before[key]}): {_differs(key, now[key], before[key])}"
            recorder.log(text, "warning")


def _differs(key: str, now: Any, before: Any) -> str:
    """What comes of it."""
    if key == "device" and str(now).split(":")[0] != str(before).split(":")[0]:
        return "from here on other numbers are drawn"
    return "the last bits may differ"


def _explain(error: Exception) -> TrainerError:
    """The error as one that carries a sentence and an exit status."""
    if isinstance(error, TrainerError):
        return error
    if isinstance(error, OSError) and (full := of_disk(error)):
        return full
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(said in str(error) for said in OUT_OF_MEMORY):
        where = "GPU memory" if "CUDA" in str(error) or "CUDNN" in str(error) else "memory"
        return OutOfSpace(f"out of {where}: a smaller batch, narrower layers or fewer examples need less")
    with contextlib.suppress(OSError):  # the console may lie on a full disk
        traceback.print_exception(error, file=sys.stderr)
    return TrainerError(f"{type(error).__name__}: {error}")


def _failed(recorder: Recorder | None, error: TrainerError) -> int:
    """End the events file as far as the disk allows, and say the reason on stderr."""
    if recorder:
        with contextlib.suppress(OSError):  # on a full disk the exit status and the console say it
            recorder.end(error.status, error.reason, error.field)
    if isinstance(error, ConfigError):
        lines = [f"{problem['loc']}: {problem['msg']}" for problem in error.errors]
    else:
        lines = [error.reason]
    with contextlib.suppress(OSError):
        print(*lines, sep="\n", file=sys.stderr, flush=True)
    return error.exit_code
