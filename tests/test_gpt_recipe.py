"""The recipe of gpt-mini runs, cools down beside its run, and writes a checkpoint with its card."""

from __future__ import annotations

import json
import lzma
import sys
from collections import Counter
from importlib import import_module

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, GPT2LMHeadModel

from inference.models.kneser_ney import KneserNey
from inference.models.ngram_counts import count_ngrams
from inference.results.few_shot import MOST_SHOTS, TASKS
from resources.recipes.gpt_mini.data import (
    END,
    MIX,
    TO_FR,
    Rows,
    as_in_a_prompt,
    encode,
    learn_tokenizer,
    load_texts,
    plain,
)
from resources.recipes.gpt_mini.report import some_texts
from resources.recipes.gpt_mini.scores import blimp_accuracy, load_blimp, network_bits, ngram_bits, perplexities
from resources.recipes.gpt_mini.tasks import pairs_by_rule, task_rows
from resources.recipes.gpt_mini.train import build_model, rate_factor

SENTENCES = [
    f"{who} {does}{sign}"
    for who in ("The cat", "A dog", "My sister", "The red car")
    for does in ("sleeps", "does not eat", "is in Paris", "knows Tom")
    for sign in (".", "!", " on Friday.")
]
FRENCH = ("Le chat dort.", "Tom est à l’école !", "Ma sœur ne mange pas.", "« Le chat » est à Paris.")


