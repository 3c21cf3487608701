"""Steps of a training run are offered once they are whole, and gone through one by one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.hub.watching import Watching, neighbour
from inference.checkpoints.written import is_whole, steps_in
from resources import CHECKPOINTS

MINI = CHECKPOINTS / "bert-mini"


def write_step(run: Path, number: int, *, n_bytes: int | None = None) -> Path:
    """As a trainer does, up to so many bytes of its weights."""
    folder = run / f"checkpoint-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(MINI / "config.json", folder)
    (folder / "model.safetensors").write_bytes((MINI / "model.safetensors").read_bytes()[:n_bytes])
    return folder


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    write_step(folder, 500)
    return folder


@pytest.fixture
def watching(qapp, tmp_path, run):
    watching = Watching(tmp_path / "watched.json")
    assert watching.watch(str(run)) == ""
    return watching


def numbers(watching, run):
    return [step.number for step in watching.steps(str(run))]


def test_steps_are_in_the_order_of_their_numbers(run):
    for number in (1500, 1000):
        write_step(run, number)
    (run / "runs").mkdir()
    (run / "checkpoint-best").mkdir()
    assert [step.number for step in steps_in(run)] == [500, 1000, 1500]
    assert steps_in(run / "nothing") == ()


def test_a_step_that_is_being_written_is_not_offered_before_it_is_whole(watching, run):
    came = []
    watching.came.connect(came.append)
    folder = write_step(run, 1000, n_bytes=5_000)
    for _ in range(3):
        watching.look()
    assert not is_whole(folder)
    assert numbers(watching, run) == [500]
    write_step(run, 1000)
    watching.look()
    assert numbers(watching, run) == [500]  # it has changed since the last look
    watching.look()
    assert numbers(watching, run) == [500, 1000]
    assert came == [str(folder)]


def test_weights_without_their_configuration_are_not_whole(run):
    folder = write_step(run, 1000)
    (folder / "config.json").unlink()
    assert not is_whole(folder)


def test_a_step_that_the_run_deletes_is_gone(watching, run):
    shutil.rmtree(run / "checkpoint-500")
    watching.look()
    assert numbers(watching, run) == []


def test_folders_are_kept_for_the_next_start(watching, run, tmp_path):
    again = Watching(tmp_path / "watched.json")
    assert again.folders == (str(run),)
    assert numbers(again, run) == [500]
    assert "is watched already" in again.watch(str(run))
    assert "is no folder" in again.watch(str(run / "nothing"))
    assert again.forget(str(run)) == ""
    assert Watching(tmp_path / "watched.json").folders == ()


def test_a_damaged_list_costs_only_itself(qapp, tmp_path):
    (tmp_path / "watched.json").write_text('{"folders": 7}')
    assert Watching(tmp_path / "watched.json").folders == ()


def test_one_key_goes_to_the_next_step(run):
    second, third = write_step(run, 1000), write_step(run, 1500)
    write_step(run, 2000, n_bytes=100)
    first = run / "checkpoint-500"
    assert neighbour(str(first), 1) == (str(second), "")
    assert neighbour(str(third), -1) == (str(second), "")
    assert neighbour(str(third), 1) == ("", "checkpoint-1500 is the last step in run that is whole")
    assert neighbour(str(first), -1) == ("", "checkpoint-500 is the first step in run that is whole")
    assert "is no step of a training run" in neighbour("bert-mini", 1)[1]
