"""What is learned from: split so that nothing is on both sides, and turned into batches that mean what they say."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from transformers import AutoModelForMaskedLM, AutoTokenizer

from inference.context import Context, Refused
from inference.results.checkpoint import OpenRequest
from inference.results.training import MaskShares, ModelSizes, TrainingData, TrainingPlan, TrainingRequest
from inference.service.engine import Engine
from inference.training.classify import baselines
from inference.training.distances import counts_by_place
from inference.training.language import IGNORED, CausalTask, MaskedTask
from inference.training.loop import look_steps
from inference.training.reversal import END, PAD, is_for_validation, make_strings, make_tokenizer, to_pairs
from inference.training.run import build_task, check, train
from inference.training.task import layers_of
from inference.training.texts import held_out_fifth, own_lines, read_lines, read_table, split_lines
from inference.training.vocabulary import learn
from tests.inference.tiny_checkpoints import save_bert

CPU = torch.device("cpu")
WORDS = ["the", "cat", "a", "dog", "saw", "sat", "slept", "on", "under", "mat", "hat", "big", "small", "red", "old"]


@pytest.fixture
def text(tmp_path):
    rng = random.Random(1)
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(3, 9))) + "." for _ in range(150)]
    file = tmp_path / "text.txt"
    file.write_text("\n\n".join(lines), encoding="utf-8")
    return str(file)


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "table.csv"
    rows = [f'"a {word} thing, number {i}",{"good" if i % 3 else "bad"}' for i in range(30) for word in ("red", "old")]
    file.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return str(file)


def make_request(tmp_path, task, **parts):
    sizes, plan = ModelSizes(1, 16, 2, dropout=0.1), TrainingPlan(3, 4, warm_up=1, smoothing=0.1)
    return TrainingRequest(str(tmp_path / task), task, **{"sizes": sizes, "plan": plan} | parts)


# Reversal


def test_training_and_validation_share_no_string():
    kept = make_strings(400, 6, held_out=True)
    used = make_strings(4_000, 6, held_out=False)
    assert is_for_validation(*kept).all()
    assert not is_for_validation(*used).any()
    texts = [{tuple(ids[:n].tolist()) for ids, n in zip(*side, strict=True)} for side in (kept, used)]
    assert not texts[0] & texts[1]
    share = is_for_validation(torch.randint(4, 30, (20_000, 8)), torch.full((20_000,), 8)).float().mean()
    assert 0.08 < float(share) < 0.12


def test_the_split_does_not_depend_on_what_fills_rows_up():
    ids, lengths = make_strings(50, 5, held_out=True)
    wide = F.pad(ids, (0, 7), value=29)
    assert is_for_validation(wide, lengths).all()


def test_labels_are_the_string_backwards():
    ids, lengths = make_strings(100, 9, held_out=False)
    source, labels = to_pairs(ids, lengths)
    for row, (read, wanted) in enumerate(zip(source.tolist(), labels.tolist(), strict=True)):
        n = int(lengths[row])
        assert read == [*ids[row, :n].tolist(), END, *[PAD] * (9 - n)]
        assert wanted == [*reversed(ids[row, :n].tolist()), END, *[IGNORED] * (9 - n)]


def test_the_tokenizer_reads_what_was_trained_on():
    tokenizer = make_tokenizer()
    assert tokenizer("hello").input_ids == [4 + ord(letter) - ord("a") for letter in "hello"] + [END]
    assert tokenizer.decode(tokenizer("hello").input_ids, skip_special_tokens=True) == "hello"


def test_exact_match_counts_whole_strings(tmp_path):
    task = build_task(make_request(tmp_path, "reversal", data=TrainingData(length=8)), CPU)
    source, labels = to_pairs(*make_strings(4, 8, held_out=True))
    answers = labels.masked_fill(labels == IGNORED, PAD)
    answers[1, 0] += 1 if answers[1, 0] < 29 else -1
    task._written = lambda _source: F.pad(answers, (0, 3))
    assert task.exact_match(source, labels) == 0.75
    task._written = lambda _source: answers[:, :-1]
    assert task.exact_match(source, labels) <= 0.75


def test_letters_are_counted_by_their_place():
    letters = torch.tensor([[5, 6, 7], [8, 9, -1]])
    counts = counts_by_place(torch.tensor([[5, 0, 7, 4], [8, 9, 9, 2]]), letters)
    assert counts.tolist() == [[2, 1, 1], [2, 2, 1]]
    assert counts_by_place(torch.zeros(2, 0, dtype=torch.int64), letters).tolist() == [[0, 0, 0], [2, 2, 1]]


def test_letters_are_measured_by_distance_in_strings_as_in_training_and_in_longer_ones(tmp_path):
    task = build_task(make_request(tmp_path, "reversal", data=TrainingData(length=8)), CPU)
    sides = [labels[:64].masked_fill(labels[:64] == IGNORED, PAD) for _, labels in (task._validation, task._longer)]
    answers = torch.cat([F.pad(side, (0, 20 - side.shape[1]), value=PAD) for side in sides])
    for is_perfect, written in ((True, answers), (False, torch.zeros(128, 0).long())):
        task._written = lambda _source, written=written: written
        with torch.inference_mode():
            task.validate()
        (right, n), (right_longer, n_longer) = task.by_distance()
        assert n[:3].tolist() == [64] * 3
        assert (n[8:] == 0).all()
        assert n_longer[:9].tolist() == [64] * 9
        assert 0 < n_longer[15] < 64
        np.testing.assert_array_equal(right, n if is_perfect else 0 * n)
        np.testing.assert_array_equal(right_longer, n_longer if is_perfect else 0 * n_longer)


@pytest.mark.parametrize("architecture", ["transformer", "lstm"])
def test_written_together_each_string_is_what_it_is_by_itself(tmp_path, architecture):
    sizes = ModelSizes(1, 16, 2, architecture=architecture)
    task = build_task(make_request(tmp_path, "reversal", sizes=sizes, data=TrainingData(length=8)), CPU)
    task.net.eval()
    with torch.inference_mode():
        task.validate()
        said, _ = task.look()
        for side, part in zip((task._validation[0][:64], task._longer[0]), task._found.split(64), strict=True):
            alone = task._written(side)
            np.testing.assert_array_equal(part[:, : alone.shape[1]], alone)
        alone = task._written(task._source)[0]
    assert said.startswith("".join(task._names(alone)).removesuffix("</s>"))


def test_layers_of_a_recurrent_network_are_named_from_the_input_to_the_output(tmp_path):
    sizes = ModelSizes(2, 16, architecture="lstm")
    task = build_task(make_request(tmp_path, "reversal", sizes=sizes, data=TrainingData(length=8)), CPU)
    assert list(layers_of(task.net)) == ["embedding", "encoder 0", "encoder 1", "decoder 0", "decoder 1", "head"]


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_layers_are_named_from_the_input_to_the_output(tmp_path, norm):
    request = make_request(tmp_path, "reversal", sizes=ModelSizes(2, 16, 2, norm=norm), data=TrainingData(length=8))
    task = build_task(request, CPU)
    parts = layers_of(task.net)
    assert list(parts)[:5] == ["embedding", "encoder 0", "encoder 1", "decoder 0", "decoder 1"]
    assert list(parts)[5:] == (["head"] if norm == "pre" else [])
    assert sum(p.numel() for group in parts.values() for p in group) == sum(p.numel() for p in task.net.parameters())


# Texts


def test_no_line_is_on_both_sides_and_all_are_on_one(text):
    lines = read_lines(text)
    used, kept = split_lines([*lines, *lines])
    assert not set(used) & set(kept)
    assert len(used) + len(kept) == 2 * len(lines)


def test_own_sentences_are_enough():
    lines = own_lines()
    assert len(lines) > 5_000
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize("kind", ["word", "bpe"])
@pytest.mark.parametrize("is_masked", [True, False])
@given(text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join))
def test_what_is_read_can_be_written(kind, is_masked, text):
    tokenizer = LEARNED.setdefault((kind, is_masked), learn([" ".join(WORDS)] * 3, kind, 400, is_masked=is_masked))
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True).strip() == text


LEARNED = {}


@pytest.mark.parametrize("kind", ["word", "bpe"])
def test_the_vocabulary_is_as_large_as_allowed(kind):
    lines = [f"word{i} thing{i}" for i in range(400)]
    assert len(learn(lines, kind, 300, is_masked=True)) == 300


def test_masking_is_transformers_80_10_10(tmp_path, text):
    task = build_task(make_request(tmp_path, "masked", data=TrainingData(text, length=16)), CPU)
    assert isinstance(task, MaskedTask)
    rows = task._rows * 60
    from inference.training.language import _collated

    batch = _collated(task._collate, rows)
    ids, labels = batch["input_ids"], batch["labels"]
    is_chosen = labels != IGNORED
    words = batch["attention_mask"].sum() - 2 * len(rows)
    assert float(is_chosen.sum() / words) == pytest.approx(0.15, abs=0.01)
    masked = (ids[is_chosen] == task.tokenizer.mask_token_id).float().mean()
    kept = (ids[is_chosen] == labels[is_chosen]).float().mean()
    assert float(masked) == pytest.approx(0.8, abs=0.02)
    assert float(kept) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("task_name", "architecture"), [("masked", "transformer"), ("causal", "transformer"), ("causal", "lstm")]
)
def test_the_loss_is_transformers_own(tmp_path, text, task_name, architecture):
    """On the same rows the model's own loss, which knows no smoothing."""
    sizes = ModelSizes(1, 16, 2, dropout=0.1, architecture=architecture)
    task = build_task(make_request(tmp_path, task_name, sizes=sizes, data=TrainingData(text, length=16)), CPU)
    task.net.eval()
    with torch.no_grad():
        if isinstance(task, MaskedTask):
            ours, _ = task._loss(task._validation, 0.0)
            theirs = task.net(**task._validation).loss
        else:
            assert isinstance(task, CausalTask)
            ids, labels = task._batch(task._validated)
            ours, _ = task._loss(ids, labels, 0.0)
            full = torch.cat([ids, torch.full((len(ids), 1), task.tokenizer.eos_token_id)], 1)
            theirs = task.net(full, labels=torch.cat([ids[:, :1], labels], 1)).loss
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize(("task", "architecture"), [("masked", "BertForMaskedLM"), ("causal", "GPT2LMHeadModel")])
@pytest.mark.parametrize("kind", ["word", "bpe"])
def test_what_it_becomes_opens_like_any_checkpoint(tmp_path, text, task, architecture, kind):
    request = make_request(tmp_path, task, data=TrainingData(text, kind, 300, 16))
    result = train(request, Context())
    assert np.isfinite(result.log.loss).all()
    assert result.baselines[0][1] > 0
    info = Engine().run(OpenRequest(request.folder), Context())
    assert info.architecture == architecture
    assert info.has_tokenizer
    assert not info.notes
    card = (tmp_path / task / "README.md").read_text(encoding="utf-8")
    assert "text.txt" in card
    assert "seed 0" in card
    if task == "masked":
        net = AutoModelForMaskedLM.from_pretrained(request.folder)
        tokenizer = AutoTokenizer.from_pretrained(request.folder)
        assert net(**tokenizer("the cat sat", return_tensors="pt")).logits.shape[-1] == len(tokenizer)


