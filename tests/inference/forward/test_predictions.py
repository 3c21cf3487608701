"""What is judged in blocks is what a softmax over all words gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.forward.predictions import _best, _judged


@pytest.mark.parametrize("d_vocab", [9, 640, 1003])
def test_the_largest_are_found_by_way_of_chunks(d_vocab):
    logits = torch.randn(7, d_vocab, generator=torch.Generator().manual_seed(1))
    values, places = _best(logits, 5)
    expected = logits.topk(5)
    assert torch.equal(values, expected.values)
    assert torch.equal(places, expected.indices)


@pytest.mark.parametrize("offset", [0.0, 3e4])
def test_words_are_judged_as_by_a_softmax_in_double_precision(offset):
    logits = 3 * torch.randn(6, 1003, generator=torch.Generator().manual_seed(2)) + offset
    logits[:, 40] = -torch.inf  # an impossible word
    targets = torch.tensor([5, -1, 40, 7, 1002, int(logits[5].argmax())])
    log_probs = logits.double().log_softmax(-1)
    better = [int((row > row[max(target, 0)]).sum()) for row, target in zip(logits, targets.tolist(), strict=True)]
    ids, probs, of_target, ranks, entropy = _judged(logits.clone(), targets, 4)
    np.testing.assert_allclose(probs, log_probs.exp().topk(4).values, rtol=1e-4)
    np.testing.assert_array_equal(ids, logits.topk(4).indices)
    expected = [log_probs[i, target] if target >= 0 else np.nan for i, target in enumerate(targets.tolist())]
    np.testing.assert_allclose(of_target, expected, rtol=1e-4)
    np.testing.assert_array_equal(ranks, [0 if t < 0 else 1 + n for t, n in zip(targets.tolist(), better, strict=True)])
    terms = torch.where(log_probs.isinf(), 0, log_probs.exp() * log_probs)
    np.testing.assert_allclose(entropy, -terms.sum(-1) / np.log(2), rtol=1e-4)
