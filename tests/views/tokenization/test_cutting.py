"""What is followed of a tokenizer ends in the very tokens that it returns; what cannot be followed is said."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from inference.analyses.tokenization import cut
from inference.checkpoints.inspection import plan
from inference.context import Context, Refused
from inference.files.tokenizer_files import load_tokenizer
from inference.inputs.cutting import cut_text
from inference.results.inputs import Input, TextInput
from inference.results.tokenization import MOST_CUT_LETTERS, MOST_SYMBOLS, SAMPLE_TEXT, CutRequest
from tests.inference.planted import model_of, random_call
from tests.inference.tiny_tokenizers import tokenizer_of_digits

TEXTS = (
    "The newest tokenizer cuts unbelievably long words.",
    " a  b ",
    "naïve Ünïcödé 日本 🙂 e\u0301",
    "new\nlines\tand\ttabs",
    "the [MASK] and <s> </s> <unk> [UNK]",
    "x" * 130 + " y",
    "",
    "🙂🙂🙂",
    "newest<mask>newest <mask> newest",
)


def fast(backend, **names):
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **names)


def trained(model, trainer, pre_tokenizer=None, normalizer=None):
    backend = Tokenizer(model)
    if normalizer is not None:
        backend.normalizer = normalizer
    if pre_tokenizer is not None:
        backend.pre_tokenizer = pre_tokenizer
    backend.train_from_iterator([SAMPLE_TEXT] * 2, trainer)
    return backend


def byte_level(**options):
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    backend = trained(models.BPE(), trainer, pre_tokenizers.ByteLevel(**options))
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.ByteLevel(trim_offsets=True)
    return fast(backend)


def with_suffix():
    """As CLIP: a mark at the end of each word."""
    trainer = trainers.BpeTrainer(vocab_size=150, end_of_word_suffix="</w>", show_progress=False)
    model = models.BPE(unk_token="<unk>", end_of_word_suffix="</w>")
    trainer.special_tokens = [AddedToken("<unk>", special=True)]
    lower = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    return fast(trained(model, trainer, pre_tokenizers.Whitespace(), lower), unk_token="<unk>")


def with_prefix():
    trainer = trainers.BpeTrainer(vocab_size=150, continuing_subword_prefix="##", show_progress=False)
    trainer.special_tokens = [AddedToken("<unk>", special=True)]
    model = models.BPE(unk_token="<unk>", continuing_subword_prefix="##", fuse_unk=True)
    return fast(trained(model, trainer, pre_tokenizers.Whitespace()), unk_token="<unk>")


def whole_sentences():
    """As Llama: the whole text is one word, spaces are written ▁, what is unknown as bytes."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=["<unk>", "<s>", *bytes_], show_progress=False)
    spaces = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend = trained(models.BPE(), trainer, pre_tokenizers.Metaspace(), None)
    model = json.loads(backend.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    own = Tokenizer(models.BPE(model["vocab"], merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    own.normalizer = spaces
    own.add_special_tokens(["<unk>", "<s>"])
    single = [("<s>", own.token_to_id("<s>"))]
    own.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=single)
    return fast(own, unk_token="<unk>", bos_token="<s>")


def takes_whole_words():
    """As Llama 3: a word of the vocabulary is a token, whatever the merges say."""
    backend = byte_level(add_prefix_space=False).backend_tokenizer
    described = json.loads(backend.to_str())
    described["model"]["ignore_merges"] = True
    described["model"]["vocab"]["unbelievably"] = len(described["model"]["vocab"])
    return fast(Tokenizer.from_str(json.dumps(described)))


def unigram(**options):
    trainer = trainers.UnigramTrainer(
        vocab_size=90, unk_token="<unk>", special_tokens=["<unk>", "</s>"], show_progress=False
    )
    backend = trained(models.Unigram(), trainer, pre_tokenizers.Metaspace(**options), normalizers.NFKC())
    single = [("</s>", backend.token_to_id("</s>"))]
    backend.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=single)
    return fast(backend, unk_token="<unk>", eos_token="</s>")


def word_piece():
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=["[UNK]", "[MASK]"], show_progress=False)
    model = models.WordPiece(unk_token="[UNK]")
    lower = normalizers.BertNormalizer(lowercase=True)
    backend = trained(model, trainer, pre_tokenizers.BertPreTokenizer(), lower)
    return fast(backend, unk_token="[UNK]", mask_token="[MASK]")