def test_a_recurrent_language_model_opens_like_any_checkpoint(tmp_path, text):
    sizes = ModelSizes(2, 16, architecture="lstm")
    request = make_request(tmp_path, "causal", sizes=sizes, data=TrainingData(text, length=16))
    result = train(request, Context())
    assert result.layers == ("embedding", "layer 0", "layer 1", "head")
    info = Engine().run(OpenRequest(request.folder), Context())
    assert info.architecture == "LstmForCausalLM"
    assert info.has_tokenizer
    assert info.cautions == ()
    assert "LSTM, 2 layers, 16 wide" in (tmp_path / "causal" / "README.md").read_text(encoding="utf-8")


# Labels


def test_a_fifth_of_the_texts_is_held_out_with_all_their_copies():
    texts = [f"text {i}" for i in range(50)] * 2
    held = held_out_fifth(texts)
    assert sum(held) == 20
    sides = [{text for text, one in zip(texts, held, strict=True) if one is side} for side in (True, False)]
    assert not sides[0] & sides[1]


def test_baselines_are_what_their_names_say():
    training = [("good day", 1), ("good tea", 1), ("bad day", 0), ("good cat", 1)] * 5
    found = dict(baselines(training, [("good hat", 1), ("bad tea", 0), ("bad hat", 0), ("bad cat", 0)]))
    assert found == {"always the most frequent label": 0.25, "logistic regression on words": 1.0}


