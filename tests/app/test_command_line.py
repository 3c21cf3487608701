"""The command line writes the same figures as the window, and says in one line what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.commands.command_line import run
from app.commands.figures import FIGURES
from app.commands.option_types import number_or_name
from app.export.export import ENDINGS
from inference.context import Context, Refused
from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.checkpoint import AttentionGroup, CheckpointInfo, InspectRequest, Missing, OpenRequest
from inference.results.probe import ProbeRequest
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from inference.results.tokens import Tokens
from inference.service.engine import Engine
from inference.training.run import train
from resources import CHECKPOINTS
from tests.inference import tiny_chat, tiny_films, tiny_joint
from tests.inference.tiny_checkpoints import save_bert, save_gpt2, save_transformer
from tests.inputs import text_input
from tests.remembering import RememberingEngine
from tests.tiny_runs import make_tiny_request
from tests.training_stages_files import save_training_stages

ROOT = Path(__file__).parents[2]
WORDS = ("[CLS]", "the", "cat", "\u202eeht", "[SEP]")
INFO = CheckpointInfo(
    checkpoint="/models/tiny",
    name="tiny",
    architecture="BertForMaskedLM",
    family="encoder",
    n_parameters=1_234_567,
    d_model=32,
    d_vocab=1000,
    n_ctx=0,
    groups=(AttentionGroup("encoder", "Encoder", (2, 2, 2)), AttentionGroup("cross", "Cross", (2, 4), is_causal=True)),
    capabilities=("attention", "qk", "positions", "masked_lm"),
    missing=(Missing("next_sentence", "it has no head for it"),),
    has_tokenizer=True,
    mask_token="[MASK]",
    position_kind="learned",
    device="",
    notes=("A note “with” letters.",),
)
KIND = "It is an adapter."  # known once it is open; no figure repeats it
NOTE_ON_INPUT = "Something of the text is left aside."
pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def asked(monkeypatch) -> list[object]:
    """Requests that a fake engine was asked; it knows three layers of two heads."""
    requests: list[object] = []

    def answer(_engine: Engine, request: object, _context: object) -> object:
        if isinstance(request, OpenRequest):
            return replace(INFO, notes=(*INFO.notes, KIND), explained=(KIND,))
        requests.append(request)
        if isinstance(request, InspectRequest):
            return INFO
        if isinstance(request, TokenizeRequest):
            requests.pop()
            return TokenizeResult(Tokens(*([np.zeros(0)] * 5)), (*INFO.notes, KIND, NOTE_ON_INPUT))
        assert isinstance(request, AttentionRequest)
        layers, heads = request.layers or (0, 1, 2), request.heads or (0, 1)
        if max(layers) > 2:
            raise Refused(f"There is no layer {max(layers)}: tiny has 3, counted from 0.")
        n = len(WORDS)
        ids, special = np.arange(n), np.array([word.startswith("[") for word in WORDS])
        tokens = Tokens(ids, WORDS, np.ones(n, bool), special, np.zeros(n, np.int8))
        pattern = np.random.default_rng(0).dirichlet(np.ones(n), (len(layers), len(heads), n)).astype(np.float32)
        return AttentionResult(request.group, tokens, tokens, layers, heads, pattern)

    monkeypatch.setattr(Engine, "run", answer)
    return requests


def attention(out: Path, *options: str, text: str = "the cat") -> int:
    return run(["figure", "attention", "--checkpoint", "tiny", "--text", text, *options, "--out", str(out)])


# Happy paths


def test_npz_holds_all_layers_and_heads(tmp_path, asked):
    assert attention(tmp_path / "a.npz") == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["pattern"].shape == (3, 2, 5, 5)
        assert arrays["pattern"].dtype == np.float32
        assert arrays["tokens"].tolist() == ["[CLS]", "the", "cat", "‹RLO›eht", "[SEP]"]


def test_npz_of_one_layer_keeps_four_axes(tmp_path, asked):
    assert attention(tmp_path / "a.npz", "--layer", "2") == 0
    assert asked[-1] == AttentionRequest("tiny", text_input("the cat"), "encoder", (2,), ())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["pattern"].shape == (1, 2, 5, 5)
        assert arrays["layers"].tolist() == [2]


def test_a_picture_shows_the_first_head_unless_one_is_chosen(tmp_path, asked, capsys):
    assert attention(tmp_path / "a.svg", "--caption") == 0
    assert asked[-1] == AttentionRequest("tiny", text_input("the cat"), "encoder", (0,), (0,))
    svg = ElementTree.parse(tmp_path / "a.svg")
    texts = " ".join("".join(element.itertext()) for element in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert "tiny" in texts
    assert "“the cat”" in texts
    assert capsys.readouterr().out.startswith(str(tmp_path / "a.svg"))


def test_all_heads_are_asked_for_when_they_are_merged(tmp_path, asked):
    assert attention(tmp_path / "a.svg", "--layer", "1", "--aggregate", "mean", "--group", "cross") == 0
    assert asked[-1] == AttentionRequest("tiny", text_input("the cat"), "cross", (1,), ())


def test_png_takes_width_and_transparency(tmp_path, asked):
    assert attention(tmp_path / "a.png", "--width", "640", "--transparent", "--theme", "dark", "--font-size", "12") == 0
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() == 640
    assert image.pixelColor(0, 0).alpha() == 0


def test_sparse_patterns_need_no_checkpoint(tmp_path, asked):
    out = tmp_path / "a.npz"
    options = ["--pattern", "longformer", "--tokens", "20", "--window", "4", "--globals", "1", "--layers", "2"]
    assert run(["figure", "sparse-patterns", *options, "--out", str(out)]) == 0
    assert asked == []
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["kinds"].shape == (20, 20)
        assert arrays["kind_names"][arrays["kinds"][10, [0, 8, 12, 13]]].tolist() == [
            "global", "window", "window", "hidden",
        ]  # fmt: skip
        assert arrays["reached"].all()


@pytest.mark.parametrize("show", ["patterns", "cost", "complexity"])
def test_what_is_shown_of_sparse_patterns_is_a_table_too(tmp_path, asked, show):
    out = tmp_path / "a.csv"
    assert run(["figure", "sparse-patterns", "--show", show, "--out", str(out)]) == 0
    header, *rows = out.read_text().splitlines()
    assert ("theory" in header) == (show == "complexity")
    assert len(rows) == {"patterns": 6, "cost": 6 * 12, "complexity": 4 * 5}[show]


def test_sinusoids_need_no_checkpoint(tmp_path, asked):
    out = tmp_path / "s.pdf"
    assert run(["figure", "sinusoids", "--d-model", "32", "--length", "20", "--pair", "3", "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")
    assert asked == []


# Errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["figure"], "FIGURE"),
        (["figure", "joint", "--task", "99", "--out", "a.svg"], "there is no '99'; there are 1 VQA, 2 GenomeQA,"),
        (["figure", "attention", "--out", "a.svg"], "--text --text-file --token-ids is required"),
        (["figure", "attention", "--text", "a", "--token-ids", "1", "--out", "a.svg"], "not allowed with"),
        (["figure", "attention", "--sound", "a.wav", "--out", "a.svg"], "tiny reads no sounds: leave --sound out"),
        (["figure", "attention", "--token-ids", "1;2", "--out", "a.svg"], "'1;2' is not a list of numbers"),
        (["figure", "order", "--seed", "2147483648", "--out", "a.svg"], "is no whole number from 0 to 2,147,483,647"),
        (["figure", "attention", "--text", "a"], "--out"),
        (["figure", "attention", "--text", "a", "--out", "a.bmp"], ".bmp is not among .svg, .pdf, .png, .csv, .npz"),
        (["figure", "attention", "--text", "a", "--out", "none/a.svg"], "the folder none does not exist"),
        (["figure", "attention", "--text", "a\ud800", "--out", "a.svg"], "--text is not valid Unicode"),
        (["figure", "attention", "--text", "a", "--width", "0", "--out", "a.svg"], "0 is not between 1 and 20,000"),
        (["figure", "attention", "--text", "a", "--dpi", "x", "--out", "a.svg"], "'x' is not a number"),
        (["figure", "attention", "--text", "a", "--layer", "7", "--out", "a.svg"], "There is no layer 7"),
        (["figure", "attention", "--text", "a", "--group", "no", "--out", "a.svg"], "it has encoder, cross"),
        (["figure", "attention", "--text", "a", "--color-map", "jet", "--out", "a.svg"], "jet"),
        (["figure", "sinusoids", "--pair", "999", "--out", "a.svg"], "999"),
        (["figure", "sparse-patterns", "--window", "7", "--out", "a.svg"], "--window is 7"),
        (["figure", "sparse-patterns", "--query", "64", "--out", "a.svg"], "There is no query 64; there are 64"),
        (["figure", "attention", "bert-mini", "--text", "a", "--out", "a.svg"], "--checkpoint bert-mini (see"),
        (["figure", "attention", "--text", "a", "--nix", "3", "--out", "a.svg"], "arguments: --nix 3 (see"),
        (["inspect"], "PATH"),
    ],
)
def test_one_line_says_what_is_wrong(arguments, said, tmp_path, monkeypatch, asked, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not list(tmp_path.iterdir())


def test_the_place_is_checked_before_the_model_runs(tmp_path, asked):
    assert attention(tmp_path / "none" / "a.svg") == 2
    assert asked == []


@pytest.mark.parametrize("command", [[], ["figure"], ["inspect"], *(["figure", name] for name in FIGURES)])
def test_help_is_printed(command, capsys):
    assert run([*command, "--help"]) == 0
    assert "usage: headlight" in capsys.readouterr().out


def test_numbers_with_names_are_told_and_take_either():
    kind = number_or_name({1: "VQA", 3: "VisualDialog (untrained)"})
    assert [kind(text) for text in ("3", "vqa", "VisualDialog")] == ["3", "1", "3"]
    with pytest.raises(ArgumentTypeError, match=r"there is no '2'; there are 1 VQA, 3 VisualDialog \(untrained\)"):
        kind("2")


def test_help_names_films_where_they_are_written(capsys):
    for figure, has_film in (("clip", True), ("order", False)):
        run(["figure", figure, "--help"])
        assert (".gif, .webp, .mp4 or .webm" in " ".join(capsys.readouterr().out.split())) == has_film


# What was left aside


def test_what_was_left_aside_is_said_and_kept(tmp_path, asked, capsys):
    assert attention(tmp_path / "a.npz") == 0
    told = capsys.readouterr().err
    assert told == f"headlight: note: {INFO.notes[0]}\nheadlight: note: {NOTE_ON_INPUT}\n"
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["notes"].tolist() == [*INFO.notes, NOTE_ON_INPUT]


# Inspect


def test_inspect_says_what_is_offered_and_why_not(asked, capsys):
    assert run(["inspect", "tiny"]) == 0
    out = capsys.readouterr().out
    for part in ("1,234,567", "3 layers x 2 heads", "2 layers x 2-4 heads, causal", "no limit", "A note"):
        assert part in out
    assert "no, it has no head for it" in out


def test_inspect_as_json(asked, capsys):
    assert run(["inspect", "tiny", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["groups"][1]["n_heads"] == [2, 4]
    assert info["notes"] == list(INFO.notes)


# As a program, with the bundled checkpoint


RUN_EACH = """
import json, sys
from app.commands.command_line import run
statuses = [run(command) for command in json.loads(sys.argv[1])]
sys.exit(0 if statuses == [0, 0, 2] else f"statuses: {statuses}")
"""


def test_it_runs_without_a_display_and_in_a_terminal_that_knows_few_letters(tmp_path):
    out = tmp_path / "cat.svg"
    commands = (
        ("figure", "masked", "--text", "The cat sat on the [MASK].", "--out", str(out)),
        ("inspect", "bert-mini"),
        ("inspect", "naïve “path”"),
    )
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in displays}
    done = subprocess.run(
        [sys.executable, "-c", RUN_EACH, json.dumps(commands)],
        cwd=ROOT,
        env=environment | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1  # of the path that is not there
    assert "bert-mini" in done.stdout
    assert "cat" in out.read_text(encoding="utf-8")


def test_a_reader_that_stops_is_no_error():
    code = "import sys; from app.commands.command_line import run; sys.exit(run(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "figure", "--help"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(60) in (0, 2)
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


_RED_AND_BLUE = ["--text", "a red house", "--text", "a blue car"]
REAL = {
    "attention": ["--text", "The cat sat.", "--layer", "1", "--head", "1"],
    "heads": ["--text", "The cat sat."],
    "arcs": ["--text", "The cat sat.", "--text-pair", "It slept."],
    "dot-product": ["--text", "The cat sat.", "--query", "2"],
    "positions": ["--length", "64"],
    "masked": ["--text", "The cat sat on the [MASK].", "--top-k", "4"],
    "mask-lab": ["--text", "The cat sat on the mat because it was tired.", "--seed", "3"],
    "next-sentence": ["--text", "The cat sat.", "--text-pair", "It slept."],
    "sinusoids": ["--d-model", "32", "--length", "40"],
    "sparse-patterns": ["--tokens", "32", "--layers", "2"],
    "measures": ["--text", "The cat sat.", "--sort", "entropy"],
    "rollout": ["--text", "The cat sat.", "--query", "2"],
    "patches": ["--checkpoint", "vit-scenes", "--scene", "3", "--query", "2,5"],
    "clip": ["--checkpoint", "films", "--seed", "3", "--query", "1,2,0"],
    "visual-words": ["--checkpoint", "videobert-clips", "--seed", "3", "--hide", "5", "--mask", "3"],
    "order": ["--checkpoint", "merlot-clips", "--seed", "3", "--order", "3,1,0,2"],
    "classes": ["--checkpoint", "vit-scenes", "--scene", "3"],
    "masked-image": ["--checkpoint", "beit-scenes", "--scene", "3", "--share", "0.4"],
    "complete-image": ["--checkpoint", "igpt-small", "--portrait", "3", "--keep", "250", "--count", "2"],
    "family-tree": ["--model", "roberta"],
    "head-similarity": ["--text", "The cat sat.", "--layer", "1", "--order", "alike"],
    "norms": ["--text", "The cat sat.", "--show", "map", "--stage", "added"],
    "answer": ["--checkpoint", "llava", "--scene", "3", "--most", "6", "--word", "1", "--word", "2"],
    "approximation": ["--text", "The cat sat.", "--layer", "1", "--method", "nystroem", "--size", "4"],
    "probe": ["--checkpoint", "igpt-small", "--train", "40", "--test", "20"],
    "lens": ["--text", "The cat sat.", "--mask", "2", "--shade", "rank"],
    "reading": ["--checkpoint", "gpt2", "--text", "The cat sat.", "--top-k", "3"],
    "embedding": ["--near", "king", "--show", "frequent", "--frequent", "40"],
    "analogy": ["--words", "france,paris,italy", "--tokens"],
    "sliding-window": ["--text", "The cat sat on the mat.", "--place", "1"],
    "ngrams": ["--text", "The cat sat.", "--order", "4", "--blank", "2", "--smoothing", "back-off"],
    "vocabulary": ["--algorithm", "unigram", "--size", "50", "--step", "2"],
    "tokenizer": ["--text", "The unbelievable cat.", "--word", "1"],
    "compare-tokenizers": ["--with", "transformer-en-fr", "--own", "The cat sat.", "--measure", "word"],
    "attribution": ["--checkpoint", "gpt2", "--text", "The cat sat.", "--against", "2"],
    "translation": ["--checkpoint", "transformer", "--text", "the cat sat", "--most", "5", "--beams", "2"],
    "cross-attention": ["--checkpoint", "transformer", "--text", "the cat sat", "--target", "a dog ran"],
    "generation": ["--checkpoint", "gpt2", "--text", "the cat", "--most", "4", "--decoding", "sample", "--top-k", "5"],
    "few-shot": ["--checkpoint", "gpt2", "--task", "copy", "--trials", "2", "--shots", "1"],
    "training-stages": ["--checkpoint", "stages", "--sentence", "1", "--attention", "mean", "--layer", "1"],
    "training-curves": ["--checkpoint", "run"],
    "training-distance": ["--checkpoint", "run", "--against", "seconds"],
    "training-attention": ["--checkpoint", "run", "--look", "1", "--layer", "0"],
    "schedule": ["--kind", "cosine", "--steps", "200", "--warm-up", "20"],
    "label-smoothing": ["--smoothing", "0.2", "--classes", "12"],
    "fine-tuning": ["--study", "bert-mini-polarity"],
    "fine-tuned-attention": ["--checkpoint", "bert-mini-polarity", "--text", "A warm film.", "--head", "1"],
    "published": ["--table", "virtex"],
    "transfer": ["--checkpoint", "vit-scenes", "--most", "16", "--tested", "20", "--runs", "2", "--label-scenes", "0"],
    "similarity": ["--checkpoint", "clip-scenes", "--scene", "1", "--portrait", "2", *_RED_AND_BLUE, "--show", "texts"],
    "relevance": ["--checkpoint", "clip-scenes", "--scene", "1", "--text", "a purple cup", "--smooth"],
    "zero-shot": [
        "--checkpoint",
        "clip-scenes",
        "--portrait",
        "2",
        "--scene",
        "3",
        *_RED_AND_BLUE,
        "--templates",
        "a {}|one {}",
    ],
    "zero-shot-test": ["--checkpoint", "clip-scenes", "--portraits", "40", "--templates", "a {}"],
    "caption": ["--checkpoint", "virtex-scenes", "--scene", "3", "--direction", "end", "--most", "6", "--smooth"],
    "joint": ["--checkpoint", "joint", "--scene", "3", "--text", "a small red house", "--pin", "3", "--apart"],
    "segments": ["--checkpoint", "lseg-scenes", "--scene", "3", "--text", "red house", "--text", "background"],
    "prediction": ["--checkpoint", "bert", "--text", "the cat sat", "--text-pair", "a dog ran .", "--longest", "3"],
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> RememberingEngine:
    # None that is bundled predicts words, translates, or was fine-tuned.
    for name in ("reading", "few-shot", "generation", "attribution"):
        REAL[name][1] = str(save_gpt2(tmp_path_factory.mktemp("gpt2")))
    for name in ("translation", "cross-attention"):
        REAL[name][1] = str(save_transformer(tmp_path_factory.mktemp("transformer")))
    REAL["training-stages"][1] = str(save_training_stages(save_transformer(tmp_path_factory.mktemp("stages"))))
    run_folder = tmp_path_factory.mktemp("runs") / "tiny"
    train(make_tiny_request(run_folder), Context())
    for name in ("training-curves", "training-attention", "training-distance"):
        REAL[name][1] = str(run_folder)
    REAL["answer"][1] = str(tiny_chat.save(tmp_path_factory.mktemp("chat"), "llava"))
    REAL["clip"][1] = str(tiny_films.save(tmp_path_factory.mktemp("films"), "timesformer"))
    REAL["joint"][1] = str(tiny_joint.save(tmp_path_factory.mktemp("joint"), "vilt words"))
    REAL["prediction"][1] = str(save_bert(tmp_path_factory.mktemp("bert"), "BertForQuestionAnswering"))
    return RememberingEngine()


@pytest.fixture
def engine(opened, monkeypatch) -> RememberingEngine:
    """One engine for all, so that a checkpoint is read once, and what several formats show is computed once."""
    monkeypatch.setattr("inference.service.engine.Engine", lambda: opened)
    return opened


def test_every_figure_is_tried():
    assert set(REAL) == set(FIGURES)


@pytest.mark.parametrize("name", REAL)
def test_every_figure_of_a_bundled_checkpoint(name, tmp_path, capsys, engine):
    for ending in ENDINGS:
        out = tmp_path / f"figure{ending}"
        assert run(["figure", name, *REAL[name], "--caption", "--out", str(out)]) == 0, capsys.readouterr().err
        assert out.stat().st_size > 100, ending


def test_one_analysis_serves_all_formats(tmp_path, engine):
    for ending in ENDINGS:
        assert run(["figure", "probe", *REAL["probe"], "--out", str(tmp_path / f"probe{ending}")]) == 0
    assert sum(isinstance(request, ProbeRequest) for request in engine.computed) == 1


def test_masked_npz_holds_positions_words_and_probabilities(tmp_path, engine):
    out = tmp_path / "m.npz"
    assert run(["figure", "masked", *REAL["masked"], "--out", str(out)]) == 0
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["positions"].tolist() == [6]
        assert arrays["words"].shape == arrays["probs"].shape == (1, 4)


def test_positions_npz_holds_the_table(tmp_path, engine):
    out = tmp_path / "p.npz"
    assert run(["figure", "positions", "--length", "16", "--out", str(out)]) == 0
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["table"].shape[0] == 16


def test_a_reading_beside_another_text_or_checkpoint(tmp_path, engine):
    options = REAL["reading"]
    other = REAL["attribution"][1]
    for name, more in (("text", ["--against-text", "A dog sat."]), ("checkpoint", ["--against-checkpoint", other])):
        out = tmp_path / f"{name}.npz"
        assert run(["figure", "reading", *options, *more, "--out", str(out)]) == 0
        with np.load(out, allow_pickle=False) as arrays:
            assert arrays["words"].tolist() == ["The", "cat", "sat."]
            same = np.isfinite(arrays["word_difference"])
            assert same.tolist() == [False, name == "checkpoint", True]
            assert arrays["surprisal"].shape == (12,)
            assert arrays["kept_title"].item().endswith("A dog sat." if name == "text" else "The cat sat.")


def test_a_word_that_is_not_there_is_refused(tmp_path, capsys, engine):
    assert run(["figure", "attribution", *REAL["attribution"], "--word", "true", "--out", str(tmp_path / "a.npz")]) == 2
    assert "--word true was asked for; at position 11 the text does not say" in capsys.readouterr().err


def test_inspecting_the_bundled_checkpoint(capsys, engine):
    assert run(["inspect", str(CHECKPOINTS / "bert-mini"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["architecture"].startswith("Bert")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["heads", "--text", "a cat", "--layer", "9"], "There is no layer 9; there are 4, counted from 0."),
        (["heads", "--text", "a cat", "--head", "8"], "There is no head 8; there are 8, counted from 0."),
        (["masked", "--text", "a [MASK]", "--layer", "4"], "There is no layer 4; there are 4, counted from 0."),
    ],
)
def test_a_layer_or_head_that_is_not_there(options, said, tmp_path, capsys, engine):
    assert run(["figure", *options, "--out", str(tmp_path / "a.svg")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["embedding", "--show", "typed"], "--show typed needs --words"),
        (["embedding", "--words", "a,b"], "--words goes with --show typed."),
        (["embedding", "--vectors", "no.txt"], "no.txt cannot be read: No such file or directory."),
        (["analogy", "--words", "man,king"], "--words has 2 words; an analogy needs three"),
        (["sliding-window", "--text", "a cat", "--place", "9"], "There is no place 9; the window has"),
        (["vocabulary", "--chosen-by", "score"], "--chosen-by score goes with --algorithm wordpiece."),
        (["tokenizer", "--text", "cat", "--word", "7"], "There is no word 7; there is only 0."),
    ],
)
def test_word_vectors_that_cannot_be_shown(options, said, tmp_path, capsys, engine):
    assert run(["figure", *options, "--out", str(tmp_path / "a.svg")]) == 2
    assert said in capsys.readouterr().err


def test_what_is_not_of_the_checkpoint_does_not_bear_its_name(tmp_path, engine):
    assert run(["figure", "embedding", "--caption", "--out", str(tmp_path / "a.svg")]) == 0
    assert "bert-mini" not in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_the_framed_head_and_the_words_of_a_layer_change_the_picture(tmp_path, engine):
    def image(*options: str) -> bytes:
        assert run(["figure", *options, "--force", "--out", str(tmp_path / "a.svg")]) == 0
        return (tmp_path / "a.svg").read_bytes()

    heads, masked = ("heads", "--text", "a cat"), ("masked", "--text", "a [MASK] sat")
    assert image(*heads) != image(*heads, "--layer", "1", "--head", "2")
    assert image(*masked) != image(*masked, "--layer", "0")


def test_positions_take_the_same_line_as_the_others(tmp_path, engine):
    assert run(["figure", "positions", "--text", "a cat", "--out", str(tmp_path / "a.npz")]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["similarity", "--text", "a dog"], "--image (or --scene, or --portrait) is needed, once or several times."),
        (["similarity", "--scene", "1"], "--text is needed, once or several times."),
        (["similarity", "--scene", "1", "--text", " "], "a text that is compared has 1 to 500"),
        (["similarity", "--scene", "x", "--text", "a"], "'x' is not a number"),
        (["similarity", "--image", "/none.png", "--text", "a"], "none.png is no file"),
        (["relevance", "--scene", "1", "--scene", "2", "--text", "a"], "Relevance is of one image and one text"),
        (["zero-shot", "--scene", "1", "--text", "a", "--templates", "x"], "has no {} where the label goes"),
        (["zero-shot-test", "--folder", "/none"], "/none cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, said, tmp_path, capsys, engine):
    line = ["figure", options[0], "--checkpoint", "clip-scenes", *options[1:], "--out", str(tmp_path / "a.npz")]
    assert run(line) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [("bert-mini", "bert-mini cannot show this: "), ("vit-scenes", "reads images, not films")],
)
def test_a_checkpoint_that_reads_no_films_says_so(checkpoint, said, tmp_path, capsys, engine):
    line = ["figure", "clip", "--checkpoint", checkpoint, "--seed", "1", "--out", str(tmp_path / "a.npz")]
    assert run(line) == 2
    assert said in capsys.readouterr().err


def test_what_is_said_of_a_generated_film_is_read_without_a_text(tmp_path, engine):
    line = ["figure", "clip", "--checkpoint", "videobert-clips", "--seed", "3", "--out", str(tmp_path / "a.npz")]
    assert run(line) == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert "mushroom" in arrays["tokens"] or "cup" in arrays["tokens"]


def test_a_checkpoint_that_compares_nothing_says_so(tmp_path, capsys, engine):
    line = ["figure", "similarity", "--checkpoint", "vit-scenes", "--scene", "1", "--text", "a dog"]
    assert run([*line, "--out", str(tmp_path / "a.npz")]) == 2
    assert "reads images, not" in (said := capsys.readouterr().err) or "does not compare" in said


def test_images_and_texts_are_compared_in_the_order_of_the_line(tmp_path, engine):
    line = ["figure", "similarity", "--checkpoint", "clip-scenes", "--portrait", "5", "--text", "b", "--scene", "1"]
    assert run([*line, "--text", "a", "c", "--portrait", "5", "6", "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["images"].tolist() == ["portrait 5", "scene 1", "portrait 6"]
        assert arrays["texts"].tolist() == ["b", "a", "c"]
        assert arrays["logits_per_image"].shape == (3, 3)
