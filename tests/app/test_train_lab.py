"""`headlight train`: a run, its bar, and going on with --resume."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.command_line import run
from inference.results.training import is_run
from tests.inference.tiny_checkpoints import save_bert

SMALL = ["--layers", "1", "--width", "16", "--heads", "2", "--batch", "4", "--steps", "3", "--warm-up", "1"]


def test_a_reversal_is_trained_and_resumed(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["train", "reversal", *SMALL, "--length", "8", "--norm", "pre", "--out", str(out)]
    assert run(command) == 0
    told = capsys.readouterr()
    assert "3 steps in" in told.out
    assert "exact match of whole strings: " in told.out
    assert "headlight: 100 %, Step 3 of 3" in told.err
    assert is_run(out)
    assert '"norm_first": true' in (out / "config.json").read_text()
    assert run(command) == 2
    assert "holds a run already; --resume goes on with it" in capsys.readouterr().err
    assert run([*command, "--resume"]) == 0
    assert run(["train", "reversal", "--out", str(tmp_path / "none"), "--resume"]) == 2
    assert "holds no run to go on with" in capsys.readouterr().err
    assert run([*command, "--resume", "--seed", "4"]) == 2
    assert "other options" in capsys.readouterr().err


def test_a_recurrent_network_is_trained_and_compared(tmp_path, capsys):
    small = ["--layers", "1", "--width", "16", "--batch", "4", "--steps", "3", "--warm-up", "1"]
    for name, more in (("lstm", ["--architecture", "lstm"]), ("transformer", ["--heads", "2"])):
        assert run(["train", "reversal", *small, *more, "--length", "8", "--out", str(tmp_path / name)]) == 0
    assert '"model_type": "lstm_attention"' in (tmp_path / "lstm" / "config.json").read_text()
    assert "LSTM with additive attention, 1 layer," in (tmp_path / "lstm" / "README.md").read_text(encoding="utf-8")
    capsys.readouterr()
    for option in (["--heads", "2"], ["--norm", "pre"]):
        command = ["train", "reversal", "--architecture", "lstm", *option, "--out", str(tmp_path / "no")]
        assert run(command) == 2
        assert f"{option[0]} cannot be chosen with --architecture lstm: An LSTM has no" in capsys.readouterr().err
    runs = ["--checkpoint", str(tmp_path / "lstm"), "--beside", str(tmp_path / "transformer")]
    for figure, out in (("training-distance", "distance.csv"), ("training-curves", "curves.svg")):
        assert run(["figure", figure, *runs, "--against", "seconds", "--out", str(tmp_path / out)]) == 0
    told = (tmp_path / "distance.csv").read_text(encoding="utf-8")
    assert "\nlstm,LSTM,as in training,2," in told
    assert "\ntransformer,Transformer,longer,2," in told
    assert run(["figure", "training-distance", *runs[:3], str(tmp_path), "--out", str(tmp_path / "x.csv")]) == 2
    assert "was not trained in Headlight's lab" in capsys.readouterr().err


@pytest.mark.parametrize("task", ["masked", "causal"])
def test_a_text_is_learned(task, tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"the cat number {i} sat on the mat" for i in range(40)), encoding="utf-8")
    out = tmp_path / "run"
    assert run(["train", task, str(text), *SMALL, "--vocabulary", "bpe", "--tokens", "300", "--out", str(out)]) == 0
    assert "always the most frequent word: " in capsys.readouterr().out
    assert (out / "tokenizer.json").exists()


def test_runs_are_compared_and_shown_together(tmp_path, capsys):
    out = tmp_path / "why"
    command = ["train", "reversal", *SMALL, "--length", "8", "--compare", "warm-up", "--out", str(out)]
    assert run(command) == 0
    told = capsys.readouterr().out
    names = [f"{out}/why-warm-up-1", f"{out}/why-no-warm-up"]
    for name in names:
        assert f"{name}: 3 steps in" in told
        assert is_run(Path(name))
    assert run(command) == 2
    assert "holds the run why-warm-up-1 already; --resume" in capsys.readouterr().err
    assert run([*command, "--resume"]) == 0
    capsys.readouterr()
    file = tmp_path / "curves.csv"
    figure = ["figure", "training-curves", "--checkpoint", names[0], "--out", str(file)]
    assert run([*figure, "--beside", names[1]]) == 0, capsys.readouterr().err
    assert {line.partition(",")[0] for line in file.read_text().splitlines()[1:]} == {
        "why-warm-up-1",
        "why-no-warm-up",
    }
    assert run([*figure, "--force", "--beside", str(tmp_path)]) == 2
    assert "was not trained in Headlight's lab" in capsys.readouterr().err
    assert run(["figure", "training-curves", "--out", str(tmp_path / "x.csv")]) == 2
    assert capsys.readouterr().err.startswith("headlight: bert-mini was not trained in Headlight's lab")
    for step in ("0", "4"):
        assert run([*figure, "--force", "--gradients-from", step]) == 2
        assert f"There is no step {step}; there are steps 1 to 3." in capsys.readouterr().err
    assert run([*command[:-1], str(tmp_path / "none"), "--warm-up", "0"]) == 2
    assert "none to leave out" in capsys.readouterr().err


def test_labels_are_learned(tmp_path, capsys):
    table, base = tmp_path / "table.csv", save_bert(tmp_path / "bert")
    table.write_text("text,label\n" + "".join(f"cat {i},{'ab'[i % 2]}\n" for i in range(30)), encoding="utf-8")
    out = tmp_path / "run"
    options = ["--checkpoint", str(base), "--steps", "2", "--batch", "4", "--out", str(out)]
    assert run(["train", "classify", str(table), *options]) == 0
    assert "logistic regression on words: " in capsys.readouterr().out
    assert run(["train", "classify", str(tmp_path / "none.csv"), *options[:-1], str(tmp_path / "other")]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_what_is_not_allowed_is_told_in_a_line(tmp_path, capsys):
    for wrong in (["--steps", "0"], ["--width", "17"], ["--peak", "7"], ["--smoothing", "1"]):
        assert run(["train", "reversal", *wrong, "--out", str(tmp_path / "run")]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "one.tex").write_text("x")
    assert run(["train", "reversal", "--out", str(tmp_path / "thesis")]) == 2
    assert "one.tex" in capsys.readouterr().err
    assert run(["train", "reversal", "--out", str(tmp_path / "thesis" / "one.tex")]) == 2
    told = capsys.readouterr().err
    assert "one.tex cannot be written: " in told
    assert "still there" not in told  # nothing was saved before
    recurrent = ["--architecture", "lstm", "--compare", "norms", "--out", str(tmp_path / "run")]
    assert run(["train", "reversal", *recurrent]) == 2
    assert "An LSTM has no norms" in capsys.readouterr().err


def test_stopping_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    command = ["train", "reversal", *SMALL, "--length", "8", "--out", str(tmp_path / "run")]
    with monkeypatch.context() as patch:
        patch.setattr("inference.service.engine.answer", stop)
        assert run(command) == 2
        assert capsys.readouterr().err.endswith("Stopped. Nothing is saved yet.\n")
    assert run(command) == 0
    monkeypatch.setattr("inference.service.engine.answer", stop)
    assert run([*command, "--resume"]) == 2
    assert "--resume goes on with it" in capsys.readouterr().err
