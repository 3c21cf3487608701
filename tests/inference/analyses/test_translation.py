"""What is written is what transformers' `generate` writes, token by token, and what was attended to is the model's."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import transformers as tf

from inference.analyses.translation import translation
from inference.context import Cancelled, Context, Refused
from inference.forward.decoding import n_beams
from inference.forward.opening import load
from inference.forward.writer import Writer
from inference.results.decoding import Decoding, NodeKind
from inference.results.events import Partial
from inference.results.translation import TranslationRequest, with_target
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_checkpoints import save_transformer
from tests.inference.tiny_models import D_VOCAB, build, build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input

BUILT = ("transformer", "marian", "bart", "pegasus", "m2m_100")
TYPES = ("mbart", "led", "blenderbot")
T5 = {"t5": (tf.T5ForConditionalGeneration, tf.T5Config), "mt5": (tf.MT5ForConditionalGeneration, tf.MT5Config)}
CONFIGURED = {"fsmt": "fsmt", "prophetnet": "prophetnet", "encoder-decoder": "encoder-decoder of two BERTs"}
ARCHITECTURES = (*BUILT, *TYPES, *T5, *CONFIGURED)
N_SOURCE = 9
LONGEST = 14  # tokens of a target
ENDS = (7, 12, 21, 33, 40, 44)  # any of these ends a text


def net_of(name):
    """A random model that ends some of its texts, and says no rule of its own."""
    torch.manual_seed(0)
    if name in T5:
        model, config = T5[name]  # as many layers on each side: `generate` takes no others
        sizes = {"vocab_size": D_VOCAB, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
        net = model(config(**sizes)).eval()
    else:
        net = build(name) if name in BUILT else build_type(name) if name in TYPES else TEXT[CONFIGURED[name]].build()
    net.eval()
    start = 2 if name != "encoder-decoder" else 1
    # With its embedding as output a random model says the same token again and again.
    head = net.get_output_embeddings()
    generator = torch.Generator().manual_seed(3)
    head.weight = torch.nn.Parameter(torch.randn(head.weight.shape, generator=generator))
    net.generation_config = tf.GenerationConfig(eos_token_id=list(ENDS), pad_token_id=1, decoder_start_token_id=start)
    net.config.decoder_start_token_id = start
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


def asked(decoding=None, *, seed=1, most=LONGEST - 1, **more):
    return TranslationRequest(
        "", text_input(token_ids=ids_of(N_SOURCE, seed)), decoding or Decoding(), most=most, **more
    )


def translate(model, decoding=None, **more):
    return translation(asked(decoding, **more), model, Context())


def generated(model, result, *, seed=1, **settings):
    """[n] token ids that transformers writes."""
    given = torch.from_numpy(result.written.tokens.ids[: result.written.n_given])[None]
    source = model.encode(asked(seed=seed).input).tensors
    source = {name: tensor for name, tensor in source.items() if not name.startswith("decoder")}
    with torch.inference_mode():
        found = model.net.generate(
            **source,
            attention_mask=torch.ones_like(source["input_ids"]),
            decoder_input_ids=given,
            decoder_start_token_id=int(given[0, 0]),
            max_length=LONGEST,
            **{"num_beams": 1, "do_sample": False, **settings},
        )
    return found[0].tolist()


def plain(ids):
    """Without the padding behind the end."""
    end = next((place for place, token in enumerate(ids) if place and token in ENDS), len(ids))
    return ids[: end + 1]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_greedy_is_transformers_own(models, name):
    model = models(name)
    for seed in range(1, 4):
        result = translate(model, seed=seed)
        assert result.written.tokens.ids.tolist() == plain(generated(model, result, seed=seed))


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(
    ("penalty", "early"), [(1.0, False), (0.6, True), (2.0, "never"), (0.0, False)], ids=["1", "0.6", "2", "0"]
)
def test_beam_search_is_transformers_own(models, name, penalty, early):
    model = models(name)
    said = model.net.generation_config
    said.length_penalty, said.early_stopping = penalty, early
    try:
        for seed in range(1, 3):
            result = translate(model, Decoding("beam", n_beams=3), seed=seed)
            own = generated(
                model, result, seed=seed, num_beams=3, length_penalty=penalty, early_stopping=early,
            )  # fmt: skip
            assert result.written.tokens.ids.tolist() == plain(own)
    finally:
        said.length_penalty = said.early_stopping = None


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(("temperature", "top_k", "top_p"), [(1.0, 0, 1.0), (0.7, 12, 0.9)], ids=["plain", "cut"])
def test_seeded_samples_are_transformers_own(models, name, temperature, top_k, top_p):
    model = models(name)
    for seed in range(2):
        result = translate(model, Decoding("sample", 0, temperature, top_k, top_p, seed))
        torch.manual_seed(seed)
        own = generated(model, result, do_sample=True, temperature=temperature, top_k=top_k, top_p=top_p)
        assert result.written.tokens.ids.tolist() == plain(own)


RULES = {
    "bad_words_ids": lambda ids: [[ids[1]], [ids[2], ids[3]]],
    "no_repeat_ngram_size": lambda ids: 1,
    "repetition_penalty": lambda ids: 5.0,
    "encoder_no_repeat_ngram_size": lambda ids: 1,
    "min_length": lambda ids: LONGEST - 1,
    "forced_bos_token_id": lambda ids: ids[1] + 1,
    "forced_eos_token_id": lambda ids: 7,
    "suppress_tokens": lambda ids: [ids[2]],
    "begin_suppress_tokens": lambda ids: [ids[1]],
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n_beams", [1, 3])
def test_what_the_checkpoint_wants_of_its_texts_is_kept(models, rule, n_beams):
    """Each rule is about what the model writes without it."""
    model = models("marian")
    decoding = Decoding("beam", n_beams=3) if n_beams > 1 else Decoding()
    differs = 0
    for seed in range(1, 4):
        before = translate(model, decoding, seed=seed).written.tokens.ids.tolist()
        setattr(model.net.generation_config, rule, RULES[rule]([*before, 8, 8]))
        try:
            result = translate(model, decoding, seed=seed)
            assert result.written.tokens.ids.tolist() == plain(generated(model, result, seed=seed, num_beams=n_beams))
        finally:
            setattr(model.net.generation_config, rule, None)
        differs += result.written.tokens.ids.tolist() != before
    if rule not in ("encoder_no_repeat_ngram_size", "forced_eos_token_id", "min_length"):
        assert differs


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_steps_with_a_cache_are_those_without(models, name):
    model = models(name)
    tensors = model.encode(asked().input).tensors
    start, rest = tensors["decoder_input_ids"][:, :2], [5, 9, 30, 21]
    writer = Writer(model, {**tensors, "decoder_input_ids": start})
    rows = [*writer.begin(), *(writer.feed(torch.tensor([token]))[0] for token in rest)]
    whole = torch.cat([start, torch.tensor([rest])], 1)
    with torch.inference_mode():
        expected = model.family.output(model.net, {**tensors, "decoder_input_ids": whole}, use_cache=False)
    # ProphetNet's answers depend a little on how many tokens come behind, also in transformers and in float64.
    close = 3e-2 if name == "prophetnet" else 1e-4
    torch.testing.assert_close(torch.stack(rows), expected.logits[0].float(), atol=close, rtol=1e-4)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keys_and_values_of_the_target_stay_where_they_are(models, name):
    """transformers' own cache copies all of them at each token."""
    model = models(name)
    writer = Writer(model, model.encode(asked().input).tensors)
    writer.begin()
    places = []
    for token in (5, 9, 30, 8):
        writer.feed(torch.tensor([token]))
        places.append([layer.keys.data_ptr() for layer in writer._cache.self_attention_cache.layers])
    assert all(each == places[0] for each in places)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "prophetnet"])  # it tells scores instead
