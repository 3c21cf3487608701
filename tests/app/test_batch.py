"""Many figures of one file: the same as one by one, and a mistake in one does not stop the others."""

from __future__ import annotations

import json

import pytest

from app.commands.batch import MOST
from app.commands.command_line import run
from inference.results.checkpoint import InspectRequest
from tests.app.test_command_line import asked  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def batch(tmp_path, monkeypatch):
    """Run a list of figures in an empty folder; the exit status."""
    monkeypatch.chdir(tmp_path)

    def make(entries: object) -> int:
        file = tmp_path / "slides.json"
        file.write_text(entries if isinstance(entries, str) else json.dumps(entries), encoding="utf-8")
        return run(["figure", "--batch", str(file)])

    return make


def attention(out: str, checkpoint: str = "tiny", **options: object) -> dict[str, object]:
    return {"figure": "attention", "checkpoint": checkpoint, "text": "the cat", "out": out, **options}


def test_figures_are_the_same_as_one_by_one(batch, tmp_path, asked, capsys):  # noqa: F811
    assert batch([attention("one.svg", layer=1, head=0, caption=True), {"figure": "schedule", "out": "rate.csv"}]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said[:2]] == ["one.svg", "rate.csv"]
    assert said[-1].startswith("2 of 2 figures in ")
    assert said[-1].endswith(" a second.")
    alone = ["figure", "attention", "--checkpoint", "tiny", "--text", "the cat", "--layer", "1", "--head", "0"]
    assert run([*alone, "--caption", "--out", "alone.svg"]) == 0
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "alone.svg").read_bytes()


def test_each_checkpoint_is_looked_at_once_however_they_are_mixed(batch, asked, capsys):  # noqa: F811
    names = ["tiny", "other", "tiny", "other"]
    assert batch([attention(f"{number}.csv", name) for number, name in enumerate(names)]) == 0
    assert [request.checkpoint for request in asked if isinstance(request, InspectRequest)] == ["tiny", "other"]
    said = capsys.readouterr().out
    assert [line[0] for line in said.splitlines()[:4]] == ["0", "2", "1", "3"]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (attention("a.svg", layer=99), "entry 2 (attention to a.svg): There is no layer 99"),
        (attention("a.svg", layr=1), "attention has no option --layr"),
        (attention("a.svg", layer="one"), "argument --layer: invalid int value: 'one'"),
        (attention("a.svg", layer=True), "--layer is true; it wants a value."),
        (attention("a.svg", layer={}), "--layer is {}; it can be a text or a number."),
        (attention("a.svg", layer=[1, 2]), "--layer is a list; it is given once"),
        (attention("a.svg", caption="yes"), '--caption is "yes"; it can be true or false.'),
        (attention("first.svg"), "first.svg is written by entry 1 already."),
        ({"figure": "nothing", "out": "a.svg"}, 'entry 2 (nothing to a.svg): "nothing" is no figure'),
        ({"out": "a.svg"}, 'It says no "figure"'),
        ({"figure": "schedule"}, "the following arguments are required: --out"),
        ({"figure": "schedule", "out": "a.svg", "batch": "b.json"}, "schedule has no option --batch"),
        ("schedule", "entry 2: A figure is written in braces"),
    ],
)
def test_a_mistake_in_one_is_one_sentence_and_the_others_are_made(
    batch, entry, sentence, tmp_path, asked, capsys  # noqa: F811
):  # fmt: skip
    last = {"figure": "schedule", "out": "last.csv"}
    assert batch([attention("first.svg"), entry, last]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("headlight: note:")]
    assert sentence in errors[0]
    assert errors[0].startswith("headlight: slides.json, entry 2")
    assert errors[1].startswith("headlight: 2 of 3 figures in ")
    assert len(errors) == 2
    assert (tmp_path / "first.svg").exists()
    assert (tmp_path / "last.csv").exists()


def test_switches_can_be_off_and_several_of_one_be_a_list(batch, asked, capsys):  # noqa: F811
    entry = {"figure": "similarity", "image": ["no.png", "none.png"], "text": ["a", "b"], "out": "a.svg"}
    assert batch([{"figure": "schedule", "caption": False, "force": False, "out": "a.csv"}, entry]) == 2
    assert "entry 2 (similarity to a.svg)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[{", "slides.json is no JSON: Expecting property name enclosed in double quotes in line 1, column 3."),
        ("{}", "slides.json is to hold a list of figures"),
        ("[]", "slides.json is to hold a list of figures"),
        ("[" * 100_000, "slides.json is nested too deeply"),
        (json.dumps([1] * (MOST + 1)), "at most 10,000 are made in one go"),
    ],
)
def test_a_file_that_is_no_list_of_figures_is_refused_in_one_line(batch, content, sentence, capsys):
    assert batch(content) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


def test_a_batch_and_a_figure_at_once_or_neither_are_refused(tmp_path, capsys):
    assert run(["figure", "--batch", "a.json", "schedule", "--out", str(tmp_path / "a.csv")]) == 2
    assert "leave schedule out" in capsys.readouterr().err
    assert run(["figure"]) == 2
    assert "FIGURE, or --batch" in capsys.readouterr().err
    assert run(["figure", "--batch", str(tmp_path / "none.json")]) == 2
    assert "There is no file" in capsys.readouterr().err
