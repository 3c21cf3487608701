"""`headlight train`: vectors of a text, a bar while it lasts, and one line where it cannot be done."""

from __future__ import annotations

import io

import pytest

from app.commands.command_line import run
from app.commands.train_commands import TRAIN, ProgressBar
from inference.models.word_vectors import open_vectors
from inference.results.events import Progress


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


@pytest.mark.parametrize("is_saved", [True, False])
def test_stopping_says_what_is_saved(is_saved, text, tmp_path, capsys, monkeypatch):
    out = tmp_path / "v.npz"

    def stop(*_):
        if is_saved:
            out.write_bytes(b"vectors")
        raise KeyboardInterrupt

    monkeypatch.setattr("inference.service.engine.answer", stop)
    assert run(["train", "word2vec", str(text), "--out", str(out)]) == 2
    told = f"The vectors as they were learned so far are in {out}." if is_saved else "Nothing is saved yet."
    assert capsys.readouterr().err == f"headlight: Stopped. {told}\n"


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
