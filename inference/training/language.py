"""Masked words as BERT learns them, and the next word as GPT-2 does, on a text of one's own or on our sentences."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)

from inference.context import Refused
from inference.models.lstm import LstmConfig, LstmForCausalLM
from inference.results.counts import noun, verb
from inference.results.training import RowToken
from inference.training.task import NO_PATTERN, TrainingTask
from inference.training.texts import own_lines, read_lines, split_lines
from inference.training.vocabulary import learn
from inference.training.watched import fact, most_tokens, names_of, patterns_of

if TYPE_CHECKING:
    from inference.results.training import RowFate, TrainingRequest

_FATES: tuple[RowFate, ...] = ("masked", "random", "unchanged")
N_VALIDATED = 256  # rows
IGNORED = -100
_SPECIAL = re.compile(r"(?<=\S)(\[(?:MASK|UNK)\])")
_LEAST_TYPED = 2 + 2  # tokens of a row, with what stands at its ends
_N_GIVEN, _N_WRITTEN = 3, 12  # words of the example that GPT-2 goes on with, and tokens that it writes


class LanguageTask(TrainingTask):
    """What both have in common: a vocabulary learned from the text, rows of tokens, and a tenth kept for validation."""

    def __init__(self, request: TrainingRequest, device: torch.device, *, is_masked: bool) -> None:
        self._plan, self._length = request.plan, request.data.length
        lines = read_lines(request.data.path) if request.data.path else own_lines()
        training, held_out = split_lines(lines)
        self._held_out = held_out
        # From what is trained on alone: validation must not say which words there are.
        kind, n_tokens = request.data.vocabulary, request.data.n_vocabulary
        self.tokenizer = learn(training, kind, n_tokens, is_masked=is_masked)
        self.tokenizer.model_max_length = max(128, self._length)
        self._rows, self._validated = self.rows_of(training), self.rows_of(held_out)[:N_VALIDATED]
        if not self._rows or not self._validated:
            raise Refused("There is too little to learn from: no row of at least two tokens came of it.")
        self.net = self.build(request).to(device)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
        source = Path(request.data.path).name if request.data.path else "captions of Headlight's own drawn scenes"
        n_tokens = sum(map(len, self._rows))
        words = "words" if kind == "word" else "byte pairs"
        self.facts = (
            f"{len(training):,} lines of {source}, {n_tokens:,} tokens; {len(held_out):,} other "
            f"{noun(len(held_out), 'lines')} {verb(len(held_out))} kept for validation. "
            f"A vocabulary of {len(self.tokenizer):,} {words}, learned from the training lines.",
        )

    def rows_of(self, lines: list[str]) -> list[list[int]]:
        """Token ids of each line, in pieces that are no longer than a row."""
        raise NotImplementedError

    def build(self, request: TrainingRequest) -> Any:
        """A new model."""
        raise NotImplementedError

    def _example_row(self, typed: str) -> list[int]:
        """Ids, with their ends, of the sentence that is typed, or of the longest of some that are not trained on.

        Raises
        ------
        Refused
            Hardly a token comes of what is typed.
        """
        rows = self.rows_of([typed]) if typed else [max(self._validated[:20], key=len)]
        if typed and (not rows or len(rows[0]) < _LEAST_TYPED):
            raise Refused(f"“{typed}” cannot be watched: a sentence of at least two words is needed.")
        self._n_words = sum(len(row) - 2 for row in rows)
        return rows[0]

    def _watch(self, row: list[int], end: list[int]) -> None:
        """Keep the attention of a row, as far as it can be; `end` closes it where it is cut."""
        n = most_tokens(self.net.config)
        self._seen = torch.tensor([row if len(row) <= n else [*row[: n - len(end)], *end]])
        ids = self._seen[0].tolist()
        seen = ids[1 : len(ids) - len(end)]
        self.watched = self._text_of(seen)
        if not self._has_attention:
            return
        self.rows = self.columns = names_of(ids, self.tokenizer)
        unknown = self.tokenizer.unk_token_id
        n_unknown = 0 if unknown is None else seen.count(unknown)
        self.facts += (fact(self.watched, len(seen), self._n_words, n_unknown),)

    def _text_of(self, ids: list[int]) -> str:
        # What is no word of the vocabulary brings no space with it.
        return _SPECIAL.sub(r" \1", self.tokenizer.decode(ids)).strip()

    @property
    def _has_attention(self) -> bool:
        return not isinstance(self.net, LstmForCausalLM)

    def _pattern(self) -> np.ndarray:
        if not self._has_attention:
            return NO_PATTERN
        ids, net = self._seen.to(self.net.device), cast("Any", self.net)
        return patterns_of(net, ids.shape[1], lambda: net.base_model(input_ids=ids))

    def _chosen(self) -> list[list[int]]:
        return [self._rows[i] for i in torch.randint(len(self._rows), (self._plan.batch,)).tolist()]

    def _pieces(self, lines: list[str], n_most: int) -> list[list[int]]:
        encoded = cast("Any", self.tokenizer)(lines, add_special_tokens=False)["input_ids"]
        return [ids[i : i + n_most] for ids in encoded for i in range(0, len(ids), n_most) if ids]

    def _unigram(self, hidden: list[int]) -> float:
        """Share that is right if the most frequent token is always said."""
        counts = Counter(token for row in self._rows for token in row if token not in self.tokenizer.all_special_ids)
        likeliest = counts.most_common(1)[0][0] if counts else -1
        return sum(token == likeliest for token in hidden) / max(1, len(hidden))


class MaskedTask(LanguageTask):
    """BERT's training: of 15 % of the tokens, or another share, most become [MASK], some a random one, some stay.

    References
    ----------
    Devlin et al. 2019, section 3.1: 80, 10 and 10 % of them.
    """

    measure = "masked words that are found"
    parts = ("[MASK] is read", "another token is read", "the token itself is read")

    def __init__(self, request: TrainingRequest, device: torch.device) -> None:
        super().__init__(request, device, is_masked=True)
        shares = request.masks
        how: dict[str, Any] = {
            "mlm_probability": shares.chosen,
            "mask_replace_prob": shares.masked,
            "random_replace_prob": min(shares.random, 1 - shares.masked),
        }
        self._collate = DataCollatorForLanguageModeling(self.tokenizer, **how)
        collate = DataCollatorForLanguageModeling(self.tokenizer, seed=2019, **how)
        self._validation = _collated(collate, self._validated)
        hidden = self._validation["labels"]
        self._fates = self._fates_of(self._validation)
        self.facts += (
            f"{100 * shares.chosen:g} % of the tokens are asked for: of these {100 * shares.masked:g} % become [MASK], "
            f"{100 * shares.random:g} % any token, {100 * shares.unchanged:g} % stay.",
        )
        self.baselines = (("always the most frequent word", self._unigram(hidden[hidden != IGNORED].tolist())),)
        row, mask = self._example_row(request.data.watched), cast("int", self.tokenizer.mask_token_id)
        is_asked = mask in row  # at a place that was typed
        self._place = row.index(mask) if is_asked else len(row) // 2
        self._masked = torch.tensor([row])
        self._masked[0, self._place] = mask
        self.example = self._text_of(self._masked[0, 1:-1].tolist())
        self._wanted = "" if is_asked else self.tokenizer.decode([row[self._place]]).strip()
        self._watch(self._masked[0].tolist(), row[-1:])
        self.row = self._row_shown()

    def rows_of(self, lines: list[str]) -> list[list[int]]:
        ends = (self.tokenizer.cls_token_id, self.tokenizer.sep_token_id)
        pieces = self._pieces(lines, self._length - 2)
        return [[ends[0], *piece, ends[1]] for piece in pieces if len(piece) > 1]

    def build(self, request: TrainingRequest) -> Any:
        sizes = request.sizes
        return BertForMaskedLM(
            BertConfig(
                vocab_size=len(self.tokenizer),
                hidden_size=sizes.d_model,
                num_hidden_layers=sizes.n_layers,
                num_attention_heads=sizes.n_heads,
                intermediate_size=4 * sizes.d_model,
                max_position_embeddings=max(128, self._length),
                hidden_dropout_prob=sizes.dropout,
                attention_probs_dropout_prob=sizes.dropout,
                pad_token_id=self.tokenizer.pad_token_id,
            )
        )

    def _fates_of(self, batch: dict[str, Tensor]) -> Tensor:
        """By token that is asked for: 0 where [MASK] is read, 1 where another token is, 2 where it is itself."""
        is_label = batch["labels"] != IGNORED
        read, wanted = batch["input_ids"][is_label], batch["labels"][is_label]
        return torch.where(read == self.tokenizer.mask_token_id, 0, torch.where(read == wanted, 2, 1))

    def _row_shown(self) -> tuple[RowToken, ...]:
        """The first row of the validation of which a token is asked for, without the ends and what fills it up."""
        labels, fates = self._validation["labels"], self._fates.tolist()
        for place in range(len(labels)):
            n = int((labels[place] != IGNORED).sum())
            own, fates = fates[:n], fates[n:]
            if n:
                break
        else:
            return ()
        row = self._validated[place]
        found: list[RowToken] = []
        for at in range(1, len(row) - 1):
            token = self.tokenizer.decode([row[at]]).strip()
            is_asked = int(labels[place, at]) != IGNORED
            read = self.tokenizer.decode([int(self._validation["input_ids"][place, at])]).strip()
            found.append(RowToken(token, read, _FATES[own.pop(0)] if is_asked else ""))
        return tuple(found)

    def loss(self) -> Tensor:
        return self._loss(_collated(self._collate, self._chosen()), self._plan.smoothing)[0]

    def _loss(self, batch: dict[str, Tensor], smoothing: float) -> tuple[Tensor, Tensor]:
        batch = {name: value.to(self.net.device) for name, value in batch.items()}
        net = cast("BertForMaskedLM", self.net)
        hidden = net.bert(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        is_label = batch["labels"] != IGNORED
        if not is_label.any():  # of few and short rows, chance may choose no token
            return hidden.sum() * 0.0, torch.zeros(0)
        logits, labels = net.cls(hidden[is_label]), batch["labels"][is_label]
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        return loss, (logits.detach().argmax(-1) == labels).float()

    def validate(self) -> tuple[float, float]:
        loss, right = self._loss(self._validation, 0.0)
        right, kinds = right.cpu(), range(len(self.parts) if len(right) else 0)
        self.parts_right = tuple(float(right[self._fates == kind].mean()) for kind in kinds)  # NaN of none
        return float(loss), float(right.mean()) if len(right) else 0.0

    def look(self) -> tuple[str, np.ndarray]:
        logits = cast("Any", self.net)(input_ids=self._masked.to(self.net.device)).logits[0, self._place]
        probs, ids = logits.softmax(-1).topk(min(3, len(self.tokenizer)))
        guesses = (
            f"{self.tokenizer.decode([token]).strip()} {prob:.2f}"
            for token, prob in zip(ids.tolist(), probs.tolist(), strict=True)
        )
        truth = f" (there: {self._wanted})" if self._wanted else ""
        return f"{', '.join(guesses)}{truth}", self._pattern()


class CausalTask(LanguageTask):
    """The next word, from those before it, as GPT-2 learns it (Radford et al. 2019), or an LSTM."""

    measure = "next words that are found"

    def __init__(self, request: TrainingRequest, device: torch.device) -> None:
        super().__init__(request, device, is_masked=False)
        self._validation = self._batch(self._validated)
        _, labels = self._validation
        self.baselines = (("always the most frequent word", self._unigram(labels[labels != IGNORED].tolist())),)
        row = self._example_row(request.data.watched)[:-1]
        self._given = torch.tensor([row[: 1 + _N_GIVEN]])
        self.example = self._text_of(self._given[0, 1:].tolist())
        self._watch(row, [])

    def rows_of(self, lines: list[str]) -> list[list[int]]:
        end = self.tokenizer.eos_token_id
        return [[end, *piece, end] for piece in self._pieces(lines, self._length - 2)]

    def build(self, request: TrainingRequest) -> Any:
        sizes, end = request.sizes, self.tokenizer.eos_token_id
        if sizes.architecture == "lstm":
            ends = {"bos_token_id": end, "eos_token_id": end}
            config = LstmConfig(len(self.tokenizer), sizes.d_model, sizes.n_layers, sizes.dropout, **ends)
            return LstmForCausalLM(config)
        return GPT2LMHeadModel(
            GPT2Config(
                vocab_size=len(self.tokenizer),
                n_positions=max(128, self._length),
                n_embd=sizes.d_model,
                n_layer=sizes.n_layers,
                n_head=sizes.n_heads,
                resid_pdrop=sizes.dropout,
                embd_pdrop=sizes.dropout,
                attn_pdrop=sizes.dropout,
                bos_token_id=end,
                eos_token_id=end,
            )
        )

    def _batch(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        """What is read and what is to be said next, int64 [row, n] each, filled up with the end and `IGNORED`."""
        longest = max(map(len, rows))
        full = torch.tensor([row + [IGNORED] * (longest - len(row)) for row in rows])
        ids = full[:, :-1].masked_fill(full[:, :-1] == IGNORED, cast("int", self.tokenizer.eos_token_id))
        return ids, full[:, 1:]

    def loss(self) -> Tensor:
        return self._loss(*self._batch(self._chosen()), self._plan.smoothing)[0]

    def _loss(self, ids: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, float]:
        # What fills rows up stands behind them, where nothing that counts can see it: no mask is needed.
        net, labels = cast("Any", self.net), labels.to(self.net.device)
        hidden = net.base_model(input_ids=ids.to(self.net.device), use_cache=False).last_hidden_state
        is_label = labels != IGNORED
        logits, labels = net.lm_head(hidden[is_label]), labels[is_label]
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        return loss, float((logits.detach().argmax(-1) == labels).float().mean())

    def validate(self) -> tuple[float, float]:
        loss, right = self._loss(*self._validation, 0.0)
        return float(loss), right

    def look(self) -> tuple[str, np.ndarray]:
        end = self.tokenizer.eos_token_id
        out = cast("Any", self.net).generate(
            self._given.to(self.net.device),
            attention_mask=torch.ones_like(self._given).to(self.net.device),
            max_new_tokens=_N_WRITTEN,
            do_sample=False,
            pad_token_id=end,
        )
        return self.tokenizer.decode(out[0, 1:].tolist(), skip_special_tokens=True).strip(), self._pattern()


def _collated(collate: DataCollatorForLanguageModeling, rows: list[list[int]]) -> dict[str, Tensor]:
    tokenizer = cast("PreTrainedTokenizerFast", collate.tokenizer)
    special = set(tokenizer.all_special_ids)
    examples: list[Any] = [
        {
            "input_ids": row,
            "attention_mask": [1] * len(row),
            "special_tokens_mask": [int(token in special) for token in row],
        }
        for row in rows
    ]
    return cast("dict[str, Tensor]", collate(examples))
