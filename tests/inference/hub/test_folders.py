"""What a folder holds is told of names and configurations alone."""

from __future__ import annotations

import shutil

import pytest

from inference.checkpoints.hub import folders
from inference.checkpoints.hub.folders import folder
from inference.context import Context, Refused
from inference.results.hub import FolderRequest
from resources import CHECKPOINTS


@pytest.fixture
def place(tmp_path):
    for name in ("checkpoint-1000", "checkpoint-500", "empty", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("checkpoint-500", "checkpoint-1000"):
        (tmp_path / name / "config.json").write_text('{"model_type": "bert"}')
        (tmp_path / name / "model.safetensors").write_bytes(b"x" * 1000)
    (tmp_path / "checkpoint-500" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file.txt").write_text("no folder")
    return tmp_path


def test_checkpoints_and_other_folders_are_told_in_the_order_of_their_numbers(place):
    found = folder(FolderRequest(str(place)), Context())
    assert (found.folder, found.parent) == (str(place), str(place.parent))
    assert [(one.name, one.is_checkpoint, one.kind, one.n_bytes) for one in found.entries] == [
        ("checkpoint-500", True, "bert", 1022),
        ("checkpoint-1000", True, "bert", 1022),
        ("empty", False, "", 0),
    ]
    assert found.entries[0].place == str(place / "checkpoint-500")


def test_a_damaged_configuration_costs_its_kind_alone_and_of_too_many_the_rest_is_counted(place, monkeypatch):
    (place / "checkpoint-500" / "config.json").write_text("{")
    monkeypatch.setattr(folders, "MOST_ENTRIES", 1)
    found = folder(FolderRequest(str(place)), Context())
    assert [(one.name, one.kind) for one in found.entries] == [("checkpoint-500", "")]
    assert found.n_left_out == 2


def test_a_checkpoint_has_its_card_with_it(tmp_path):
    shutil.copytree(CHECKPOINTS / "bert-mini", tmp_path / "mine")
    assert folder(FolderRequest(str(tmp_path / "mine")), Context()).card.startswith("# ")
    assert folder(FolderRequest("bert-mini"), Context()).card.startswith("# ")


def test_the_users_own_folder_is_meant_where_none_is_named(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place))
    for named in ("", "~"):
        assert folder(FolderRequest(named), Context()).folder == str(place)


@pytest.mark.parametrize("named", ["/no/such", "a\0b", "~nobody-of-that-name/x"])
def test_what_is_none_is_refused_in_a_sentence(named):
    with pytest.raises(Refused, match=r"cannot be read: .*\.$"):
        folder(FolderRequest(named), Context())
