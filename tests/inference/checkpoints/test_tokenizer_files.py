"""Tokenizers of real files: ids are those of transformers' own tokenizer, and of SentencePiece itself."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
import sentencepiece
import transformers as tf

from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.files.tokenizer_files import load_tokenizer, mask_token, vocabulary_file
from inference.forward.opening import load
from inference.inputs.tokens import tokenize
from inference.results.inputs import Input, TextInput
from tests.inference.tiny_tokenizers import trained

PAIR = TextInput("the cat ran", "a dog")

# Config, the only file of the tokenizer, what it is trained as, the class of transformers, the mask.
ONE_FILE = {
    "deberta": (tf.DebertaV2Config, "spm.model", ("unigram",), tf.DebertaV2Tokenizer, "[MASK]"),
    "xlm-roberta": (tf.XLMRobertaConfig, "sentencepiece.bpe.model", ("unigram",), tf.XLMRobertaTokenizer, "<mask>"),
    "camembert": (tf.CamembertConfig, "sentencepiece.bpe.model", ("unigram",), tf.CamembertTokenizer, "<mask>"),
    "albert": (tf.AlbertConfig, "spiece.model", ("unigram", "albert"), tf.AlbertTokenizer, "[MASK]"),
    "rembert": (tf.RemBertConfig, "sentencepiece.model", ("unigram", "albert"), tf.RemBertTokenizer, "[MASK]"),
    "xlnet": (tf.XLNetConfig, "spiece.model", ("unigram",), tf.XLNetTokenizer, "<mask>"),
    "t5": (tf.T5Config, "spiece.model", ("unigram", "t5"), tf.T5Tokenizer, ""),
    "mbart": (tf.MBartConfig, "sentencepiece.bpe.model", ("unigram",), tf.MBartTokenizer, ""),
    "llama": (tf.LlamaConfig, "tokenizer.model", ("bpe",), tf.LlamaTokenizer, ""),
    "big_bird": (tf.BigBirdConfig, "spiece.model", ("unigram",), tf.BigBirdTokenizer, "[MASK]"),
    "bert-generation": (tf.BertGenerationConfig, "spiece.model", ("unigram",), tf.BertGenerationTokenizer, ""),
}


def saved(folder: Path, config: tf.PreTrainedConfig, **files: object) -> Path:
    config.save_pretrained(folder)
    for name, values in files.items():
        (folder / f"{name}.json").write_text(json.dumps(values))
    return folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file_of_sentencepiece_is_a_tokenizer(name, tmp_path):
    make, file, how, cls, mask = ONE_FILE[name]
    config = make(vocab_size=150, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    saved(tmp_path, config)
    (tmp_path / file).write_bytes(trained(*how))
    assert vocabulary_file(tmp_path) == tmp_path / file
    assert mask_token(tmp_path, config.model_type) == mask
    tokenizer = load_tokenizer(tmp_path, config)
    assert tokenizer is not None
    tokens = tokenize(PAIR, config, tokenizer)
    assert tokens.ids.tolist() == list(cls.from_pretrained(tmp_path)(PAIR.text, PAIR.text_pair)["input_ids"])
    own = sentencepiece.SentencePieceProcessor()
    own.LoadFromSerializedProto(trained(*how))
    pieces = [piece for text in (PAIR.text, PAIR.text_pair) for piece in own.encode(text, out_type=str)]
    shown = [piece for piece, special in zip(tokens.shown, tokens.is_special, strict=True) if not special]
    assert shown == [piece.replace("▁", "␣") for piece in pieces]


@pytest.mark.parametrize("where", ["tokenizer_config", "config"])
def test_bytes_need_no_vocabulary(where, tmp_path):
    config = tf.T5Config(vocab_size=384, **({"tokenizer_class": "ByT5Tokenizer"} if where == "config" else {}))
    files = {} if where == "config" else {where: {"tokenizer_class": "ByT5Tokenizer"}}
    saved(tmp_path, config, **files)
    tokenizer = load_tokenizer(tmp_path, config)
    assert isinstance(tokenizer, tf.ByT5Tokenizer)
    tokens = tokenize(TextInput("a é\t"), config, tokenizer)
    expected = [*(byte + 3 for byte in "a é\t".encode()), 1]
    assert tokens.ids.tolist() == expected == tf.ByT5Tokenizer()("a é\t")["input_ids"]
    assert tokens.shown[:2] == ("a", "␣")
    assert not any(sign.isspace() or not sign.isprintable() for sign in "".join(tokens.shown))


@cache
def ids_of_canine(*texts):
    """As transformers splits them, whose tokenizer lists all of Unicode first."""
    return tf.CanineTokenizer()(*texts)["input_ids"]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"tokenizer_config": {"tokenizer_class": "CanineTokenizer"}},
        {"tokenizer_config": {"model_max_length": 2048}, "special_tokens_map": {"cls_token": "\ue000"}},
    ],
)
def test_characters_need_no_vocabulary(files, tmp_path):
    config = tf.CanineConfig()
    tokenizer = load_tokenizer(saved(tmp_path, config, **files), config)
    assert isinstance(tokenizer, tf.CanineTokenizer)
    tokens = tokenize(TextInput("a日", "b"), config, tokenizer)
    assert tokens.ids.tolist() == ids_of_canine("a日", "b")
    assert tokens.ids.tolist() == [0xE000, ord("a"), ord("日"), 0xE001, ord("b"), 0xE001]
    assert tokens.words == ("[CLS]", "a", "日", "[SEP]", "b", "[SEP]")
    assert tokens.shown == tokens.words


def test_a_checkpoint_with_nothing_but_its_config_reads_characters(tmp_path):
    config = tf.CanineConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, max_position_embeddings=256,
        num_hash_buckets=32, downsampling_rate=4,
    )  # fmt: skip
    tf.CanineModel(config).save_pretrained(tmp_path)
    assert inspect(str(tmp_path)).has_tokenizer
    model = load(str(tmp_path), Context())
    tokens = model.encode(Input(text=TextInput("a cat"))).tokens
    assert "".join(tokens.words).startswith("[CLS]a␣cat[SEP]")


def test_settings_that_name_another_class_need_its_files(tmp_path):
    config = tf.T5Config(vocab_size=384)
    saved(tmp_path, config, tokenizer_config={"tokenizer_class": "T5Tokenizer"})
    assert vocabulary_file(tmp_path) is None


def test_a_text_is_split_as_sentencepiece_does_or_not_at_all(tmp_path, monkeypatch):
    config = tf.LlamaConfig(vocab_size=150)
    saved(tmp_path, config)
    (tmp_path / "tokenizer.model").write_bytes(trained("bpe"))
    monkeypatch.setattr(tf.LlamaTokenizer, "tokenize", lambda *_: ["t", "he"])
    with pytest.raises(Refused, match=r"tokenizer.model splits texts in a way that transformers does not follow\."):
        load_tokenizer(tmp_path, config)


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_vocabulary_for_each_language_is_refused(tmp_path, is_shared):
    """FSMT's tokenizer tells what a number means from the target's vocabulary alone."""
    source = {sign: number for number, sign in enumerate(["<s>", "<pad>", "</s>", "<unk>", "a</w>", "b</w>"])}
    target = source if is_shared else source | {"a</w>": 5, "b</w>": 4}
    (tmp_path / "vocab-src.json").write_text(json.dumps(source))
    (tmp_path / "vocab-tgt.json").write_text(json.dumps(target))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    (tmp_path / "tokenizer_config.json").write_text('{"langs": ["en", "de"], "tokenizer_class": "FSMTTokenizer"}')
    config = tf.FSMTConfig(langs=["en", "de"], src_vocab_size=6, tgt_vocab_size=6)
    config.save_pretrained(tmp_path)
    if is_shared:
        tokenizer = load_tokenizer(tmp_path, config)
        assert tokenizer is not None
        assert tokenizer("a b")["input_ids"] == [4, 5, 2]
    else:
        with pytest.raises(Refused, match="only those with one for both are read"):
            load_tokenizer(tmp_path, config)
