"""Recurrent networks as checkpoints: what they show, equal to the networks themselves, and why not what they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from inference.context import Context, Refused
from inference.forward.opening import load
from inference.models.lstm import LstmConfig, LstmForCausalLM
from inference.models.lstm_attention import LstmAttentionConfig, LstmForTranslation
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import OpenRequest
from inference.results.decoding import Decoding
from inference.results.embedding import AnalogyRequest, VectorSource
from inference.results.generation import GenerationRequest
from inference.results.intervention import AblateHead
from inference.results.lens import LensRequest
from inference.results.norms import NormsRequest
from inference.results.reading import ReadingRequest
from inference.results.request import Capability
from inference.results.rollout import RolloutRequest
from inference.results.translation import TranslationRequest
from inference.service.engine import Engine
from inference.training.reversal import END, START, make_tokenizer
from tests.inputs import text_input

D_VOCAB, WORD = 30, "headlights"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Of the language model and of the encoder-decoder, with random weights."""
    torch.manual_seed(8)
    nets = {
        "language": LstmForCausalLM(LstmConfig(D_VOCAB, 16, 2, bos_token_id=START, eos_token_id=END)),
        "translator": LstmForTranslation(LstmAttentionConfig(D_VOCAB, 16, 2, 2)),
    }
    found = {}
    for name, net in nets.items():
        found[name] = str(tmp_path_factory.mktemp(name))
        for parameter in net.parameters():
            parameter.data *= 1.5
        net.save_pretrained(found[name])
        make_tokenizer().save_pretrained(found[name])
    return found


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def source():
    return torch.tensor([make_tokenizer()(WORD).input_ids])


def opened(kind: Any, folder: str) -> Any:
    """By transformers alone; its protocols and its models do not agree for type checkers."""
    return kind.from_pretrained(folder).eval()


def ask(engine, request):
    return engine.run(request, Context())


# The encoder-decoder


def test_its_additive_attention_is_one_head_from_target_to_source(engine, folders, source):
    folder = folders["translator"]
    info = ask(engine, OpenRequest(folder))
    (group,) = info.groups
    assert (group.name, group.n_heads, group.query_axis, group.key_axis) == ("cross", (1,), "target", "source")
    assert info.cautions == ()
    given = text_input(WORD, text_pair="sthg")
    found = ask(engine, AttentionRequest(folder, given, "cross"))
    net = opened(LstmForTranslation, folder)
    target = torch.tensor([[START, *make_tokenizer()("sthg").input_ids[:-1]]])
    with torch.no_grad():
        theirs = net(source, None, target, output_attentions=True).cross_attentions[0][0, 0]
    np.testing.assert_allclose(found.pattern.squeeze(), theirs.numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("way", ["greedy", "beam"])
def test_it_translates_as_generate_does(engine, folders, source, way):
    folder = folders["translator"]
    decoding = Decoding(way, n_beams=3) if way == "beam" else Decoding(way)
    found = ask(engine, TranslationRequest(folder, text_input(WORD), decoding, most=8))
    net = opened(LstmForTranslation, folder)
    theirs = net.generate(inputs=source, max_new_tokens=8, do_sample=False, num_beams=3 if way == "beam" else 1)
    n = len(found.written.tokens.ids)
    assert found.written.tokens.ids.tolist() == theirs[0].tolist()[:n]
    assert found.pattern.shape == (1, 1, n, source.shape[1])
    np.testing.assert_allclose(found.pattern.sum(-1), 1.0, rtol=1e-5)


def test_its_head_can_be_switched_off(folders):
    folder = folders["translator"]
    given = text_input(WORD, text_pair="sthg")
    model = load(folder, Context())
    ablated = model.run(given, Context(), (AblateHead("cross", 0, 0),))
    one, other = (
        model.call(run, "cross", 0, Context()).patterns()[0] for run in (model.run(given, Context()), ablated)
    )
    # What the first word is looked for with was not changed; the state behind it is another one.
    torch.testing.assert_close(one[0], other[0])
    assert (one[1:] - other[1:]).abs().max() > 1e-4


def test_it_says_how_surprising_its_target_is(engine, folders, source):
    folder = folders["translator"]
    found = ask(engine, ReadingRequest(folder, text_input(WORD, text_pair="sthg")))
    net = opened(LstmForTranslation, folder)
    target = torch.tensor([[START, *make_tokenizer()("sthg").input_ids[:-1]]])
    with torch.no_grad():
        log_probs = net(source, None, target).logits[0].log_softmax(-1) / np.log(2)
    wanted = -log_probs[:-1].gather(1, target[0, 1:, None])[:, 0]
    np.testing.assert_allclose(found.surprisal[1:], wanted.numpy(), rtol=1e-5)
    lens = ask(engine, LensRequest(folder, text_input(WORD, text_pair="sthg")))
    assert lens.predicts == "next"


@pytest.mark.parametrize(
    ("request_of", "why"),
    [
        (
            lambda folder, given: RolloutRequest(folder, given, "cross"),
            "has no self-attention, which",
        ),
        (lambda folder, given: NormsRequest(folder, given, "cross"), "has no residual stream"),
    ],
)
def test_what_needs_self_attention_says_why_it_is_not_there(engine, folders, request_of, why):
    with pytest.raises(Refused, match=why):
        ask(engine, request_of(folders["translator"], text_input(WORD)))


# The language model


def test_the_language_model_has_no_attention_and_says_so(engine, folders):
    info = ask(engine, OpenRequest(folders["language"]))
    assert {Capability.NEXT_TOKEN, Capability.GENERATION} <= set(info.capabilities)
    for capability in (Capability.ATTENTION, Capability.QK):
        assert info.why_missing(frozenset({capability})).startswith("it is a recurrent network, which has no self-att")
    assert info.cautions == ()
    with pytest.raises(Refused, match="which has no self-attention"):
        ask(engine, AttentionRequest(folders["language"], text_input(WORD), "decoder"))


def test_it_says_how_surprising_a_text_is(engine, folders, source):
    folder = folders["language"]
    found = ask(engine, ReadingRequest(folder, text_input(WORD)))
    net = opened(LstmForCausalLM, folder)
    with torch.no_grad():
        log_probs = net(source).logits[0].log_softmax(-1) / np.log(2)
    wanted = -log_probs[:-1].gather(1, source[0, 1:, None])[:, 0]
    np.testing.assert_allclose(found.surprisal[1:], wanted.numpy(), rtol=1e-5)


@pytest.mark.parametrize("way", ["greedy", "beam"])
def test_it_writes_on_as_generate_does(engine, folders, source, way):
    folder = folders["language"]
    decoding = Decoding(way, n_beams=3) if way == "beam" else Decoding(way)
    found = ask(engine, GenerationRequest(folder, text_input(WORD), decoding, most=8))
    net = opened(LstmForCausalLM, folder)
    given = source[:, :-1]
    theirs = net.generate(
        given, attention_mask=torch.ones_like(given), max_new_tokens=8, do_sample=False,
        num_beams=3 if way == "beam" else 1, pad_token_id=0,
    )  # fmt: skip
    ids = found.written.tokens.ids.tolist()
    assert ids == theirs[0].tolist()[: len(ids)]
    assert found.pattern.size == 0
    if way == "greedy":  # output and cell of two layers, however long the text is
        assert found.cache_bytes == 2 * 2 * 16 * 4


def test_its_table_of_embeddings_is_looked_at(engine, folders):
    found = ask(engine, AnalogyRequest(folders["language"], VectorSource("tokens"), "a", "b", "c"))
    assert found is not None
