"""What a checkpoint looked at while it learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class TrainingStagesRequest(Request["TrainingStagesResult"]):
    """What a translation model attended to and said at some stages of its training, as kept beside its weights.

    Attributes
    ----------
    sentence
        Which of the sentences that were kept, from 0.
    """

    needs = frozenset({Capability.TRAINING_STAGES})

    checkpoint: str
    sentence: int = 0


@dataclass(frozen=True, slots=True)
class TrainingStage:
    """What the model could do after some steps of training.

    Attributes
    ----------
    step
        Steps of training before it.
    loss
        Nats a token, on the validation split.
    bleu
        sacreBLEU of greedy translations of sentences of the validation split, 0 to 100.
    on_diagonal
        float32 [layer, head]: the mean share of attention to the source within one place of the same relative
        position, over all sentences that were kept; 0 to 1.
    translation
        What it made of the sentence, greedily.
    """

    step: int
    loss: float
    bleu: float
    on_diagonal: np.ndarray
    translation: str


@dataclass(frozen=True, slots=True)
class TrainingStagesResult:
    """A sentence at every stage.

    Attributes
    ----------
    sentence, sentences
        Which it is, and all that were kept.
    target
        The given translation, at whose tokens attention was looked at.
    source_tokens, target_tokens
        As they are read, without marks of the tokenizer.
    stages
        By steps, ascending.
    pattern
        float32 [stage, layer, head, query_pos, key_pos]: when token `query_pos` of the target is to be written, what
        the decoder attends to in the source.
    """

    sentence: int
    sentences: tuple[str, ...]
    target: str
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    stages: tuple[TrainingStage, ...]
    pattern: np.ndarray
