"""What a checkpoint looked at while it learned, from what it keeps of that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inference.checkpoints.training_stages import read_patterns, read_told
from inference.context import Refused
from inference.results.checkpoint import split_precision
from inference.results.training_stages import TrainingStage, TrainingStagesRequest, TrainingStagesResult
from resources import checkpoint_path

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def training_stages(request: TrainingStagesRequest, model: Model, context: Context) -> TrainingStagesResult:
    """One of the sentences at every stage that was kept; nothing is computed.

    Raises
    ------
    Refused
        There is no such sentence; or the files cannot be read, or do not fit each other.
    """
    context.checkpoint()
    folder = Path(checkpoint_path(split_precision(model.info.checkpoint)[0]))
    sentences, stages = read_told(folder)
    if not 0 <= request.sentence < len(sentences):
        raise Refused(f"There is no sentence {request.sentence}; there are {len(sentences)}, counted from 0.")
    sentence = sentences[request.sentence]
    return TrainingStagesResult(
        request.sentence,
        tuple(each.source for each in sentences),
        sentence.target,
        sentence.source_tokens,
        sentence.target_tokens,
        tuple(
            TrainingStage(each.step, each.loss, each.bleu, each.on_diagonal, each.translations[request.sentence])
            for each in stages
        ),
        read_patterns(folder, request.sentence, sentence, stages),
    )
