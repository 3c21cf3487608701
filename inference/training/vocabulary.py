"""A vocabulary that is learned from a text: whole words, or byte pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.results.training import VocabularyKind

N_BYTES = 256  # tokens that byte pairs begin with


def learn(lines: Sequence[str], kind: VocabularyKind, n_tokens: int, *, is_masked: bool) -> PreTrainedTokenizerFast:
    """The tokenizer of a model that fills masks, as BERT's, or of one that writes on, as GPT-2's.

    Words are in lower case, signs are words; what is rarer than the others is `[UNK]`. Byte pairs are GPT-2's: they
    keep every letter, and know no unknown word.
    """
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] if is_masked else ["<|endoftext|>", "[UNK]"]
    if kind == "word":
        tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
        _set(tokenizer, normalizer=normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()]))
        # A word is kept with the space before it, so that texts that are written read like texts.
        words = [
            pre_tokenizers.Metaspace(prepend_scheme="always", split=False),
            pre_tokenizers.Split(Regex(r"▁?[\p{L}\p{N}]+(?:['’][\p{L}]+)*|▁?[^\p{L}\p{N}▁]|▁"), "isolated"),
        ]
        _set(
            tokenizer, pre_tokenizer=pre_tokenizers.Sequence(words), decoder=decoders.Metaspace(prepend_scheme="always")
        )
        trainer = trainers.WordLevelTrainer(vocab_size=n_tokens, special_tokens=_added(specials), show_progress=False)
    else:
        tokenizer = Tokenizer(models.BPE())
        _set(tokenizer, pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True), decoder=decoders.ByteLevel())
        specials = [name for name in specials if name != "[UNK]"]
        trainer = trainers.BpeTrainer(
            vocab_size=max(n_tokens, N_BYTES + len(specials) + 1),
            special_tokens=_added(specials),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    tokenizer.train_from_iterator(lines, trainer)
    unknown = {"unk_token": "[UNK]"} if kind == "word" else {}
    if not is_masked:
        end = specials[0]
        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, bos_token=end, eos_token=end, pad_token=end, **unknown
        )
    pairs = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    template = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=pairs
    )
    _set(tokenizer, post_processor=template)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        **unknown,
    )


def _added(names: list[str]) -> list[AddedToken]:
    # As in BERT's successors: the space before a mask that is typed belongs to it, or would be a word that is unknown.
    return [AddedToken(name, special=True, lstrip=name == "[MASK]") for name in names]


def _set(tokenizer: Tokenizer, **parts: object) -> None:
    """Its parts are properties that type checkers do not know can be set."""
    for name, part in parts.items():
        setattr(tokenizer, name, part)