def test_the_pattern_of_a_step_is_its_row_of_the_full_pass(models, name):
    """Against transformers' own, step by step, in its written-out attention."""
    model = models(name)
    result = translate(model)
    net = net_of(name)
    net.set_attn_implementation("eager")
    other = build_model(name, net)
    source = {k: v for k, v in model.encode(asked().input).tensors.items() if not k.startswith("decoder")}
    with torch.inference_mode():
        own = net.generate(
            **source, max_length=LONGEST, num_beams=1, do_sample=False, output_attentions=True,
            return_dict_in_generate=True, decoder_start_token_id=int(result.written.tokens.ids[0]),
        )  # fmt: skip
    assert own.sequences[0].tolist()[: result.written.n_steps] == result.written.tokens.ids.tolist()
    for step, layers in enumerate(own.cross_attentions):
        row = np.stack([layer[0, :, -1].numpy() for layer in layers])
        np.testing.assert_allclose(result.pattern[:, :, step], row[..., : result.pattern.shape[3]], atol=2e-5)
    assert other.info.groups == model.info.groups


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_same_text_as_a_target_shows_the_same_attention(models, name):
    model = models(name)
    result = translate(model)
    target = with_target(asked().input, "", tuple(result.written.tokens.ids.tolist()))
    group = next(group for group in model.info.groups if group.key_axis == "source" and group.query_axis != "source")
    run = model.run(target, Context())
    n = result.written.n_steps
    for layer, call in model.each_call(run, group.name, Context()):
        np.testing.assert_allclose(call.patterns()[:, :n], result.pattern[layer], atol=1e-6)
    assert run.encoded.sequences["target"].ids.tolist() == result.written.tokens.ids.tolist()
    np.testing.assert_allclose(result.pattern.sum(-1), 1, atol=1e-5)


