"""`reproduce` at its doors: what it plans, runs, skips, resumes, records, and what it says when something fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from trainer import merging, running
from trainer.cli import main
from trainer.config import RunConfig, compose, parse
from trainer.errors import ConfigError
from trainer.presets.measured import read
from trainer.reproduce import children, folders, places
from trainer.reproduce.places import Places
from trainer.reproduce.plan import Wish, plan
from trainer.reproduce.short import shrink
from trainer.reproduce.work import Work
from trainer.rundir import RunDir, write_json

FEW = {"schedule.epochs": 1, "data.train_size": 100, "data.test_size": 50, "architecture.hidden": [8]}


def frozen(config: RunConfig) -> RunConfig:
    """A stand-in for the random control that ignores the objective, so that presets can share it."""
    if not config.scope.local:
        raise ConfigError([{"loc": "scope", "msg": "nothing local to freeze", "type": "control"}])
    return parse(
        compose("mono-forward-digits", None, {"seed": config.seed, "layers": [{"span": "1-", "frozen": True}]})
    )


def tiny_frozen(config: RunConfig) -> RunConfig:
    return parse(merging.change(frozen(config).model_dump(mode="json"), {**FEW, "threads": 1}))


def test_a_plan_is_presets_by_seeds_and_each_control_once(tmp_path):
    wish = Wish(["ff-digits", "mono-forward-digits", "backprop-digits"], tmp_path, (0, 3), {"random": frozen})
    planned = plan(wish)
    assert [(job.label, job.seed) for job in planned.jobs] == [
        ("ff-digits", 0), ("ff-digits", 3), ("ff-digits · random", 0), ("ff-digits · random", 3),
        ("mono-forward-digits", 0), ("mono-forward-digits", 3), ("backprop-digits", 0), ("backprop-digits", 3),
    ]  # fmt: skip
    assert [user.preset for user in planned.jobs[2].users] == ["ff-digits", "mono-forward-digits"]
    assert planned.without == ["backprop-digits has no control random: scope: nothing local to freeze"]
    assert planned.jobs[1].folder == tmp_path / "ff-digits" / "3"
    assert planned.jobs[1].config == parse(compose("ff-digits", None, {"seed": 3}))
    assert len({job.folder for job in planned.jobs}) == 8


def test_what_several_wishes_share_is_one_run(tmp_path):
    """A control keeps, for each run that it stands beside, the changes of that one."""
    plain, changed = (
        Wish(["mono-forward-digits"], tmp_path, controls={"random": tiny_frozen}, changes=changes)
        for changes in ({}, {"optimiser.lr": 0.01})
    )
    jobs = plan(plain, changed, plain).jobs
    assert [job.control for job in jobs] == [None, "random", None]
    assert [user.changes for user in jobs[1].users[:2]] == [{}, {"optimiser.lr": 0.01}]


def test_changes_have_folders_of_their_own_unless_they_change_no_result(tmp_path):
    (changed,) = plan(Wish(["ff-digits"], tmp_path, changes={"optimiser.lr": 0.01, "device": "cpu"})).jobs
    assert changed.folder.parent.name.startswith("ff-digits+")
    assert [user.changes for user in changed.users] == [{"optimiser.lr": 0.01}]
    (same,) = plan(Wish(["ff-digits"], tmp_path, changes={"device": "cpu", "metrics.every_steps": 3})).jobs
    assert same.folder == tmp_path / "ff-digits" / "0"
    assert [user.changes for user in same.users] == [{}]


def test_what_cannot_be_planned(tmp_path):
    with pytest.raises(ConfigError, match="there is no preset 'nonsense'"):
        plan(Wish(["ff-digits", "nonsense"], tmp_path))
    with pytest.raises(ConfigError, match="--seeds"):
        plan(Wish(["ff-digits"], tmp_path, changes={"seed": 1}))
    with pytest.raises(ConfigError, match=r"objective\.alpha"):
        plan(Wish(["backprop-digits"], tmp_path, changes={"objective.alpha": 2.0}))
    planned = plan(Wish(["backprop-digits", "ff-digits"], tmp_path, changes={"objective.alpha": 2.0}))
    assert [job.preset for job in planned.jobs] == ["ff-digits"]
    assert len(planned.refused) == 1


def test_the_minute_form_is_small_and_apart(tmp_path):
    (job,) = plan(Wish(["ff-pezeshki-mnist"], tmp_path, short=True)).jobs
    assert job.folder == tmp_path / "short" / "ff-pezeshki-mnist" / "0"
    assert (job.config.schedule.epochs, job.config.schedule.batch_size) == (2, None)
    assert (job.config.data.train_size, job.config.data.test_size) == (500, 100)
    full = parse(
        compose("ff-digits", None, {"layers": [{"span": "1", "window": [0, 30]}, {"span": "2", "window": [30, 60]}]})
    )
    assert [layer.window for layer in shrink(full).layers] == [(0, 1), (1, 2)]


def test_a_folder_is_new_begun_finished_or_anothers(tmp_path):
    config = parse(compose("ff-digits"))
    folder = RunDir(tmp_path)
    assert folders.state(tmp_path, config) == "new"
    elsewhere = config.model_copy(update={"name": "other", "device": "cpu", "threads": 7})
    write_json(folder.config, elsewhere.model_dump(mode="json"))
    assert folders.state(tmp_path, config) == "begun"
    write_json(folder.result, {"status": "finished"})
    assert folders.state(tmp_path, config) == "finished"
    with pytest.raises(ConfigError, match=r"another config \(it differs in seed\)"):
        folders.state(tmp_path, config.model_copy(update={"seed": 1}))
    folder.config.write_text("{")
    with pytest.raises(ConfigError, match="another config"):
        folders.state(tmp_path, config)


@pytest.fixture
def where(tmp_path, monkeypatch):
    """Results are recorded here, not in the checkout."""
    found = Places(tmp_path / "measured.json", tmp_path / "docs")
    monkeypatch.setattr("trainer.commands.reproduce.places", lambda out: found)
    return found


def by_hand(job):
    """Run a job in this process."""
    few = [f"--set={path}={json.dumps(value)}" for path, value in job.config.model_dump(mode="json").items()]
    assert main(["run", *few, "--out", str(job.folder)]) == 0


@pytest.mark.slow  # a trainer in a process of its own
def test_a_run_is_run_recorded_and_not_run_again(tmp_path, where, capfd):
    jobs = plan(Wish(["mono-forward-digits"], tmp_path / "out", (5,), {}, FEW, threads=1)).jobs
    Work(jobs, where).carry_out()
    assert capfd.readouterr().out.startswith("mono-forward-digits  seed 5  ")
    (row,) = read(where.rows)
    assert (row["preset"], row["seed"], row["control"], row["changes"]) == ("mono-forward-digits", 5, None, FEW)
    assert (row["epochs"], row["images"], row["test_images"]) == (1, 100, 50)
    assert 0 <= row["metrics"]["test/accuracy"] <= 1
    assert len(row["per_layer"]) == 1
    assert row["peak_bytes"] > 1e7
    assert row["machine"]["threads"] == 1
    assert "`mono-forward-digits`<br>with" in (where.docs / "results.md").read_text()
    Work(jobs, where, command=lambda job, resume: ["false"]).carry_out()
    assert ", was there" in capfd.readouterr().out
    assert read(where.rows) == [row]


def test_runs_made_by_hand_are_adopted_and_a_shared_control_gives_a_row_to_each(tmp_path, where, capsys):
    presets = ["mono-forward-digits", "ff-digits"]
    jobs = plan(Wish(presets, tmp_path, (2,), {"random": tiny_frozen}, FEW, threads=1)).jobs
    for job in jobs:
        by_hand(job)
    Work(jobs, where).carry_out()
    rows = read(where.rows)
    assert [(row["preset"], row["control"]) for row in rows] == [
        ("ff-digits", None), ("ff-digits", "random"), ("mono-forward-digits", None), ("mono-forward-digits", "random"),
    ]  # fmt: skip
    assert rows[1]["metrics"] == rows[3]["metrics"]
    assert rows[1]["config"] == rows[0]["config"] != rows[2]["config"]
    result = json.loads((jobs[0].folder / "result.json").read_bytes())
    assert rows[2]["metrics"]["test/accuracy"] == result["test_accuracy"]


def test_the_command_adopts_and_skips(tmp_path, where, capsys):
    (job,) = plan(Wish(["mono-forward-digits"], tmp_path, (2,), changes=FEW)).jobs
    by_hand(job)
    few = [f"--set={path}={json.dumps(value)}" for path, value in FEW.items()]
    assert main(["reproduce", job.preset, *few, "--controls=none", "--seeds=2", "--out", str(tmp_path)]) == 0
    assert len(read(where.rows)) == 1
    (where.docs / "results.md").unlink()
    assert main(["reproduce", "--table"]) == 0
    assert "seed 2" in capsys.readouterr().out
    assert "`optimiser.lr" not in (where.docs / "results.md").read_text()


def test_what_fails_is_said_and_the_rest_goes_on(tmp_path, where, capsys):
    fails = "import pathlib, sys; print('no room'); sys.exit(5)"
    jobs = plan(Wish(["ff-digits"], tmp_path / "out", (0, 1))).jobs
    work = Work(jobs, where, command=lambda job, resume: [sys.executable, "-c", fails])
    work.carry_out()
    assert work.failed == ["ff-digits, seed 0: no room", "ff-digits, seed 1: no room"]
    assert not where.rows.exists()
    killed = Work(jobs[:1], where, command=lambda job, resume: ["sh", "-c", "kill -9 $$"])
    killed.carry_out()
    assert killed.failed == ["ff-digits, seed 0: ended by signal 9"]


def test_an_unfinished_folder_goes_on_with_its_own_config(tmp_path):
    (job,) = plan(Wish(["ff-digits"], tmp_path)).jobs
    asked = []

    def command(job, resume):
        asked.append(children.command(job, resume))
        return ["true"]

    for _ in range(2):
        Work([job], None, command=command).carry_out()
    assert asked[0][-2:] == ["--config", str(job.folder / "config.json")]
    assert asked[1][-1] == "--resume"


def test_what_another_process_runs_or_finished_meanwhile_is_left_alone(tmp_path, where, capsys):
    jobs = plan(Wish(["ff-digits"], tmp_path / "out", (0, 1))).jobs
    work = Work(jobs, where, command=lambda job, resume: ["false"])
    with folders.held(jobs[0].folder) as free, folders.held(jobs[0].folder) as again:
        assert (free, again) == (True, False)
        work.carry_out()
    assert work.failed == ["ff-digits, seed 0: another process is running it", "ff-digits, seed 1: exit status 1"]


def test_an_interrupt_stops_what_runs_at_a_checkpoint(tmp_path):
    jobs = plan(Wish(["ff-digits"], tmp_path, (0, 1))).jobs
    trap = "trap 'echo stopped; exit 130' TERM; echo ready; while :; do sleep 0.02; done"

    def interrupted():
        with children.Children(2, lambda job, resume: ["sh", "-c", trap]) as runs:
            runs.run([])
            for job in jobs:
                runs._start(job, False)
            while not all((job.folder / "console.log").read_text() for job in jobs):
                pass
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [(job.folder / "console.log").read_text() for job in jobs] == ["ready\nstopped\n"] * 2
    assert folders.state(jobs[0].folder, jobs[0].config) == "begun"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "preset: name presets, or say --all or --findings"),
        (["--findings", "--all"], "preset: name presets, or say --all or --findings"),
        (["ff-digits", "--all"], "preset: name presets, or say --all"),
        (["ff-digits", "--controls=nonsense"], "controls: there is no control 'nonsense'"),
        (["nonsense", "--controls=none"], "preset: there is no preset"),
        (["ff-digits", "--controls=none", "--set", "lr"], "set: "),
    ],
)
def test_wrong_usage(tmp_path, where, capsys, arguments, said):
    assert main(["reproduce", *arguments, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert not where.rows.exists()


def test_outside_of_a_checkout_results_stay_with_the_runs(tmp_path, monkeypatch):
    assert places.places(tmp_path).docs == Path(running.__file__).parent.parent / "docs"
    monkeypatch.setattr("trainer.__file__", str(tmp_path / "site-packages" / "trainer" / "__init__.py"))
    assert places.places(tmp_path) == Places(tmp_path / "measured.json", None)
    with pytest.raises(SystemExit):
        main(["reproduce", "--help"])
