"""Which part of a model an attention belongs to, and what lies along its sides, by names and lengths alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, MODEL_FOR_MASKED_LM_MAPPING_NAMES

from inference.layouts.axis import AxisStretches, Stretch, special, tokens

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig

# Found in the path of a module; the first that fits.
_WORDS = {
    "message": "Messages",
    "multimodal": "Text and vision",
    "vision": "Vision",
    "visual": "Vision",
    "image": "Vision",
    "mit": "Frames",
    "prompts": "Prompts",
    "qformer": "Queries",
    "text": "Text",
    "language": "Text",
    "decoder": "Decoder",
}
# What lies along both sides there, whatever the input is.
_UNITS = {"Frames": "frames", "Messages": "frames", "Prompts": "tokens", "Queries": "queries"}
# Registers, [CLS], a token for distillation: no model has more of them.
_MOST_SPECIAL = 8
# Images come first in their sequence.
_IMAGE_FIRST = {"flava", "git"}
_EACH_FRAME_APART = {"xclip"}
# In an order that the model samples.
_SHUFFLED = {"vilt"}
_DECODERS = {*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES} - {*MODEL_FOR_MASKED_LM_MAPPING_NAMES} | {"imagegpt"}


def side(path: str, config: PreTrainedConfig) -> str:
    """`Text`, `Vision`, `Encoder`, `Decoder` ...: what a module belongs to."""
    pieces = re.split(r"[._]", path)
    for word, title in _WORDS.items():
        if word in pieces:
            return title
    return "Decoder" if config.model_type in _DECODERS and not config.is_encoder_decoder else "Encoder"


def other_side(this: str) -> str:
    """Where keys come from that are not of the same sequence."""
    return "Encoder" if this in ("Encoder", "Decoder") else "Vision"


def axis(n: int, of: str, config: PreTrainedConfig, inputs: dict[str, Tensor]) -> AxisStretches:
    """What n places are: tokens, patches in their rows and columns, or both.

    Parameters
    ----------
    of
        The side of the model, which decides where lengths are equal by chance.
    """
    if config.model_type == "imagegpt":
        return (Stretch("pixels", (n,)),)
    if of in _UNITS:
        return (Stretch(_UNITS[of], (n,)),)
    image = _image(config, inputs)
    if image is None or of == "Text":
        return tokens(n)
    n_text = inputs["input_ids"].shape[1] if "input_ids" in inputs else 0
    for n_tokens in (0, n_text):
        n_special = n - image.n - n_tokens
        if 0 <= n_special <= _MOST_SPECIAL:
            seen, read = (*special(n_special), image), tokens(n_tokens) if n_tokens else ()
            return (*seen, *read) if config.model_type in _IMAGE_FIRST else (*read, *seen)
    if of == "Decoder" and "decoder_input_ids" in inputs:
        return tokens(n)
    # MAE's encoder reads some of the patches, a pooling head asks with one query.
    return special(1) if n == 1 else (*special(1), Stretch("patches", (n - 1,)))


def _image(config: PreTrainedConfig, inputs: dict[str, Tensor]) -> Stretch | None:
    """The patches or boxes of the input as they lie; None where there is no image."""
    boxes = inputs.get("visual_embeds")
    if boxes is not None:
        return Stretch("boxes", (boxes.shape[1],))
    pixels = inputs.get("pixel_values")
    if pixels is None:
        return None
    part: Any = next(
        (found for name in ("vision_config", "image_config", "encoder") if (found := getattr(config, name, None))),
        config,
    )
    tubelet = getattr(part, "tubelet_size", 1)
    if isinstance(tubelet, int):
        tubelet = (tubelet, part.patch_size, part.patch_size)
    n_frames, n_rows, n_columns = (
        length // size for length, size in zip((1, *pixels.shape[-2:]), (1, *tubelet[1:]), strict=True)
    )
    if pixels.ndim == 5 and config.model_type not in _EACH_FRAME_APART:
        n_frames = pixels.shape[1] // tubelet[0]
    if config.model_type in _SHUFFLED:
        return Stretch("patches", (n_rows * n_columns,))
    return Stretch("patches", (n_frames, n_rows, n_columns) if n_frames > 1 else (n_rows, n_columns))