@pytest.mark.parametrize("tuned", ["full", "head"])
def test_a_checkpoint_is_fine_tuned(tmp_path, table, tuned):
    base = str(save_bert(tmp_path / "base"))
    request = make_request(tmp_path, "classify", base=base, tuned=tuned, data=TrainingData(table, length=32))
    result = train(request, Context())
    assert len(result.baselines) == 2
    info = Engine().run(OpenRequest(request.folder), Context())
    assert info.architecture == "BertForSequenceClassification"
    assert info.classes == ("bad", "good")
    assert set(result.layers) == ({"head"} if tuned == "head" else set(result.layers) | {"embedding", "layer 0"})
    if tuned == "head":
        old, new = (nn.Module.state_dict(AutoModelForMaskedLM.from_pretrained(f).base_model) for f in (base, base))
        assert old.keys() == new.keys()


def test_low_rank_fine_tuning_says_what_it_needs(tmp_path, table, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "peft", None)
    base = str(save_bert(tmp_path / "base"))
    request = make_request(tmp_path, "classify", base=base, tuned="lora", data=TrainingData(table, length=32))
    with pytest.raises(Refused, match="pip install peft"):
        train(request, Context())


# What cannot be learned from


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"one line only.", "1 different line; at least 20"),
        (b"", "0 different lines"),
        (b"\xff\xfe" * 50, "not in UTF-8: byte 0"),
    ],
)
def test_a_text_that_does_not_serve_is_refused(tmp_path, content, why):
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    with pytest.raises(Refused, match=why):
        read_lines(str(file))


