"""Translation: the target's own vocabulary, and codes of languages where they belong, by their names."""

from __future__ import annotations

import json
import warnings

import pytest
import sentencepiece
import transformers
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

from inference.context import Refused
from inference.families.encoder_decoder import EncoderDecoderFamily
from inference.files.tokenizer_files import load_tokenizer
from inference.inputs.languages import languages_of
from inference.results.inputs import Input, TextInput

SENTENCES = {
    "source": ["the cat sat on the mat", "a big dog ran to the house"],
    "target": ["le chat est assis sur le tapis", "un grand chien court vers la maison"],
}
pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two SentencePiece models, and a vocabulary of both."""
    folder = tmp_path_factory.mktemp("languages")
    pieces = ["</s>", "<unk>"]
    for name, sentences in SENTENCES.items():
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences * 30), model_prefix=str(folder / name), vocab_size=40,
            hard_vocab_limit=False, minloglevel=2,
        )  # fmt: skip
        model = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.model"))
        pieces += [model.id_to_piece(i) for i in range(3, model.get_piece_size())]
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys([*pieces, "<pad>"]))}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    return folder


def unigrams(folder):
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.model"))
    marks = [(mark, 0.0) for mark in ("<s>", "<pad>", "</s>", "<unk>")]
    return marks + [(model.id_to_piece(i), model.get_score(i)) for i in range(3, model.get_piece_size())]


def make(kind, folder):
    """Tokenizer and configuration of a model type."""
    spm, vocab = str(folder / "source.model"), str(folder / "vocab.json")
    if kind == "marian":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = transformers.MarianTokenizer(spm, str(folder / "target.model"), vocab)
        return tokenizer, transformers.MarianConfig(vocab_size=300, eos_token_id=0, decoder_start_token_id=1)
    if kind == "m2m_100":
        return (
            transformers.M2M100Tokenizer(vocab, spm, src_lang="en", tgt_lang="fr"),
            transformers.M2M100Config(vocab_size=300, eos_token_id=0, decoder_start_token_id=0),
        )
    if kind == "nllb":
        pieces = dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", "▁", "t", "h", "e", "c", "a", "▁t"])
        tokenizer = transformers.NllbTokenizer(
            vocab={piece: i for i, piece in enumerate(pieces)}, merges=[("▁", "t")], src_lang="eng_Latn"
        )
        return tokenizer, transformers.M2M100Config(vocab_size=300, eos_token_id=2, decoder_start_token_id=2)
    cls = {"mbart": transformers.MBartTokenizer, "mbart-50": transformers.MBart50Tokenizer}[kind]
    return cls(vocab=unigrams(folder), src_lang="en_XX"), transformers.MBartConfig(vocab_size=300, eos_token_id=2)


def encode(kind, folder, **text):
    tokenizer, config = make(kind, folder)
    return EncoderDecoderFamily().encode(Input(TextInput(**text)), config, tokenizer)


def test_the_target_is_split_by_its_own_vocabulary(folder):
    sequences = encode("marian", folder, text="the cat", text_pair="le chat").sequences
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "target.model"))
    expected = [piece.replace("▁", "␣") for piece in model.encode("le chat", out_type=str)]
    assert list(sequences["target"].pieces[1:]) == expected
    assert "".join(sequences["source"].pieces[:-1]) == "␣the␣cat"


@pytest.mark.parametrize(
    ("kind", "chosen", "source", "target"),
    [
        ("m2m_100", ("en", "de"), ("__en__", "</s>"), ("</s>", "__de__")),
        ("nllb", ("eng_Latn", "fra_Latn"), ("eng_Latn", "</s>"), ("</s>", "fra_Latn")),
        ("mbart-50", ("en_XX", "de_DE"), ("en_XX", "</s>"), ("</s>", "de_DE")),
        ("mbart", ("en_XX", "de_DE"), ("</s>", "en_XX"), ("de_DE", "</s>")),
    ],
)
def test_codes_stand_where_they_belong_under_their_names(folder, kind, chosen, source, target):
    tokenizer, _ = make(kind, folder)
    assert set(chosen) <= set(languages_of(tokenizer))
    language, language_pair = chosen
    encoded = encode(kind, folder, text="the cat", text_pair="a cat", language=language, language_pair=language_pair)
    tokens, written = encoded.sequences["source"], encoded.sequences["target"]
    at_ends = (tokens.words[-2:]) if kind == "mbart" else (tokens.words[0], tokens.words[-1])
    assert tuple(at_ends) == source
    if kind == "mbart":
        assert (written.words[0], written.words[-1]) == target
    else:
        assert written.words[:2] == target
    assert all(tokens.is_special[i] for i, word in enumerate(tokens.words) if word in (*source, *target))
    assert tokens.notes == written.notes == ()
    assert not any("#" in word for word in (*tokens.words, *written.words))


@pytest.mark.parametrize("has_room", [True, False])
def test_the_codes_of_nllb_lie_between_the_pieces_of_sentencepiece_and_the_mask(folder, tmp_path, has_room):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES["source"] * 30), model_prefix=str(tmp_path / "sentencepiece.bpe"),
        vocab_size=60, model_type="bpe", hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    model = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "sentencepiece.bpe.model"))
    n_pieces = model.get_piece_size() + 1  # <pad> is none of SentencePiece's
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "NllbTokenizer"}))
    n_languages = len(FAIRSEQ_LANGUAGE_CODES)
    config = transformers.M2M100Config(vocab_size=n_pieces + 1 + n_languages * has_room)
    tokenizer = load_tokenizer(tmp_path, config)
    assert len(languages_of(tokenizer)) == n_languages * has_room
    notes = EncoderDecoderFamily().encode(Input(TextInput(text="the cat")), config, tokenizer).sequences["source"].notes
    if has_room:  # as in the published ones: 256,001 to 256,202, and 256,203
        ids = tokenizer.convert_tokens_to_ids([*FAIRSEQ_LANGUAGE_CODES, "<mask>"])
        assert ids == list(range(n_pieces, n_pieces + n_languages + 1))
    else:
        assert notes == ("The tokenizer has no tokens for languages; <unk> stands where eng_Latn should.",)


def test_what_was_not_chosen_is_said(folder):
    tokens = encode("m2m_100", folder, text="the cat", text_pair="a cat").sequences["target"]
    assert tokens.notes == (
        "No source language was chosen; en is assumed.",
        "No target language was chosen; fr is assumed.",
    )
    assert tokens.words[1] == "__fr__"


def test_languages_that_are_not_there_are_refused(folder):
    with pytest.raises(Refused, match=r"The language 'xx' was chosen; there are af, am, ar, .* …\."):
        encode("m2m_100", folder, text="the cat", language="xx")
    with pytest.raises(Refused, match="tokenizer knows no languages"):
        encode("marian", folder, text="the cat", language="fr")