def write(file, lines):
    file.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(file, "wt", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder as the recipe reads it."""
    folder = tmp_path_factory.mktemp("data")
    splits = ["val" if i % 6 == 0 else "train" for i in range(len(SENTENCES))]
    for name in ("sentences_tatoeba_en", "sentences_commonvoice_en", "captions_coco_en"):
        write(folder / "text" / f"{name}.tsv.xz", [f"{of}\t{s}" for of, s in zip(splits, SENTENCES, strict=True)])
    documents = [
        {"split": "val" if i == 0 else "train", "text": "\n\n".join(["\n".join(SENTENCES[i : i + 9]), *SENTENCES[:3]])}
        for i in range(8)
    ]
    for name in ("stories_ccby_pd", "books_pd", "news_wikinews_ccby"):
        write(folder / "text" / f"{name}.jsonl.xz", map(json.dumps, documents))
    # Split by another rule: what is held out here or there may be in neither training text.
    pairs = [f"{'val' if i % 5 == 0 else 'train'}\t{s}\t{FRENCH[i % 4]}" for i, s in enumerate(SENTENCES)]
    write(folder / "translation" / "en_fr_tatoeba.tsv.xz", pairs)
    pairs = [
        f"paradigm_{i % 2}\t{('syntax', 'syntax/semantics')[i % 2]}\tterm\t1\t{s}\t{' '.join(reversed(s.split()))}"
        for i, s in enumerate(SENTENCES)
    ]
    write(folder / "classification" / "blimp.tsv.xz", pairs)
    return folder


@pytest.fixture
def run(monkeypatch, data):
    """Run a module of the recipe with its arguments, as from the command line."""

    def call(module, *arguments):
        monkeypatch.setattr(sys, "argv", [module, "--data", str(data), *map(str, arguments)])
        import_module(f"resources.recipes.gpt_mini.{module}").main()

    return call


@pytest.fixture(scope="module")
def texts(data):
    return load_texts(data, "train")


@pytest.fixture(scope="module")
def tokenizer(texts):
    return learn_tokenizer(texts, 400)


@pytest.mark.slow
def test_train_cool_down_and_report(run, tmp_path, capsys):
    pytest.importorskip("sacrebleu")
    state, out = tmp_path / "state", tmp_path / "out"
    run("train", "--state", state, "--smoke")
    constant = torch.load(state / "state.pt", weights_only=True)
    assert constant["step"] >= 2
    assert constant["cooled"] == 0
    run("train", "--state", state, "--smoke", "--cool-down", 1500)
    cooled = torch.load(state / "cooled.pt", weights_only=True)
    assert cooled["n_tokens"] == constant["n_tokens"] + cooled["cooled"]
    assert 1500 <= cooled["cooled"] < 3500
    again = torch.load(state / "state.pt", weights_only=True)
    assert again["step"] == constant["step"]  # the run itself has not moved
    run("report", "--state", state, "--smoke", "--out", out)
    assert {tensor.dtype for tensor in load_file(out / "model.safetensors").values()} == {torch.float16}
    net = GPT2LMHeadModel.from_pretrained(out)
    torch.testing.assert_close(net.transformer.wte.weight.float(), cooled["model"]["lm_head.weight"].half().float())
    tokenizer = AutoTokenizer.from_pretrained(out)
    ids = tokenizer("The cat sleeps <to-fr> Le chat dort. <eos>").input_ids
    assert TO_FR in ids
    assert ids[-1] == END
    assert tokenizer.decode(tokenizer("Où est l'école ?").input_ids) == "Où est l'école ?"
    assert net.float().generate(torch.tensor([ids[:-1]]), max_new_tokens=2).shape[1] <= len(ids) + 1
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "nan" not in card.split()
    assert "| **all sources** |" in card
    assert "| syntax and semantics |" in card
    (out / "README.md").unlink()
    capsys.readouterr()
    run("report", "--smoke", "--out", out)  # the same from the folder alone
    again = json.loads(capsys.readouterr().out)
    row = " | ".join(f"{again['perplexity'][name]['all']:.1f}" for name in ("gpt-mini", "KN-3", "KN-5"))
    assert f"| **all sources** | {row} |" in card
    assert f"| **all** | {again['blimp']['gpt-mini']['all']:.3f} | {again['blimp']['KN-5']['all']:.3f} |" in card
    assert not (out / "README.md").exists()
    run("report", "--smoke", "--own", "--out", out)
    own = json.loads(capsys.readouterr().out)
    assert own["perplexity"] == {"gpt-mini": again["perplexity"]["gpt-mini"]}


def test_a_run_goes_on_where_it_was(run, tmp_path):
    state = tmp_path / "state"
    run("train", "--state", state, "--smoke")
    first = torch.load(state / "state.pt", weights_only=True)
    run("train", "--state", state, "--smoke")
    again = torch.load(state / "state.pt", weights_only=True)
    assert again["step"] == first["step"]
    for name, value in first["model"].items():
        assert torch.equal(again["model"][name], value)


def test_no_english_sentence_of_a_validation_split_is_trained_on(data, texts):
    val = load_texts(data, "val")
    held_out = set(val["tatoeba"]) | {text.split(" <to-fr> ")[0] for text in val["translation"]}
    trained = set(texts["tatoeba"]) | {text.split(" <to-fr> ")[0] for text in texts["translation"]}
    assert len(held_out) > len(SENTENCES) // 5
    assert not held_out & trained
    assert held_out | trained == set(SENTENCES)


def test_documents_have_a_paragraph_a_line(texts):
    first = texts["stories"][0].split("\n")
    assert first[0] == " ".join(SENTENCES[1:10])
    assert first[1:] == SENTENCES[:3]


def test_plain_signs():
    assert plain("«\u202fL’e\u0301té…\u202f» “oui”") == '"L\'été..." "oui"'


def test_pairs_as_they_are_typed():
    typed = as_in_a_prompt(["I see Le. <to-fr> Je vois le Tom.", "Tom sees. <to-fr> Tom, je vois.", "A? <to-fr> Le ?"])
    assert typed == ["I see Le <to-fr> je vois le Tom", "Tom sees <to-fr> Tom, je vois", "A? <to-fr> le ?"]


def test_tokens_of_a_prompt(tokenizer):
    tokens = tokenizer.encode("The cat sleeps <to-fr> Le chat dort. <eos>").tokens
    assert tokens[tokenizer.encode("The cat sleeps").tokens.__len__()] == " <to-fr>"
    assert tokens[-1] == " <eos>"
    assert "Ġ" not in tokens  # the spaces before the signs are theirs


def test_rows_are_full_and_keep_the_mix(tokenizer, texts):
    train = {name: encode(tokenizer, rows) for name, rows in texts.items()}
    train["translation_typed"] = encode(tokenizer, as_in_a_prompt(texts["translation"]))
    rows = Rows(train, 2_000, 64, (0, 0))
    n_long = n_short = 0
    known = {tuple(data.text(i)) for data in train.values() for i in range(len(data))}
    for _ in range(20):
        long, short = rows.batch()
        assert long.shape[1] == 65
        n_long, n_short = n_long + long.numel(), n_short + short.numel()
        for row in short.tolist():
            assert tuple(row) in known or (row[0] == END and tuple(row[1:]) in known)
    share = sum(MIX[name] for name in ("stories", "books", "news"))
    assert n_long / (n_long + n_short) == pytest.approx(share, abs=0.05)
    seen = rows._seen
    for name in MIX:
        assert seen[name] / sum(seen.values()) == pytest.approx(MIX[name], abs=0.05)


def test_tasks_are_of_other_words_than_those_that_are_measured(tokenizer, texts):
    stems = ("cat", "dog", "house", "walk", "help", "jump")
    counts = Counter({f"{stem}{end}": 100 for stem in stems for end in ("", "s", "ed")} | {"lady": 100, "ladies": 100})
    forms = pairs_by_rule(counts)
    assert ("cat", "cats") in forms["plural"]
    assert ("help", "helps") in forms["plural"]
    assert ("jump", "jumped") in forms["past"]
    assert {("jump", "jump"), ("cats", "cats")} <= set(forms["copy"])
    measured = {word for task in TASKS.values() for pair in task.examples for word in pair}
    assert {"house", "walk", "lady"} <= measured
    assert not {word for pairs in forms.values() for pair in pairs for word in pair} & measured

    train = {name: encode(tokenizer, rows) for name, rows in texts.items()}
    rows = task_rows(train, tokenizer, np.random.default_rng(0))
    train["translation_typed"] = encode(tokenizer, as_in_a_prompt(texts["translation"]))
    *plain_parts, tasks = Rows(train, 1_000, 64, (0, 0), rows).batch(100)
    assert len(plain_parts) == 2
    assert tasks.numel() >= 100
    for row in tasks.tolist():
        lines = tokenizer.decode(row, skip_special_tokens=False).split("\n")
        assert 2 <= len(lines) <= MOST_SHOTS + 1
        assert all(line.count("=>") + line.count("<to-fr>") == 1 for line in lines)
        assert row[0] == row[-1] == END


def test_the_rate_stays_until_it_is_told_to_fall():
    assert rate_factor(0, 50) == pytest.approx(1 / 50)
    assert rate_factor(49, 50) == rate_factor(10**6, 50) == 1
    assert rate_factor(10**6, 50, 0.25) == 0.5
    assert rate_factor(10**6, 50, 1.0) == 0


def test_bits_of_long_texts_are_those_of_windows(tokenizer):
    model = build_model(tokenizer.get_vocab_size(), 1).eval()
    rng = np.random.default_rng(0)
    texts = [rng.integers(2, tokenizer.get_vocab_size(), n) for n in (5, 256, 257, 700, 5)]
    found = network_bits(model, texts)
    assert [len(bits) for bits in found] == [len(text) for text in texts]

    def bits(history, text):
        ids = torch.tensor([[*history, *text]])
        with torch.inference_mode():
            logits = model(ids[:, :-1]).logits[0, len(history) - 1 :].log_softmax(-1)
        return logits.gather(1, torch.tensor(text)[:, None])[:, 0].numpy() / np.log(2)

    for text, row in zip(texts, found, strict=True):
        n = min(len(text), 256)
        np.testing.assert_allclose(row[:n], bits([END], text[:n])[:n], atol=2e-4)
    long, row = texts[3], found[3]
    np.testing.assert_allclose(row[256:384], bits(long[127:256], long[256:384])[:128], atol=2e-4)
    np.testing.assert_allclose(row[640:], bits(long[443:640], long[640:]), atol=2e-4)


def test_perplexity_per_word_and_blimp_of_a_known_scorer(data, tokenizer):
    val = {name: encode(tokenizer, rows) for name, rows in load_texts(data, "val").items()}

    def eight_bits_a_word(rows):
        ends = {tuple(data.text(i)): data for data in val.values() for i in range(len(data))}
        return [np.full(len(row), -8.0 * ends[tuple(row)].n_words / len(ends[tuple(row)].ids)) for row in rows]

    found = perplexities(eight_bits_a_word, val)
    assert all(value == pytest.approx(256, rel=0.2) for value in found.values())  # texts stand in more than one source
    pairs = load_blimp(data / "classification" / "blimp.tsv.xz", 5)
    assert len(pairs) == 10
    texts = [np.array(tokenizer.encode(s).ids) for s in SENTENCES]
    model = KneserNey.estimate(count_ngrams(texts, tokenizer.get_vocab_size(), END, 3))
    accuracy = blimp_accuracy(lambda rows: ngram_bits(model, rows), tokenizer, pairs)
    assert accuracy == {"syntax": 1.0, "syntax_semantics": 1.0, "all": 1.0}
    turned = [(field, bad, good) for field, good, bad in pairs]
    assert blimp_accuracy(lambda rows: ngram_bits(model, rows), tokenizer, turned)["all"] == 0


def test_ngram_bits_begin_every_text_anew(tokenizer):
    texts = [np.array(tokenizer.encode(s).ids) for s in SENTENCES]
    model = KneserNey.estimate(count_ngrams(texts, tokenizer.get_vocab_size(), END, 3))
    wanted = [np.array([*text, END]) for text in texts[:4]]
    for text, bits in zip(wanted, ngram_bits(model, wanted), strict=True):
        np.testing.assert_allclose(bits, model.log2_probabilities(np.array([END, *text])))


def test_the_first_words_of_texts():
    assert some_texts(["a b c", "d\ne f", "g h"], 5) == ["a b c", "d\ne f"]
    assert some_texts(["a b c", "d e f", "g h"], 4) == ["a b c", "d"]
    assert some_texts(["a b c"], 2) == ["a b"]
