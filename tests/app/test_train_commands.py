"""`headlight train`: vectors of a text, a bar while it lasts, and one line where it cannot be done."""

from __future__ import annotations

import io

import pytest

from app.commands.command_line import run
from app.commands.progress_bar import ProgressBar
from app.commands.train_commands import TRAIN
from inference.analyses.train_word2vec import train_word2vec
from inference.context import Cancelled, Context
from inference.models.word_vectors import open_vectors
from inference.results.events import Progress
from inference.results.train_word2vec import TrainWord2VecRequest, unfinished_file
from inference.training.unfinished_vectors import reserved_vectors
from widgets.views.embedding.options import TrainingOptions


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("the cat sat on the mat. the dog sat on the bed.\n" * 40, encoding="utf-8")
    return path


def test_word2vec_is_trained_and_saved(text, tmp_path, capsys):
    out = tmp_path / "v.npz"
    of = ["train", "word2vec", str(text), "--out", str(out)]
    assert run([*of, "--d-model", "6", "--epochs", "2", "--objective", "cbow", "--watch", "cat,zebra"]) == 0
    told, progress = capsys.readouterr()
    assert told.startswith(f"{out}: 7 vectors of 6 numbers, from 480 words, loss ")
    assert told.splitlines()[1].startswith("cat: ")
    assert told.splitlines()[2] == "zebra: no vector: it is not in the text, or fewer than 5 times"
    assert "headlight: 100 %" in progress
    assert open_vectors(out).settings.objective == "cbow"
    assert run(of) == 2
    assert "--force to replace it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["word2vec", "none.txt", "--out", "v.npz"], "none.txt cannot be read"),
        (["word2vec", "--out", "v.png"], "v.png ends in none of .npz, .txt, .vec, .bin."),
        (["word2vec", "--out", "no/v.npz"], "the folder no does not exist"),
        (["word2vec"], "--out"),
        (["word2vec", "--out", "v.npz", "--epochs", "0"], "--epochs"),
        (["word3vec"], "word3vec"),
        ([], "MODEL"),
    ],
)
def test_what_cannot_be_done_is_one_line(args, why, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["train", *args]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("headlight: ")
    assert why in last
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        ("", "Nothing is saved yet."),
        ("v.npz", "The vectors as they were learned so far are in {}."),
        ("v.npz.unfinished", "What was learned is in {}; --resume goes on with it."),
    ],
)
def test_stopping_says_what_is_saved(saved, told, text, tmp_path, capsys, monkeypatch):
    out = tmp_path / "v.npz"

    def stop(*_):
        if saved:
            (tmp_path / saved).write_bytes(b"vectors")
        raise KeyboardInterrupt

    monkeypatch.setattr("inference.service.engine.answer", stop)
    assert run(["train", "word2vec", str(text), "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"headlight: Stopped. {told.format(tmp_path / saved)}\n"


def test_a_run_that_was_stopped_goes_on_only_if_that_is_said(text, tmp_path, capsys):
    out = tmp_path / "v.npz"
    of = ["train", "word2vec", str(text), "--out", str(out), "--d-model", "6", "--epochs", "2"]
    assert run([*of, "--resume"]) == 2
    assert capsys.readouterr().err == f"headlight: There is no {out}.unfinished, so no run to go on with.\n"

    n = 0

    def is_stopped():
        nonlocal n
        n += 1
        return n > 4  # reading, the first look, and a stretch of the text

    settings = TrainingOptions(d_model=6, epochs=2).settings
    with pytest.raises(Cancelled):
        train_word2vec(TrainWord2VecRequest(str(text), str(out), settings), Context(is_cancelled=is_stopped))
    assert run(of) == 2
    told = f"{out}.unfinished is of a run that was stopped; --resume goes on with it, --force begins anew."
    assert capsys.readouterr().err == f"headlight: {told}\n"
    assert run([*of, "--window", "2", "--resume"]) == 2
    assert "v.npz.unfinished is of a run that was stopped, with window 5 and not 2" in capsys.readouterr().err
    assert run([*of, "--resume"]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: 7 vectors of 6 numbers")
    assert [file.name for file in tmp_path.glob("v.npz*")] == ["v.npz"]


@pytest.mark.parametrize("more", [(), ("--resume",), ("--force",)])
def test_what_another_process_trains_is_no_run_that_was_stopped(more, text, tmp_path, capsys):
    out = tmp_path / "v.npz"
    unfinished_file(out).write_bytes(b"its run")
    with reserved_vectors(out):
        assert run(["train", "word2vec", str(text), "--out", str(out), *more]) == 2
    assert capsys.readouterr().err == "headlight: v.npz is being trained already, by another process.\n"
    assert unfinished_file(out).read_bytes() == b"its run"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal_and_lines_in_a_file():
    bar, terminal = ProgressBar(terminal := Terminal()), terminal
    for done in (0, 50, 100):
        bar.show(Progress(done, 100, "Training"))
    bar.end()
    assert "█" * 15 + "░" * 15 + "  50 %  Training" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[K")
    lines = io.StringIO()
    bar = ProgressBar(lines)
    for done in range(101):
        bar.show(Progress(done, 100, "Training"))
    bar.end()
    assert len(lines.getvalue().splitlines()) == 11


def test_each_model_says_what_it_is_about():
    assert all(command.ABOUT for command in TRAIN.values())