def whole_words():
    trainer = trainers.WordLevelTrainer(special_tokens=["[UNK]"], show_progress=False)
    return fast(trained(models.WordLevel(unk_token="[UNK]"), trainer, pre_tokenizers.Whitespace()), unk_token="[UNK]")


def with_added_tokens():
    tokenizer = word_piece()
    tokenizer.add_tokens([AddedToken("<mask>", lstrip=True), AddedToken("newest", normalized=True)])
    return tokenizer


def bundled(name):
    found = plan(name)
    return load_tokenizer(found.folder, found.config)


MAKERS = {
    "bert-mini": lambda: bundled("bert-mini"),
    "transformer-en-fr": lambda: bundled("transformer-en-fr"),
    "byte-level": lambda: byte_level(add_prefix_space=False),
    "byte-level with a space in front": lambda: byte_level(add_prefix_space=True),
    "suffix": with_suffix,
    "prefix": with_prefix,
    "whole sentences": whole_sentences,
    "whole words first": takes_whole_words,
    "unigram": unigram,
    "unigram, first": lambda: unigram(prepend_scheme="first"),
    "unigram, never split": lambda: unigram(split=False),
    "WordPiece": word_piece,
    "words": whole_words,
    "added tokens": with_added_tokens,
}


@pytest.fixture(scope="module")
def made():
    kept = {}
    return lambda name: kept.setdefault(name, MAKERS[name]())


