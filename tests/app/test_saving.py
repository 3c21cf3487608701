"""Where files go: names that say what they hold, and nothing that is there goes without a word."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from app.export import saving
from app.export.saving import ExportError, FileIsThere, check_place, file_stem, free_place, head_parts, replace_file


def test_names_say_what_they_hold():
    caption = "Attention: encoder, layer 1, head 3"
    assert file_stem("bert-mini", "attention", *head_parts(caption)) == "bert-mini_attention_L1_H3"
    assert head_parts("All heads of layer 2") == ("L2",)
    assert head_parts("Heads: encoder") == ()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c:d*e?", "\u202egpj.exe", "-rf", "…", "", "x" * 500])
def test_names_of_checkpoints_are_no_paths(name):
    stem = file_stem(name)
    assert stem
    assert len(stem) <= 80
    assert not set(stem) & set('/\\:*?"<>|\u202e')
    assert not stem.startswith((".", "-"))


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    for expected in ("a.svg", "a-2.svg", "a-3.svg"):
        place = free_place(tmp_path, "a", ".svg")
        assert place.name == expected
        place.touch()
    (tmp_path / "b.svg").symlink_to(tmp_path / "nothing")
    assert free_place(tmp_path, "b", ".svg").name == "b-2.svg"


def test_what_is_there_goes_only_where_that_was_said(tmp_path):
    place = tmp_path / "a.svg"
    place.write_bytes(b"old")
    with pytest.raises(FileIsThere, match=r"a\.svg exists and was left as it is\."):
        check_place(place, may_replace=False)
    with pytest.raises(FileExistsError):  # it came while the figure was computed
        replace_file(place, b"new", may_replace=False)
    assert place.read_bytes() == b"old"
    check_place(place)
    replace_file(place, b"new")
    assert place.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.svg"]


def test_on_a_file_system_without_links_nothing_is_replaced_either(tmp_path, monkeypatch):
    def refuse(*_given):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(saving.os, "link", refuse)
    replace_file(tmp_path / "a.svg", b"new", may_replace=False)
    with pytest.raises(FileExistsError):
        replace_file(tmp_path / "a.svg", b"newer", may_replace=False)
    assert (tmp_path / "a.svg").read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.svg"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permissions_stay_and_a_read_only_file_is_refused(tmp_path):
    place = tmp_path / "a.svg"
    place.write_bytes(b"old")
    place.chmod(0o640)
    replace_file(place, b"new")
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    place.chmod(0o444)
    with pytest.raises(ExportError, match="read-only"):
        check_place(place)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("may_replace", [True, False])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, may_replace):
    os.mkfifo(tmp_path / "a.svg")
    with pytest.raises(ExportError, match="it is a pipe or a device, not a file"):
        check_place(tmp_path / "a.svg", may_replace=may_replace)
    with pytest.raises(ExportError, match="pipe or a device"):
        check_place(type(tmp_path)("/dev/null"), may_replace=may_replace)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "a.svg").symlink_to(tmp_path / "b.svg")
    (tmp_path / "b.svg").write_bytes(b"old")
    replace_file(tmp_path / "a.svg", b"new")
    assert (tmp_path / "a.svg").is_symlink()
    assert (tmp_path / "b.svg").read_bytes() == b"new"


def test_a_folder_that_takes_no_files_is_not_called_missing(tmp_path):
    missing = FileNotFoundError(errno.ENOENT, "")
    assert saving.why_not_written(missing, tmp_path / "a.svg") == f"the folder {tmp_path} takes no files"
    assert saving.why_not_written(missing, tmp_path / "none" / "a.svg").endswith("none does not exist")
