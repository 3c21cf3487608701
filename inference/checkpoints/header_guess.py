"""What config.json leaves out, told from the names of the tensors: old files have no model type, or name no class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# By a name that only models of that type have; the first that fits.
_TYPES = (
    (r"^longformer\.|\.self\.query_global\.", "longformer"),
    (r"^roberta\.", "roberta"),
    (r"^distilbert\.|(^|\.)transformer\.layer\.0\.attention\.q_lin\.", "distilbert"),
    (r"(^|\.)encoder\.albert_layer_groups\.", "albert"),
    (r"^electra\.|^discriminator_predictions\.|^generator_predictions\.", "electra"),
    (r"(^|\.)attention\.self\.in_proj\.", "deberta"),
    (r"(^|\.)attention\.self\.query_proj\.", "deberta-v2"),
    (r"(^|\.)layer\.0\.rel_attn\.", "xlnet"),
    (r"(^|\.)h\.0\.attn\.c_attn\.", "gpt2"),
    (r"(^|\.)encoder\.block\.0\.layer\.0\.SelfAttention\.", "t5"),
    (r"^vit\.|(^|\.)embeddings\.patch_embeddings\.projection\.", "vit"),
    (r"^bert\.|(^|\.)encoder\.layer\.0\.attention\.self\.query\.", "bert"),
)
_T5 = {"t5": "T5EncoderModel", "mt5": "MT5EncoderModel", "umt5": "UMT5EncoderModel"}


def completed(config: dict[str, Any], stored: Iterable[str]) -> dict[str, Any]:
    """What config.json says, with the model type and the class that the tensors tell where it names none."""
    names = tuple(stored)
    model_type = config.get("model_type")
    if model_type is None or model_type == "":
        model_type = next((kind for pattern, kind in _TYPES if any(re.search(pattern, name) for name in names)), None)
        config = config if model_type is None else {**config, "model_type": model_type}
    if not config.get("architectures") and model_type in _T5 and not any("decoder." in name for name in names):
        config = {**config, "architectures": [_T5[model_type]]}
    return config
