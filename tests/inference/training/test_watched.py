"""The sentence whose attention is kept at every look: the maps are the model's own, and there are not too many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.context import Cancelled, Context, Refused
from inference.results.training import MOST_WATCHED, ModelSizes, TrainingData, TrainingPlan, TrainingRequest
from inference.training import run_files
from inference.training.card import card
from inference.training.language import MaskedTask
from inference.training.run import build_task, check, train
from inference.training.watched import MOST_BYTES, MOST_TOKENS, most_tokens
from tests.inference.tiny_checkpoints import save_bert

CPU = torch.device("cpu")
TASKS = ("masked", "causal", "classify", "contrastive")
WORDS = ["the", "cat", "a", "dog", "saw", "sat", "slept", "on", "under", "mat", "hat", "big", "small", "red", "old"]


@pytest.fixture
def make_request(tmp_path):
    def make(task, watched="", **sizes):
        text = tmp_path / "text.csv"
        lines = [" ".join(WORDS[(i + j * (1 + i % 7)) % len(WORDS)] for j in range(5)) for i in range(60)]
        text.write_text("text,label\n" + "".join(f"{line},{i % 2}\n" for i, line in enumerate(lines)), encoding="utf-8")
        return TrainingRequest(
            str(tmp_path / "run"),
            task,
            ModelSizes(**{"n_layers": 2, "d_model": 16, "n_heads": 2, "dropout": 0.1} | sizes),
            TrainingPlan(4, 4, warm_up=1),
            TrainingData("" if task == "contrastive" else str(text), length=40, watched=watched),
            base=str(save_bert(tmp_path / "base")) if task == "classify" else "",
        )

    return make


def theirs(task, net, ids):
    """Attention as transformers tells it, [layer, head, query_pos, key_pos]."""
    net.set_attn_implementation("eager")
    part = net.text_model if task == "contrastive" else net.base_model
    return torch.cat(part(input_ids=torch.tensor([ids]), output_attentions=True).attentions).numpy()


@pytest.mark.parametrize("task", TASKS)
def test_its_maps_are_the_models_own(make_request, task):
    built = build_task(make_request(task), CPU)
    assert built.watched
    assert any(built.watched in fact for fact in built.facts)
    built.net.eval()
    with torch.inference_mode():
        built.validate()
        _, pattern = built.look()
        wanted = theirs(task, built.net, torch.as_tensor(built._seen).flatten().tolist())
    np.testing.assert_allclose(pattern, wanted, atol=1e-5)
    assert pattern.shape[2:] == (len(built.rows), len(built.columns))
    assert built.rows == built.columns


@pytest.mark.parametrize("task", TASKS)
def test_a_sentence_that_is_typed_is_the_one(make_request, task):
    built = build_task(make_request(task, "a small red cat sat"), CPU)
    assert "cat" in built.watched or task == "contrastive"  # whose portraits have none
    assert "red" in built.rows or task == "masked"  # in whose middle the mask stands
    if task == "classify":
        assert built.example == "a small red cat sat"
        built.net.eval()
        with torch.inference_mode():
            assert "(is" not in built.look()[0]  # nobody knows


def test_a_mask_that_is_typed_is_what_is_asked_for(make_request):
    built = build_task(make_request("masked", "the [MASK] sat on the mat"), CPU)
    assert built.rows == ("[CLS]", "the", "[MASK]", "sat", "on", "the", "mat", "[SEP]")
    assert built.example == built.watched == "the [MASK] sat on the mat"
    built.net.eval()
    with torch.inference_mode():
        assert "there:" not in built.look()[0]


def test_a_sentence_of_hardly_a_word_is_refused(make_request):
    with pytest.raises(Refused, match="“cat” cannot be watched: a sentence of at least two words"):
        build_task(make_request("causal", "cat"), CPU)
    with pytest.raises(Refused, match=f"has 301 letters; {MOST_WATCHED} are allowed"):
        check(make_request("causal", "a" * 301))


def test_of_a_long_sentence_so_much_is_kept_as_can_be_told_apart(make_request):
    built = build_task(make_request("masked", " ".join(WORDS * 2)), CPU)
    assert len(built.rows) == MOST_TOKENS
    assert built.rows[-1] == "[SEP]"
    assert built.facts[-1].endswith("”, 22 of 30 tokens: so many can be told apart.")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("the zebra sat on [MASK] mat", " 1 word of it is not in the vocabulary."),
        ("zebras eat [MASK] mat", " 2 words of it are not in the vocabulary."),
        ("the cat sat on [MASK] mat", "mat”."),
    ],
)
def test_words_that_are_not_known_are_counted(make_request, typed, told):
    assert build_task(make_request("masked", typed), CPU).facts[-1].endswith(told)


def test_numbers_of_its_card_agree_with_their_nouns(make_request):
    request = make_request("masked", n_layers=1, n_heads=1)
    request = replace(request, plan=replace(request.plan, n_steps=1))
    result = replace(train(request, Context()), seconds=1.2)
    told = card(request, result, 99)
    assert "1 layer, 16 wide, 1 head" in told
    assert "1 step of 4, done; 1 second. " in told
    assert "1 step of warm-up" in told


@pytest.mark.parametrize(("n_layers", "n_heads"), [(2, 4), (12, 12), (48, 25), (126, 128)])
def test_the_maps_of_a_run_are_bounded(n_layers, n_heads):
    n = most_tokens(SimpleNamespace(num_hidden_layers=n_layers, num_attention_heads=n_heads))
    assert 4 <= n <= MOST_TOKENS
    assert n == 4 or 64 * 4 * n_layers * n_heads * n**2 <= MOST_BYTES


def test_a_network_without_attention_keeps_none(make_request):
    request = make_request("causal", n_heads=1)
    result = train(replace(request, sizes=replace(request.sizes, architecture="lstm")), Context())
    assert result.watched
    assert result.rows == ()
    assert not any(one.pattern.size for one in result.validations)


def test_watching_changes_nothing_and_is_read_as_it_was_written(make_request, monkeypatch):
    result = train(make_request("masked"), Context())
    kept = run_files.read_result(Path(make_request("masked").folder))
    assert (kept.watched, kept.watching, kept.rows) == (result.watched, "text", result.rows)
    for one, other in zip(kept.validations, result.validations, strict=True):
        np.testing.assert_array_equal(one.pattern, other.pattern)
    assert not np.array_equal(kept.validations[0].pattern, kept.validations[-1].pattern)
    monkeypatch.setattr("inference.training.run.look_steps", lambda n: (n,))
    unseen = train(replace(make_request("masked"), folder=f"{make_request('masked').folder}-2"), Context())
    np.testing.assert_array_equal(unseen.log.loss, result.log.loss)


def test_a_run_of_a_version_that_kept_none_goes_on_and_keeps_it(make_request, monkeypatch):
    request, look = make_request("masked"), MaskedTask.look
    n_asked = iter(range(1_000))
    none = np.zeros((0, 0, 0, 0), np.float32)
    monkeypatch.setattr(MaskedTask, "look", lambda task: (look(task)[0], none))
    with pytest.raises(Cancelled):
        train(request, Context(is_cancelled=lambda: next(n_asked) > 4))
    monkeypatch.setattr(MaskedTask, "look", look)
    train(request, Context())
    seen = [bool(one.pattern.size) for one in run_files.read_result(Path(request.folder)).validations]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (False, True)

    file = Path(request.folder) / run_files.INSIDE / run_files.VALIDATIONS
    with np.load(file) as arrays:
        damaged = dict(arrays) | {"has_pattern": np.ones(len(seen), bool)}
    np.savez(file, **damaged)
    with pytest.raises(Refused, match="damaged or missing"):
        run_files.read_result(Path(request.folder))
