"""Image GPT: pixels one after another, the same with a cache and without, alone and among others; and the probe."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.complete_image import complete_image
from inference.analyses.masked_pixels import masked_pixels
from inference.analyses.patches import patches
from inference.analyses.probe import probe
from inference.context import Cancelled, Context, Refused
from inference.forward.pixel_sampling import complete, log_probs, pick
from inference.results.complete_image import CompleteImageRequest
from inference.results.events import Partial
from inference.results.growing import is_growing
from inference.results.masked_pixels import MaskedPixelsRequest
from inference.results.patches import PatchesRequest
from inference.results.probe import ProbeRequest
from resources.scene_shapes import KINDS
from tests.inference.tiny_images import N_COLOURS, build, model_of, palette
from tests.inputs import image_input

IMAGE = image_input(seed=4)
N = 36


@pytest.fixture
def model(tmp_path):
    return model_of("imagegpt", tmp_path, build("imagegpt", torch.float64))


def parts_of(parts: list) -> Context:
    return Context(lambda told: parts.append(told.result) if isinstance(told, Partial) else None)


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
    with pytest.raises(Refused, match="last pixel looks at nothing"):
        patches(PatchesRequest("tiny", IMAGE, "pixels", N), model, Context())


def test_surprisal_is_that_of_the_model(model):
    result = complete_image(CompleteImageRequest("tiny", IMAGE, N, count=1), model, Context())
    with torch.inference_mode():
        logits = model.net(**model.encode(IMAGE).tensors).logits[0]
    own = model.prepare(IMAGE).colours
    expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(own), reduction="none") / np.log(2)
    np.testing.assert_allclose(result.own_surprisal, expected.numpy(), atol=1e-5)
    np.testing.assert_array_equal(result.own, own)
    np.testing.assert_array_equal(result.samples[0].pixels, own)  # all was given
    np.testing.assert_array_equal(result.palette, np.rint((np.array(palette(), np.float32) + 1) * 127.5))


def test_cached_equals_uncached(model):
    given = np.array([3, 1, 4, 1, 5])
    runs = [list(complete(model.net, given, N, [0, 1, 2], 1.0, 0.9, use_cache=use)) for use in (True, False)]
    for cached, plain in zip(*runs, strict=True):
        np.testing.assert_array_equal(cached.colours, plain.colours)
        np.testing.assert_allclose(cached.log_probs, plain.log_probs, atol=1e-10)
    assert len(runs[0]) == N - 5


@pytest.mark.parametrize("n_given", [0, 18])
def test_completions_are_the_same_alone_and_among_others(model, n_given):
    request = CompleteImageRequest("tiny", IMAGE, n_given, count=3, seed=5)
    among = complete_image(request, model, Context())
    for i in range(3):
        alone = complete_image(replace(request, count=1, seed=5 + i), model, Context())
        np.testing.assert_array_equal(among.samples[i].pixels, alone.samples[0].pixels)
        np.testing.assert_allclose(among.samples[i].surprisal, alone.samples[0].surprisal, atol=1e-5)
        assert (among.samples[i].seed, among.samples[i].n_given) == (5 + i, n_given)
    own = model.prepare(IMAGE).colours
    for sample in among.samples:
        np.testing.assert_array_equal(sample.pixels[:n_given], own[:n_given])
        chosen = sample.probabilities[np.arange(N), sample.pixels].astype(np.float64)
        np.testing.assert_allclose(-np.log2(chosen), sample.surprisal, atol=0.05)
        np.testing.assert_allclose(sample.probabilities.sum(-1, dtype=np.float64), 1, atol=0.01)
    assert len({tuple(sample.pixels.tolist()) for sample in among.samples}) == 3


def test_surprisal_of_a_completion_is_that_of_the_finished_image(model):
    result = complete_image(CompleteImageRequest("tiny", IMAGE, 10, count=1, temperature=0.5), model, Context())
    pixels = result.samples[0].pixels.astype(np.int64)
    expected = -log_probs(model.net, pixels)[np.arange(N), pixels] / np.log(2)
    np.testing.assert_allclose(result.samples[0].surprisal, expected, atol=1e-5)


def test_completions_grow_in_partial_results(model, monkeypatch):
    monkeypatch.setattr("inference.analyses.complete_image._PAUSE", -1.0)
    parts: list = []
    whole = complete_image(CompleteImageRequest("tiny", IMAGE, 30, count=2), model, parts_of(parts))
    assert [[sample.n_steps for sample in part.samples] for part in parts] == [[n, n] for n in range(31, 37)]
    assert [is_growing(part.samples[0]) for part in parts] == [True] * 5 + [False]
    assert parts[0].samples[0].probabilities.size == 0
    for part, sample in zip(parts[-1].samples, whole.samples, strict=True):
        np.testing.assert_array_equal(part.pixels, sample.pixels)
        np.testing.assert_array_equal(part.surprisal, sample.surprisal)


def test_completions_are_cancelled_at_a_pixel(model):
    told: list[object] = []
    context = Context(told.append, lambda: len(told) > 3)
    with pytest.raises(Cancelled):
        complete_image(CompleteImageRequest("tiny", IMAGE, 0), model, context)
    assert len(told) == 4


def test_top_p_keeps_the_most_probable():
    log_p = np.log([0.5, 0.3, 0.15, 0.05])
    assert {pick(log_p, at, 1.0, 0.7) for at in np.linspace(0, 0.999, 50)} == {0, 1}
    assert {pick(log_p, at, 1.0, 1.0) for at in np.linspace(0, 0.999, 50)} == {0, 1, 2, 3}
    assert {pick(log_p, at, 0.05, 1.0) for at in np.linspace(0, 0.99, 50)} == {0}
    counts = np.bincount([pick(log_p, at, 1.0, 1.0) for at in (np.arange(1000) + 0.5) / 1000])
    np.testing.assert_array_equal(counts, [500, 300, 150, 50])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_given": -1}, "^-1 pixels were to be kept; the image has 36"),
        ({"n_given": 37}, "^37 pixels"),
        ({"count": 0}, "^0 completions"),
        ({"count": 17}, "1 to 16"),
        ({"seed": -1}, "seed is -1"),
        ({"temperature": 0.0}, "temperature is 0"),
        ({"temperature": 2.5}, "temperature is 2.5"),
        ({"top_p": 0.0}, "Top-p is 0"),
        ({"top_p": 1.1}, "Top-p is 1.1"),
    ],
)
def test_requests_out_of_range_are_refused(model, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        complete_image(replace(CompleteImageRequest("tiny", IMAGE, 4), **changes), model, Context())


def test_completions_that_take_too_much_memory_are_refused(model, monkeypatch):
    monkeypatch.setattr("inference.analyses.complete_image._MOST_BYTES", 10)
    with pytest.raises(Refused, match="GB of keys and values"):
        complete_image(CompleteImageRequest("tiny", IMAGE, 4), model, Context())


def test_without_a_palette_there_are_no_pixels(tmp_path):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": 6}))
    with pytest.raises(Refused, match="holds no palette"):
        model_of("imagegpt", tmp_path).run(IMAGE, Context())


# --- the masked variant -----------------------------------------------------------------------------------------------


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


# --- the probe --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vit", "imagegpt"])
def test_a_probe_reads_every_layer(tmp_path, name):
    model = model_of(name, tmp_path)
    parts: list = []
    request = ProbeRequest("tiny", n_train=40, n_test=20)
    result = probe(request, model, parts_of(parts))
    assert result.layers == ("Embeddings", "Layer 0", "Layer 1")
    assert [int(np.isfinite(part.accuracy).sum()) for part in parts] == [0, 1, 2, 3]
    assert ((result.accuracy >= 0) & (result.accuracy <= 1)).all()
    assert 1 / len(KINDS) <= result.chance <= 1
    again = probe(request, model, Context())
    np.testing.assert_array_equal(result.accuracy, again.accuracy)
    assert result.pixels == again.pixels


def test_the_probe_tells_apart_what_a_layer_tells_apart(tmp_path, monkeypatch):
    """Features that name the class are read without a fault."""
    kinds = iter([i % len(KINDS) for i in range(64)])

    def known(request, model, context):
        labels = np.array([next(kinds) for _ in range(64)])
        features = np.eye(len(KINDS), dtype=np.float32)[labels]
        return labels, np.stack([np.zeros_like(features), features, features]), features

    monkeypatch.setattr("inference.analyses.probe._features", known)
    result = probe(ProbeRequest("tiny", 48, 16), model_of("vit", tmp_path), Context())
    np.testing.assert_allclose(result.accuracy[1:], 1)
    assert result.pixels == 1
    assert result.accuracy[0] <= result.chance + 1e-6


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"n_train": 8}, "^8 pictures to learn"), ({"n_test": 0}, "^0 pictures to test"), ({"seed": -1}, "seed is -1")],
)
def test_probes_out_of_range_are_refused(tmp_path, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        probe(replace(ProbeRequest("tiny"), **changes), model_of("vit", tmp_path), Context())


def test_a_probe_is_cancelled_between_pictures(tmp_path):
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        probe(ProbeRequest("tiny"), model_of("vit", tmp_path), Context(is_cancelled=lambda: next(calls) > 5))
    assert next(calls) < 10
