"""String reversal: the Transformer of 2017, or an LSTM with attention, learns to write a string backwards.

Where the decoder looks is known beforehand: at the mirrored letter. Its attention to the source becomes an
anti-diagonal.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.models.lstm_attention import LstmAttentionConfig, LstmForTranslation
from inference.models.transformer import TransformerForTranslation
from inference.models.transformer_layers import TransformerConfig
from inference.training.distances import counts_by_place, joined_counts, longest_string
from inference.training.task import TrainingTask

if TYPE_CHECKING:
    from inference.results.training import TrainingRequest

PAD, START, END, UNKNOWN = range(4)
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
LETTERS = string.ascii_lowercase
LEAST = 3  # letters of a string
N_VALIDATED, N_MEASURED = 256, 64  # strings whose loss is taken, of which so many are written
N_LONGER = 64  # strings that are longer than those of training, which are written too
IGNORED = -100
_SPLIT_SEED = 2017
_ONE_IN = 10  # strings is for validation
_PRIME, _MIXER = 1_000_003, 48_271  # a polynomial in the letters, of which no digit is likelier than another


def is_for_validation(ids: Tensor, lengths: Tensor) -> Tensor:
    """Whether a string is for validation, which follows from its letters alone: bool [n] of ids [n, length].

    So no string can be on both sides, however often it comes up.
    """
    n = ids.shape[1]
    weights = torch.tensor([pow(_MIXER, place + 1, _PRIME) for place in range(n)])
    is_letter = torch.arange(n) < lengths[:, None]
    return (ids * weights * is_letter).sum(1) % _PRIME % _ONE_IN == 0


def make_strings(
    n: int, most: int, generator: torch.Generator | None = None, *, held_out: bool, least: int = LEAST
) -> tuple[Tensor, Tensor]:
    """Letters int64 [n, most] and lengths int64 [n] of random strings of one side of the split."""
    ids, lengths = torch.empty(n, most, dtype=torch.int64), torch.zeros(n, dtype=torch.int64)
    missing = torch.arange(n)
    while len(missing):
        lengths[missing] = torch.randint(least, most + 1, (len(missing),), generator=generator)
        letters = (len(SPECIALS), len(SPECIALS) + len(LETTERS))
        ids[missing] = torch.randint(*letters, (len(missing), most), generator=generator)
        missing = missing[is_for_validation(ids[missing], lengths[missing]) != held_out]
    return ids, lengths


def to_pairs(ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Source with its end, int64 [n, most + 1] filled up with `PAD`, and labels, filled up with `IGNORED`."""
    n, most = ids.shape
    place = torch.arange(most + 1)
    is_letter, is_end = place < lengths[:, None], place == lengths[:, None]
    ends = torch.full((n, 1), END)
    source = torch.cat([ids, ends], 1).where(is_letter, PAD).masked_fill(is_end, END)
    mirrored = (lengths[:, None] - 1 - place).clamp(min=0)
    labels = source.gather(1, mirrored).where(is_letter, IGNORED).masked_fill(is_end, END)
    return source, labels


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A token a letter; a text ends with `</s>`."""
    names = (*SPECIALS, *LETTERS)
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token=SPECIALS[UNKNOWN]))
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in SPECIALS])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.decoder = decoders.Fuse()  # pyright: ignore[reportAttributeAccessIssue]
    end = SPECIALS[END]
    tokenizer.post_processor = processors.TemplateProcessing(  # pyright: ignore[reportAttributeAccessIssue]
        single=f"$A {end}", pair=f"$A {end} $B {end}", special_tokens=[(end, END)]
    )
    pad, start, _, unknown = SPECIALS
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, bos_token=start, eos_token=end, unk_token=unknown
    )


class ReversalTask(TrainingTask):
    """A small network with an encoder and a decoder, and strings of small letters, new ones in each step."""

    measure = "exact match of whole strings"
    weight_decay = 0.0
    watching = "source"

    def __init__(self, request: TrainingRequest, device: torch.device) -> None:
        self._plan, self._most = request.plan, request.data.length
        self.tokenizer = make_tokenizer()
        self.tokenizer.model_max_length = 4 * self._most
        self.net = build_model(request).to(device)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
        strings = make_strings(N_VALIDATED, self._most, torch.Generator().manual_seed(_SPLIT_SEED), held_out=True)
        self._validation = to_pairs(*strings)
        longest, generator = longest_string(self._most), torch.Generator().manual_seed(_SPLIT_SEED)
        longer = make_strings(N_LONGER, longest, generator, held_out=True, least=self._most + 1)
        self._longer = to_pairs(*longer)
        self._found = torch.zeros(0, 0, dtype=torch.int64)  # what was written of both when it was validated last
        # The longest of the first strings, so that there is something to see.
        first = self._first = int(strings[1][:N_MEASURED].argmax())
        n = int(strings[1][first])
        self._source, self._labels = (side[first : first + 1, : n + 1] for side in self._validation)
        self.columns, self.rows = (tuple(self._names(side[0])) for side in (self._source, self._labels))
        self.example = "".join(self.columns[:-1])
        self.facts = (
            f"Strings of {LEAST} to {self._most} of the letters a to z, made at random, new ones in each step; which "
            f"tenth of all strings is kept for validation follows from their letters, so none is on both sides.",
        )

    def loss(self) -> Tensor:
        source, labels = to_pairs(*make_strings(self._plan.batch, self._most, held_out=False))
        return self._loss(source, labels, self._plan.smoothing)[0]

    def _loss(self, source: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        source, labels = source.to(self.net.device), labels.to(self.net.device)
        written = torch.cat([torch.full_like(labels[:, :1], START), labels[:, :-1].clamp(min=PAD)], 1)
        net = cast("TransformerForTranslation", self.net)
        hidden = net.model(source, (source != PAD).long(), written, use_cache=False).last_hidden_state
        is_label = labels != IGNORED
        logits = net.lm_head(hidden[is_label])
        return F.cross_entropy(logits, labels[is_label], label_smoothing=smoothing), logits

    def validate(self) -> tuple[float, float]:
        """See `TrainingTask.validate`. Short and long strings are written in one batch: a step costs hardly more."""
        loss, _ = self._loss(*self._validation, 0.0)
        source, labels = (side[:N_MEASURED] for side in self._validation)
        longer, _ = self._longer
        self._found = self._written(
            torch.cat([F.pad(source, (0, longer.shape[1] - source.shape[1]), value=PAD), longer])
        )
        return float(loss), self._exact_match(self._found[:N_MEASURED], labels)

    def by_distance(self) -> np.ndarray:
        sides = [side[:N_MEASURED] for _, side in (self._validation, self._longer)]
        parts = self._found.split([len(side) for side in sides])
        within, longer = (counts_by_place(found, _letters(side)) for found, side in zip(parts, sides, strict=True))
        return joined_counts(within, longer)

    def exact_match(self, source: Tensor, labels: Tensor) -> float:
        """Share of strings that are written backwards without a fault, greedily."""
        return self._exact_match(self._written(source), labels)

    @staticmethod
    def _exact_match(found: Tensor, labels: Tensor) -> float:
        wanted = labels.masked_fill(labels == IGNORED, PAD)
        wide = F.pad(found, (0, max(0, wanted.shape[1] - found.shape[1])), value=PAD)
        is_right = (wide[:, : wanted.shape[1]] == wanted).all(1) & (wide[:, wanted.shape[1] :] == PAD).all(1)
        return float(is_right.float().mean())

    def _written(self, source: Tensor) -> Tensor:
        """What it writes, int64 [n, length] with the end, without the start, filled up with `PAD`."""
        device = self.net.device
        # Its protocol and its models do not agree for type checkers.
        out = cast("Any", self.net).generate(
            inputs=source.to(device),
            attention_mask=(source != PAD).long().to(device),
            max_new_tokens=source.shape[1] + 1,
            do_sample=False,
        )
        return out[:, 1:].cpu()

    def look(self) -> tuple[str, np.ndarray]:
        said = "".join(self._names(self._found[self._first]))
        source, labels = self._source.to(self.net.device), self._labels.to(self.net.device)
        written = torch.cat([torch.full_like(labels[:, :1], START), labels[:, :-1]], 1)
        net = cast("TransformerForTranslation", self.net)
        found = net.model(source, None, written, use_cache=False, output_attentions=True)
        patterns = [pattern for pattern in found.cross_attentions or () if pattern is not None]
        return said.removesuffix(SPECIALS[END]), torch.cat(patterns).float().cpu().numpy()

    def _names(self, ids: Tensor) -> list[str]:
        return [name for name in self.tokenizer.convert_ids_to_tokens(ids.tolist()) if name != SPECIALS[PAD]]


def _letters(labels: Tensor) -> Tensor:
    """Labels without the end, which is no letter; below 0 where there is none."""
    return labels.masked_fill(labels == END, IGNORED)


def build_model(request: TrainingRequest) -> TransformerForTranslation | LstmForTranslation:
    """As many layers in the encoder as in the decoder; a Transformer's networks are four times as wide as it is."""
    sizes = request.sizes
    if sizes.architecture == "lstm":
        n = sizes.n_layers
        n_vocabulary = len(SPECIALS) + len(LETTERS)
        return LstmForTranslation._from_config(LstmAttentionConfig(n_vocabulary, sizes.d_model, n, n, sizes.dropout))
    config = TransformerConfig(
        vocab_size=len(SPECIALS) + len(LETTERS),
        d_model=sizes.d_model,
        encoder_layers=sizes.n_layers,
        decoder_layers=sizes.n_layers,
        encoder_attention_heads=sizes.n_heads,
        decoder_attention_heads=sizes.n_heads,
        encoder_ffn_dim=4 * sizes.d_model,
        decoder_ffn_dim=4 * sizes.d_model,
        max_position_embeddings=4 * request.data.length,
        dropout=sizes.dropout,
        norm_first=sizes.norm == "pre",
    )
    # At these lengths plain matrix products beat the fused attention kernel on CPUs.
    return TransformerForTranslation._from_config(config, attn_implementation="eager")
