"""Visual tokens behind masked patches, and the images that they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.masked_image import masked_image
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.inputs.block_masking import block_mask
from inference.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from inference.results.masked_image import MaskedImageRequest
from tests.inference.tiny_checkpoints import edit_config
from tests.inference.tiny_images import N_TOKENS, model_of, save
from tests.inputs import image_input

IMAGE = image_input(seed=4)


def save_with_tokenizer(folder, n_tokens: int = N_TOKENS):
    """A checkpoint whose patches of 4 pixels are each a token of 8 of its tokenizer."""
    save(folder, "beit tokens", with_preprocessor=True)
    torch.manual_seed(1)
    config = ImageTokenizerConfig(vocab_size=n_tokens, patch_size=8, hidden_size=8, code_size=4)
    tokenizer = ImageTokenizer(config)
    tokenizer.codebook.normal_()
    tokenizer.save_pretrained(folder / "tokenizer")
    return folder


def test_masked_patches_are_guessed_as_by_the_model(tmp_path):
    model = model_of("beit tokens", tmp_path)
    result = masked_image(MaskedImageRequest("tiny", IMAGE, masked=(9, 2, 9), top_k=3), model, Context())
    is_masked = torch.zeros(1, 16, dtype=torch.bool)
    is_masked[0, [2, 9]] = True
    with torch.inference_mode():
        logits = model.net(**model.encode(IMAGE).tensors, bool_masked_pos=is_masked).logits[0, [2, 9]]
    probs, ids = logits.softmax(-1).topk(3)
    assert result.masked.tolist() == [2, 9]
    np.testing.assert_array_equal(result.ids, ids.numpy())
    np.testing.assert_allclose(result.probs, probs.numpy(), atol=1e-6)
    assert result.tokens.size == result.original_probs.size == result.swatches.size == result.rebuilt.size == 0
    assert "no image tokenizer" in result.notes[0]


def test_blocks_are_masked_where_no_patch_is_chosen(tmp_path):
    model = model_of("beit tokens", tmp_path)
    result = masked_image(MaskedImageRequest("tiny", IMAGE, share=0.5, seed=3), model, Context())
    np.testing.assert_array_equal(result.masked, np.flatnonzero(block_mask(4, 4, 0.5, 3)))
    assert result.ids.shape == (len(result.masked), 5)


def test_tokens_and_rebuilt_images_are_the_tokenizers(tmp_path):
    model = load(str(save_with_tokenizer(tmp_path)), Context())
    result = masked_image(MaskedImageRequest("tiny", IMAGE, masked=(5, 6)), model, Context())
    tokenizer = model.image_tokenizer
    assert tokenizer is not None
    from PIL import Image

    shown = np.asarray(Image.fromarray(result.seen).resize((32, 32), Image.Resampling.LANCZOS))
    own = tokenizer.tokens(torch.from_numpy(shown.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None])
    np.testing.assert_array_equal(result.tokens, own.flatten().numpy())
    guessed = own.flatten().clone()
    guessed[[5, 6]] = torch.from_numpy(result.ids[:, 0])
    for tokens, shown in ((own.flatten(), result.rebuilt_own), (guessed, result.rebuilt)):
        image = (tokenizer.rebuild(tokens.reshape(1, 4, 4))[0].permute(1, 2, 0) + 1) * 127.5
        np.testing.assert_array_equal(shown, image.round().clamp(0, 255).byte().numpy())
    with torch.inference_mode():
        is_masked = torch.zeros(1, 16, dtype=torch.bool)
        is_masked[0, [5, 6]] = True
        expected = model.net(**model.encode(IMAGE).tensors, bool_masked_pos=is_masked).logits[0, [5, 6]].softmax(-1)
    np.testing.assert_allclose(result.original_probs, expected[range(2), result.tokens[[5, 6]]].numpy(), atol=1e-6)
    assert result.swatches.shape == (N_TOKENS, 8, 8, 3)
    nine = (tokenizer.rebuild(torch.full((1, 3, 3), 7))[0, :, 8:16, 8:16].permute(1, 2, 0) + 1) * 127.5
    np.testing.assert_array_equal(result.swatches[7], nine.round().clamp(0, 255).byte().numpy())
    assert result.notes == ()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda place: edit_config(place, vocab_size=9), "it has 9 tokens, the model 12"),
        (lambda place: edit_config(place, model_type="flava_image_codebook"), "it is a flava_image_codebook"),
        (lambda place: edit_config(place, hidden_size=16), "its weights do not fit"),
        (lambda place: edit_config(place, patch_size=0), "patch_size is 0; 2 to 64 are allowed"),
        (lambda place: edit_config(place, code_size="many"), "code_size is 'many'; 2 to 4,096 are allowed"),
        (lambda place: (place / "model.safetensors").write_bytes(b"x"), "model.safetensors"),
    ],
    ids=["tokens", "type", "size", "no patch", "no number", "weights"],
)
def test_a_tokenizer_that_does_not_fit_is_refused(tmp_path, spoil, sentence):
    spoil(save_with_tokenizer(tmp_path) / "tokenizer")
    with pytest.raises(Refused, match=f"^The image tokenizer in tokenizer/ cannot be used: .*{sentence}"):
        load(str(tmp_path), Context())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"masked": (16,)}, "^Patch 16 .* 4 rows of 4 patches, 0 to 15"),
        ({"masked": (-1,)}, "^Patch -1 "),
        ({"share": 0.0}, "share of masked patches is 0"),
        ({"share": 1.5}, "share of masked patches is 1.5"),
        ({"share": 0.001}, "masks none of 16"),
        ({"seed": -1}, "seed is -1"),
        ({"top_k": 0}, "^0 candidates"),
    ],
)
def test_masks_that_cannot_be_are_refused(tmp_path, changes, sentence):
    request = replace(MaskedImageRequest("tiny", IMAGE), **changes)
    with pytest.raises(Refused, match=sentence):
        masked_image(request, model_of("beit tokens", tmp_path), Context())