def test_a_text_without_line_breaks_is_split_into_sentences(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text(" ".join(f"Sentence number {i} is here." for i in range(40)), encoding="utf-8")
    assert len(read_lines(str(file))) == 40


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("words,label\na,b\n", "needs the columns text and label in its first line; it has “words, label”"),
        ("", "it has none"),
        ("text,label\n" + "a,b\n" * 50, "1 different row;"),
        ("text,label\n" + "".join(f"text {i},same\n" for i in range(20)), "1 different label; 2 to"),
        ("text,label\n" + "".join(f"text {i},label {i}\n" for i in range(60)), "60 different labels"),
        ('text,label\n"never closed,a\n', "no table of comma-separated values"),
    ],
)
def test_a_table_that_does_not_serve_is_refused(tmp_path, content, why):
    file = tmp_path / "table.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match=why):
        read_table(str(file))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(content):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.csv"
        file.write_text(content, encoding="utf-8", errors="replace")
        for read in (read_table, read_lines):
            try:
                read(str(file))
            except Refused:
                continue


@given(st.integers(1, 20_000))
def test_a_run_is_looked_at_in_the_beginning_and_in_the_end(n_steps):
    steps = look_steps(n_steps)
    assert steps[0] == 0
    assert steps[-1] == n_steps
    assert list(steps) == sorted(set(steps))
    assert len(steps) <= 64


# Masks


@pytest.mark.parametrize(("shares", "fate"), [((1, 0, 0), "masked"), ((0, 1, 0), "random"), ((0, 0, 1), "unchanged")])
def test_shares_say_what_becomes_of_words_that_are_asked_for(tmp_path, text, shares, fate):
    masks = MaskShares(0.5, *map(float, shares))
    task = build_task(make_request(tmp_path, "masked", data=TrainingData(text, length=12), masks=masks), CPU)
    asked = [one for one in task.row if one.fate]
    assert asked
    # Any word may by chance be the word itself.
    assert {one.fate for one in asked} <= {fate, "unchanged" if fate == "random" else fate}
    for one in task.row:
        assert (one.read == one.token) is (one.fate in ("", "unchanged"))
        assert (one.read == "[MASK]") is (one.fate == "masked")


def test_validation_tells_the_three_kinds_apart(tmp_path):
    masks = MaskShares(0.4, 0.5, 0.25, 0.25)
    task = build_task(make_request(tmp_path, "masked", data=TrainingData(length=12), masks=masks), CPU)
    task.net.eval()
    with torch.inference_mode():
        loss, right = task.validate()
    assert loss > 0
    assert len(task.parts_right) == len(task.parts) == 3
    n = torch.bincount(task._fates, minlength=3).double()
    assert n.min() > 0
    assert n[0] / n.sum() == pytest.approx(0.5, abs=0.1)
    assert float((torch.tensor(task.parts_right) * n).sum() / n.sum()) == pytest.approx(right, abs=1e-6)
    read, wanted = task._validation["input_ids"], task._validation["labels"]
    is_kept = (read == wanted) & (wanted != IGNORED)
    assert int(is_kept.sum()) == int(n[2])


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ((0.0, 0.8, 0.1, 0.1), "0 % of the tokens were to be asked for; 1 to 60 % can be."),
        ((0.15, 0.8, 0.1, 0.2), r"are 80 \+ 10 \+ 20 = 110 % .* together they have to be 100 %"),
        ((0.15, 1.2, -0.1, -0.1), "together they have to be 100 %"),
    ],
)
def test_shares_that_do_not_serve_are_refused(tmp_path, shares, sentence):
    with pytest.raises(Refused, match=sentence):
        check(make_request(tmp_path, "masked", masks=MaskShares(*shares)))
