"""Chat models that see: each image token is where it is shown, each map and each word is transformers' own."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch
import transformers as tf
from PIL import Image
from torch import nn

from inference.analyses.answer import answer
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.layouts.parts import PartsCall
from inference.results.answer import AnswerRequest, with_answer
from inference.results.request import Capability
from tests.inference.captured import CLOSE
from tests.inference.published import eager_patterns
from tests.inference.tiny_chat import ID, NAMES, QUESTION, asked, save

# Width and height of files: their tiles, crops and blocks differ.
SIZES = {"wide": (96, 40), "high": (30, 70), "square": (64, 64)}
# Parts that mix places of the image, or of the text, by name: set to zero, a state is of its own place alone.
MIXERS = ("out_proj", "o_proj", "attn.proj", "attention.projection_layer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return {name: save(tmp_path_factory.mktemp("chat"), name) for name in NAMES}


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    rng = np.random.default_rng(1)
    found = {}
    for name, (width, height) in SIZES.items():
        found[name] = tmp_path_factory.mktemp("images") / f"{name}.png"
        Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8)).save(found[name])
    return found


def values(call):
    """[head, key_pos, d_head]; of parts side by side those of the whole."""
    if not isinstance(call, PartsCall):
        return call.v.float().repeat_interleave(call.n_heads // len(call.v), 0)
    whole = torch.zeros(call.n_heads, call.n_keys, call.by_part[0].v.shape[-1])
    for part, places in zip(call.by_part, call.places, strict=True):
        whole[:, places] = part.v.float()
    return whole


@pytest.fixture(scope="module")
def opened(folder):
    """Each is read once, for the tests that leave it as it is."""
    return cache(lambda name: load(str(folder[name]), Context()))


@pytest.mark.parametrize("name", NAMES)
def test_every_map_is_that_of_transformers(name, opened, image):
    model = opened(name)
    assert Capability.ANSWER in model.info.capabilities
    run = model.run(asked(path=image["wide"]), Context())
    for_all = eager_patterns(name, model, run.encoded.tensors)
    for group in model.info.groups:
        n_queries, n_keys = map(len, run.tokens(group))
        for layer, call in model.each_call(run, group.name, Context()):
            pattern = call.patterns()
            assert pattern.shape == (group.n_heads[layer], n_queries, n_keys)
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
            torch.testing.assert_close(call.output(), pattern @ values(call), atol=CLOSE, rtol=0)
            if group.query_axis == "text":
                (expected,) = for_all[call.path]
                assert float((pattern - expected).abs().max()) <= CLOSE


@pytest.mark.parametrize("name", [name for name in NAMES if name != "blip_2"])
def test_a_changed_block_of_pixels_changes_the_tokens_that_are_shown_there(name, folder, image, tmp_path):
    """The tower is made to look at each place alone: then a token changes where its own part of the image does."""
    model = load(str(folder[name]), Context())
    with torch.no_grad():
        for path, part in model.net.named_modules():
            if (
                isinstance(part, nn.Linear)
                and "language_model" not in path
                and "text_model" not in path
                and path.endswith(MIXERS)
            ):
                part.weight.zero_()
                if part.bias is not None:
                    part.bias.zero_()
    family, config = model.family, model.net.config
    embedded = []
    inner = model.net.model
    (inner.text_model if hasattr(inner, "text_model") else inner.language_model).register_forward_pre_hook(
        lambda _part, _args, kwargs: embedded.append(kwargs["inputs_embeds"][0].clone()), with_kwargs=True
    )

    def states(path):
        given = asked(path=path)
        encoded = model.encode(given)
        with torch.inference_mode():
            family.output(model.net, encoded.tensors, use_cache=False)
        return embedded.pop()[torch.from_numpy(family.image_places(encoded, config))], model.prepare(given)

    rng = np.random.default_rng(5)
    for file in image.values():
        plain, prepared = states(file)
        assert len(plain) == family.n_image_tokens(config, prepared)
        before = Image.open(file)
        for _ in range(3):
            x, y = (int(rng.integers(0, side - 8)) for side in before.size)
            pixels = np.array(before)
            pixels[y : y + 8, x : x + 8] = 255 - pixels[y : y + 8, x : x + 8]
            Image.fromarray(pixels).save(tmp_path / "changed.png")
            other, _ = states(tmp_path / "changed.png")
            moved = (plain - other).abs().amax(-1).numpy()
            for grid in family.token_grids(config, prepared):
                assert_moved_where_changed(grid, moved, (x, y), before.size)


def assert_moved_where_changed(grid, moved, corner, size):
    """A block of 8 x 8 pixels was changed: tokens beside it are as before, and one in it is another one."""
    (x, y), (width, height) = corner, size
    rows, columns = grid.tokens.shape
    left, top, right, bottom = grid.box
    edges_x, edges_y = np.linspace(left, right, columns + 1) * width, np.linspace(top, bottom, rows + 1) * height
    # Resizing blurs by a few pixels, more where the image is made smaller.
    blur = 2.5 * max((right - left) * width / columns, (bottom - top) * height / rows, 8) / 8 + 1
    near_x = (edges_x[1:] > x - blur) & (edges_x[:-1] < x + 8 + blur)
    near_y = (edges_y[1:] > y - blur) & (edges_y[:-1] < y + 8 + blur)
    near, seen = near_y[:, None] & near_x[None], grid.tokens >= 0
    share = np.where(seen, moved[grid.tokens], 0)
    assert share[~near].max(initial=0) <= 1e-5, (grid.title, corner)
    middle_x = (edges_x[:-1] < x + 4) & (edges_x[1:] > x + 4)
    middle_y = (edges_y[:-1] < y + 4) & (edges_y[1:] > y + 4)
    inside = middle_y[:, None] & middle_x[None] & seen
    if inside.any():  # what a crop leaves aside is in none
        assert share[inside].max() > 1e-3, (grid.title, corner)


@pytest.mark.parametrize("name", NAMES)
def test_words_are_those_of_generate_and_what_they_look_at_is_what_eager_maps_say(name, opened, image):
    model = opened(name)
    request = AnswerRequest(name, asked(path=image["high"]), most=8)
    result = answer(request, model, Context())
    encoded = model.encode(request.input)
    n = encoded.tensors["input_ids"].shape[1]
    with torch.inference_mode():
        expected = model.net.generate(**encoded.tensors, max_new_tokens=8, do_sample=False)[0, n:]
    ids = result.written.tokens.ids[1:]
    np.testing.assert_array_equal(ids[: len(expected)], expected.numpy())
    places = model.family.image_places(encoded, model.net.config)
    tensors = model.encode(with_answer(request.input, tuple(ids.tolist()))).tensors
    maps = eager_patterns(name, model, tensors)
    group = next(group for group in model.info.groups if group.query_axis == "text")
    paths = [call.path for call in model.run(request.input, Context()).calls[group.name]]
    for layer, path in enumerate(paths):
        (whole,) = maps[path]
        rows = whole[:, n - 1 : n - 1 + result.pattern.shape[2]]
        np.testing.assert_allclose(result.pattern[layer], rows[..., places].numpy(), atol=1e-5)
        np.testing.assert_allclose(result.first[layer], rows[..., 0].numpy(), atol=1e-5)


class WithoutFilms:
    """transformers' own processor; its part for films needs torchvision, and is left out."""

    CLASSES = {
        "blip_2": tf.Blip2Processor,
        "llava": tf.LlavaProcessor, "llava full": tf.LlavaProcessor, "llava_next": tf.LlavaNextProcessor,
        "paligemma": tf.PaliGemmaProcessor, "gemma3": tf.Gemma3Processor, "idefics3": tf.Idefics3Processor,
        **dict.fromkeys(("qwen2", "qwen2.5", "qwen3"), tf.Qwen2VLProcessor),
    }  # fmt: skip
    MORE = {
        "llava": {"patch_size": 8, "num_additional_image_tokens": 1},
        "llava_next": {"patch_size": 8, "num_additional_image_tokens": 1},
        "llava full": {"patch_size": 8, "num_additional_image_tokens": 1, "vision_feature_select_strategy": "full"},
        "gemma3": {"image_seq_length": 4},
        "blip_2": {"num_query_tokens": 3},
        "idefics3": {"image_seq_len": 4},
    }

    @classmethod
    def of(cls, name, folder):
        plain = cls.CLASSES[name]

        class Images(plain):
            @classmethod
            def get_attributes(cls):
                return ["image_processor", "tokenizer"]

        images = tf.AutoImageProcessor.from_pretrained(folder[name], backend="pil")
        tokenizer = tf.AutoTokenizer.from_pretrained(folder[name])
        more = {**dict.fromkeys(("vision_feature_select_strategy",), "default"), **cls.MORE.get(name, {})}
        if name == "paligemma":
            images.image_seq_length = 16
        if name == "gemma3":
            for sign, text in (("boi", "<start_of_image>"), ("eoi", "<end_of_image>"), ("image", "<image_soft_token>")):
                setattr(tokenizer, f"{sign}_token", text)
                setattr(tokenizer, f"{sign}_token_id", ID[text])
        Images.__name__ = plain.__name__
        given = {"image_processor": images, "tokenizer": tokenizer}
        return Images(**given, **{key: more[key] for key in more if key in plain.__init__.__code__.co_varnames})


