"""Carrying out a plan: skip what is finished, run the rest, record each result as it comes. Imports no torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from trainer.errors import ConfigError
from trainer.presets import PRESETS, words
from trainer.presets.measured import Row
from trainer.presets.summary import summary
from trainer.reproduce import children, folders, pages, record
from trainer.reproduce.children import Children
from trainer.reproduce.places import Places
from trainer.reproduce.plan import Job
from trainer.rundir import RunDir


@dataclass
class Work:
    """The runs of a plan. `where` None records nothing."""

    jobs: Sequence[Job]
    where: Places | None
    at_once: int = 1
    command: children.Command = children.command
    failed: list[str] = field(default_factory=list)
    """What did not finish, a sentence each."""
    recorded: int = 0

    def carry_out(self) -> None:
        """Run all; a run that fails does not end the others. A KeyboardInterrupt stops those that run, resumable."""
        jobs = self._unfinished()
        with Children(self.at_once, self.command) as runs, ExitStack() as locks:
            for job, code in runs.run(self._startable(jobs, locks)):
                folder = RunDir(job.folder)
                if code == 0 and folders.result(folder).get("status") == "finished":
                    self._finished([job])
                else:
                    self._fail(job, _reason(code, folders.last_words(folder)))

    def _unfinished(self) -> list[Job]:
        """The jobs without those that are finished, which are recorded, and those whose folder holds another run."""
        states = [(job, self._state(job)) for job in self.jobs]
        self._finished([job for job, state in states if state == "finished"], ", was there")
        return [job for job, state in states if state in ("new", "begun")]

    def _startable(self, jobs: Sequence[Job], locks: ExitStack) -> Iterator[tuple[Job, bool]]:
        """Each job, as its turn comes, and whether it goes on; what another process runs or has finished is not run."""
        for job in jobs:
            if not locks.enter_context(folders.held(job.folder)):
                self._fail(job, "another process is running it")
                continue
            state = self._state(job)
            if state == "finished":
                self._finished([job], ", was there")
            elif state:
                yield job, state == "begun"

    def _state(self, job: Job) -> folders.State | None:
        try:
            return folders.state(job.folder, job.config)
        except ConfigError as error:
            self._fail(job, error.errors[0]["msg"])
            return None

    def _finished(self, jobs: Sequence[Job], remark: str = "") -> None:
        rows = [row for job in jobs for row in record.rows_of(job)]
        if self.where and rows:
            everything = record.add(self.where.rows, rows)
            self.recorded += len(rows)
            if self.where.docs:
                pages.write(self.where.docs, everything)
        for job in jobs:
            row = record.rows_of(job)[0]
            figures = f"{_figure(row)}  {words.seconds(row['seconds'])}"
            print(f"{job.label}  seed {job.seed}  {figures}{remark}", flush=True)

    def _fail(self, job: Job, reason: str) -> None:
        self.failed.append(f"{job.label}, seed {job.seed}: {reason}")
        print(self.failed[-1], file=sys.stderr, flush=True)


def _figure(row: Row) -> str:
    """The row's test figure, in the unit of its preset's target."""
    target = PRESETS[row["preset"]].target
    found = summary([{**row, "control": None}], target.metric if target else None)
    return words.mean(found.figure) if found else "no test figure"


def _reason(code: int, said: str | None) -> str:
    """Why a run did not finish."""
    if code < 0:
        return f"ended by signal {-code}"
    return said or f"exit status {code}"
