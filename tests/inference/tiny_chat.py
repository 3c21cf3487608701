"""Small random chat models that see, on disk as the published ones lie there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

from inference.results.inputs import ImageInput, Input, TextInput
from tests.inference.tiny_checkpoints import BYTES

QUESTION = "what is this"
_SIGNS = (
    "<s>", "</s>", "<image>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<start_of_image>", "<end_of_image>", "<image_soft_token>", "<start_of_turn>", "<end_of_turn>",
    "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", "<img>", "</img>", "<IMG_CONTEXT>", "<video>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)  # fmt: skip
ID = {sign: len(BYTES) + number for number, sign in enumerate(_SIGNS)}
N_WORDS = len(BYTES) + len(_SIGNS)
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_TEXT: dict[str, Any] = {
    **_SIZES, "num_key_value_heads": 2, "vocab_size": N_WORDS, "max_position_embeddings": 1024,
    "bos_token_id": ID["<s>"], "eos_token_id": ID["</s>"], "pad_token_id": 0,
}  # fmt: skip
_IMAGE: dict[str, Any] = {**_SIZES, "image_size": 32, "patch_size": 8}
_LLAMA = {"model_type": "llama", **_TEXT}
_GEMMA = {**_TEXT, "head_dim": 8}


def _llava(**more: Any) -> Any:
    vision = {"model_type": "clip_vision_model", **_IMAGE, "projection_dim": 16}
    return tf.LlavaForConditionalGeneration(
        tf.LlavaConfig(vision_config=vision, text_config=_LLAMA, image_token_index=ID["<image>"], **more)
    )


def _paligemma() -> Any:
    vision = {"model_type": "siglip_vision_model", **_IMAGE, "vision_use_head": False, "projection_dim": 32}
    text = {"model_type": "gemma", **_GEMMA}
    return tf.PaliGemmaForConditionalGeneration(
        tf.PaliGemmaConfig(
            vision_config=vision, text_config=text, image_token_index=ID["<image>"], projection_dim=32, hidden_size=32
        )
    )


def _gemma3() -> Any:
    vision = {"model_type": "siglip_vision_model", **_IMAGE, "vision_use_head": False}
    text = {
        "model_type": "gemma3_text",
        **_GEMMA,
        "sliding_window": 8,
        "layer_types": ["sliding_attention", "full_attention"],
    }
    signs = {"boi": "<start_of_image>", "eoi": "<end_of_image>", "image": "<image_soft_token>"}
    ids = {f"{name}_token_index": ID[sign] for name, sign in signs.items()}
    return tf.Gemma3ForConditionalGeneration(
        tf.Gemma3Config(vision_config=vision, text_config=text, mm_tokens_per_image=4, **ids)
    )


_QWEN_SIGNS = {
    "image_token_id": ID["<|image_pad|>"], "video_token_id": ID["<|video_pad|>"],
    "vision_start_token_id": ID["<|vision_start|>"], "vision_end_token_id": ID["<|vision_end|>"],
}  # fmt: skip
_MROPE = {"rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}}


def _qwen2() -> Any:
    vision = {"depth": 2, "embed_dim": 32, "num_heads": 4, "hidden_size": 32, "patch_size": 8, "mlp_ratio": 2}
    return tf.Qwen2VLForConditionalGeneration(
        tf.Qwen2VLConfig(vision_config=vision, text_config={**_TEXT, **_MROPE}, **_QWEN_SIGNS)
    )


def _qwen2_5() -> Any:
    vision = {
        "depth": 2, "hidden_size": 32, "out_hidden_size": 32, "num_heads": 4, "intermediate_size": 48, "patch_size": 8,
        "window_size": 32, "fullatt_block_indexes": [1],
    }  # fmt: skip
    return tf.Qwen2_5_VLForConditionalGeneration(
        tf.Qwen2_5_VLConfig(vision_config=vision, text_config={**_TEXT, **_MROPE}, **_QWEN_SIGNS)
    )


def _qwen3() -> Any:
    vision = {
        "depth": 2, "hidden_size": 32, "out_hidden_size": 32, "num_heads": 4, "intermediate_size": 48, "patch_size": 8,
        "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    text = {**_TEXT, "head_dim": 8, **_MROPE}
    return tf.Qwen3VLForConditionalGeneration(tf.Qwen3VLConfig(vision_config=vision, text_config=text, **_QWEN_SIGNS))


_PINPOINTS = [[32, 64], [64, 32], [64, 64]]


def _llava_next() -> Any:
    vision = {"model_type": "clip_vision_model", **_IMAGE, "projection_dim": 16}
    return tf.LlavaNextForConditionalGeneration(
        tf.LlavaNextConfig(
            vision_config=vision, text_config=_LLAMA, image_token_index=ID["<image>"], image_grid_pinpoints=_PINPOINTS
        )
    )


def _idefics3(cls: Any = tf.Idefics3ForConditionalGeneration) -> Any:
    config = cls.config_class(
        vision_config=_IMAGE, text_config=_LLAMA, image_token_id=ID["<image>"], scale_factor=2, pad_token_id=0
    )
    return cls(config)


def _internvl() -> Any:
    vision = {**_IMAGE, "image_size": [32, 32], "patch_size": [8, 8]}
    text = {"model_type": "qwen2", **_TEXT}
    return tf.InternVLForConditionalGeneration(
        tf.InternVLConfig(vision_config=vision, text_config=text, image_token_id=ID["<IMG_CONTEXT>"])
    )


def _blip_2() -> Any:
    words = {"vocab_size": N_WORDS, "max_position_embeddings": 128, "pad_token_id": 0, "bos_token_id": ID["<s>"]}
    text = tf.OPTConfig(
        **words, eos_token_id=ID["</s>"], hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=48,
        word_embed_proj_dim=32,
    )  # fmt: skip
    config = tf.Blip2Config(
        vision_config=_IMAGE, qformer_config={**_SIZES, "encoder_hidden_size": 32}, text_config=text,
        num_query_tokens=3, image_token_index=ID["<image>"],
    )  # fmt: skip
    return tf.Blip2ForConditionalGeneration(config)


def _blip_2_t5() -> Any:
    text = tf.T5Config(
        vocab_size=N_WORDS, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4,
        pad_token_id=0, eos_token_id=ID["</s>"], decoder_start_token_id=0,
    )  # fmt: skip
    config = tf.Blip2Config(
        vision_config=_IMAGE, qformer_config={**_SIZES, "encoder_hidden_size": 32}, text_config=text,
        num_query_tokens=3, image_token_index=ID["<image>"],
    )  # fmt: skip
    return tf.Blip2ForConditionalGeneration(config)


def _blip() -> Any:
    text = {
        **_SIZES, "vocab_size": N_WORDS, "max_position_embeddings": 64, "encoder_hidden_size": 32, "projection_dim": 16,
        "bos_token_id": ID["<s>"], "sep_token_id": ID["</s>"], "pad_token_id": 0,
    }  # fmt: skip
    config = tf.BlipConfig(text_config=text, vision_config=_IMAGE, projection_dim=16, image_text_hidden_size=16)
    return tf.BlipForQuestionAnswering(config)


BUILDERS: dict[str, Callable[[], Any]] = {
    "llava": _llava,
    "llava full": lambda: _llava(vision_feature_select_strategy="full"),
    "paligemma": _paligemma,
    "gemma3": _gemma3,
    "qwen2": _qwen2,
    "qwen2.5": _qwen2_5,
    "qwen3": _qwen3,
    "llava_next": _llava_next,
    "idefics3": _idefics3,
    "smolvlm": lambda: _idefics3(tf.SmolVLMForConditionalGeneration),
    "internvl": _internvl,
    "blip_2": _blip_2,
    "blip": _blip,
    "blip_2 t5": _blip_2_t5,
}
WITH_ENCODER = ("blip", "blip_2 t5")  # which read the question in an encoder
NAMES = tuple(name for name in BUILDERS if name not in WITH_ENCODER)
_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
TEMPLATES = {
    "llava": (
        "{% for message in messages %}{{ message['role'].upper() }}: {% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}{% endfor %} {% endfor %}"
        "ASSISTANT:"
    ),
    **dict.fromkeys(("qwen2", "qwen2.5", "qwen3"), _CHATML),
}
_SQUEEZED = {"do_resize": True, "size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
_BLOCKS = {"patch_size": 8, "merge_size": 2, "temporal_patch_size": 2, "min_pixels": 512, "max_pixels": 4096}
_CROPPED = {
    "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 32},
    "crop_size": {"height": 32, "width": 32},
}  # fmt: skip
_BY_BLIP = {
    "image_processor_type": "BlipImageProcessor", "size": {"height": 32, "width": 32},
    "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
}  # fmt: skip
PROCESSORS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("blip", "blip_2", "blip_2 t5"), _BY_BLIP),
    "llava": _CROPPED,
    "llava full": _CROPPED,
    "paligemma": {"image_processor_type": "SiglipImageProcessor", **_SQUEEZED, "resample": 3},
    "gemma3": {"image_processor_type": "Gemma3ImageProcessor", **_SQUEEZED, "resample": 2},
    **{
        name: {"image_processor_type": "Qwen2VLImageProcessor", **_BLOCKS} for name in ("qwen2", "qwen2.5", "qwen3")
    },
    "llava_next": {
        "image_processor_type": "LlavaNextImageProcessor", "size": {"shortest_edge": 32},
        "crop_size": {"height": 32, "width": 32}, "image_grid_pinpoints": _PINPOINTS,
    },
    **{
        name: {
            "image_processor_type": f"{kind}ImageProcessor", "size": {"longest_edge": 64},
            "max_image_size": {"longest_edge": 32}, "do_image_splitting": True,
        }
        for name, kind in (("idefics3", "Idefics3"), ("smolvlm", "SmolVLM"))
    },
    "internvl": {
        "image_processor_type": "GotOcr2ImageProcessor", "size": {"height": 32, "width": 32}, "crop_to_patches": True,
        "min_patches": 1, "max_patches": 6, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
    },
}  # fmt: skip


def save_signs(folder: Path) -> None:
    """A tokenizer of bytes, with the signs of all of them."""
    tokenizer = tf.GPT2Tokenizer(vocab=BYTES, merges=[])
    tokenizer.add_special_tokens(
        {"bos_token": "<s>", "eos_token": "</s>", "additional_special_tokens": list(_SIGNS[2:])}
    )
    assert tokenizer.convert_tokens_to_ids("<image>") == ID["<image>"]
    tokenizer.save_pretrained(folder)


def save(folder: Path, name: str, *, has_tokenizer: bool = True) -> Path:
    """A seeded random model with tokenizer, template and processor; large weights, so that no pattern is flat."""
    torch.manual_seed(0)
    net = BUILDERS[name]().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 1.5 / parameter[0].numel() ** 0.5)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
    net.save_pretrained(folder)
    if has_tokenizer:
        save_signs(folder)
        if name in TEMPLATES:
            (folder / "chat_template.jinja").write_text(TEMPLATES[name])
    if name in PROCESSORS:
        (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSORS[name]))
    return folder


def asked(question: str = QUESTION, seed: int = 3, path: Path | None = None, **more: Any) -> Input:
    """A question about a generated scene, or about a file."""
    image = ImageInput(seed=seed, kind="scene") if path is None else ImageInput(str(path))
    return Input(text=TextInput(question, **more), image=image)
