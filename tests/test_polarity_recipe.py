"""The recipe of polarity trains, measures, goes on where it stopped, and writes an adapter that opens as it was."""

from __future__ import annotations

import json
import lzma
import shutil
import sys
from importlib import import_module

import numpy as np
import pytest
import torch
import transformers
from torch.nn import functional as F

from inference.analyses.fine_tuning import STUDY
from inference.context import Context
from inference.forward.opening import load
from resources import bundled_checkpoints, checkpoint_path
from resources.recipes.polarity.data import Labelled, read_polarity
from resources.recipes.polarity.measure import read_runs, wanted
from resources.recipes.polarity.networks import (
    LAMBDA,
    add_low_rank,
    build,
    load_tokenizer,
    logits_and_loss,
    padded,
    save_adapter,
)
from resources.recipes.polarity.report import study
from resources.recipes.polarity.train import TuningPlan, accuracy, fine_tune
from tests.inference.tiny_checkpoints import save_bert, save_gpt2

GOOD, BAD = "the cat sat on the mat", "it was tired because it was"


@pytest.fixture
def data(tmp_path):
    """A folder as the recipe reads it."""
    file = tmp_path / "data" / "classification" / "sentence_polarity.tsv.xz"
    file.parent.mkdir(parents=True)
    with lzma.open(file, "wt", encoding="utf-8") as out:
        for i in range(60):
            text = f"{(BAD, GOOD)[i % 2]} {'the ' * (i % 3)}".strip()
            out.write(f"{'val' if i < 12 else 'train'}\t{i % 2}\t{text}\n")
    return tmp_path / "data"


def call(module, *args, monkeypatch):
    monkeypatch.setattr(sys, "argv", [module, *map(str, args)])
    import_module(f"resources.recipes.polarity.{module}").main()


def test_parts_are_disjoint_and_labels_are_balanced(data):
    train = read_polarity(data, "train")
    assert (len(train), len(read_polarity(data, "val"))) == (48, 12)
    rest, tried = train.parted(10, 0)
    assert (len(rest), len(tried)) == (38, 10)
    some = train.some(10, 3)
    assert some.labels.sum() == 5
    assert some.texts == train.some(10, 3).texts != train.some(10, 4).texts
    assert train.some(1_000, 0) is train