def check(tokenizer, text):
    found = cut_text(tokenizer, text)
    assert [token.id for token in found.tokens] == tokenizer(text)["input_ids"]
    assert found.notes == ()
    own = [place for place, token in enumerate(found.tokens) if token.kind not in ("special", "added")]
    of_words = [place for word in found.words for place in range(word.first, word.first + word.n_tokens)]
    assert of_words == own
    for word in found.words:
        if not word.spans:
            assert word.why_not or not word.symbols or word.n_tokens == 1
            continue
        ends = sorted((span.start, span.end) for span in word.spans if span.is_token)
        assert all(0 <= start < end <= len(word.symbols) for start, end in ends)
        if found.algorithm not in ("wordpiece", "wordlevel") or ends:  # tokens tile the word, one after another
            assert ends[0][0] == 0
            assert ends[-1][1] == len(word.symbols)
            assert all(one[1] == other[0] for one, other in pairwise(ends))
    assert all(token.why.endswith(".") for token in found.tokens if token.kind == "unknown")
    return found


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("name", MAKERS)
def test_it_ends_in_the_tokens_that_the_tokenizer_returns(made, name, text):
    check(made(name), text)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_does_so_for_any_text(made, data):
    name = data.draw(st.sampled_from(sorted(MAKERS)))
    text = data.draw(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
    check(made(name), text)


def test_a_tree_of_merges_goes_by_rank(made):
    word = check(made("byte-level"), "newest").words[0]
    ranks = {(span.start, span.end): span.number for span in word.spans if span.number == span.number}
    for span in word.spans:
        inner = [rank for (start, end), rank in ranks.items() if span.start <= start and end <= span.end]
        if span.number == span.number:
            assert span.number == max(inner), "a part was learned before the whole"


def test_the_longest_match_is_tried_first(made):
    spans = check(made("WordPiece"), "newestly").words[0].spans
    first = [span for span in spans if span.start == 0]
    assert [span.end for span in first] == list(range(8, 8 - len(first), -1))
    assert [span.is_known for span in first] == [False] * (len(first) - 1) + [True]


def test_the_best_way_has_the_highest_sum(made):
    word = check(made("unigram"), "newest").words[0]
    on_way = [span.number for span in word.spans if span.is_token]
    assert word.best[-1] == pytest.approx(sum(on_way))
    assert word.best[0] == 0.0


def test_bytes_and_places_of_a_token(made):
    found = check(made("byte-level"), "日")
    assert bytes(byte for token in found.tokens for byte in token.octets) == "日".encode()
    assert {(token.start, token.end) for token in found.tokens} == {(0, 1)}
    found = check(made("whole sentences"), "日")
    assert bytes([*found.tokens[2].octets, *found.tokens[3].octets, *found.tokens[4].octets]) == "日".encode()
    assert found.tokens[0].kind == "special"


def test_unknown_tokens_say_why(made):
    by_letter = [token for token in check(made("suffix"), "日").tokens if token.kind == "unknown"]
    assert "日 (U+65E5)" in by_letter[0].why
    long = check(made("WordPiece"), "x" * 130).tokens[0]
    assert "more than 100 characters" in long.why
    word = check(made("WordPiece"), "newж").tokens[0]
    assert "begins “ж”" in word.why
    long = check(made("WordPiece"), "newest" * 10 + "ж").tokens[0]
    assert "begins “ж”" in long.why


def test_a_typed_unknown_token_is_no_unknown_word(made):
    kinds = [token.kind for token in check(made("transformer-en-fr"), "a <unk>").tokens]
    assert kinds.count("added") == 1
    assert "unknown" not in kinds


def test_a_long_word_is_not_drawn_but_cut(made):
    word = check(made("byte-level"), "ab" * MOST_SYMBOLS).words[0]
    assert word.spans == ()
    assert f"at most {MOST_SYMBOLS} are drawn" in word.why_not


def test_of_a_word_without_end_no_attempt_is_kept(made):
    described = json.loads(made("WordPiece").backend_tokenizer.to_str())
    described["model"]["max_input_chars_per_word"] = 10**9
    tokenizer = fast(Tokenizer.from_str(json.dumps(described)), unk_token="[UNK]")
    word = check(tokenizer, "newest" * 300).words[0]
    assert word.n_tokens > 100
    assert word.spans == ()


def test_a_whole_sentence_is_drawn_word_by_word(made):
    words = check(made("whole sentences"), "the newest streets are wider than the lowest prices of them all").words
    assert len(words) > 5
    assert all(len(word.symbols) <= MOST_SYMBOLS for word in words)


def test_a_tokenizer_in_python_shows_tokens_and_says_what_it_does_not_show(tmp_path):
    tokenizer = tokenizer_of_digits(tmp_path, is_fast=False)
    found = cut_text(tokenizer, "1 2 z")
    assert [token.id for token in found.tokens] == tokenizer("1 2 z")["input_ids"]
    assert found.words == ()
    assert "written in Python" in found.notes[0]
    assert [token.kind for token in found.tokens] == ["special", "piece", "piece", "unknown", "special"]


def test_what_is_left_to_chance_is_not_followed(made):
    described = json.loads(made("byte-level").backend_tokenizer.to_str())
    described["model"]["dropout"] = 0.5
    found = cut_text(fast(Tokenizer.from_str(json.dumps(described))), "newest")
    assert found.words == ()
    assert "chance" in found.notes[0]


def test_what_does_otherwise_than_it_says_is_not_followed(made, monkeypatch):
    from inference.models.subwords.ways import Bpe

    monkeypatch.setattr(Bpe, "_best", lambda self, spans, now: None)
    found = cut_text(byte_level(add_prefix_space=False), "newest")
    assert found.words == ()
    assert "otherwise" in found.notes[0]
    assert found.tokens


def test_without_text_or_tokenizer_it_is_refused():
    model = model_of([random_call(3)])
    model.tokenizer = None
    with pytest.raises(Refused, match="has no tokenizer"):
        cut(CutRequest("", Input(text=TextInput("a"))), model, Context())
    model.tokenizer = bundled("bert-mini")
    for input in (Input(), Input(text=TextInput("")), Input(text=TextInput("a", token_ids=(1,)))):
        with pytest.raises(Refused, match="no text to cut"):
            cut(CutRequest("", input), model, Context())
    with pytest.raises(Refused, match=r"2,001 characters; at most 2,000"):
        cut(CutRequest("", Input(text=TextInput("a" * (MOST_CUT_LETTERS + 1)))), model, Context())
