"""From what is typed to tokens: special ones, words, masks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.inputs.tokens import joined, tokenize, word
from inference.results.inputs import TOO_LONG, TextInput
from inference.results.tokens import Tokens
from tests.inference.tiny_checkpoints import BYTE_MERGES, BYTE_VOCAB, VOCAB
from tests.inference.tiny_models import D_VOCAB
from tests.inference.tiny_tokenizers import tokenizer_of_digits

CONFIG = transformers.BertConfig(vocab_size=D_VOCAB, max_position_embeddings=12)


@pytest.fixture(scope="module")
def wordpiece() -> transformers.PreTrainedTokenizerBase:
    return transformers.BertTokenizer(vocab=VOCAB)


@pytest.fixture(scope="module")
def byte_level() -> transformers.PreTrainedTokenizerBase:
    return transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES)


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
        ("\x07", "<U+0007>"),
        ("\xa0", "␣"),
    ],
)
def test_wordpieces_are_shown_without_marks(piece, shown):
    words = [*VOCAB, "##", "\u200b", "\x07", "\xa0"]
    tokenizer = transformers.BertTokenizer(vocab={w: i for i, w in enumerate(words)})
    assert word(tokenizer.convert_tokens_to_ids(piece), tokenizer) == shown


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        ("Ġ", "␣"),
        ("ĠĠ", "␣␣"),
        ("Ġthe", "the"),
        ("Ċ", "↵"),
        ("ĉ", "⇥"),
        ("<mask>", "<mask>"),
        ("é", "\\xe9"),
        ("Ã©", "é"),
    ],
)
def test_byte_level_pieces_are_shown_without_marks(piece, shown):
    words = [*BYTE_VOCAB, *(new for new in ("ĠĠ", "Ċ", "ĉ", "é", "Ã©") if new not in BYTE_VOCAB)]
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
        tokenize(input, CONFIG, wordpiece, CONFIG.max_position_embeddings)


def test_a_target_that_is_too_long_is_called_so(wordpiece):
    with pytest.raises(Refused, match=r"^The target has 13 tokens; the model takes at most 12\.$"):
        tokenize(TextInput(token_ids=(5,) * 13), CONFIG, wordpiece, 12, is_target=True)


def test_text_without_a_tokenizer_is_refused():
    with pytest.raises(Refused, match=rf"that can be read; type token ids from 0 to {D_VOCAB - 1} instead\.$"):
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


# What a token is, seen exactly


def test_marks_and_spaces_can_be_seen():
    tokens = tokenize(TextInput("the cat playing"), CONFIG, transformers.BertTokenizer(vocab=VOCAB))
    assert tokens.words == ("[CLS]", "the", "cat", "play", "ing", "[SEP]")
    assert tokens.pieces == ("[CLS]", "the", "cat", "play", "##ing", "[SEP]")
    byte_level = transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES)
    assert tokenize(TextInput("the cat"), CONFIG, byte_level).pieces == ("<s>", "t", "he", "␣cat", "</s>")
    assert tokenize(TextInput(" the cat"), CONFIG, byte_level).pieces == ("<s>", "␣the", "␣cat", "</s>")


def test_what_was_typed_for_an_unknown_word_is_kept():
    tokenizer = transformers.BertTokenizer(vocab=VOCAB)
    tokens = tokenize(TextInput("the Zebra sat", "a gnu"), CONFIG, tokenizer)
    assert [tokens.source(i) for i, word in enumerate(tokens.words) if word == "[UNK]"] == ["Zebra", "gnu"]
    assert tokenize(TextInput("the cat"), CONFIG, tokenizer).sources == ()


@pytest.mark.parametrize(
    ("start", "words", "said"),
    [
        (0, ("the", "cat", "sat", "on"), "0 to 3"),
        (-1, ("mat", "and", "he", "ran"), "5 to 8"),
        (2, ("sat", "on", "the", "mat"), "2 to 5"),
        (7, ("he", "ran"), "7 to 8"),
    ],
)
def test_a_part_of_a_text_that_is_too_long(start, words, said):
    tokenizer = transformers.BertTokenizer(vocab=VOCAB)
    text = "the cat sat on the mat and he ran"
    tokens = tokenize(TextInput(text, start=start), CONFIG, tokenizer, 6)
    assert tokens.words == ("[CLS]", *words, "[SEP]")
    assert tokens.notes == (f"Of 9 tokens of the text, {said} are read.",)
    whole = tokenize(TextInput(text, start=start), CONFIG, tokenizer, 11)
    assert (len(whole), whole.notes) == (11, ())
    with pytest.raises(Refused, match=f"{TOO_LONG} 6"):
        tokenize(TextInput(text), CONFIG, tokenizer, 6)


def test_how_long_a_text_is_is_written_as_all_numbers_are():
    tokenizer = transformers.BertTokenizer(vocab=VOCAB)
    with pytest.raises(Refused, match=r"The text has 2,002 tokens; the model takes at most 1,024\."):
        tokenize(TextInput("cat " * 2000), CONFIG, tokenizer, 1024)


def test_a_part_behind_the_end_is_refused():
    with pytest.raises(Refused, match="begin at token 9; the text has tokens 0 to 8"):
        tokenize(
            TextInput("the cat sat on the mat and he ran", start=9), CONFIG, transformers.BertTokenizer(vocab=VOCAB), 6
        )


@pytest.mark.parametrize(
    ("first", "second", "start", "words", "notes"),
    [
        # Of 12 places three are special. The shorter text stays whole.
        (9, 3, 0, "0 1 2 3 4 5 | 0 1 2", ["Of 9 tokens of sentence A, 0 to 5 are read."]),
        (9, 3, -1, "3 4 5 6 7 8 | 0 1 2", ["Of 9 tokens of sentence A, 3 to 8 are read."]),
        (2, 9, 1, "0 1 | 1 2 3 4 5 6 7", ["Of 9 tokens of sentence B, 1 to 7 are read."]),
        (9, 2, 7, "7 8 | 0 1", ["Of 9 tokens of sentence A, 7 to 8 are read."]),
        # Each has more than half.
        (8, 9, 0, "0 1 2 3 | 0 1 2 3 4", ["of sentence A, 0 to 3 are", "of sentence B, 0 to 4 are"]),
        (8, 9, -1, "4 5 6 7 | 4 5 6 7 8", ["of sentence A, 4 to 7 are", "of sentence B, 4 to 8 are"]),
        (4, 5, 0, "0 1 2 3 | 0 1 2 3 4", []),
    ],
)
@pytest.mark.parametrize("is_fast", [True, False])
def test_of_a_pair_the_longer_text_is_cut(first, second, start, words, notes, is_fast, tmp_path):
    tokenizer = tokenizer_of_digits(tmp_path, is_fast=is_fast)
    texts = (" ".join(map(str, range(n))) for n in (first, second))
    tokens = tokenize(TextInput(*texts, start=start), CONFIG, tokenizer, 12)
    assert " ".join(tokens.words) == f"[CLS] {words.replace('|', '[SEP]')} [SEP]"
    assert np.flatnonzero(tokens.segment == 1)[0] == tokens.words.index("[SEP]") + 1
    assert len(tokens.notes) == len(notes)
    assert all(said in note for said, note in zip(notes, tokens.notes, strict=True))


def test_a_part_of_a_pair_behind_the_end_names_the_side(tmp_path):
    pair = TextInput("0 1 2 3 4 5 6 7 8", "1 2", start=9)
    with pytest.raises(Refused, match="begin at token 9; sentence A has tokens 0 to 8"):
        tokenize(pair, CONFIG, tokenizer_of_digits(tmp_path, is_fast=True), 12)


def test_what_is_taken_and_put_together_keeps_marks_sources_and_notes():
    def tokens(words, notes=(), sources=()):
        n = len(words)
        pieces = tuple(f"##{word}" for word in words)
        is_special = np.zeros(n, bool)
        return Tokens(np.arange(n), words, ~is_special, is_special, np.zeros(n, np.int8), pieces, sources, notes)

    taken = tokens(("a", "b", "c"), ("Cut.",), ("", "x", "")).taken([2, 1])
    assert (taken.words, taken.pieces, taken.sources) == (("c", "b"), ("##c", "##b"), ("", "x"))
    assert (taken.ids.tolist(), taken.notes) == ([2, 1], ("Cut.",))
    both = joined(tokens(("d",), ("Scaled.",)), taken)
    assert both.shown == ("##d", "##c", "##b")
    assert [both.source(pos) for pos in range(3)] == ["", "", "x"]
    assert both.notes == ("Scaled.", "Cut.")


def named(*words, special=()):
    n = len(words)
    is_special = np.array([word in special for word in words])
    ids = np.where([word[0] in "0123456789" or word.startswith(("frame", "chip")) for word in words], -1, 7)
    return Tokens(ids, words, np.ones(n, bool), is_special, np.zeros(n, np.int8))


GRID = tuple(f"{row},{column}" for row in range(4) for column in range(4))


@pytest.mark.parametrize(
    ("tokens", "is_causal", "word"),
    [
        (named("[CLS]", "the", "cat", "sat", "[SEP]", special=("[CLS]", "[SEP]")), False, "cat"),
        (named("[CLS]", "a", "b", "[SEP]", "c", "d", "[SEP]", special=("[CLS]", "[SEP]")), False, "b"),
        (named("[CLS]", "[SEP]", special=("[CLS]", "[SEP]")), False, "[SEP]"),
        (named("the", "cat", "sat"), True, "cat"),
        (named("[CLS]", "a", "bird", "left", "of", "a", "cup", "[SEP]", special=("[CLS]", "[SEP]")), False, "bird"),
        (named("[CLS]", "of", "the", "[SEP]", special=("[CLS]", "[SEP]")), False, "the"),
        (named("[CLS]", "a", "man", "walks", "in", "[>]", "chip 0", "[SEP]", special=("[CLS]", "[>]")), False, "[CLS]"),
        (named("[CLS]", *GRID, special=("[CLS]",)), False, "[CLS]"),
        (named("start", *GRID[:-1], special=("start",)), True, "2,2"),
        (named(*GRID), False, "2,2"),
        (named(*(f"{frames},{cell}" for frames in ("0-1", "2-3", "4-5") for cell in GRID)), False, "2-3,2,2"),
        (named("frame 0", "frame 1", "frame 2"), False, "frame 1"),
        (named("[CLS]", "a", "man", "[SEP]", *GRID, special=("[CLS]", "[SEP]")), False, "[CLS]"),
        (named(*GRID, "0,0,0", "0,0,1", "1,0,0", "1,0,1"), False, "1,0,1"),
    ],
)
def test_the_query_that_is_shown_where_none_is_selected(tokens, is_causal, word):
    assert tokens.words[tokens.default_query(is_causal=is_causal)] == word


def test_of_no_tokens_there_is_no_query_but_the_first():
    assert named().default_query(is_causal=False) == 0
