"""What is written is what transformers' `generate` writes, token by token, and what was attended to is the model's."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from itertools import pairwise

import numpy as np
import pytest
import torch
import transformers as tf

from inference.analyses import generation as analysis
from inference.analyses.generation import generation
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.forward.writer import Writer
from inference.results.decoding import Cut, Decoding
from inference.results.events import Partial
from inference.results.generation import GenerationRequest, with_written
from tests.inference.tiny_checkpoints import BYTES, save_gpt2
from tests.inference.tiny_models import D_VOCAB, build, build_model, ids_of, patterns_of, written_out
from tests.inference.tiny_types import build_type
from tests.inputs import text_input

BUILT = ("gpt2", "gpt_neo", "gptj", "gpt_neox", "opt", "bloom", "llama", "mistral", "qwen3", "gemma2", "falcon")
TYPES = ("phi", "xglm")
HYBRIDS = ("qwen3_next",)
WITHOUT_CACHE = "openai-gpt"
ARCHITECTURES = (*BUILT, *TYPES, *HYBRIDS, WITHOUT_CACHE)
N_GIVEN = 6
LONGEST = 18  # tokens of a text
ENDS = (7, 12)  # either ends a text


def net_of(name):
    """A random model that ends some of its texts, and says no rule of its own."""
    net = build(name) if name in (*BUILT, WITHOUT_CACHE) else build_type(name)
    # With its embedding as output a random model says the same token again and again.
    head = net.get_output_embeddings()
    generator = torch.Generator().manual_seed(3)
    head.weight = torch.nn.Parameter(torch.randn(head.weight.shape, generator=generator))
    net.generation_config = tf.GenerationConfig(eos_token_id=list(ENDS), pad_token_id=1)
    return net


@pytest.fixture(scope="module")
def models():
    """Each is built once."""
    known = {}

    def get(name):
        if name not in known:
            known[name] = build_model(name, net_of(name))
        return known[name]

    return get


@contextmanager
def saying(model, **entries):
    """For a while the checkpoint says something else of how it writes."""
    said = model.net.generation_config
    before = {name: getattr(said, name) for name in entries}
    for name, value in entries.items():
        setattr(said, name, value)
    yield
    for name, value in before.items():
        setattr(said, name, value)


def asked(decoding=None, *, seed=1, most=LONGEST - N_GIVEN, **more):
    return GenerationRequest("", text_input(token_ids=ids_of(N_GIVEN, seed)), decoding or Decoding(), most=most, **more)


def write(model, decoding=None, **more):
    return generation(asked(decoding, **more), model, Context())


def generated(model, *, seed=1, **settings):
    """[n] token ids that transformers writes, without the padding behind the end."""
    given = torch.tensor([ids_of(N_GIVEN, seed)])
    with torch.inference_mode():
        found = model.net.generate(
            given,
            attention_mask=torch.ones_like(given),
            max_length=LONGEST,
            **{"num_beams": 1, "do_sample": False, **settings},
        )
    ids = found[0].tolist()
    end = next((place for place, token in enumerate(ids) if place >= N_GIVEN and token in ENDS), len(ids))
    return ids[: end + 1]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_greedy_is_transformers_own(models, name):
    model = models(name)
    for seed in (1, 2):
        assert write(model, seed=seed).written.tokens.ids.tolist() == generated(model, seed=seed)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in HYBRIDS])
def test_beam_search_is_transformers_own(models, name):
    model = models(name)
    result = write(model, Decoding("beam", n_beams=3))
    assert result.written.tokens.ids.tolist() == generated(model, num_beams=3)
    assert result.hypotheses[0].n_tokens == result.n_written


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("temperature", "top_k", "top_p"), [(1.0, 0, 1.0), (0.7, 12, 0.9)], ids=["plain", "cut"])
def test_seeded_samples_are_transformers_own(models, name, temperature, top_k, top_p):
    model = models(name)
    for seed in range(2):
        result = write(model, Decoding("sample", 0, temperature, top_k, top_p, seed))
        torch.manual_seed(seed)
        own = generated(model, do_sample=True, temperature=temperature, top_k=top_k, top_p=top_p)
        assert result.written.tokens.ids.tolist() == own


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_steps_with_a_cache_are_those_without(models, name):
    model = models(name)
    start, rest = torch.tensor([ids_of(3)]), [5, 9, 30, 21, 8, 17]
    writer = Writer(model, {"input_ids": start})
    rows = [*writer.begin(), *(writer.feed(torch.tensor([token]))[0] for token in rest)]
    whole = torch.cat([start, torch.tensor([rest])], 1)
    with torch.inference_mode():
        expected = model.family.output(model.net, {"input_ids": whole})
    torch.testing.assert_close(torch.stack(rows), expected.logits[0].float(), atol=1e-4, rtol=1e-4)
    assert bool(writer.cache_bytes) == (name != WITHOUT_CACHE)


def test_keys_and_values_stay_where_they_are_while_there_is_room(models, monkeypatch):
    """transformers' own cache copies all of them at each token."""
    monkeypatch.setattr("inference.models.growing_cache._LEAST_ROOM", 8)
    writer = Writer(models("gpt2"), {"input_ids": torch.tensor([ids_of(3)])})
    writer.begin()
    places, sizes = [], []
    for token in range(30):
        writer.feed(torch.tensor([token]))
        layer = writer._cache.layers[0]
        assert layer.keys.shape[-2] == layer.values.shape[-2] == 3 + 1 + token
        places.append(layer.keys.data_ptr())
        sizes.append(writer.cache_bytes / (3 + 1 + token))
    assert sum(one != other for one, other in pairwise(places)) == 3  # after 12, 21 and 32
    assert len(set(sizes)) == 1  # free room is not counted


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in (*HYBRIDS, WITHOUT_CACHE)])
def test_the_pattern_of_a_step_is_its_row_of_the_full_pass(models, name):
    """Against transformers' own, step by step, in its written-out attention; and against the pass through all of it."""
    model = models(name)
    result = write(model)
    ids = tuple(result.written.tokens.ids.tolist())
    np.testing.assert_allclose(result.pattern, patterns_of(model, text_input(token_ids=ids), "decoder"), atol=1e-6)
    np.testing.assert_allclose(result.pattern.sum(-1), 1, atol=1e-5)
    net = written_out(model.net)
    given = torch.tensor([ids_of(N_GIVEN)])
    with torch.inference_mode():
        own = net.generate(
            given, attention_mask=torch.ones_like(given), max_length=LONGEST, num_beams=1, do_sample=False,
            output_attentions=True, return_dict_in_generate=True,
        )  # fmt: skip
    assert own.sequences[0].tolist()[: len(ids)] == list(ids)
    for step, layers in enumerate(own.attentions):
        pos = N_GIVEN - 1 + step
        for layer, maps in enumerate(layers):
            row = maps[0, :, -1].numpy()
            keys = row.shape[-1]  # a sliding window keeps no more than that
            seen = result.pattern[layer, :, pos, max(pos + 1 - keys, 0) : pos + 1]
            np.testing.assert_allclose(seen, row[:, -seen.shape[-1] :], atol=2e-5)


