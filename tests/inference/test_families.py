"""From what is typed to what a model takes, and which models there are."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.families.encoder import EncoderFamily
from inference.inputs.tokens import tokenize, word
from inference.positions.kinds import n_ctx
from inference.registry import FAMILIES
from inference.results.inputs import TextInput
from tests.inference.tiny_checkpoints import BYTE_MERGES, BYTE_VOCAB, VOCAB
from tests.inference.tiny_models import ARCHITECTURES, D_VOCAB, ENCODER_DECODERS, build_model, family_of, ids_of
from tests.inputs import text_input

ENCODERS = ["bert", "roberta", "distilbert", "electra", "albert", "ernie", "mpnet", "deberta-v2", "modernbert"]
CONFIG = transformers.BertConfig(vocab_size=D_VOCAB, max_position_embeddings=12)
READERS = {name: getattr(import_module(where.split(":")[0]), where.split(":")[1]) for name, where in FAMILIES.items()}


@pytest.fixture(scope="module")
def wordpiece() -> transformers.PreTrainedTokenizerBase:
    return transformers.BertTokenizer(vocab=VOCAB)


@pytest.fixture(scope="module")
def byte_level() -> transformers.PreTrainedTokenizerBase:
    return transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES)


# --- which model belongs where ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_exactly_one_family_fits(tiny, name):
    expected = "encoder" if name in ENCODERS else "encoder_decoder" if name in ENCODER_DECODERS else "decoder"
    fitting = [key for key, family in READERS.items() if family.fits(tiny(name).net.config)]
    assert fitting == [expected] == [tiny(name).info.family]


@pytest.mark.parametrize(
    "config",
    [
        transformers.ConvNextConfig(),
        transformers.CLIPConfig(),
        transformers.Wav2Vec2Config(),
        transformers.MambaConfig(),
        transformers.ReformerConfig(),
        transformers.FNetConfig(),
        transformers.LongT5Config(),
        transformers.DeepseekV3Config(),
        transformers.GptOssConfig(),
        transformers.Lfm2Config(),
        transformers.LlamaConfig(layer_types=["full_attention", "linear_attention"], num_hidden_layers=2),
        transformers.LongformerConfig(is_decoder=True),
        transformers.BigBirdConfig(is_decoder=True),
        transformers.BertConfig(is_decoder=True),
        transformers.GPT2Config(add_cross_attention=True),
    ],
    ids=lambda config: config.model_type,
)
def test_other_models_fit_nowhere(config):
    assert not any(family.fits(config) for family in READERS.values())


def test_groups_say_what_the_configuration_says(tiny):
    (bert,) = tiny("bert").info.groups
    assert (bert.name, bert.n_heads, bert.is_causal, bert.has_qk) == ("encoder", (4, 4), False, True)
    (bloom,) = tiny("bloom").info.groups
    assert (bloom.name, bloom.n_heads, bloom.is_causal, bloom.has_qk) == ("decoder", (4, 4), True, True)
    (deberta,) = tiny("deberta-v2").info.groups
    assert (deberta.name, deberta.n_heads, deberta.is_causal, deberta.has_qk) == ("encoder", (4, 4), False, False)
    groups = [(group.name, group.n_heads, group.is_causal) for group in tiny("bart").info.groups]
    assert groups == [("encoder", (4, 4), False), ("decoder", (2, 2, 2), True), ("cross", (2, 2, 2), False)]


@pytest.mark.parametrize(
    ("config", "groups"),
    [
        (
            transformers.FunnelConfig(block_sizes=[2, 1, 3], block_repeats=[1, 1, 2], n_head=4),
            {"Block 1": 2, "Block 2 to block 1": 1, "Block 3 to block 2": 1, "Block 3": 5, "Decoder": 2},
        ),
        (transformers.FunnelConfig(block_sizes=[1, 1], pool_q_only=False), {"Block 1": 1, "Block 2": 1, "Decoder": 2}),
        (transformers.XLNetConfig(n_layer=3), {"Content stream": 3, "Query stream": 3}),
        (
            transformers.LEDConfig(encoder_layers=4, decoder_layers=2),
            {"Encoder": 4, "Decoder": 2, "Decoder to encoder": 2},
        ),
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
def test_titles_are_words(config, groups):
    assert {group.title: group.n_layers for group in family_of(config).groups(config)} == groups


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("bert", 40),
        ("roberta", 38),
        ("mpnet", 38),
        ("gpt2", 40),
        ("opt", 40),
        ("bart", 40),
        ("mpt", 40),
        ("marian", 40),
    ],
)
def test_the_longest_input_runs_and_the_next_is_refused(tiny, name, longest):
    model = tiny(name)
    assert n_ctx(model.net.config) == longest
    model.net(**model.encode(text_input(token_ids=ids_of(longest))).tensors)
    with pytest.raises(Refused, match=rf"^The text has {longest + 1} tokens; the model takes at most {longest}\.$"):
        model.encode(text_input(token_ids=ids_of(longest + 1)))


@pytest.mark.parametrize("name", ["t5", "bloom", "falcon-alibi"])
def test_some_models_have_no_limit(tiny, name):
    model = tiny(name)
    assert n_ctx(model.net.config) == 0
    model.net(**model.encode(text_input(token_ids=ids_of(100))).tensors)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_pair_of_sentences(wordpiece):
    tokens = tokenize(TextInput("the cat playing .", "it ran"), CONFIG, wordpiece)
    assert tokens.words == ("[CLS]", "the", "cat", "play", "ing", ".", "[SEP]", "it", "ran", "[SEP]")
    assert tokens.ids.tolist() == wordpiece("the cat playing .", "it ran").input_ids
    assert np.flatnonzero(~tokens.starts_word).tolist() == [4]
    assert np.flatnonzero(tokens.is_special).tolist() == [0, 6, 9]
    assert tokens.segment.tolist() == wordpiece("the cat playing .", "it ran").token_type_ids
    assert (tokens.ids.dtype, tokens.segment.dtype) == (np.int64, np.int8)


def test_an_empty_second_sentence_is_none(wordpiece):
    assert tokenize(TextInput("the", ""), CONFIG, wordpiece).words == ("[CLS]", "the", "[SEP]")


def test_byte_level_pieces_are_shown_as_text(byte_level):
    tokens = tokenize(TextInput("the cat é", "cat"), transformers.RobertaConfig(), byte_level)
    assert tokens.words[0] == "<s>"
    assert "cat" in tokens.words
    assert tokens.words.count("\\xc3") == tokens.words.count("\\xa9") == 1
    assert tokens.segment[-1] == 1
    assert not any("Ġ" in shown or "Ã" in shown for shown in tokens.words)


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        ("##ing", "ing"),
        ("##", "##"),
        ("the", "the"),
        ("[UNK]", "[UNK]"),
        ("\u200b", "<U+200B>"),
        ("\x07", "␇"),
        ("\xa0", "␣"),
    ],
)
def test_wordpieces_are_shown_without_marks(piece, shown):
    words = [*VOCAB, "##", "\u200b", "\x07", "\xa0"]
    tokenizer = transformers.BertTokenizer(vocab={w: i for i, w in enumerate(words)})
    assert word(tokenizer.convert_tokens_to_ids(piece), tokenizer) == shown


@pytest.mark.parametrize(
    ("piece", "shown"),
    [("Ġ", "␣"), ("ĠĠ", "␣␣"), ("Ġthe", "the"), ("Ċ", "␊"), ("<mask>", "<mask>"), ("é", "\\xe9"), ("Ã©", "é")],
)
def test_byte_level_pieces_are_shown_without_marks(piece, shown):
    words = [*BYTE_VOCAB, *(new for new in ("ĠĠ", "Ċ", "é", "Ã©") if new not in BYTE_VOCAB)]
    tokenizer = transformers.RobertaTokenizer(vocab={w: i for i, w in enumerate(words)}, merges=BYTE_MERGES)
    assert word(words.index(piece), tokenizer) == shown


def test_ids_that_the_tokenizer_does_not_know_are_shown_as_numbers(wordpiece):
    assert word(len(VOCAB) + 1, wordpiece) == f"#{len(VOCAB) + 1}"
    assert word(3, None) == "#3"


def test_the_end_of_a_text_is_special_even_where_it_is_the_unknown_word_too():
    tokenizer = transformers.GPT2Tokenizer(
        vocab={"<|endoftext|>": 0, "a": 1, "b": 2}, merges=[], unk_token="<|endoftext|>"
    )
    tokens = tokenize(TextInput(token_ids=(1, 0, 2)), CONFIG, tokenizer)
    assert tokens.is_special.tolist() == [False, True, False]


def test_the_unknown_word_is_a_word(wordpiece):
    tokens = tokenize(TextInput("the zebra"), CONFIG, wordpiece)
    assert tokens.words[2] == "[UNK]"
    assert not tokens.is_special[2]


def test_ids_are_used_as_they_are(wordpiece):
    ids = wordpiece("the cat playing", add_special_tokens=False).input_ids
    tokens = tokenize(TextInput("not this", token_ids=tuple(ids)), CONFIG, wordpiece)
    assert tokens.words == ("the", "cat", "play", "ing")
    assert tokens.starts_word.tolist() == [True, True, True, False]


# --- masks ------------------------------------------------------------------------------------------------------------


def test_masks_replace_tokens(wordpiece):
    tokens = tokenize(TextInput("the cat sat", masked=(2, 3)), CONFIG, wordpiece)
    assert tokens.words == ("[CLS]", "the", "[MASK]", "[MASK]", "[SEP]")
    assert tokens.ids[2] == tokens.ids[3] == VOCAB["[MASK]"]
    assert tokens.is_special.tolist() == [True, False, False, False, True]


def test_a_typed_mask_is_the_mask(wordpiece, byte_level):
    tokens = tokenize(TextInput("the [MASK] sat"), CONFIG, wordpiece)
    assert tokens.ids[2] == VOCAB["[MASK]"]
    assert not tokens.is_special[2]
    for typed in ("[MASK]", "<mask>"):
        tokens = tokenize(TextInput(f"the {typed} cat"), transformers.RobertaConfig(), byte_level)
        assert tokens.words.count("<mask>") == 1
        assert BYTE_VOCAB["<mask>"] in tokens.ids


# --- what a model takes -----------------------------------------------------------------------------------------------


def test_sentences_are_told_apart_where_the_model_does(wordpiece):
    encoded = EncoderFamily().encode(text_input("the cat", "it ran"), CONFIG, wordpiece)
    expected = wordpiece("the cat", "it ran", return_tensors="pt")
    assert torch.equal(encoded.tensors["input_ids"], expected.input_ids)
    assert torch.equal(encoded.tensors["token_type_ids"], expected.token_type_ids)
    config = transformers.BertConfig(vocab_size=D_VOCAB, type_vocab_size=1)
    assert set(EncoderFamily().encode(text_input("the"), config, wordpiece).tensors) == {"input_ids"}


def test_the_decoder_reads_the_source_unless_something_is_written(tiny):
    """Behind its start token and without the end, as in training."""
    vocab = ["<s>", "<pad>", "</s>", "<unk>", "the", "cat", "ran"]
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=word_level(vocab), unk_token="<unk>", eos_token="</s>", pad_token="<pad>"
    )
    model = build_model("bart", tiny("bart").net, tokenizer)
    encoded = model.encode(text_input("the cat"))
    assert encoded.tokens.words == ("the", "cat", "</s>")
    assert encoded.sequences["target"].words == ("</s>", "the", "cat")
    assert encoded.tensors["decoder_input_ids"].tolist() == [[2, 4, 5]]
    encoded = model.encode(text_input("the cat", "ran"))
    assert encoded.sequences["source"].words == ("the", "cat", "</s>")
    assert encoded.sequences["target"].words == ("</s>", "ran")
    with pytest.raises(Refused, match="at most 40"):
        model.encode(text_input("the " * 50))


def word_level(vocab: list[str]):
    import tokenizers

    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: i for i, word in enumerate(vocab)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("$A </s>", "$A $B </s>", [("</s>", 2)])
    return tokenizer


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_the_longest_source_leaves_room_for_the_start(tiny, name):
    model = tiny(name)
    encoded = model.encode(text_input(token_ids=ids_of(40)))
    n_target = 40 if n_ctx(model.net.config) else 41
    assert encoded.tensors["decoder_input_ids"].shape == (1, n_target)
    model.net(**encoded.tensors)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("input", "sentence"),
    [
        (TextInput(token_ids=()), "nothing to read"),
        (TextInput(token_ids=(1, D_VOCAB)), f"^{D_VOCAB} is outside .* from 0 to {D_VOCAB - 1} are allowed"),
        (TextInput(token_ids=(-1,)), "^-1 is outside"),
        (TextInput(token_ids=(5,) * 13), "has 13 tokens; the model takes at most 12"),
        (TextInput("the cat", masked=(4,)), "^Position 4 .* has positions 0 to 3"),
        (TextInput("the cat", masked=(-1,)), "^Position -1 "),
    ],
)
def test_bad_input_is_refused(wordpiece, input, sentence):
    with pytest.raises(Refused, match=sentence):
        tokenize(input, CONFIG, wordpiece)


def test_text_without_a_tokenizer_is_refused():
    with pytest.raises(Refused, match=rf"no tokenizer; type token ids from 0 to {D_VOCAB - 1} instead\.$"):
        tokenize(TextInput("the cat"), CONFIG, None)
    assert tokenize(TextInput(token_ids=(4, 5)), CONFIG, None).words == ("#4", "#5")


def test_a_mask_without_a_mask_token_is_refused(wordpiece):
    with pytest.raises(Refused, match="no mask token"):
        tokenize(TextInput(token_ids=(4, 5), masked=(0,)), CONFIG, None)
    tokenizer = transformers.GPT2Tokenizer(vocab={"a": 0, "b": 1}, merges=[])
    with pytest.raises(Refused, match="no mask token"):
        tokenize(TextInput("ab", masked=(0,)), CONFIG, tokenizer)


@pytest.mark.parametrize("tokenizer", ["wordpiece", "byte_level"])
def test_any_text_is_tokens_or_refused(tokenizer, request):
    tokenizer = request.getfixturevalue(tokenizer)
    config = transformers.BertConfig(vocab_size=D_VOCAB, max_position_embeddings=30)

    @settings(deadline=None, max_examples=150)
    @given(st.text(st.characters(), max_size=20), st.none() | st.text(max_size=5))
    def check(text, pair):
        try:
            tokens = tokenize(TextInput(text, pair), config, tokenizer)
        except Refused:
            return
        n = len(tokens.ids)
        assert len(tokens.words) == len(tokens.starts_word) == len(tokens.is_special) == len(tokens.segment) == n
        assert all(shown and shown.isprintable() for shown in tokens.words)
        assert tokens.starts_word[0]

    check()
