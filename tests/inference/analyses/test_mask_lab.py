"""BERT's training task on the user's sentence: a seed decides, and the numbers are the model's own."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch

from inference.analyses.mask_lab import action, choose, mask_lab
from inference.context import Context, Refused
from inference.forward.model import Model
from inference.results.mask_lab import MaskLabRequest
from tests.inference.tiny_checkpoints import (
    VOCAB,
)
from tests.inputs import text_input

TEXT = "the cat sat on the mat ."


MASK = VOCAB["[MASK]"]


def real_probs(model: Model, ids: list[int], segment: list[int] | None = None) -> torch.Tensor:
    """Float32 [pos, d_vocab] as transformers gives them, without anything of ours."""
    tensors = {"input_ids": torch.tensor([ids], device=model.device)}
    if segment is not None:
        tensors["token_type_ids"] = torch.tensor([segment], device=model.device)
    with torch.inference_mode():
        output = model.net(**tensors)
    logits = output.prediction_logits if "prediction_logits" in output else output.logits
    return logits[0].softmax(-1).cpu()


def lab(model: Model, **values):
    sentence = text_input(values.pop("text", TEXT), values.pop("text_pair", None), masked=values.pop("masked", ()))
    return mask_lab(MaskLabRequest("tiny", sentence, **values), model, Context())


def test_the_seed_decides(bert):
    first, again, other = lab(bert, seed=3, rate=0.5), lab(bert, seed=3, rate=0.5), lab(bert, seed=4, rate=0.5)
    assert first.actions == again.actions
    np.testing.assert_array_equal(first.shown.ids, again.shown.ids)
    np.testing.assert_array_equal(first.probs, again.probs)
    assert first.actions != other.actions


def test_each_action_does_what_it_says(bert):
    seen = Counter()
    for seed in range(40):
        result = lab(bert, seed=seed, rate=0.6, text_pair="a dog ran")
        chosen = set(result.positions.tolist())
        for pos, done in enumerate(result.actions):
            before, after = result.original.ids[pos], result.shown.ids[pos]
            assert (done != "") == (pos in chosen)
            assert not (done and result.original.is_special[pos])
            if done == "masked":
                assert (after, result.shown.words[pos]) == (MASK, "[MASK]")
            elif done == "random":
                assert after >= len(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
                assert result.shown.words[pos] == list(VOCAB)[after].removeprefix("##")
            else:
                assert after == before
            seen[done] += 1
    assert min(seen[done] for done in ("masked", "random", "kept", "")) > 0


def test_what_the_model_says_is_its_own(bert):
    result = lab(bert, seed=1, rate=0.5, top_k=4)
    probs = real_probs(bert, result.shown.ids.tolist())[result.positions]
    original_ids = torch.as_tensor(result.original.ids[result.positions])
    expected = probs[torch.arange(len(probs)), original_ids]
    np.testing.assert_allclose(result.original_probs, expected, rtol=1e-4)
    np.testing.assert_allclose(result.probs, probs.topk(4)[0], rtol=1e-4)
    assert result.loss == pytest.approx(float(-expected.log().mean()), rel=1e-4)
    assert [len(row) for row in result.words] == [4] * len(result.positions)


def within(count: int, n: int, share: float) -> bool:
    """Five standard deviations of a binomial: wrong once in two million."""
    return abs(count - n * share) < 5 * math.sqrt(n * share * (1 - share))


def test_four_in_five_are_masked_and_one_in_ten_replaced():
    rng = np.random.default_rng(0)
    n = 20_000
    counts = Counter(action(rng) for _ in range(n))
    assert within(counts["masked"], n, 0.8)
    assert within(counts["random"], n, 0.1)
    assert within(counts["kept"], n, 0.1)


@pytest.mark.parametrize(
    ("n", "rate", "n_chosen"), [(100, 0.15, 15), (1, 0.15, 1), (3, 0.15, 1), (7, 1.0, 7), (9, 0, 0)]
)
def test_the_rate_is_kept_and_one_word_at_least_chosen(n, rate, n_chosen):
    chosen = choose(n, rate, np.random.default_rng(0))
    assert len(set(chosen.tolist())) == len(chosen) == n_chosen


def test_every_place_is_chosen_as_often_as_the_others():
    n_seeds, n = 3000, 20
    counts = Counter(pos for seed in range(n_seeds) for pos in choose(n, 0.15, np.random.default_rng(seed)).tolist())
    assert set(counts) == set(range(n))
    assert all(within(counts[pos], n_seeds, 0.15) for pos in range(n))


def test_a_rate_of_none_chooses_none(bert):
    result = lab(bert, rate=0.0)
    assert set(result.actions) == {""}
    assert math.isnan(result.loss)
    assert result.probs.shape == (0, 5)


def test_masks_of_the_input_do_not_count(bert):
    result = lab(bert, masked=(2,), text="the cat [MASK]", rate=1.0)
    assert result.original.words[1:3] == ("the", "cat")
    assert result.positions.tolist() == [1, 2]


@pytest.mark.parametrize("rate", [-0.1, 1.5, math.nan])
def test_an_impossible_rate_is_refused(bert, rate):
    with pytest.raises(Refused, match="between 0 and 1"):
        lab(bert, rate=rate)


def test_a_text_without_words_is_refused(bert):
    with pytest.raises(Refused, match="no word to mask"):
        lab(bert, text="[MASK]")
    with pytest.raises(Refused, match="0 words"):
        lab(bert, top_k=0)
