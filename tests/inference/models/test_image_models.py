"""Our own image models: the tokenizer finds the nearest code, and masked Image GPT looks both ways."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModel, ImageGPTForCausalImageModeling

from inference.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from inference.models.masked_igpt import MaskedImageGPT, MaskedImageGPTConfig


@pytest.fixture
def tokenizer() -> ImageTokenizer:
    torch.manual_seed(0)
    config = ImageTokenizerConfig(vocab_size=12, patch_size=8, hidden_size=8, code_size=4)
    model = ImageTokenizer(config).double().eval()
    model.codebook.normal_()
    return model


@pytest.fixture
def scenes() -> torch.Tensor:
    return torch.rand(3, 3, 32, 48, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


@pytest.fixture
def masked() -> MaskedImageGPT:
    torch.manual_seed(0)
    config = MaskedImageGPTConfig(vocab_size=10, n_positions=16, n_embd=8, n_layer=2, n_head=2, n_inner=16)
    return MaskedImageGPT(config).double().eval()


def test_tokens_are_the_nearest_codes(tokenizer, scenes):
    tokens = tokenizer.tokens(scenes)
    assert tokens.shape == (3, 4, 6)
    features = tokenizer.features(scenes)
    torch.testing.assert_close(tokens, torch.cdist(features.flatten(1, 2), tokenizer.codebook).argmin(-1).view(3, 4, 6))


def test_images_are_rebuilt_within_their_range(tokenizer):
    rebuilt = tokenizer.rebuild(torch.arange(12).reshape(1, 3, 4))
    assert rebuilt.shape == (1, 3, 24, 32)
    assert rebuilt.abs().max() <= 1


def test_gradients_pass_the_codes_as_if_they_were_not_there(tokenizer, scenes):
    """Straight through: the encoder learns from the pixels, not only from the commitment."""
    tokenizer(scenes).error.backward()
    first = tokenizer.encoder[0].weight.grad
    assert first is not None
    assert first.abs().sum() > 0


def test_codes_move_to_the_mean_of_what_they_stand_for(tokenizer):
    tokenizer.config.decay = 0.0
    features = torch.tensor([[1.0, 0, 0, 0], [3.0, 0, 0, 0], [0, 5.0, 0, 0]], dtype=torch.float64)
    tokens = torch.tensor([2, 2, 7])
    generator = torch.Generator().manual_seed(0)
    n_new = tokenizer.update_codes(features, tokens, generator, least_use=0.5)
    assert n_new == 10
    torch.testing.assert_close(tokenizer.codebook[2], features[:2].mean(0))
    torch.testing.assert_close(tokenizer.codebook[7], features[2])
    # All that were not used stand at features of the batch now.
    rest = [i for i in range(12) if i not in (2, 7)]
    assert (torch.cdist(tokenizer.codebook[rest], features).min(-1).values < 1e-9).all()


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 1, 32, 32), (1, 3, 30, 32)])
def test_other_shapes_are_refused(tokenizer, shape):
    with pytest.raises(ValueError, match="that 8 divides"):
        tokenizer.tokens(torch.zeros(shape, dtype=torch.float64))


def test_a_token_that_is_not_there_is_refused(tokenizer):
    with pytest.raises(ValueError, match="no token 12: they go from 0 to 11"):
        tokenizer.rebuild(torch.tensor([[[3, 12]]]))


def test_the_tokenizer_is_saved_and_loaded_whole(tokenizer, scenes, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path, dtype=torch.float64)
    assert isinstance(loaded, ImageTokenizer)
    tokens = tokenizer.tokens(scenes)
    assert torch.equal(loaded.tokens(scenes), tokens)
    torch.testing.assert_close(loaded.rebuild(tokens), tokenizer.rebuild(tokens))


def test_every_pixel_sees_every_other(masked):
    ids = torch.arange(16)[None] % 10
    pattern = torch.stack(masked(ids, output_attentions=True).attentions)
    assert pattern.shape == (2, 1, 2, 16, 16)
    assert (pattern > 0).all()
    torch.testing.assert_close(pattern.sum(-1), torch.ones(2, 1, 2, 16, dtype=torch.float64))
    changed = ids.clone()
    changed[0, 15] = 3
    assert (masked(ids).logits[0, 0] - masked(changed).logits[0, 0]).abs().max() > 1e-9


def test_without_looking_ahead_it_is_image_gpt(masked):
    """With the weights of Image GPT, and its causal mask given from outside, it says what Image GPT says."""
    causal = ImageGPTForCausalImageModeling(masked.config).double().eval()
    causal.transformer.load_state_dict(masked.transformer.state_dict())
    ids = torch.arange(16)[None] % 10
    last = causal.transformer(ids, use_cache=False).last_hidden_state
    forbidden = torch.full((16, 16), -torch.inf, dtype=torch.float64).triu(1)
    for block in masked.transformer.h:
        attend = block.attn._attn
        block.attn._attn = lambda q, k, v, mask=None, attend=attend: attend(q, k, v, forbidden)
    torch.testing.assert_close(masked.transformer(ids, use_cache=False).last_hidden_state, last)


def test_what_stands_at_hidden_pixels_does_not_matter(masked):
    hidden = torch.zeros(1, 16, dtype=torch.bool)
    hidden[0, [2, 9]] = True
    ids = torch.arange(16)[None] % 10
    other = ids.masked_fill(hidden, 7)
    torch.testing.assert_close(
        masked(ids, bool_masked_pos=hidden).logits, masked(other, bool_masked_pos=hidden).logits, rtol=0, atol=0
    )


def test_the_loss_is_taken_on_hidden_pixels_only(masked):
    hidden = torch.zeros(2, 16, dtype=torch.bool)
    hidden[0, 2] = hidden[1, 5] = True
    ids = torch.arange(32).reshape(2, 16) % 10
    result = masked(ids, bool_masked_pos=hidden, labels=ids)
    log_p = result.logits.log_softmax(-1)
    torch.testing.assert_close(result.loss, -(log_p[0, 2, ids[0, 2]] + log_p[1, 5, ids[1, 5]]) / 2)


def test_masked_image_gpt_is_saved_and_loaded_whole(masked, tmp_path):
    masked.save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path, dtype=torch.float64).eval()
    assert isinstance(loaded, MaskedImageGPT)
    ids = torch.arange(16)[None] % 10
    torch.testing.assert_close(loaded(ids).logits, masked(ids).logits, rtol=0, atol=0)
