"""The recipe of transformer-en-fr runs, goes on as if it had not stopped, and writes a checkpoint with its card."""

from __future__ import annotations

import json
import lzma
import sys
from importlib import import_module

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from inference.checkpoints.training_stages import read_told
from inference.models.transformer import TransformerForTranslation
from resources.recipes.baselines.ibm_model import IbmModel1
from resources.recipes.transformer_en_fr.along import diagonal_share
from resources.recipes.transformer_en_fr.data import (
    END,
    IGNORED,
    PAD,
    START,
    Pair,
    encode_pairs,
    endless_batches,
    epoch_batches,
    learn_tokenizer,
    load_pairs,
    to_batch,
)
from resources.recipes.transformer_en_fr.train import rate_at

WORDS = {
    "the cat": "le chat",
    "a dog": "un chien",
    "the red car": "la voiture rouge",
    "it's her friend": "c'est l'ami",
    "my sister": "ma sœur",
}
ACTS = {"sleeps": "dort", "doesn't eat": "ne mange pas", "is in Paris": "est à Paris", "knows Tom": "connaît Tom"}
PAIRS = [
    Pair(f"{who} {does}{sign}".capitalize(), f"{qui} {fait}{signe}".capitalize())
    for who, qui in WORDS.items()
    for does, fait in ACTS.items()
    for sign, signe in ((".", "."), ("!", " !"), (" on Friday, 12 times?", " vendredi, 12 fois ?"))
]


@pytest.fixture
def data(tmp_path):
    """A folder as the recipe reads it."""
    file = tmp_path / "data" / "translation" / "en_fr_tatoeba.tsv.xz"
    file.parent.mkdir(parents=True)
    with lzma.open(file, "wt", encoding="utf-8") as out:
        for i, pair in enumerate(PAIRS):
            out.write(f"{'val' if i % 5 == 0 else 'train'}\t{pair.source}\t{pair.target}\n")
    return tmp_path / "data"


@pytest.fixture
def run(monkeypatch, data):
    """Run a recipe with its arguments, as from the command line."""

    def call(recipe, *arguments):
        monkeypatch.setattr(sys, "argv", [recipe, "--data", str(data), *map(str, arguments)])
        import_module(f"resources.recipes.{recipe}").main()

    return call


@pytest.fixture(scope="module")
def tokenizer():
    return learn_tokenizer(PAIRS, 150)


@pytest.mark.slow
def test_train_and_report(run, tmp_path, capsys):
    pytest.importorskip("sacrebleu")
    state, out, along = tmp_path / "state", tmp_path / "out", tmp_path / "stages"
    run("transformer_en_fr.train", "--state", state, "--smoke")
    step, validation = map(json.loads, capsys.readouterr().out.splitlines())
    assert step["step"] == validation["step"] == 4
    assert 4 < validation["val_loss"] < 9
    run("transformer_en_fr.train", "--state", state, "--smoke")
    assert capsys.readouterr().out == ""
    run("transformer_en_fr.report", "--state", state, "--out", out, "--checkpoints", along, "--limit", 12)
    for folder in (out, along / "step-000000", along / "step-000004"):
        assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
        net = TransformerForTranslation.from_pretrained(folder)
        ids = AutoTokenizer.from_pretrained(folder)("The cat sleeps.", return_tensors="pt").input_ids
        assert ids[0, -1] == END
        assert net.generate(ids, max_new_tokens=3).shape == (1, 4)
    card = (out / "README.md").read_text(encoding="utf-8")
    (out / "README.md").unlink()
    capsys.readouterr()
    run("transformer_en_fr.report", "--out", out, "--limit", 12)  # the same from the folder alone
    again = json.loads(capsys.readouterr().out)
    row = " | ".join(f"{again['beam'][key]:.1f}" for key in ("bleu", "chrf", "bleu_all"))
    assert f"| 4 beams, length penalty 0.6 | {row} |" in card
    assert f"Loss without smoothing: {again['loss']:.3f} nats" in card
    assert not (out / "README.md").exists()
    assert "license: apache-2.0" in card
    assert "nan" not in card.split()
    assert "--until 4" in card
    told = json.loads((out / "along" / "along.json").read_text(encoding="utf-8"))
    assert [stage["step"] for stage in told["stages"]] == [0, 4]
    _, stages = read_told(out)  # what the program shows of it
    assert [stage.step for stage in stages] == [0, 4]
    patterns = load_file(out / "along" / "patterns.safetensors")
    for i, sentence in enumerate(told["sentences"]):
        pattern = patterns[f"4/{i}"].float()
        assert pattern.shape == (3, 4, len(sentence["target_tokens"]), len(sentence["source_tokens"]))
        torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:-1]), rtol=0, atol=5e-3)