def test_the_written_text_as_an_input_is_what_the_other_views_see(models):
    model = models("gpt2")
    result = write(model)
    ids = tuple(result.written.tokens.ids.tolist())
    input = with_written(asked().input, ids)
    assert model.encode(input).sequences["text"].ids.tolist() == list(ids)
    np.testing.assert_allclose(patterns_of(model, input, "decoder"), result.pattern, atol=1e-6)
    again = generation(GenerationRequest("", input, most=LONGEST - N_GIVEN), model, Context())
    assert again.written.tokens.ids.tolist() == list(ids)


def test_the_cache_has_as_many_bytes_as_its_tensors(models):
    result = write(models("llama"))
    n, n_layers, n_key_heads, d_head = result.written.n_steps - 1, 2, 2, 8  # the last token was never read
    assert result.cache_bytes == 2 * n_layers * n_key_heads * d_head * n * 4
    assert result.tokens_a_second == pytest.approx(result.n_written / result.seconds)


# What was expected


def test_each_place_tells_what_was_expected_there_and_why_a_token_could_not_be_chosen(models):
    model = models("gpt2")
    with saying(model, suppress_tokens=[9], eos_token_id=None):
        result = write(model, Decoding("sample", temperature=0.7, top_k=6, top_p=0.8), n_candidates=D_VOCAB)
    written = result.written
    with torch.inference_mode():
        logits = model.net(input_ids=torch.from_numpy(written.tokens.ids)[None]).logits[0]
    probs = logits.softmax(-1).numpy()
    cuts = set()
    for place in range(1, written.n_steps):
        ids, own = written.candidate_ids[place], probs[place - 1]
        np.testing.assert_allclose(written.probs[place], own[ids], atol=1e-5)
        assert ids[written.taken[place]] == written.tokens.ids[place]
        if place < written.n_given:
            assert (written.cuts[place] == Cut.NONE).all()
            np.testing.assert_array_equal(written.chances[place], written.probs[place])
            continue
        assert written.chances[place].sum() == pytest.approx(1, abs=1e-5)
        assert ((written.chances[place] == 0) == (written.cuts[place] != Cut.NONE)).all()
        why = dict(zip(ids.tolist(), written.cuts[place].tolist(), strict=True))
        assert why[9] == Cut.FORBIDDEN
        best = [token for token in ids.tolist() if token != 9][:6]
        assert all((why[token] == Cut.TOP_K) == (token not in best) for token in ids.tolist() if token != 9)
        cuts |= set(why.values())
    assert cuts == set(Cut)


