"""Which classes of transformers have which head for texts, and why a checkpoint has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES,
    MODEL_FOR_PRETRAINING_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)

if TYPE_CHECKING:
    from inference.family.opened import Opened

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
CAUSAL_LM: dict[str, str] = {**MODEL_FOR_CAUSAL_LM_MAPPING_NAMES}
# Write a text of their own from one that they have read; the last one is ours.
TRANSLATORS: dict[str, str] = {
    **MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    "transformer": "TransformerForTranslation",
}
# What goes on with a text, or writes another one.
WRITERS: dict[str, str] = {**CAUSAL_LM, **TRANSLATORS}
USED_HEADS = frozenset(
    {
        *MASKED_LM_CLASSES,
        *NEXT_SENTENCE_CLASSES,
        *MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values(),
        *TRANSLATORS.values(),
    }
)


LANGUAGE_MODELS = MASKED_LM_CLASSES | {
    *MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values(),
    *TRANSLATORS.values(),
}


def why_no_unembedding(opened: Opened) -> str:
    """Half a sentence where no head tells words from a state; empty where one does."""
    if opened.net_class in LANGUAGE_MODELS:
        return ""
    if opened.named in LANGUAGE_MODELS:
        return "the checkpoint holds no language-model head"
    return f"{opened.named} has no language-model head"


def why_no_masked_lm(opened: Opened) -> str:
    """Half a sentence where no head fills masks; empty where one does."""
    if opened.net_class not in MASKED_LM_CLASSES:
        if opened.named in MASKED_LM_CLASSES:
            return "the checkpoint holds no language-model head"
        return f"{opened.named} has no language-model head"
    if opened.mask is None:
        return "the checkpoint holds no tokenizer, so there is no mask token"
    return "" if opened.mask else "the checkpoint's tokenizer has no mask token"


def why_no_next_sentence(opened: Opened) -> str:
    """Half a sentence where no head tells whether a sentence follows another; empty where one does."""
    if opened.net_class not in NEXT_SENTENCE_CLASSES:
        if opened.named in NEXT_SENTENCE_CLASSES:
            return "the checkpoint holds no next-sentence head"
        return f"{opened.named} has no next-sentence head"
    return "the checkpoint holds no tokenizer for a pair of sentences" if opened.mask is None else ""