# What was expected


def test_each_place_tells_what_was_expected_there(models):
    model = models("bart")
    result = translate(model, Decoding("sample", temperature=0.7, top_k=4, top_p=0.9), n_candidates=5)
    written = result.written
    tensors = model.encode(with_target(asked().input, "", tuple(written.tokens.ids.tolist()))).tensors
    with torch.inference_mode():
        probs = model.net(**tensors).logits[0].softmax(-1).numpy()
    assert written.candidate_ids[0].tolist() == [-1] * 5
    assert np.isnan(written.probs[0]).all()
    for place in range(1, written.n_steps):
        token = int(written.tokens.ids[place])
        ids, taken = written.candidate_ids[place], written.taken[place]
        assert ids[taken] == token
        np.testing.assert_allclose(written.probs[place], probs[place - 1][ids], atol=1e-5)
        assert written.surprisal[place] == pytest.approx(-np.log2(probs[place - 1][token]), abs=1e-3)
        assert written.chances[place].sum() == pytest.approx(1, abs=1e-5)  # four at most are left
        assert written.chances[place][taken] > 0
        assert written.chances[place].max() >= written.probs[place].max() - 1e-6
        assert [written.vocabulary[number] for number in written.candidates[place]] == [f"#{i}" for i in ids]


def test_a_text_goes_on_behind_what_it_is_given(models):
    model = models("transformer")
    whole = translate(model).written.tokens.ids.tolist()
    rest = translate(model, prefix_ids=tuple(whole[:4]), most=LONGEST - 4).written
    assert rest.tokens.ids.tolist() == whole
    assert rest.n_given == 4
    alone = translate(model, prefix_ids=tuple(whole), most=0).written
    assert (alone.tokens.ids.tolist(), alone.n_given) == (whole, len(whole))
    assert alone.why_unfinished == "nothing was to be written"
    np.testing.assert_allclose(alone.surprisal, translate(model).written.surprisal, atol=1e-3)


