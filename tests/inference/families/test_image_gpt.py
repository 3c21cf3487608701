"""Image GPT: the start stands before the pixels, and a pixel attends to those before it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from inference.analyses.patches import patches
from inference.context import Context, Refused
from inference.results.patches import PatchesRequest
from tests.inference.tiny_images import N_COLOURS, build, model_of
from tests.inputs import image_input

IMAGE = image_input(seed=4)


N = 36


@pytest.fixture
def model(tmp_path):
    return model_of("imagegpt", tmp_path, build("imagegpt", torch.float64))


def test_the_start_stands_before_the_pixels_and_the_last_is_not_read(model):
    encoded = model.encode(IMAGE)
    own = model.prepare(IMAGE).colours
    assert encoded.tensors["input_ids"].tolist() == [[N_COLOURS, *own[:-1].tolist()]]
    assert encoded.tokens.words[:3] == ("start", "0,0", "0,1")
    assert encoded.tokens.words[-1] == "5,4"
    assert encoded.tokens.is_special.sum() == 1


def test_attention_is_that_of_transformers_and_causal(model):
    call = model.run(IMAGE, Context()).calls["pixels"][1]
    with torch.inference_mode():
        expected = model.net(**model.encode(IMAGE).tensors, output_attentions=True).attentions[1][0]
    torch.testing.assert_close(call.patterns(), expected, atol=1e-10, rtol=0)
    found = patches(PatchesRequest("tiny", IMAGE, "pixels", 7), model, Context())
    np.testing.assert_allclose(found.pattern[1], np.pad(expected[:, 7].numpy(), ((0, 0), (0, 1))), atol=1e-6)
    assert (found.grid, found.n_special, found.tokens.words[-1]) == ((6, 6), 1, "5,5")
    assert not found.pattern[..., 8:].any()
    with pytest.raises(Refused, match="last pixel attends to nothing"):
        patches(PatchesRequest("tiny", IMAGE, "pixels", N), model, Context())


def test_without_a_palette_there_are_no_pixels(tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": 6}))
    with pytest.raises(Refused, match="holds no palette"):
        model_of("imagegpt", tmp_path).run(IMAGE, Context())