def test_a_text_goes_on_behind_what_it_is_given(models):
    model = models("gpt2")
    with saying(model, eos_token_id=None):
        whole = write(model).written
        ids = tuple(whole.tokens.ids.tolist())
        rest = write(model, prefix_ids=ids[:8], most=LONGEST - 8).written
        assert (tuple(rest.tokens.ids.tolist()), rest.n_given) == (ids, 8)
        alone = write(model, prefix_ids=ids, most=0)
    assert alone.written.why_unfinished == "nothing was to be written"
    assert alone.pattern.shape[2] == len(ids)
    np.testing.assert_allclose(alone.written.surprisal, whole.surprisal, atol=1e-3)


# While it grows


@pytest.mark.parametrize("name", ["gpt2", "mistral", WITHOUT_CACHE])
def test_it_grows_and_what_is_there_never_changes(models, monkeypatch, name):
    monkeypatch.setattr("inference.forward.writing.PAUSE", 0)
    monkeypatch.setattr("inference.forward.writing.SHARE", np.inf)
    parts = []
    whole = generation(asked(), models(name), Context(parts.append))
    grown = [part.result for part in parts if isinstance(part, Partial)]
    assert [part.written.n_steps for part in grown] == list(range(N_GIVEN + 1, whole.written.n_steps + 1))
    for part in grown:
        n, rows = part.written.n_steps, part.pattern.shape[2]
        assert part.written.tokens.ids.tolist() == whole.written.tokens.ids[:n].tolist()
        np.testing.assert_allclose(part.pattern, whole.pattern[:, :, :rows, :rows], atol=1e-5)
        np.testing.assert_allclose(part.written.probs, whole.written.probs[:n], atol=1e-5)
        assert not part.written.is_finished
        assert not part.written.why_unfinished
    sizes = [part.cache_bytes for part in grown]
    assert sizes == sorted(sizes)


def test_the_first_token_is_told_at_once(models):
    parts = []
    generation(asked(), models("gpt2"), Context(parts.append))
    first = next(part.result for part in parts if isinstance(part, Partial))
    assert first.written.n_steps == N_GIVEN + 1
    assert first.pattern.shape[2] == 0  # its text has not been read once more


def test_it_stops_within_a_token_and_what_was_told_stays(models, monkeypatch):
    monkeypatch.setattr("inference.forward.writing.PAUSE", 0)
    monkeypatch.setattr("inference.forward.writing.SHARE", np.inf)
    model, parts, n = models("gpt2"), [], iter(range(8))
    with saying(model, eos_token_id=None):
        whole = write(model).written.tokens.ids
        with pytest.raises(Cancelled):
            generation(asked(), model, Context(parts.append, lambda: next(n, None) is None))
    last = [part.result for part in parts if isinstance(part, Partial)][-1].written.tokens.ids
    assert N_GIVEN < len(last) < LONGEST
    assert last.tolist() == whole[: len(last)].tolist()


