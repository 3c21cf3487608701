"""A checkpoint's tokenizer: what the files say, and the tokenizer itself.

transformers makes a near-empty tokenizer without a word where the files are missing, so they are looked for first.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.config_file import CONFIG, MAX_CONFIG, config_of_text
from inference.files.json_file import read_inside, read_object
from inference.files.reasons import first_line
from inference.files.regular_files import is_there, open_inside
from inference.files.tokenizer_copy import MAX_TOKENIZER, copied_tokenizer

if TYPE_CHECKING:
    from transformers import NllbTokenizer, PreTrainedConfig, PreTrainedTokenizerBase

_VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "vocab-src.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "prophetnet.tokenizer",
    "tokenizer.model",
    "spm.model",
)
# Classes whose tokens are bytes or characters, which no file lists, and a type of models that has such a one alone.
_WITHOUT_VOCABULARY = {"ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer"}
_OF_CHARACTERS = "canine"
_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json")
# Files that say nothing of the mask token leave it to the class; these are what the classes say.
_USUAL_MASKS = ("[MASK]", "<mask>")
_MASKS = {
    **dict.fromkeys(("albert", "big_bird", "deberta-v2", "rembert"), "[MASK]"),
    **dict.fromkeys(("camembert", "xlm-roberta", "xlm-roberta-xl", "xlnet"), "<mask>"),
    **dict.fromkeys(("flaubert", "xlm"), "<special1>"),
}
# Embeddings are rounded up, and a few tokens added later may have none; more than that belongs to another model.
_MOST_TOO_MANY = 64
_PROBE = "the cat sat on the mat"


class OtherVocabularyError(Refused):
    """The tokenizer is another model's: what it makes of a text would mean something else here."""


def vocabulary_file(folder: Path) -> Path | None:
    """The file that holds the vocabulary, or None where the checkpoint has no tokenizer.

    Raises
    ------
    Refused
        It is too large.
    """
    found = [folder / name for name in _VOCABULARIES if is_there(folder / name)] or sorted(folder.glob("*.spm"))
    if not found:
        return _settings_alone(folder)
    with open_inside(found[0]) as file:
        n_bytes = os.fstat(file.fileno()).st_size
    if n_bytes > MAX_TOKENIZER:
        raise Refused(f"{found[0].name} has {n_bytes:,} bytes; at most {MAX_TOKENIZER:,} are read.")
    return found[0]


def _settings_alone(folder: Path) -> Path | None:
    """The file that names a tokenizer which needs no vocabulary: its settings, else config.json."""
    settings, config = folder / _SETTINGS[0], folder / CONFIG
    named = read_object(settings, MAX_TOKENIZER).get("tokenizer_class") if is_there(settings) else None
    if named is not None or not is_there(config):
        return settings if named in _WITHOUT_VOCABULARY else None
    says = read_object(config, MAX_CONFIG)
    has_one = says.get("tokenizer_class") in _WITHOUT_VOCABULARY or says.get("model_type") == _OF_CHARACTERS
    return config if has_one else None


def mask_token(folder: Path, model_type: str = "") -> str:
    """Text of the mask token, from the files alone; empty where there is none.

    Parameters
    ----------
    model_type
        Decides where the vocabulary is SentencePiece's, to which the class of the tokenizer adds its mask.

    Raises
    ------
    Refused
        A file is no JSON object, or too large.
    """
    for name in _SETTINGS:
        if is_there(folder / name):
            token: Any = read_object(folder / name, MAX_TOKENIZER).get("mask_token")
            token = token.get("content") if isinstance(token, dict) else token
            if isinstance(token, str):
                return token
    vocabulary = vocabulary_file(folder)
    if vocabulary is None or vocabulary.name in (_SETTINGS[0], CONFIG):
        return ""
    usual = _MASKS.get(model_type, "")
    if vocabulary.suffix not in (".json", ".txt"):
        return usual
    text = read_inside(vocabulary, MAX_TOKENIZER)
    if vocabulary.suffix == ".txt":
        words = set(text.split(b"\n"))
        return next((mask for mask in _USUAL_MASKS if mask.encode() in words), "")
    return next((mask for mask in (*_USUAL_MASKS, usual) if mask and f'"{mask}"'.encode() in text), "")