def test_a_bert_reads_at_cls_and_a_gpt_at_the_last_token_with_half_the_loss_of_a_language_model(tmp_path):
    ids, mask = padded([[5, 6, 7, 8], [9, 10]])
    labels = torch.tensor([1, 0])
    bert = build(str(save_bert(tmp_path / "bert"))).eval()
    logits, loss = logits_and_loss(bert, ids, mask, labels)
    wanted_logits = bert(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(logits, wanted_logits)
    torch.testing.assert_close(loss, F.cross_entropy(wanted_logits, labels))

    folder = save_gpt2(tmp_path / "gpt2")
    gpt = build(str(folder)).eval()
    with torch.inference_mode():
        logits, loss = logits_and_loss(gpt, ids, mask, labels)
    writer = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    nats, n_tokens = 0.0, 0
    for row, own in enumerate(([5, 6, 7, 8], [9, 10])):
        alone = torch.tensor([own])
        with torch.inference_mode():
            torch.testing.assert_close(logits[row : row + 1], gpt(input_ids=alone).logits)
            after = writer(alone).logits[0, :-1].log_softmax(-1)
        nats -= float(after.gather(1, alone[0, 1:, None]).sum())
        n_tokens += len(own) - 1
    of_labels = float(F.cross_entropy(logits, labels))
    assert float(loss) == pytest.approx(of_labels + LAMBDA * nats / n_tokens, rel=1e-4)
    assert LAMBDA == 0.5


@pytest.mark.parametrize(("save", "n_matrices"), [(save_bert, 12), (save_gpt2, 8)], ids=["bert", "gpt2"])
def test_an_adapter_changes_nothing_else_and_opens_as_it_was_trained(tmp_path, save, n_matrices):
    base = save(tmp_path / "base")
    net, tokenizer = build(str(base)), load_tokenizer(str(base))
    add_low_rank(net)
    frozen = {name: p.detach().clone() for name, p in net.named_parameters() if not p.requires_grad}
    data = Labelled((GOOD, BAD) * 16, np.array([1, 0] * 16))
    losses = [loss for _, loss in fine_tune(net, data, tokenizer, TuningPlan(8, 5e-3, 5e-3), 0)]
    assert losses[-1] < losses[0]
    assert accuracy(net, data, tokenizer) == 1.0
    for name, before in frozen.items():
        assert torch.equal(net.get_parameter(name), before), name
    save_adapter(net, str(base), tmp_path / "adapter")
    says = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert len(says["target_modules"]) == n_matrices
    assert all("pooler" not in path for path in says["target_modules"])
    opened = load(str(tmp_path / "adapter"), Context())
    ids = torch.tensor([tokenizer(GOOD)["input_ids"]])
    with torch.inference_mode():
        torch.testing.assert_close(opened.net(input_ids=ids).logits, net(input_ids=ids).logits, atol=0.05, rtol=0.05)
    assert opened.info.classes == ("negative", "positive")
    assert not [note for note in opened.info.notes if "of the adapter are not used" in note]


def test_from_random_weights_nothing_of_the_base_is_left(tmp_path):
    base = save_bert(tmp_path)
    one, other = (build(str(base), is_pretrained=is_pretrained) for is_pretrained in (True, False))
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(one.get_parameter(name), other.get_parameter(name))
    assert other.dtype == torch.float32


def test_it_measures_goes_on_and_writes_card_and_numbers(tmp_path, data, monkeypatch, capsys):
    base, state, out = save_bert(tmp_path / "base"), tmp_path / "state", tmp_path / "out"
    args = ("--data", data, "--state", state, "--base", base, "--seeds", 1, "--smoke")
    call("measure", *args, monkeypatch=monkeypatch)
    runs = read_runs(state)
    assert [(run["method"], run["size"], run["seed"]) for run in runs] == wanted((0,))
    kept = (state / "runs.jsonl").read_text()
    call("measure", *args, monkeypatch=monkeypatch)
    assert (state / "runs.jsonl").read_text() == kept, "what was measured is measured once"
    call("report", "--state", state, "--out", out, monkeypatch=monkeypatch)
    told = json.loads((out / STUDY).read_text())
    assert {run["method"] for run in told["runs"]} == set(told["methods"])
    card = (out / "README.md").read_text()
    assert all(word in card for word in ("CC BY 4.0", "validation split", "logistic regression", "random weights"))
    assert load(str(out), Context()).info.architecture == "BertForSequenceClassification"
    capsys.readouterr()
    call("report", "--data", data, "--out", out, monkeypatch=monkeypatch)  # from the folder alone
    again = json.loads(capsys.readouterr().out)
    told = {run["method"]: run["accuracy"] for run in runs if not run["size"]}
    assert again == {method: pytest.approx(told[method], abs=1e-5) for method in ("adapter", "words", "majority")}
    assert (out / "README.md").read_text() == card


def test_what_does_not_depend_on_a_seed_is_counted_once():
    runs = [{"method": "words", "size": 0, "n": 9, "seed": seed, "accuracy": 0.5} for seed in range(3)]
    runs += [{"method": "words", "size": 4, "n": 4, "seed": seed, "accuracy": 0.5} for seed in range(3)]
    runs = [run | {"n_val": 5, "day": "2026-01-01"} for run in runs]
    assert [(run["n"], run["seeds"]) for run in study(runs, "base")["runs"]] == [(9, [0]), (4, [0, 1, 2])]


def test_train_writes_what_it_says(tmp_path, data, monkeypatch, capsys):
    base = save_gpt2(tmp_path / "base")
    shared = ("--data", data, "--base", base, "--epochs", 1, "--threads", 1)
    call("train", *shared, "--out", tmp_path / "adapter", monkeypatch=monkeypatch)
    assert "accuracy on 12 sentences" in capsys.readouterr().out
    assert load(str(tmp_path / "adapter"), Context()).info.architecture == "GPT2ForSequenceClassification"
    call("train", *shared, "--full", "--out", tmp_path / "none", monkeypatch=monkeypatch)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "blame"),
    [
        ("bert-mini-polarity", "I hated this stupid movie."),
        ("gpt-mini-polarity", "too long , boring and predictable ."),  # it takes the other one for praise: see its card
    ],
)
def test_a_bundled_adapter_is_small_and_tells_praise_from_blame(tmp_path, name, blame):
    assert name in bundled_checkpoints()
    folder = checkpoint_path(name)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2**20
    model = load(name, Context())
    sentences = ("a warm , funny and beautiful film .", blame)
    with torch.inference_mode():
        told = [model.net(**model.tokenizer(text, return_tensors="pt")).logits.argmax().item() for text in sentences]
    assert [model.info.classes[one] for one in told] == ["positive", "negative"]
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert load(str(copy), Context()).info.n_parameters == model.info.n_parameters
