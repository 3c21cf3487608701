"""Which token comes next: what a checkpoint forbids, temperature, top-k, top-p, and how one is taken.

References
----------
Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration" (top-p); Fan et al. 2018 (top-k).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from transformers.generation import logits_process as lp

from inference.context import Refused
from inference.results.decoding import MOST_BEAMS, MOST_CANDIDATES, MOST_TOKENS, USUAL_BEAMS, WAYS, Decoding

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig

    from inference.forward.writer import Writer


@dataclass(frozen=True)
class ChosenToken:
    """One more token.

    Attributes
    ----------
    logits
        float32 [d_vocab], as the model gave them.
    ruled
        The same after what the checkpoint forbids.
    scores
        float32 [d_vocab], from which the token was chosen; minus infinity for what could not be.
    """

    token: int
    logits: Tensor
    ruled: Tensor
    scores: Tensor


class Rules:
    """What a checkpoint wants of every text that it writes: repeats and words that it forbids, tokens that it forces.

    Parameters
    ----------
    generation
        Of the open model.
    source_ids
        int64 [1, source]; None without an encoder.
    n_given, longest
        Tokens that are given, and at the end of the longest text.
    """

    def __init__(
        self, generation: GenerationConfig, source_ids: Tensor | None, n_given: int, longest: int, device: torch.device
    ) -> None:
        said, source = generation, cast("Any", source_ids)
        ends = said.eos_token_id
        self.ends: tuple[int, ...] = tuple(ends) if isinstance(ends, list) else () if ends is None else (ends,)
        self.longest = longest
        self._end_tensor = torch.tensor(self.ends, dtype=torch.int64, device=device)
        found: list[Any] = []
        if source is not None and (said.encoder_repetition_penalty or 1.0) != 1.0:
            found.append(lp.EncoderRepetitionPenaltyLogitsProcessor(said.encoder_repetition_penalty, source))
        if (said.repetition_penalty or 1.0) != 1.0:
            found.append(lp.RepetitionPenaltyLogitsProcessor(said.repetition_penalty))
        if said.no_repeat_ngram_size:
            found.append(lp.NoRepeatNGramLogitsProcessor(said.no_repeat_ngram_size))
        if source is not None and said.encoder_no_repeat_ngram_size:
            found.append(lp.EncoderNoRepeatNGramLogitsProcessor(said.encoder_no_repeat_ngram_size, source))
        if said.bad_words_ids:
            found.append(lp.NoBadWordsLogitsProcessor(said.bad_words_ids, self._end_tensor if self.ends else None))
        if said.min_length and self.ends:
            found.append(lp.MinLengthLogitsProcessor(said.min_length, self._end_tensor, device=str(device)))
        if said.forced_bos_token_id is not None:
            found.append(lp.ForcedBOSTokenLogitsProcessor(said.forced_bos_token_id))
        if said.forced_eos_token_id is not None:
            found.append(lp.ForcedEOSTokenLogitsProcessor(longest, said.forced_eos_token_id, device=str(device)))
        if said.suppress_tokens:
            found.append(lp.SuppressTokensLogitsProcessor(said.suppress_tokens, device=str(device)))
        if said.begin_suppress_tokens:
            begin = n_given if n_given > 1 or said.forced_bos_token_id is None else n_given + 1
            found.append(lp.SuppressTokensAtBeginLogitsProcessor(said.begin_suppress_tokens, begin, device=str(device)))
        self._processors: Any = lp.LogitsProcessorList(found)

    def apply(self, written: Tensor, scores: Tensor) -> Tensor:
        """Scores [text, d_vocab] of what may come behind `written` [text, n]; logits or their logarithms of softmax."""
        return self._processors(written, scores.clone()) if self._processors else scores

    def is_end(self, token: int) -> bool:
        """Whether a text ends with this token."""
        return token in self.ends


def check(decoding: Decoding, most: int, n_candidates: int) -> None:
    """Raise `Refused` where a number is out of its range."""
    if decoding.way not in WAYS:
        raise Refused(f"{decoding.way!r} is no way to choose tokens; there are {', '.join(WAYS)}.")
    if not 0 <= decoding.n_beams <= MOST_BEAMS:
        raise Refused(f"{decoding.n_beams} beams were asked for; at most {MOST_BEAMS} are followed.")
    if not 0 < decoding.temperature <= 2:
        raise Refused(f"The temperature is {decoding.temperature:g}; it is above 0 and at most 2.")
    if decoding.top_k < 0:
        raise Refused(f"Top-k is {decoding.top_k}; it is 0, for all tokens, or more.")
    if not 0 < decoding.top_p <= 1:
        raise Refused(f"Top-p is {decoding.top_p:g}; it is above 0 and at most 1.")
    if decoding.seed < 0:
        raise Refused(f"The seed is {decoding.seed}; it is 0 or more.")
    if not 0 <= most <= MOST_TOKENS:
        raise Refused(f"{most:,} tokens were to be written; 0 to {MOST_TOKENS:,} are written at once.")
    if not 1 <= n_candidates <= MOST_CANDIDATES:
        raise Refused(f"{n_candidates} candidates were asked for; 1 to {MOST_CANDIDATES} are told of each place.")


def n_beams(decoding: Decoding, generation: GenerationConfig) -> int:
    """Texts that a beam search follows."""
    said = min(generation.num_beams or 1, MOST_BEAMS)
    return decoding.n_beams or (said if said > 1 else USUAL_BEAMS)


def sampling(decoding: Decoding) -> lp.LogitsProcessorList:
    """Temperature, top-k and top-p, in the order in which transformers applies them."""
    found: list[Any] = []
    if decoding.way == "sample":
        if decoding.temperature != 1:
            found.append(lp.TemperatureLogitsWarper(decoding.temperature))
        if decoding.top_k:
            found.append(lp.TopKLogitsWarper(decoding.top_k))
        if decoding.top_p < 1:
            found.append(lp.TopPLogitsWarper(decoding.top_p))
    return lp.LogitsProcessorList(found)


def write(writer: Writer, logits: Tensor, rules: Rules, decoding: Decoding) -> Iterator[ChosenToken]:
    """Token by token, the likeliest one or a sample, to the end token or the longest text.

    Parameters
    ----------
    logits
        float32 [d_vocab], behind what was given.
    """
    written = writer.given[None]
    warp = sampling(decoding)
    generator = torch.Generator(written.device).manual_seed(decoding.seed)
    while written.shape[1] < rules.longest:
        ruled = scores = rules.apply(written, logits[None])
        if decoding.way == "sample":
            scores = warp(written, ruled.clone())
            token = torch.multinomial(scores.softmax(-1), 1, generator=generator)[0]
        else:
            token = scores.argmax(-1)
        yield ChosenToken(int(token), logits, ruled[0], scores[0])
        written = torch.cat([written, token[None]], 1)
        if rules.is_end(int(token)) or written.shape[1] >= rules.longest:
            return
        logits = writer.feed(token)[0]
