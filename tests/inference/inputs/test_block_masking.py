"""Block-wise masks cover the wanted share in rectangles, evenly over the image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.inputs.block_masking import block_mask

N_MASKS = 2000


@pytest.fixture(scope="module")
def masks() -> np.ndarray:
    return np.stack([block_mask(8, 8, 0.4, seed) for seed in range(N_MASKS)])


def test_a_mask_follows_from_its_seed(masks):
    np.testing.assert_array_equal(block_mask(8, 8, 0.4, 7), masks[7])
    assert len(np.unique(masks, axis=0)) > 0.98 * N_MASKS


def test_two_fifths_are_masked(masks):
    counts = masks.sum((1, 2))
    assert counts.max() == round(0.4 * 64)
    assert counts.min() >= 20
    assert 0.39 < masks.mean() <= 0.41


def test_no_side_of_the_image_is_preferred(masks):
    share = masks.mean(0)
    for turned in (share[::-1], share[:, ::-1], share.T):
        np.testing.assert_allclose(share, turned, atol=0.06)
    assert share[2:6, 2:6].min() > share[[0, 0, 7, 7], [0, 7, 0, 7]].max()  # rectangles reach corners seldom


def test_masked_patches_stand_together(masks):
    """Of a masked patch's neighbours far more are masked than where single patches were chosen."""
    both = (masks[:, 1:] & masks[:, :-1]).sum() + (masks[:, :, 1:] & masks[:, :, :-1]).sum()
    shuffled = np.random.default_rng(0).permuted(masks.reshape(N_MASKS, -1), axis=1).reshape(masks.shape)
    both_shuffled = (shuffled[:, 1:] & shuffled[:, :-1]).sum() + (shuffled[:, :, 1:] & shuffled[:, :, :-1]).sum()
    assert both > 1.7 * both_shuffled


@given(n_rows=st.integers(1, 20), n_columns=st.integers(1, 20), share=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_never_more_than_wanted(n_rows, n_columns, share, seed):
    mask = block_mask(n_rows, n_columns, share, seed)
    assert mask.shape == (n_rows, n_columns)
    assert mask.sum() <= round(share * mask.size)


def test_on_the_papers_grid_75_patches_are_masked():
    counts = [int(block_mask(14, 14, 75 / 196, seed).sum()) for seed in range(200)]
    assert max(counts) == 75
    assert np.mean(counts) > 74


@pytest.mark.parametrize(
    ("arguments", "said"), [((0, 8, 0.4, 0), "0 x 8"), ((8, 8, 1.2, 0), "is 1.2"), ((8, 8, float("nan"), 0), "is nan")]
)
def test_what_makes_no_mask_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        block_mask(*arguments)
