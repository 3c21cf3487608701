"""Relevance is what the rules of Chefer et al. 2021 say, written out with the maps of eager attention in the graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from torch import nn
from torch.nn import functional as F

from inference.analyses.relevance import relevance
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.relevance import RelevanceRequest
from tests.inference.tiny_pairs import NAMES, save

GIVEN = Input(text=TextInput("the small green tree in a meadow"), image=ImageInput(seed=3))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: save(tmp_path_factory.mktemp("pairs"), name) for name in NAMES}


class PlainPooling(nn.Module):
    """SigLIP's pooling head, step by step, with its map in the graph."""

    def __init__(self, head):
        super().__init__()
        self.head, self.map = head, None

    def forward(self, states):
        attention = self.head.attention
        n_heads = attention.num_heads
        weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
        q, k, v = (
            F.linear(x, w, b).unflatten(-1, (n_heads, -1)).transpose(1, 2)
            for x, w, b in zip((self.head.probe, states, states), weights, biases, strict=True)
        )
        self.map = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
        self.map.retain_grad()
        mixed = attention.out_proj((self.map @ v).transpose(1, 2).flatten(2))
        return (mixed + self.head.mlp(self.head.layernorm(mixed)))[:, 0]


def by_the_rules(folder, tensors, n_special):
    """R += mean over the heads of relu(dL/dA * A) @ R, layer by layer, from maps that keep their gradients."""
    net = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    pooling = None
    if net.config.model_type == "siglip":
        pooling = net.vision_model.head = PlainPooling(net.vision_model.head)
    output = net(**tensors, output_attentions=True)
    towers = output.vision_model_output.attentions, output.text_model_output.attentions
    for pattern in (*towers[0], *towers[1]):
        pattern.retain_grad()
    output.logits_per_image[0, 0].backward()
    rolled = []
    for patterns in towers:
        so_far = torch.eye(patterns[0].shape[-1])
        for pattern in patterns:
            weighted = (pattern.grad * pattern).clamp(min=0).mean(1)[0]
            so_far = so_far + weighted @ so_far
        rolled.append(so_far.detach())
    row = rolled[0][0]
    if pooling is not None:
        row = (pooling.map.grad * pooling.map).clamp(min=0).mean(1)[0, 0].detach() @ rolled[0]
    return row[n_special:].numpy(), rolled[1].numpy(), output


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_the_rules_say(folders, name):
    model = load(str(folders[name]), Context())
    found = relevance(RelevanceRequest("", GIVEN), model, Context())
    encoded = model.encode(GIVEN)
    patches, rolled, output = by_the_rules(folders[name], encoded.tensors, 0 if name == "siglip" else 1)
    np.testing.assert_allclose(found.relevance.ravel(), patches, atol=1e-5 * max(1, patches.max()))
    words = rolled[found.pooled_token].copy()
    words[found.pooled_token] -= 1
    np.testing.assert_allclose(found.text_relevance, words, atol=1e-5 * max(1, words.max()))
    assert found.logit == pytest.approx(float(output.logits_per_image[0, 0].detach()), abs=1e-4)
    assert found.cosine == pytest.approx(float((output.image_embeds[0] @ output.text_embeds[0]).detach()), abs=1e-5)
    assert found.relevance.shape == found.patch_similarity.shape == found.picture.grid == (3, 3)
    assert found.pooled_from == ("the pooling head" if name == "siglip" else "[CLS]")


@pytest.mark.parametrize("name", ["clip", "altclip"])
def test_a_patch_alone_is_read_as_the_class_token_is(folders, name):
    """What makes the image's vector of [CLS] makes the patch's of the patch."""
    model = load(str(folders[name]), Context())
    encoded = model.encode(GIVEN)
    with torch.no_grad():
        output = model.net(**encoded.tensors)
        states = output.vision_model_output.last_hidden_state[0]
        alone = model.pairs.patch_vectors(model.net, torch.cat([states[:1], states[:1], states[2:]]))
    np.testing.assert_allclose(alone[0], output.image_embeds[0], atol=1e-6)


def test_siglips_head_is_given_one_patch_at_a_time(folders):
    model = load(str(folders["siglip"]), Context())
    states = torch.randn(5, 32)
    with torch.no_grad():
        found = model.pairs.patch_vectors(model.net, states)
        wanted = [F.normalize(model.net.vision_model.head(state[None, None])[0], dim=0) for state in states]
    np.testing.assert_allclose(found, torch.stack(wanted), atol=1e-6)


def test_the_model_is_left_as_it_was(folders):
    """No gradients stay, and the pass without them answers the same."""
    model = load(str(folders["clip"]), Context())
    encoded = model.encode(GIVEN)
    with torch.no_grad():
        before = model.net(**encoded.tensors).logits_per_image
    first = relevance(RelevanceRequest("", GIVEN), model, Context())
    again = relevance(RelevanceRequest("", GIVEN), model, Context())
    np.testing.assert_array_equal(first.relevance, again.relevance)
    assert all(parameter.grad is None for parameter in model.net.parameters())
    with torch.no_grad():
        assert torch.equal(model.net(**encoded.tensors).logits_per_image, before)


def test_frozen_weights_give_the_same(folders):
    model = load(str(folders["clip"]), Context())
    wanted = relevance(RelevanceRequest("", GIVEN), model, Context()).relevance
    model.net.requires_grad_(False)
    np.testing.assert_allclose(relevance(RelevanceRequest("", GIVEN), model, Context()).relevance, wanted, atol=1e-6)


def test_of_a_wide_image_the_middle_is_told(folders, tmp_path):
    model = load(str(folders["clip"]), Context())
    path = tmp_path / "wide.png"
    Image.new("RGB", (120, 40), (10, 200, 30)).save(path)
    given = Input(text=TextInput("a dog"), image=ImageInput(path=str(path)))
    picture = relevance(RelevanceRequest("", given), model, Context()).picture
    assert picture.original.shape == (40, 120, 3)
    np.testing.assert_allclose(picture.box, (1 / 3, 0, 2 / 3, 1), atol=0.01)


def test_it_can_be_cancelled_and_needs_both(folders):
    model = load(str(folders["clip"]), Context())
    with pytest.raises(Cancelled):
        relevance(RelevanceRequest("", GIVEN), model, Context(is_cancelled=lambda: True))
    with pytest.raises(Refused, match="add a text"):
        relevance(RelevanceRequest("", Input(text=TextInput(" "), image=GIVEN.image)), model, Context())


@pytest.mark.parametrize("name", NAMES)
def test_the_token_that_is_pooled_is_told_with_the_others(folders, name):
    model = load(str(folders[name]), Context())
    sequences = model.encode(GIVEN).sequences
    assert sequences["text"].pooled == relevance(RelevanceRequest("", GIVEN), model, Context()).pooled_token
    assert sequences["patches"].pooled == (None if name == "siglip" else 0)