@pytest.mark.parametrize("name", NAMES)
def test_images_are_made_ready_as_by_transformers(name, folder, opened, image):
    processor = tf.AutoImageProcessor.from_pretrained(folder[name], backend="pil")
    for file in image.values():
        expected = processor(images=Image.open(file), return_tensors="pt")
        tensors = opened(name).encode(asked(path=file)).tensors
        for key in ("pixel_values", "image_grid_thw", "image_sizes", "pixel_attention_mask"):
            if key in expected:
                torch.testing.assert_close(tensors[key], expected[key], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", WithoutFilms.CLASSES)
def test_the_prompt_is_that_of_transformers(name, folder, opened, image):
    model = opened(name)
    processor = WithoutFilms.of(name, folder)
    given = asked(path=image["high"])
    if name == "paligemma":
        text = f"<image>{QUESTION}"
    elif name == "blip_2":
        text = f"Question: {QUESTION} Answer:"
    else:
        text = model.family.prompt(QUESTION, model.net.config, model.tokenizer)
    expected = processor(images=Image.open(image["high"]), text=text, return_tensors="pt")
    tensors = model.encode(given).tensors
    for key in ("input_ids", "token_type_ids", "mm_token_type_ids"):
        if key in expected and key in tensors:
            np.testing.assert_array_equal(tensors[key].numpy(), expected[key].numpy())


@pytest.mark.parametrize("name", ["idefics3", "qwen2"])
def test_an_answer_holds_no_sign_of_an_image(name, folder, image):
    """There is nothing that it would stand for, and the answer could not be read once more."""
    model = load(str(folder[name]), Context())
    sign = model.net.config.image_token_id
    with torch.no_grad():
        head = model.net.get_output_embeddings()
        head.bias = nn.Parameter(torch.zeros(len(head.weight)))
        head.bias[sign] = 1e4
    found = answer(AnswerRequest(name, asked(path=image["wide"]), most=4), model, Context())
    ids = found.written.tokens.ids.tolist()
    assert sign not in ids[1:]
    model.run(with_answer(asked(path=image["wide"]), tuple(ids[1:])), Context())


def test_a_question_with_the_sign_of_the_image_is_refused(opened):
    model = opened("llava")
    with pytest.raises(Refused, match="sign that stands for the image"):
        model.encode(asked("what is <image>"))
    assert QUESTION in model.family.prompt(QUESTION, model.net.config, model.tokenizer)


def test_words_of_blip_2_look_through_its_queries(opened, image):
    """An image token is a learned query: what it looked at is the mean of transformers' own maps."""
    model = opened("blip_2")
    result = answer(AnswerRequest("blip_2", asked(path=image["wide"]), most=3), model, Context())
    tensors = model.encode(asked(path=image["wide"])).tensors
    maps = eager_patterns("blip_2", model, tensors)
    looking = [each for path, found in maps.items() if "crossattention" in path for each in found]
    expected = torch.stack([each.mean(0) for each in looking]).mean(0)[:, 1:]
    np.testing.assert_allclose(result.through, expected.numpy(), atol=1e-6)
    assert result.through.shape == (result.n_image, 16)


def test_another_pass_in_between_does_not_change_what_is_written_next(opened, image):
    """Qwen keeps outside of its cache by how much positions lag behind places, which differs with the image."""
    model = opened("qwen2")
    request = AnswerRequest("qwen2", asked(path=image["wide"]), most=8)
    alone = answer(request, model, Context())
    model.store.clear()

    def look_at_another(event):
        if getattr(event, "label", "").startswith("Token"):
            model.net(**model.encode(asked(path=image["square"])).tensors)

    with torch.inference_mode():
        disturbed = answer(request, model, Context(look_at_another))
    np.testing.assert_array_equal(disturbed.written.tokens.ids, alone.written.tokens.ids)
    np.testing.assert_allclose(disturbed.pattern, alone.pattern, atol=1e-6)


def test_relevance_is_what_gradients_of_eager_maps_say(opened, image):
    model = opened("llava")
    given = asked(path=image["square"])
    first = answer(AnswerRequest("llava", given, most=4), model, Context())
    found = answer(AnswerRequest("llava", given, most=4, relevance_of=(1, 3)), model, Context())
    assert found.written is first.written
    assert first.written.why_unfinished == "it was cut off at 4 tokens"
    ids = first.written.tokens.ids[1:].tolist()
    net, expected = copy.deepcopy(model.net), 0
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    for place in (1, 3):
        encoded = model.encode(with_answer(given, tuple(ids[:place])))
        places = model.family.image_places(encoded, net.config)
        output = net(**encoded.tensors, output_attentions=True)
        at = first.n_prompt - 1 + place - 1
        gradients = torch.autograd.grad(output.logits[0, at, ids[place - 1]], output.attentions)
        rolled = torch.eye(len(encoded.tensors["input_ids"][0]))
        for pattern, gradient in zip(output.attentions, gradients, strict=True):
            rolled = rolled + (pattern * gradient)[0].clamp(min=0).mean(0) @ rolled
        expected = expected + rolled[at, places].detach().numpy()
    np.testing.assert_allclose(found.relevance, expected, rtol=1e-3, atol=1e-6)