def load_tokenizer(folder: Path, config: PreTrainedConfig) -> PreTrainedTokenizerBase | None:
    """The tokenizer, or None where the checkpoint has none.

    Raises
    ------
    Refused
        Its files cannot be read, it is empty, or it belongs to a model with another vocabulary.
    """
    from transformers import AutoTokenizer, LlamaTokenizer, NllbTokenizer, PreTrainedTokenizerBase, TokenizersBackend

    vocabulary = vocabulary_file(folder)
    if vocabulary is None:
        return None
    try:
        with copied_tokenizer(folder) as copy:
            tokenizer = AutoTokenizer.from_pretrained(copy, local_files_only=True, trust_remote_code=False)
            if type(tokenizer) is TokenizersBackend and vocabulary.suffix == ".model":
                # Of no class in particular, for which transformers leaves out the space in front of a text.
                tokenizer = LlamaTokenizer.from_pretrained(copy, local_files_only=True)
                _check_pieces(tokenizer, copy / vocabulary.name)
            if isinstance(tokenizer, NllbTokenizer) and vocabulary.suffix == ".model":
                d_vocab = getattr(config, "vocab_size", 0)
                tokenizer = _with_languages(tokenizer, copy, d_vocab)
        if not isinstance(tokenizer, PreTrainedTokenizerBase):  # several in one, as RAG's
            raise Refused(f"{_SETTINGS[0]} asks for a tokenizer that is made of several; only single ones can be read.")
        tokenizer("a")  # some faults show only at the first word
    except (KeyboardInterrupt, SystemExit, Refused, MemoryError):
        raise
    except BaseException as error:  # tokenizers' PanicException is no Exception
        raise Refused(f"The tokenizer in {vocabulary.name} cannot be read: {first_line(error)}") from error
    _check_languages(tokenizer)
    d_vocab = getattr(config_of_text(config), "vocab_size", 0x110000)
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise Refused(f"The tokenizer in {vocabulary.name} knows no words, only special tokens.")
    if len(tokenizer) > d_vocab + _MOST_TOO_MANY:
        raise OtherVocabularyError(
            f"The tokenizer in {vocabulary.name} has {len(tokenizer):,} tokens, the model only {d_vocab:,}: "
            "it belongs to another model."
        )
    return tokenizer


def _with_languages(tokenizer: NllbTokenizer, folder: Path, d_vocab: int) -> NllbTokenizer:
    """The same with the codes of its languages where NLLB was trained with them: behind the pieces, before the mask.

    transformers leaves them out, or puts the mask in front of them, where it has nothing but SentencePiece's file.
    """
    from tokenizers import AddedToken
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as CODES

    mask, vocab = str(tokenizer.mask_token), tokenizer.get_vocab()
    is_right = CODES[0] in vocab and vocab[CODES[0]] < vocab.get(mask, 0)
    n_pieces = len(set(vocab) - {*CODES, mask})
    if is_right or d_vocab < n_pieces + len(CODES) + 1:
        return tokenizer
    found = type(tokenizer).from_pretrained(
        folder, local_files_only=True, mask_token=None, extra_special_tokens=list(CODES)
    )
    found.add_special_tokens({"mask_token": AddedToken("<mask>", lstrip=True, special=True)})
    return found


def _check_languages(tokenizer: Any) -> None:
    """Raise `Refused` where source and target have vocabularies of their own: what a number means is asked of one."""
    if hasattr(tokenizer, "get_tgt_vocab") and {n: word for word, n in tokenizer.encoder.items()} != tokenizer.decoder:
        raise Refused("Its tokenizer has a vocabulary for each language; only those with one for both are read.")


def _check_pieces(tokenizer: PreTrainedTokenizerBase, model: Path) -> None:
    """Raise `Refused` where a text would be split into other pieces than SentencePiece itself makes of it."""
    from sentencepiece import SentencePieceProcessor

    own: Any = SentencePieceProcessor()
    own.load(str(model))
    expected = [piece for piece in own.encode(_PROBE, out_type=str) if own.piece_to_id(piece) != own.unk_id()]
    if [piece for piece in tokenizer.tokenize(_PROBE) if piece != tokenizer.unk_token] != expected:
        raise Refused(f"{model.name} splits texts in a way that transformers does not follow.")
