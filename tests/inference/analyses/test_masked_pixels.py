"""Colours for pixels that the masked variant of Image GPT does not see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.masked_pixels import masked_pixels
from inference.context import Context, Refused
from inference.results.masked_pixels import MaskedPixelsRequest
from tests.inference.tiny_images import build, model_of
from tests.inputs import image_input

IMAGE = image_input(seed=4)


N = 36


@pytest.fixture
def model(tmp_path):
    return model_of("imagegpt", tmp_path, build("imagegpt", torch.float64))


def test_masked_pixels_are_guessed_as_by_the_model(tmp_path):
    model = model_of("masked imagegpt", tmp_path)
    result = masked_pixels(MaskedPixelsRequest("tiny", IMAGE, (30, 2)), model, Context())
    assert result.masked.tolist() == [2, 30]
    is_masked = torch.zeros(1, N, dtype=torch.bool)
    is_masked[0, [2, 30]] = True
    own = torch.from_numpy(model.prepare(IMAGE).colours)[None]
    with torch.inference_mode():
        logits = model.net(own, bool_masked_pos=is_masked).logits[0, [2, 30]]
    np.testing.assert_allclose(result.probabilities, logits.softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_array_equal(result.own, own[0].numpy())


def test_masks_are_chosen_by_seed(tmp_path):
    model = model_of("masked imagegpt", tmp_path)
    chosen = [masked_pixels(MaskedPixelsRequest("tiny", IMAGE, seed=s), model, Context()).masked for s in (1, 1, 2)]
    assert [len(masked) for masked in chosen] == [5, 5, 5]
    np.testing.assert_array_equal(chosen[0], chosen[1])
    assert not np.array_equal(chosen[0], chosen[2])


@pytest.mark.parametrize(
    ("changes", "sentence"), [({"masked": (36,)}, "^Pixel 36"), ({"share": 0.0}, "share"), ({"seed": -1}, "seed")]
)
def test_masks_that_cannot_be_are_refused(tmp_path, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        masked_pixels(
            replace(MaskedPixelsRequest("tiny", IMAGE), **changes), model_of("masked imagegpt", tmp_path), Context()
        )
