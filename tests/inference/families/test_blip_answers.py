"""BLIP for questions: its maps and words are transformers' own, and its answer looks at the image by the question."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from inference.analyses.answer import answer
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.answer import AnswerRequest, with_answer
from inference.results.decoding import Decoding
from inference.results.request import Capability
from tests.inference.captured import CLOSE
from tests.inference.published import eager_patterns
from tests.inference.tiny_chat import QUESTION, asked, save


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = save(tmp_path_factory.mktemp("blip"), "blip")
    return cache(lambda: load(str(folder), Context()))()


def test_every_map_is_that_of_transformers(model):
    assert (model.info.family, Capability.ANSWER in model.info.capabilities) == ("blip_answers", True)
    assert [group.title for group in model.info.groups] == [
        "Image", "Question", "Question to image", "Answer", "Answer to question",
    ]  # fmt: skip
    run = model.run(with_answer(asked(), (5, 6, 7)), Context())
    for_all = eager_patterns("blip", model, run.encoded.tensors)
    seen = 0
    for group in model.info.groups:
        n_queries, n_keys = map(len, run.tokens(group))
        for layer, call in model.each_call(run, group.name, Context()):
            pattern = call.patterns()
            assert pattern.shape == (group.n_heads[layer], n_queries, n_keys)
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
            torch.testing.assert_close(call.output(), pattern @ call.v.float(), atol=CLOSE, rtol=0)
            (expected,) = for_all[call.path]
            assert float((pattern - expected).abs().max()) <= CLOSE
            seen += 1
    assert seen == sum(len(maps) for maps in for_all.values()) == 10


@pytest.mark.parametrize("n_beams", [1, 3])
def test_words_are_those_of_generate_and_look_at_the_image_by_the_question(n_beams, model):
    way = Decoding("beam", n_beams=n_beams) if n_beams > 1 else Decoding()
    result = answer(AnswerRequest("", asked(), way, most=8), model, Context())
    tensors = model.encode(asked()).tensors
    with torch.inference_mode():
        expected = model.net.generate(
            tensors["input_ids"], tensors["pixel_values"], max_new_tokens=8, do_sample=False, num_beams=n_beams
        )[0]
    ids = result.written.tokens.ids
    np.testing.assert_array_equal(ids[: len(expected)], expected.numpy())
    assert result.prompt == f"[beside the image] {QUESTION}"
    maps = eager_patterns("blip", model, model.encode(with_answer(asked(), tuple(ids[1:].tolist()))).tensors)
    layers = [f"text_decoder.bert.encoder.layer.{i}.crossattention" for i in range(2)]
    rows = torch.stack([next(each[0] for path, each in maps.items() if path.startswith(at)) for at in layers])
    np.testing.assert_allclose(result.pattern, rows[:, :, : result.pattern.shape[2]].numpy(), atol=1e-5)
    looking = [each[0].mean(0) for path, each in maps.items() if path.startswith("text_encoder") and "cross" in path]
    np.testing.assert_allclose(result.through, torch.stack(looking).mean(0)[:, 1:].numpy(), atol=1e-6)
    assert result.through.shape == (result.n_image, 16)
    assert result.n_image == len(tensors["input_ids"][0])


def test_what_it_cannot_be_asked_is_said(model):
    with pytest.raises(Refused, match=r"^Relevance goes through the layers of one sequence; .* answers from another"):
        answer(AnswerRequest("", asked(), most=3, relevance_of=(1,)), model, Context())
    with pytest.raises(Refused, match=r"^There is no question; type one\.$"):
        answer(AnswerRequest("", asked("  ")), model, Context())


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    return load(str(save(tmp_path_factory.mktemp("t5"), "blip_2 t5")), Context())


def test_blip_2_with_t5_has_its_queries_in_what_an_encoder_reads(t5):
    """Each map is transformers' own, in the encoder, in the decoder and between."""
    assert (t5.info.family, Capability.ANSWER in t5.info.capabilities) == ("blip_2_t5", True)
    run = t5.run(with_answer(asked(), (5, 6, 7)), Context())
    words = run.encoded.sequences["source"].words
    assert words[:3] == ("query 0", "query 1", "query 2")
    assert t5.family.image_places(run.encoded, t5.net.config).tolist() == [0, 1, 2]
    for_all = eager_patterns("blip_2", t5, run.encoded.tensors)
    seen = 0
    for group in t5.info.groups:
        n_queries, n_keys = map(len, run.tokens(group))
        for layer, call in t5.each_call(run, group.name, Context()):
            pattern = call.patterns()
            assert pattern.shape == (group.n_heads[layer], n_queries, n_keys)
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
            (expected,) = for_all[call.path]
            assert float((pattern - expected).abs().max()) <= CLOSE
            seen += 1
    assert seen == sum(len(maps) for maps in for_all.values())


def test_blip_2_with_t5_writes_what_generate_writes_and_looks_through_its_queries(t5):
    result = answer(AnswerRequest("", asked(), most=8), t5, Context())
    tensors = t5.encode(asked()).tensors
    with torch.inference_mode():
        expected = t5.net.generate(
            pixel_values=tensors["pixel_values"], input_ids=tensors["input_ids"], max_new_tokens=8, do_sample=False
        )[0]
    ids = result.written.tokens.ids
    np.testing.assert_array_equal(ids[: len(expected)], expected.numpy())
    assert (result.n_image, result.through.shape, result.is_beside) == (3, (3, 16), False)
    assert result.n_read == len(t5.encode(asked()).sequences["source"])
    maps = eager_patterns("blip_2", t5, t5.encode(with_answer(asked(), tuple(ids[1:].tolist()))).tensors)
    rows = torch.stack([each[0] for path, each in maps.items() if "EncDecAttention" in path])
    np.testing.assert_allclose(result.pattern, rows[:, :, : result.pattern.shape[2], :3].numpy(), atol=1e-5)
