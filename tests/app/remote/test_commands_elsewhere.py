"""Commands whose engine is on another machine: nobody looks on, and no key asks once more."""

from __future__ import annotations

import pytest

from app.commands import hub_commands
from app.commands.command_engine import CommandEngine, Fault, answer_of
from app.commands.command_line import run
from app.link import watchdog
from app.link.remote.remote_link import RemoteLink
from inference.results.positions import PositionsRequest
from tests.fake_ssh import FakeSsh
from tests.house_rules import ROOT

_MACHINE = "ssh://gpu1"


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    fake = FakeSsh(tmp_path)
    monkeypatch.setenv("HEADLIGHT_SSH", str(fake.program))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ends = []
    monkeypatch.setattr("atexit.register", ends.append)
    yield fake
    hub_commands._engines.cache_clear()
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