def test_the_tree_holds_every_text_that_was_begun(models):
    result = translate(models("transformer"), Decoding("beam", n_beams=3))
    tree, best = result.tree, result.hypotheses[0]
    path = tree.path(best.node)
    words = [result.written.vocabulary[tree.numbers[node]] for node in path]
    assert words == [f"#{token}" for token in result.written.tokens.ids[result.written.n_given :]]
    assert tree.depths[path].tolist() == list(range(1, len(path) + 1))
    np.testing.assert_allclose(best.log_prob, result.written.surprisal[1:].sum() * -np.log(2), atol=1e-3)
    assert best.score == pytest.approx(best.log_prob / len(path))
    scores = [each.score for each in result.hypotheses]
    assert scores == sorted(scores, reverse=True)
    for depth in range(2, int(tree.depths.max()) + 1):
        nodes = np.flatnonzero(tree.depths == depth)
        assert (tree.kinds[tree.parents[nodes]] == NodeKind.KEPT).all()
        assert (tree.kinds[nodes] == NodeKind.KEPT).sum() <= 3


# While it grows


def test_it_grows_and_what_is_there_never_changes_when_greedy(models, monkeypatch):
    monkeypatch.setattr("inference.forward.writing.PAUSE", 0)
    monkeypatch.setattr("inference.forward.writing.SHARE", np.inf)
    parts = []
    whole = translation(asked(), models("bart"), Context(parts.append))
    grown = [part.result for part in parts if isinstance(part, Partial)]
    assert [part.written.n_steps for part in grown] == list(range(2, whole.written.n_steps + 1))
    for part in grown:
        n = part.written.n_steps
        assert part.written.tokens.ids.tolist() == whole.written.tokens.ids[:n].tolist()
        rows = part.pattern.shape[2]
        np.testing.assert_allclose(part.pattern, whole.pattern[:, :, :rows], atol=1e-5)
        assert not part.written.is_finished
        assert not part.written.why_unfinished


def test_it_stops_within_a_token(models):
    n = iter(range(4))
    with pytest.raises(Cancelled):
        translation(asked(), models("bart"), Context(is_cancelled=lambda: next(n, None) is None))
    whole = translation(asked(), models("bart"), Context())  # it goes on from there
    assert (
        whole.written.tokens.ids.tolist() == translation(asked(), models("bart"), Context()).written.tokens.ids.tolist()
    )


@pytest.mark.parametrize(
    ("decoding", "more", "text"),
    [
        (Decoding("guess"), {}, "'guess' is no way to choose tokens"),
        (Decoding("beam", n_beams=17), {}, "17 beams were asked for; at most 16"),
        (Decoding("sample", temperature=0.0), {}, "The temperature is 0; it is above 0 and at most 2"),
        (Decoding("sample", top_p=1.5), {}, "Top-p is 1.5; it is above 0 and at most 1"),
        (Decoding("sample", top_k=-1), {}, "Top-k is -1"),
        (Decoding("sample", seed=-1), {}, "The seed is -1"),
        (Decoding(), {"most": 3_000}, "3,000 tokens were to be written; 0 to 2,000"),
        (Decoding(), {"n_candidates": 0}, "0 candidates were asked for"),
        (Decoding(), {"prefix": "Le chat"}, "has no tokenizer, so its text cannot begin with words"),
        (Decoding(), {"prefix_ids": tuple(range(5, 46))}, "The text begins with 41 tokens; the decoder takes 40"),
        (Decoding(), {"prefix_ids": ()}, "The target has no token"),
        (Decoding(), {"prefix_ids": (2, 50)}, "50 is outside the vocabulary"),
    ],
)
def test_what_cannot_be_is_refused(models, decoding, more, text):
    with pytest.raises(Refused, match=text):
        translate(models("marian"), decoding, **more)


def test_a_text_that_does_not_end_says_where_it_was_cut(models):
    model = models("marian")
    ends, model.net.generation_config.eos_token_id = model.net.generation_config.eos_token_id, None
    try:
        assert translate(model, most=5).written.why_unfinished == "it was cut off at 5 tokens"
        assert "takes no more than 40 tokens" in translate(model, most=100).written.why_unfinished
    finally:
        model.net.generation_config.eos_token_id = ends


