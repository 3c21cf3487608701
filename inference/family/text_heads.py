"""Which classes of transformers have which head for texts, and why a checkpoint has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES,
    MODEL_FOR_PRETRAINING_MAPPING_NAMES,
    MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
)

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedConfig

    from inference.family.opened import Opened
    from inference.results.prediction import Predicts

# Classes with BERT's two heads, by model type.
WITH_SENTENCE_HEAD = {
    model_type: MODEL_FOR_PRETRAINING_MAPPING_NAMES[model_type]
    for model_type in MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES
}
NEXT_SENTENCE_CLASSES = frozenset(
    {*WITH_SENTENCE_HEAD.values(), *MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES.values()}
)
# ALBERT's and BigBird's second head is not about the next sentence. ELECTRA's and Funnel's pre-training classes have
# no language model: they tell replaced words from original ones.
MASKED_LM_CLASSES = frozenset(
    {
        *MODEL_FOR_MASKED_LM_MAPPING_NAMES.values(),
        *WITH_SENTENCE_HEAD.values(),
        "AlbertForPreTraining",
        "BigBirdForPreTraining",
    }
)
MASKED_LM: dict[str, str] = {**MODEL_FOR_MASKED_LM_MAPPING_NAMES}
# The last one is ours.
CAUSAL_LM: dict[str, str] = {**MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, "lstm": "LstmForCausalLM"}
# Write a text of their own from one that they have read; the last two are ours.
TRANSLATORS: dict[str, str] = {
    **MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    "transformer": "TransformerForTranslation",
    "lstm_attention": "LstmForTranslation",
}
# What goes on with a text, or writes another one.
WRITERS: dict[str, str] = {**CAUSAL_LM, **TRANSLATORS}
USED_HEADS = frozenset(
    {
        *MASKED_LM_CLASSES,
        *NEXT_SENTENCE_CLASSES,
        *CAUSAL_LM.values(),
        *TRANSLATORS.values(),
    }
)
# Classes that were fine-tuned on texts, by what they tell.
PREDICTORS: dict[str, Predicts] = {
    **dict.fromkeys(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES.values(), "text"),
    **dict.fromkeys(MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES.values(), "tokens"),
    **dict.fromkeys((*MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES.values(), "LayoutLMForQuestionAnswering"), "answer"),
}
# They tell no end without a start, and give only their best ones.
_BEAM_SEARCHES = {"XLNetForQuestionAnswering", "XLMForQuestionAnswering", "FlaubertForQuestionAnswering"}
_LONGEST_LABEL = 80  # letters


LANGUAGE_MODELS = MASKED_LM_CLASSES | {
    *CAUSAL_LM.values(),
    *TRANSLATORS.values(),
}


def why_no_unembedding(opened: Opened) -> str:
    """Half a sentence where no head tells words from a state; empty where one does."""
    if opened.net_class in LANGUAGE_MODELS:
        return ""
    if opened.named in LANGUAGE_MODELS:
        return "the checkpoint holds no language-model head"
    return f"{opened.name} has no language-model head"


def why_no_masked_lm(opened: Opened) -> str:
    """Half a sentence where no head fills masks; empty where one does."""
    if opened.net_class not in MASKED_LM_CLASSES:
        if opened.named in MASKED_LM_CLASSES:
            return "the checkpoint holds no language-model head"
        return f"{opened.name} has no language-model head"
    if opened.mask is None:
        return "the checkpoint holds no tokenizer, so there is no mask token"
    return "" if opened.mask else "the checkpoint's tokenizer has no mask token"


def why_no_next_sentence(opened: Opened) -> str:
    """Half a sentence where no head tells whether a sentence follows another; empty where one does."""
    if opened.net_class not in NEXT_SENTENCE_CLASSES:
        if opened.named in NEXT_SENTENCE_CLASSES:
            return "the checkpoint holds no next-sentence head"
        return f"{opened.name} has no next-sentence head"
    return "the checkpoint holds no tokenizer for a pair of sentences" if opened.mask is None else ""


def what_is_predicted(config: PreTrainedConfig) -> Predicts | None:
    """What the class tells that a configuration names first; None where that is no head of this kind."""
    named = config.architectures or [""]
    return PREDICTORS.get(named[0])


def labels_of(config: PreTrainedConfig) -> tuple[str, ...]:
    """Names of the classes that a head tells, as the checkpoint has them; empty where it tells none."""
    if what_is_predicted(config) not in ("text", "tokens"):
        return ()
    names = {int(number): name for number, name in (config.id2label or {}).items()}
    return tuple(str(names.get(i, f"LABEL_{i}"))[:_LONGEST_LABEL] for i in range(len(names)))


def last_token(config: PreTrainedConfig, ids: np.ndarray) -> int:
    """Place of the last token that is no padding, where transformers reads the classes of a decoder."""
    pad = config.get_text_config().pad_token_id
    if pad is None:
        return len(ids) - 1
    return int((ids != pad).nonzero()[0][-1:].sum())  # the first one where all are padding


def why_no_prediction(opened: Opened) -> str:
    """Half a sentence where no head was fine-tuned on texts; empty where one was."""
    if opened.net_class in PREDICTORS:
        return ""
    if opened.named in PREDICTORS:
        return "the checkpoint holds no head that fits its configuration"
    if opened.named.endswith("ForMultipleChoice"):
        return f"{opened.name} compares several texts, of which one at a time is read"
    if opened.named in _BEAM_SEARCHES:
        return f"{opened.name} searches for where an answer ends from where it begins, which is not followed"
    return f"{opened.name} has no head that classifies texts or finds answers in them"
