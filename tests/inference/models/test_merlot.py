"""MERLOT equals its equations written down in NumPy, reads the published names, and masks as it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.models.merlot.layers import MerlotConfig
from inference.models.merlot.masking import choose_masks
from inference.models.merlot.published import from_published
from tests.inference.models.merlot_by_hand import ByHand, shapes, weights

SIZES = {
    "vocab_size": 30, "hidden_size": 64, "contrastive_size": 24, "num_attention_heads": 1, "intermediate_size": 40,
    "num_hidden_layers": 2, "num_vision_transformer_hidden_layers": 1, "num_frames": 3, "chunk_text_len": 32,
    "image_size": (32, 48), "resnet_layers": (1, 2), "resnet_width": 64, "max_position_embeddings": 100,
    "max_side_patches": 8, "max_frame_places": 20,
}  # fmt: skip


@pytest.fixture(scope="module")
def config():
    return MerlotConfig(**SIZES)


@pytest.fixture(scope="module")
def arrays(config):
    return weights(config)


@pytest.fixture(scope="module")
def net(arrays):
    return from_published(arrays, image_size=(32, 48), num_frames=3).eval()


@pytest.fixture
def film():
    rng = np.random.default_rng(1)
    ids = np.zeros(96, int)
    for start, n in ((0, 9), (32, 4), (64, 7)):
        ids[start : start + n] = [2, *rng.integers(5, 30, n - 1)]
    return rng.uniform(-0.5, 0.5, (3, 32, 48, 3)), ids


def test_what_is_published_tells_all_sizes_but_those_of_the_film(net, config):
    for name in SIZES:
        wanted, found = getattr(config, name), getattr(net.config, name)
        assert found == wanted, name


def test_all_heads_say_what_the_equations_say(net, config, arrays, film):
    images, ids = film
    places = [16, 1, 18]
    wanted = ByHand(config, arrays)(images, ids, places)
    with torch.inference_mode():
        found = net(
            torch.from_numpy(images).float().permute(0, 3, 1, 2)[None], torch.from_numpy(ids)[None],
            frame_places=torch.tensor([places]), with_received=True,
        )  # fmt: skip
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name][0].numpy(), value, atol=3e-4, rtol=3e-4, err_msg=name)


def test_words_without_padding_say_the_same(net, film):
    images, ids = film
    image, ids = torch.from_numpy(images).float().permute(0, 3, 1, 2)[None], torch.from_numpy(ids)[None]
    at = torch.nonzero(ids[0])[:, 0]
    with torch.inference_mode():
        padded, dense = net(image, ids, with_received=True), net(image, ids[:, at], at[None], with_received=True)
    for name, value in padded.items():
        value = value[:, at] if name in ("received", "word_logits") else value
        torch.testing.assert_close(dense[name], value, atol=1e-4, rtol=1e-4)


def test_masks_are_seen_by_the_joint_layers_alone(net, film):
    images, ids = film
    image, ids = torch.from_numpy(images).float().permute(0, 3, 1, 2)[None], torch.from_numpy(ids)[None]
    masked = ids.clone()
    masked[0, 3] = 1
    with torch.inference_mode():
        plain, hidden = net(image, ids), net(image, ids, masked_ids=masked)
    torch.testing.assert_close(hidden.caption_vectors, plain.caption_vectors)
    assert not torch.allclose(hidden.word_logits, plain.word_logits)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda a: a.pop("encoder/layer01/query_layer/kernel"), "missing .*encoder.layer01.query_layer.weight"),
        (lambda a: a.update({"encoder/gate/kernel": np.zeros((2, 2), np.float32)}), "not known .*encoder.gate.weight"),
        (lambda a: a.update({"lm_head/output_bias": np.zeros(29, np.float32)}), "output_bias is .29,., not .30,."),
        (lambda a: a.pop("word_embeddings/word_embeddings"), "word_embeddings.word_embeddings is missing"),
    ],
)  # fmt: skip
def test_other_tensors_are_refused_by_name(arrays, spoil, why):
    changed = dict(arrays)
    spoil(changed)
    with pytest.raises(ValueError, match=why):
        from_published(changed)


def test_what_training_keeps_is_left_aside(arrays):
    more = {f"{name}/adam_{m}": array for name, array in list(arrays.items())[:3] for m in "mv"}
    from_published(arrays | more | {"global_step": np.zeros((), np.int64)})


def test_the_published_sizes_make_the_published_names():
    """Of the model that was published: 12 + 12 layers and a residual network of (3, 4, 9) blocks."""
    config = MerlotConfig()
    found = shapes(config)
    assert found["vision_backbone/vision_transformer/resnet50lite/block_group3/conv2d_27/kernel"] == (1, 1, 256, 1024)
    assert found["encoder/layer11/output/kernel"] == (3072, 768)
    assert config.patch_side == 16
    n = sum(int(np.prod(shape)) for shape in found.values())
    assert 200e6 < n < 300e6


def test_a_fifth_is_masked_and_half_of_it_begins_at_the_most_attended_fifth():
    rng = np.random.default_rng(0)
    received = np.arange(60.0)
    is_word = np.ones(60, bool)
    is_word[[0, 59]] = False
    n_in_top, n = 0, 0
    for _ in range(200):
        chosen = choose_masks(received, is_word, rng)
        assert chosen.is_masked.sum() == chosen.is_top.sum() == 11
        assert not chosen.is_masked[[0, 59]].any()
        assert chosen.is_top.nonzero()[0].tolist() == list(range(48, 59))
        n_in_top += (chosen.is_masked & chosen.is_top).sum()
        n += 11
    assert 0.38 < n_in_top / n < 0.62  # a fifth by chance
    one = choose_masks(np.array([1.0, 2.0, 3.0]), np.array([False, True, False]), rng)
    assert one.is_masked.tolist() == one.is_top.tolist() == [False, True, False]