def test_too_many_patterns_are_left_out_with_a_note(models, monkeypatch):
    monkeypatch.setattr("inference.forward.writing._MOST_BYTES", 100)
    result = translate(models("marian"))
    assert result.pattern.shape[0] == 0
    assert "too much to be shown at once" in result.notes[0]


# With a tokenizer


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A checkpoint on disk, opened."""
    return load(str(save_transformer(tmp_path_factory.mktemp("translator"))), Context())


def test_typed_words_begin_the_text(translator):
    request = TranslationRequest("", text_input("the cat sat"), prefix="the cat", most=3)
    written = translation(request, translator, Context()).written
    start = [0, *translator.tokenizer("the cat")["input_ids"][:-1]]
    assert written.tokens.ids[: written.n_given].tolist() == start
    assert written.text.startswith("the cat")
    whole = with_target(request.input, written.text, tuple(written.tokens.ids.tolist()))
    assert translator.encode(whole).sequences["target"].ids.tolist() == written.tokens.ids.tolist()


def test_what_else_stands_in_the_input_as_a_target_is_left_aside(translator):
    alone = translation(TranslationRequest("", text_input("the cat sat"), most=5), translator, Context())
    beside = with_target(text_input("the cat sat"), "the cat", (0, 5, 6))
    other = translation(TranslationRequest("", beside, most=5), translator, Context())
    assert alone.written.tokens.ids.tolist() == other.written.tokens.ids.tolist()


def test_a_file_says_how_texts_are_written_and_what_is_wrong_in_it_is_left_aside(tmp_path):
    folder = save_transformer(tmp_path)
    said = {
        "num_beams": 3, "length_penalty": 0.6, "early_stopping": "never", "bad_words_ids": [[7]],
        "no_repeat_ngram_size": -1, "min_length": "x", "suppress_tokens": [True], "eos_token_id": [2, 3],
        "forced_bos_token_id": 2**40, "cache_implementation": "static", "custom_generate": "evil",
    }  # fmt: skip
    (folder / "generation_config.json").write_text(json.dumps(said))
    found = load(str(folder), Context()).net.generation_config
    assert (found.num_beams, found.length_penalty, found.early_stopping) == (3, 0.6, "never")
    assert (found.bad_words_ids, found.eos_token_id) == ([[7]], [2, 3])
    assert not found.no_repeat_ngram_size
    assert not found.min_length
    assert (found.suppress_tokens, found.forced_bos_token_id, found.cache_implementation) == (None, None, None)
    assert n_beams(Decoding("beam"), found) == 3
    assert n_beams(Decoding("beam", 2), found) == 2


@pytest.mark.parametrize("content", ["{", "[1]", '{"num_beams": 0}', None])
def test_a_file_that_cannot_be_read_changes_nothing(tmp_path, content):
    folder = save_transformer(tmp_path)
    path = folder / "generation_config.json"
    path.unlink()
    if content is None:
        path.symlink_to("/dev/zero")
    else:
        path.write_text(content)
    found = load(str(folder), Context()).net.generation_config
    assert (found.eos_token_id, n_beams(Decoding("beam"), found)) == (2, 4)


def test_a_source_and_a_text_of_two_thousand_tokens(models):
    model = models("t5")
    request = TranslationRequest("", text_input(token_ids=ids_of(2_000)), most=3)
    assert translation(request, model, Context()).pattern.shape[3] == 2_000
    ends, model.net.generation_config.eos_token_id = model.net.generation_config.eos_token_id, None
    try:
        given = (2, *ids_of(1_990))
        request = TranslationRequest("", text_input(token_ids=ids_of(N_SOURCE)), prefix_ids=given, most=10)
        written = translation(request, model, Context()).written
        assert (written.n_steps, written.why_unfinished) == (2_001, "it was cut off at 10 tokens")
    finally:
        model.net.generation_config.eos_token_id = ends