def ends_after(n):
    """Asked so often nobody has cancelled it, and then somebody has."""
    steps = iter(range(n))
    return lambda: next(steps, None) is None


@pytest.mark.parametrize("decoding", [Decoding(), Decoding("beam", n_beams=3), Decoding("sample", seed=5)])
def test_what_others_came_before_goes_on_behind_its_last_token(models, monkeypatch, decoding):
    """However often it is cancelled, no token is chosen twice, and the text is the same."""
    monkeypatch.setattr("inference.forward.writing.PAUSE", 0)
    monkeypatch.setattr("inference.forward.writing.SHARE", np.inf)
    model, begun = models("gpt2"), []
    begin = Writer.begin
    with saying(model, eos_token_id=None):
        whole = write(model, decoding)
        monkeypatch.setattr(Writer, "begin", lambda writer: begun.append(writer) or begin(writer))
        result, parts = None, []
        for n_steps in (3, 1, 9, 4, 100):
            with suppress(Cancelled):
                result = generation(asked(decoding), model, Context(parts.append, ends_after(n_steps)))
    assert len(begun) == 1
    assert result is not None
    assert result.written.tokens.ids.tolist() == whole.written.tokens.ids.tolist()
    np.testing.assert_allclose(result.written.surprisal, whole.written.surprisal, rtol=1e-5)
    np.testing.assert_allclose(result.pattern, whole.pattern, atol=1e-6)
    lengths = [part.result.written.n_steps for part in parts if isinstance(part, Partial)]
    if decoding.way != "beam":  # whose best text may be another one, and shorter
        assert lengths == sorted(lengths)
    assert not model.store["writing"]


def test_another_text_begins_anew_and_time_that_passed_meanwhile_does_not_count(models, monkeypatch):
    model = models("gpt2")
    with saying(model, eos_token_id=None):
        with pytest.raises(Cancelled):
            generation(asked(), model, Context(is_cancelled=ends_after(4)))
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + 1_000)
        assert generation(asked(), model, Context()).seconds < 500
        other = generation(asked(seed=2), model, Context())
    assert other.written.tokens.ids[:N_GIVEN].tolist() == list(ids_of(N_GIVEN, 2))


def test_two_texts_that_make_way_for_each_other_both_go_on(models, monkeypatch):
    model, begun = models("gpt2"), []
    begin = Writer.begin
    monkeypatch.setattr(Writer, "begin", lambda writer: begun.append(writer) or begin(writer))
    with saying(model, eos_token_id=None):
        for request in (asked(), asked(seed=2)):
            with pytest.raises(Cancelled):
                generation(request, model, Context(is_cancelled=ends_after(4)))
        first, second = (generation(request, model, Context()) for request in (asked(), asked(seed=2)))
    assert len(begun) == 2
    assert first.written.tokens.ids[:N_GIVEN].tolist() != second.written.tokens.ids[:N_GIVEN].tolist()


# Limits


def test_it_stops_where_the_model_takes_no_more(models):
    model = models("gpt2")
    with saying(model, eos_token_id=None):
        assert write(model, most=5).written.why_unfinished == "it was cut off at 5 tokens"
        full = write(model, most=100).written
        assert (full.n_steps, full.why_unfinished) == (40, "the model takes no more than 40 tokens")
        given = text_input(token_ids=ids_of(40))
        nothing = generation(GenerationRequest("", given), model, Context())
        assert (nothing.n_written, nothing.written.why_unfinished) == (0, "the model takes no more than 40 tokens")


def test_a_text_that_ends_itself_has_no_other_reason(models):
    model = models("gpt2")
    with saying(model, eos_token_id=None):
        token = int(write(model).written.tokens.ids[N_GIVEN + 3])
    with saying(model, eos_token_id=token):
        written = write(model).written
    assert written.is_finished
    assert written.why_unfinished == ""
    assert written.n_steps <= N_GIVEN + 4