def test_an_interrupted_run_ends_where_another_does(run, tmp_path):
    pytest.importorskip("sacrebleu")
    for name, stops in (("whole", (4,)), ("interrupted", (2, 4))):
        for until in stops:
            run("transformer_en_fr.train", "--state", tmp_path / name, "--smoke", "--until", until)
    whole, interrupted = (
        torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "interrupted")
    )
    assert whole["n_tokens"] == interrupted["n_tokens"]
    for name, value in whole["model"].items():
        torch.testing.assert_close(interrupted["model"][name], value, rtol=0, atol=1e-7)


def test_text_is_cut_into_words_that_can_be_aligned_and_comes_back(tokenizer):
    text = "It's l'ami : ne mange-t-il pas, Tom ?"
    pieces = [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]
    expected = "▁It 's ▁l' ami ▁: ▁ne ▁mange - t - il ▁pas , ▁Tom ▁?"
    assert pieces == expected.split()
    for pair in PAIRS:
        for side in (pair.source, pair.target):
            ids = tokenizer.encode(side).ids
            assert ids[-1] == END
            assert tokenizer.decode(ids) == side
    assert tokenizer.decode(tokenizer.encode("  l’ami\u202f!").ids) == "l'ami !"


def test_an_epoch_holds_every_pair_once_in_batches_of_alike_lengths(tokenizer):
    data = encode_pairs(tokenizer, PAIRS, 64)
    batches = epoch_batches(data, 200, (0, 1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(PAIRS)))
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in epoch_batches(data, 200, (0, 1))]
    assert [batch.tolist() for batch in batches] != [batch.tolist() for batch in epoch_batches(data, 200, (0, 2))]
    laid = [to_batch(data, indices) for indices in batches]
    assert max(batch.source.numel() + batch.labels.numel() for batch in laid) <= 200
    assert sum(batch.n_tokens for batch in laid) > 0.8 * sum(b.source.numel() + b.labels.numel() for b in laid)
    assert sum(batch.n_tokens for batch in laid) == sum(map(len, data.sources)) + sum(map(len, data.targets))


def test_the_decoder_is_given_what_comes_before_each_label(tokenizer):
    data = encode_pairs(tokenizer, PAIRS[:7], 64)
    batch = to_batch(data, np.arange(7))
    for row in range(7):
        n = len(data.targets[row])
        assert batch.labels[row, :n].tolist() == data.targets[row].tolist()
        assert (batch.labels[row, n:] == IGNORED).all()
        assert batch.written[row, :n].tolist() == [START, *data.targets[row][:-1].tolist()]
        assert batch.source_mask[row].sum() == len(data.sources[row])
        assert (batch.source[row, len(data.sources[row]) :] == PAD).all()


def test_batches_go_on_where_they_were(tokenizer):
    data = encode_pairs(tokenizer, PAIRS, 64)
    whole, later = endless_batches(data, 200, 0, 0), endless_batches(data, 200, 0, 12)
    n_epoch = len(epoch_batches(data, 200, (0, 0)))
    assert n_epoch < 12 < 2 * n_epoch
    for _ in range(12):
        next(whole)
    for _ in range(5):
        assert next(whole).source.tolist() == next(later).source.tolist()


def test_pairs_of_a_split(data):
    assert load_pairs(data / "translation" / "en_fr_tatoeba.tsv.xz", "val") == PAIRS[::5]
    assert load_pairs(data / "translation" / "en_fr_tatoeba.tsv.xz", "train", 3) == PAIRS[1:4]


def test_the_papers_rate():
    assert rate_at(1, 512, 4000) == pytest.approx(512**-0.5 * 4000**-1.5)
    assert rate_at(4000, 512, 4000) == pytest.approx(512**-0.5 * 4000**-0.5)
    assert rate_at(100_000, 512, 4000) == pytest.approx(1.3975e-4, rel=1e-3)


def test_word_for_word():
    pairs = [
        (["the", "house"], ["la", "maison"]),
        (["the", "flower"], ["la", "fleur"]),
        (["a", "house"], ["une", "maison"]),
    ]
    model = IbmModel1(pairs, n_rounds=10)
    assert model.best["house"] == "maison"
    assert model.translate(["a", "flower", "Tom"]) == ["une", "fleur", "Tom"]


def test_share_of_the_diagonal():
    assert diagonal_share(torch.eye(6)) == 1
    assert diagonal_share(torch.eye(6).flip(1)) == pytest.approx(1 / 3)  # the two in the middle
    assert diagonal_share(torch.full((9, 9), 1 / 9)) == pytest.approx((7 * 3 + 2 * 2) / 81)
