"""Which family reads which model, its groups, and how long an input may be."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch
import transformers

from inference.context import Refused
from inference.families.encoder import EncoderFamily
from inference.registry import FAMILIES
from tests.inference.tiny_checkpoints import VOCAB
from tests.inference.tiny_models import ARCHITECTURES, D_VOCAB, ENCODER_DECODERS, build_model, family_of, ids_of
from tests.inputs import text_input

ENCODERS = ["bert", "roberta", "distilbert", "electra", "albert", "ernie", "mpnet", "deberta-v2", "modernbert"]


CONFIG = transformers.BertConfig(vocab_size=D_VOCAB, max_position_embeddings=12)


READERS = {name: getattr(import_module(where.split(":")[0]), where.split(":")[1]) for name, where in FAMILIES.items()}


@pytest.fixture(scope="module")
def wordpiece() -> transformers.PreTrainedTokenizerBase:
    return transformers.BertTokenizer(vocab=VOCAB)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_exactly_one_family_fits(tiny, name):
    expected = "encoder" if name in ENCODERS else "encoder_decoder" if name in ENCODER_DECODERS else "decoder"
    fitting = [key for key, family in READERS.items() if family.fits(tiny(name).net.config)]
    assert fitting == [expected] == [tiny(name).info.family]


@pytest.mark.parametrize(
    "config",
    [
        transformers.ConvNextConfig(),
        transformers.MambaConfig(),
        transformers.ReformerConfig(),
        transformers.FNetConfig(),
        transformers.LongT5Config(),
        transformers.LxmertConfig(visual_pos_dim=5),
        transformers.DetrConfig(),
        transformers.LlamaConfig(layer_types=["full_attention", "linear_attention"], num_hidden_layers=2),
        transformers.LongformerConfig(is_decoder=True),
        transformers.BigBirdConfig(is_decoder=True),
        transformers.BertConfig(is_decoder=True, add_cross_attention=True),
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
    assert model.family.n_ctx(model.net.config) == longest
    model.net(**model.encode(text_input(token_ids=ids_of(longest))).tensors)
    with pytest.raises(Refused, match=rf"^The text has {longest + 1} tokens; the model takes at most {longest}\.$"):
        model.encode(text_input(token_ids=ids_of(longest + 1)))


@pytest.mark.parametrize("name", ["t5", "bloom", "falcon-alibi"])
def test_some_models_have_no_limit(tiny, name):
    model = tiny(name)
    assert model.family.n_ctx(model.net.config) == 0
    model.net(**model.encode(text_input(token_ids=ids_of(100))).tensors)


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
    n_target = 40 if model.family.n_ctx(model.net.config) else 41
    assert encoded.tensors["decoder_input_ids"].shape == (1, n_target)
    model.net(**encoded.tensors)


def test_models_of_which_only_the_attention_is_read_offer_no_view_of_words():
    from inference.checkpoints.capabilities import missing
    from inference.families.language_tower import LanguageTowerFamily
    from inference.family.opened import Opened

    family, config = LanguageTowerFamily(), transformers.LlavaConfig()
    name = "LlavaForConditionalGeneration"
    lacking = {
        item.capability: item.why for item in missing(Opened(name, name, config, ""), family, family.groups(config), "")
    }
    for capability in ("unembedding", "linear_unembedding"):
        assert lacking[capability] == f"reading the layers of {name} as words is not supported"
    assert lacking["next_token"] == f"predicting the next word is not supported for {name}"