@pytest.mark.parametrize(
    ("decoding", "more", "text"),
    [
        (Decoding("guess"), {}, "'guess' is no way to choose tokens"),
        (Decoding("sample", temperature=0.0), {}, "The temperature is 0; it is above 0 and at most 2"),
        (Decoding(), {"most": 3_000}, "3,000 tokens were to be written; 0 to 2,000"),
        (Decoding(), {"prefix_ids": tuple(range(5, 46))}, "The text has 41 tokens; the model takes at most 40"),
        (Decoding(), {"prefix_ids": (2, 50)}, "50 is outside the vocabulary"),
        (Decoding(), {"prefix_ids": ()}, "There is nothing to read"),
    ],
)
def test_what_cannot_be_is_refused(models, decoding, more, text):
    with pytest.raises(Refused, match=text):
        write(models("gpt2"), decoding, **more)


def test_beams_of_a_model_with_a_state_are_refused(models):
    with pytest.raises(Refused, match="only one text at a time can be written; choose greedy or sampling"):
        write(models(HYBRIDS[0]), Decoding("beam", 3))


@pytest.mark.parametrize(("most", "heads_are", "shape"), [(2_100, "layer", (2, 1)), (100, "mean", (1, 1))])
def test_patterns_that_take_too_much_room_become_means(models, monkeypatch, most, heads_are, shape):
    model = models("gpt_neox")
    with saying(model, eos_token_id=None):
        whole = write(model, most=10)
        monkeypatch.setattr(analysis, "_MOST_BYTES", most)
        result = write(model, most=10)
    axes = (1,) if heads_are == "layer" else (0, 1)
    assert result.heads_are == heads_are
    assert result.pattern.shape[:2] == shape
    np.testing.assert_allclose(result.pattern, whole.pattern.mean(axes, keepdims=True), atol=1e-6)
    assert "too much to be kept at once" in result.notes[0]


# With a tokenizer


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    """A checkpoint on disk, opened."""
    return load(str(save_gpt2(tmp_path_factory.mktemp("gpt2"))), Context())


def test_it_goes_on_with_a_typed_text(gpt2):
    assert "generation" in gpt2.info.capabilities
    written = generation(GenerationRequest("", text_input("the cat"), most=3), gpt2, Context()).written
    assert written.tokens.ids[:7].tolist() == gpt2.tokenizer("the cat")["input_ids"]
    assert (written.n_given, written.n_steps) == (7, 10)
    assert written.text.startswith("the cat")


def test_an_empty_text_is_the_token_that_begins_one(gpt2):
    written = generation(GenerationRequest("", text_input(""), most=3), gpt2, Context()).written
    assert (written.tokens.words[0], written.n_given, written.n_steps) == ("<|endoftext|>", 1, 4)


def test_an_empty_text_is_refused_where_no_token_begins_one():
    tokenizer = tf.GPT2Tokenizer(vocab=BYTES, merges=[])
    tokenizer.bos_token = None
    model = build_model("gpt2", net_of("gpt2"), tokenizer)
    with pytest.raises(Refused, match="The text is empty, and this tokenizer has no token that begins one"):
        generation(GenerationRequest("", text_input("")), model, Context())


def test_an_end_that_a_tokenizer_puts_behind_a_text_does_not_end_it(gpt2, monkeypatch):
    """But one that was typed is a token of the text."""
    given = gpt2.tokenizer("a<|endoftext|>")["input_ids"]
    typed = generation(GenerationRequest("", text_input("a<|endoftext|>"), most=0), gpt2, Context()).written
    assert typed.tokens.ids.tolist() == given == [BYTES["a"], 0]
    monkeypatch.setattr(type(gpt2.tokenizer), "__call__", lambda *_, **__: tf.BatchEncoding({"input_ids": given}))
    put = generation(GenerationRequest("", text_input("a"), most=0), gpt2, Context()).written
    assert put.tokens.ids.tolist() == [BYTES["a"]]
