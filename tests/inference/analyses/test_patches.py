"""One patch's rows of every head, the rollout and the lengths of values, against the whole maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from inference.analyses.patches import patches, value_lengths
from inference.context import Cancelled, Context, Refused
from inference.results.events import Partial
from inference.results.patches import PatchesRequest
from tests.inference.tiny_images import build, model_of
from tests.inputs import image_input

IMAGE = image_input(seed=4)


@pytest.mark.parametrize(("name", "group"), [("vit", "encoder"), ("swin", "stage_1"), ("beit", "encoder")])
def test_rows_rollout_and_values_against_the_whole_maps(tmp_path, name, group):
    model = model_of(name, tmp_path, build(name, torch.float64))
    query = 5
    found = patches(PatchesRequest("tiny", IMAGE, group, query), model, Context())
    calls = model.run(IMAGE, Context()).calls[group]
    rolled = torch.eye(calls[0].n_keys, dtype=torch.float64)
    for layer, call in enumerate(calls):
        pattern = call.patterns()
        np.testing.assert_allclose(found.pattern[layer], pattern[:, query].numpy(), atol=1e-6)
        rolled = (pattern.mean(0) + torch.eye(call.n_keys)) / 2 @ rolled
        np.testing.assert_allclose(found.rollout[layer], rolled[query].numpy(), atol=1e-6)


def test_lengths_of_values_are_those_of_the_projection(tmp_path):
    """The values by hand: the layer's own norm and projection of what comes into it."""
    net = build("vit", torch.float64)
    model = model_of("vit", tmp_path, net)
    found = patches(PatchesRequest("tiny", IMAGE, "encoder", 0), model, Context())
    states: list[torch.Tensor] = []
    layer = net.vit.layers[1]
    handle = layer.attention.v_proj.register_forward_hook(lambda _, __, output: states.append(output))
    with torch.inference_mode():
        net(**model.encode(IMAGE).tensors)
    handle.remove()
    lengths = states[0][0].reshape(17, 4, 8).norm(dim=-1).T.numpy()  # [head, key]
    expected = found.pattern[1] * lengths
    np.testing.assert_allclose(found.weighted[1], expected / expected.sum(-1, keepdims=True), atol=1e-6)


def test_values_of_windows_lie_at_their_places(tmp_path):
    model = model_of("swin", tmp_path, build("swin", torch.float64))
    for call in model.run(IMAGE, Context()).calls["stage_1"]:
        lengths = value_lengths(call)
        for places, part in zip(call.places, call.by_part, strict=True):
            torch.testing.assert_close(lengths[:, places], part.v.norm(dim=-1))


def test_the_rows_come_before_the_rollout(tmp_path):
    model = model_of("vit", tmp_path)
    parts: list[Partial] = []
    context = Context(lambda told: parts.append(told) if isinstance(told, Partial) else None)
    whole = patches(PatchesRequest("tiny", IMAGE, "encoder", 0), model, context)
    (first,) = (part.result for part in parts)
    assert first.rollout.shape == (0, 0)
    np.testing.assert_array_equal(first.pattern, whole.pattern)
    patches(PatchesRequest("tiny", IMAGE, "encoder", 7), model, context)  # what it takes is there now
    assert len(parts) == 1


def test_a_rollout_that_takes_too_much_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("inference.analyses.patches._MOST_BYTES", 1000)
    found = patches(PatchesRequest("tiny", IMAGE, "encoder", 0), model_of("vit", tmp_path), Context())
    assert found.rollout.shape == (0, 0)
    assert "rollout of 17 tokens" in found.notes[0]


def test_a_changed_file_is_read_again(tmp_path):

    model = model_of("vit", tmp_path)
    request = PatchesRequest("tiny", image_input(str(tmp_path / "a.png")), "encoder", 0)
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    red = patches(request, model, Context())
    Image.new("RGB", (22, 20), "blue").save(tmp_path / "a.png")
    blue = patches(request, model, Context())
    assert (red.seen[0, 0].tolist(), blue.seen[0, 0].tolist()) == ([255, 0, 0], [0, 0, 255])
    assert not np.array_equal(red.pattern, blue.pattern)


@pytest.mark.parametrize(
    ("group", "query", "sentence"),
    [
        ("encoder", 17, "^Token 17 .* tokens 0 to 16: 1 special ones, then 4 rows of 4 patches"),
        ("encoder", -1, "^Token -1 "),
        ("decoder", 0, "'decoder' was asked for; tiny-vit has encoder"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path, group, query, sentence):
    with pytest.raises(Refused, match=sentence):
        patches(PatchesRequest("tiny", IMAGE, group, query), model_of("vit", tmp_path), Context())


def test_cancelled(tmp_path):
    model = model_of("vit", tmp_path)
    with pytest.raises(Cancelled):
        patches(PatchesRequest("tiny", IMAGE, "encoder", 0), model, Context(is_cancelled=lambda: True))
