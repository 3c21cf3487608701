"""What is on the hub and on this machine, from the command line."""

from __future__ import annotations

import io
import json
import shutil
import sys

import pytest
import torch
from safetensors.torch import load_file

from app.commands.command_line import run
from resources import CHECKPOINTS
from tests.hub_fixtures import MINI, fake_hub  # noqa: F401


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _own_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_HOME", str(tmp_path / "home"))


def test_it_is_inspected_fetched_listed_used_and_deleted(fake_hub, capsys):  # noqa: F811
    assert run(["inspect", MINI, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["repo"], said["licence"], said["info"]["architecture"]) == (MINI, "apache-2.0", "BertForPreTraining")
    assert run(["download", MINI]) == 0
    assert "11.1 MB came" in capsys.readouterr().out
    n_asked = len(fake_hub.asked)
    assert run(["inspect", MINI]) == 0
    assert "BertForPreTraining" in capsys.readouterr().out
    assert run(["list"]) == 0
    assert MINI in capsys.readouterr().out
    assert run(["delete", MINI]) == 2
    assert "only with --yes" in capsys.readouterr().err
    assert run(["delete", MINI, "--yes"]) == 0
    assert "11.1 MB are free now" in capsys.readouterr().out
    assert run(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["revisions"] == []
    assert len(fake_hub.asked) == n_asked  # none of that needs a network


def test_what_goes_wrong_is_one_line(fake_hub, capsys):  # noqa: F811
    assert run(["download", "org/nothing"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "headlight: There is no org/nothing on the hub, or it is private; for that log in with `hf auth login`.\n"
    )


def test_the_question_before_one_version_is_deleted_tells_its_size(fake_hub, capsys, monkeypatch):  # noqa: F811
    fake_hub.repos[MINI].revisions = ("main", "old")
    assert run(["download", MINI]) == run(["download", f"{MINI}@old"]) == 0
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    capsys.readouterr()
    assert run(["delete", f"{MINI}@old"]) == 0
    said = capsys.readouterr()
    assert f"Delete {MINI}@old (11.1 MB) from " in said.err
    assert said.out == f"{MINI}@old is kept.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["inspect", "x" * 5000], "nor in the hub's cache"),
        (["inspect", "~nobody-of-this-name/x"], "nor in the hub's cache"),
        (["convert", "/no/such"], "'/no/such' is neither a folder nor a file, nor an id in the hub's cache."),
        (["convert", "x" * 5000], "x' is neither a folder nor a file"),
        (["delete", "org/nothing"], "org/nothing is not in the hub's cache at "),
        (["delete", ""], "Type the id of a checkpoint"),
    ],
)
def test_what_is_nowhere_is_one_line(fake_hub, capsys, arguments, sentence):  # noqa: F811
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert sentence in said.err
    assert fake_hub.asked == []


def test_pickles_of_a_folder_are_converted(tmp_path, capsys):
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copy(CHECKPOINTS / "bert-mini" / "config.json", folder)
    torch.save(load_file(CHECKPOINTS / "bert-mini" / "model.safetensors"), folder / "pytorch_model.bin")
    assert run(["convert", str(folder)]) == 0
    made = capsys.readouterr().out.strip().removeprefix("The converted checkpoint is in ").removesuffix(".")
    assert made.startswith(str(tmp_path / "home" / "converted" / "old-"))
