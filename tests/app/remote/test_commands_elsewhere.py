"""Commands whose engine is on another machine: nobody looks on, and no key asks once more."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from app.commands import hub_commands, jobs_elsewhere, train_place
from app.commands.command_engine import CommandEngine, Fault, answer_of
from app.commands.command_line import run
from app.link import watchdog
from app.link.remote.remote_link import RemoteLink
from inference.context import Context
from inference.results.positions import PositionsRequest
from inference.service.engine import Engine, answer
from resources import CHECKPOINTS
from tests.fake_ssh import FakeSsh
from tests.house_rules import ROOT
from tests.hub_fixtures import MINI, fake_hub  # noqa: F401

_MACHINE = "ssh://gpu1"


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    fake = FakeSsh(tmp_path)
    monkeypatch.setenv("HEADLIGHT_SSH", str(fake.program))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ends = []
    monkeypatch.setattr("atexit.register", ends.append)
    yield fake
    jobs_elsewhere._home.cache_clear()
    for end in reversed(ends):
        end()


def test_an_end_that_says_nothing_is_given_up(ssh, monkeypatch):
    monkeypatch.setattr(RemoteLink, "CONNECT", 0.05)
    monkeypatch.setattr(watchdog, "INTERVAL", 0.02)
    ssh.does("silent")
    with pytest.raises(Fault, match="gpu1 did not answer within"):
        answer_of(CommandEngine().use(machine=_MACHINE), PositionsRequest("a"))


def test_a_line_that_breaks_is_told_and_made_again_for_the_next_figure_alone(ssh):
    engine = CommandEngine().use(machine=_MACHINE)
    with pytest.raises(Fault) as error:
        answer_of(engine, PositionsRequest("cut"))
    assert str(error.value) == (
        "The line to gpu1 was lost (client_loop: send disconnect: Broken pipe) before it was done."
    )
    assert len(ssh.calls) == 1
    assert answer_of(engine, PositionsRequest("a")).note == "a"


def test_what_is_there_is_listed(ssh, capsys):
    ssh.does("real")
    assert run(["list", "--engine", f"ssh://gpu1:{ROOT}"]) == 0
    assert f" at ssh://gpu1:{ROOT})" in capsys.readouterr().out


@pytest.fixture
def without_a_line(monkeypatch, tmp_path):
    """The same answers as over a line, from this process: the folder of the user there is another one."""
    monkeypatch.setenv("HOME", str(tmp_path / "home-there"))
    (tmp_path / "home-there").mkdir()
    engine = Engine()

    def answer_here(request: Any, machine: str, report: Callable[[object], None] = lambda _: None) -> object:
        assert machine == _MACHINE
        return answer_of(lambda asked, told: answer(engine, asked, Context(told)), request, report)

    for module in (jobs_elsewhere, train_place, hub_commands):
        monkeypatch.setattr(module, "answer_elsewhere", answer_here)
    yield tmp_path / "home-there"
    jobs_elsewhere._home.cache_clear()


@pytest.fixture
def there(ssh, fake_hub, tmp_path, monkeypatch):  # noqa: F811
    """The address of a machine with a home and a cache of its own, which reaches the hub on loopback."""
    monkeypatch.setenv("HOME", str(tmp_path / "home-there"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache-there"))
    monkeypatch.setenv("HF_ENDPOINT", fake_hub.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (tmp_path / "home-there").mkdir()
    ssh.does("real real")
    return f"ssh://gpu1:{ROOT}"


def test_a_checkpoint_is_fetched_into_the_cache_there(there, tmp_path, capsys):
    assert run(["download", MINI, "--engine", there]) == 0
    said = capsys.readouterr()
    assert said.out.endswith(f" at {there}: 11.1 MB came.\n")
    assert "headlight: 100 %, " in said.err
    assert list((tmp_path / "cache-there").glob("models--*/snapshots/*/model.safetensors"))


def test_pickles_that_lie_there_are_converted_there(without_a_line, capsys):
    folder = without_a_line / "old"
    folder.mkdir()
    shutil.copy(CHECKPOINTS / "bert-mini" / "config.json", folder)
    torch.save(load_file(CHECKPOINTS / "bert-mini" / "model.safetensors"), folder / "pytorch_model.bin")
    assert run(["convert", "~/old", "--engine", _MACHINE]) == 0
    place = without_a_line / ".local/share/headlight/converted"
    assert f"The converted checkpoint is in {place}/old-" in capsys.readouterr().out
    assert run(["convert", " ", "--engine", _MACHINE]) == 2
    assert "Name a folder" in capsys.readouterr().err


def test_a_run_is_trained_there_and_goes_on_there(without_a_line, capsys):
    small = ["--layers", "1", "--width", "16", "--heads", "2", "--steps", "2", "--length", "8"]
    command = ["train", "reversal", *small, "--out", "runs/a", "--engine", _MACHINE]
    assert run(command) == 0
    assert f"runs/a at {_MACHINE}: 2 steps" in capsys.readouterr().out
    assert (without_a_line / "runs" / "a" / "model.safetensors").is_file()
    assert run(command) == 2
    assert f"runs/a at {_MACHINE} holds a run already; --resume goes on with it." in capsys.readouterr().err


def test_word_vectors_are_not_trained_there(capsys):
    assert run(["train", "word2vec", "--out", "x.npz", "--engine", _MACHINE]) == 2
    assert "train them without --engine" in capsys.readouterr().err
