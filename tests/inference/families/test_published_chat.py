"""Published chat models that see: their whole configurations are read, and an image becomes as many tokens as there.

References
----------
config.json and preprocessor_config.json of the checkpoints that are named, of the hub in November 2026; what says
nothing of shapes is left out.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from inference.checkpoints.inspection import _family
from inference.context import Refused
from inference.files.config_file import build_config, named_class
from inference.inputs.image_preparation import read_preparation
from inference.inputs.images import prepare
from inference.results.inputs import ImageInput

_CLIP_L = {
    "hidden_size": 1024, "image_size": 336, "intermediate_size": 4096, "model_type": "clip_vision_model",
    "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14, "projection_dim": 768, "vocab_size": 32000,
}  # fmt: skip
_SIGLIP = {
    "hidden_size": 1152, "intermediate_size": 4304, "model_type": "siglip_vision_model", "num_attention_heads": 16,
    "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": False,
}  # fmt: skip
_PINPOINTS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
_QWEN_SIGNS = {"image_token_id": 151655, "video_token_id": 151656, "vision_start_token_id": 151652}
_QWEN_IMAGES = {
    "image_processor_type": "Qwen2VLImageProcessor", "min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14,
    "temporal_patch_size": 2, "merge_size": 2,
}  # fmt: skip
# By the name on the hub: config.json, preprocessor_config.json, family, tokens of an image of 640 x 480, and layers and
# heads of tower and language model.
PUBLISHED = {
    "llava-hf/llava-1.5-7b-hf": (
        {
            "architectures": ["LlavaForConditionalGeneration"], "image_token_index": 32000, "model_type": "llava",
            "text_config": {"max_position_embeddings": 4096, "model_type": "llama", "vocab_size": 32064},
            "vision_config": _CLIP_L, "vision_feature_layer": -2, "vision_feature_select_strategy": "default",
        },
        {
            "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 336},
            "crop_size": {"height": 336, "width": 336},
        },
        "llava", 576, ((24, 16), (32, 32)),
    ),
    "llava-hf/llava-v1.6-mistral-7b-hf": (
        {
            "architectures": ["LlavaNextForConditionalGeneration"], "image_token_index": 32000,
            "model_type": "llava_next", "image_grid_pinpoints": _PINPOINTS,
            "text_config": {
                "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
                "num_key_value_heads": 8, "vocab_size": 32064,
            },
            "vision_config": _CLIP_L, "vision_feature_layer": -2, "vision_feature_select_strategy": "default",
        },
        {
            "image_processor_type": "LlavaNextImageProcessor", "size": {"shortest_edge": 336},
            "crop_size": {"height": 336, "width": 336}, "image_grid_pinpoints": _PINPOINTS,
        },
        "llava_next", 576 + 36 * 49, ((24, 16), (32, 32)),
    ),
    "Qwen/Qwen2-VL-2B-Instruct": (
        {
            "architectures": ["Qwen2VLForConditionalGeneration"], "hidden_size": 1536, "intermediate_size": 8960,
            "max_position_embeddings": 32768, "model_type": "qwen2_vl", "num_attention_heads": 12,
            "num_hidden_layers": 28, "num_key_value_heads": 2, "vocab_size": 151936, **_QWEN_SIGNS,
            "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]},
            "vision_config": {
                "depth": 32, "embed_dim": 1280, "mlp_ratio": 4, "num_heads": 16, "in_chans": 3, "hidden_size": 1536,
                "patch_size": 14, "spatial_merge_size": 2, "spatial_patch_size": 14, "temporal_patch_size": 2,
            },
        },
        _QWEN_IMAGES, "qwen_vl", 23 * 17, ((32, 16), (28, 12)),
    ),
    "Qwen/Qwen2.5-VL-3B-Instruct": (
        {
            "architectures": ["Qwen2_5_VLForConditionalGeneration"], "hidden_size": 2048, "intermediate_size": 11008,
            "max_position_embeddings": 128000, "model_type": "qwen2_5_vl", "num_attention_heads": 16,
            "num_hidden_layers": 36, "num_key_value_heads": 2, "vocab_size": 151936, **_QWEN_SIGNS,
            "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]},
            "vision_config": {
                "depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "in_chans": 3,
                "out_hidden_size": 2048, "patch_size": 14, "spatial_merge_size": 2, "window_size": 112,
                "fullatt_block_indexes": [7, 15, 23, 31], "tokens_per_second": 2, "temporal_patch_size": 2,
            },
        },
        _QWEN_IMAGES, "qwen_vl", 23 * 17, ((32, 16), (36, 16)),
    ),
    "Qwen/Qwen3-VL-2B-Instruct": (
        {
            "architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl", **_QWEN_SIGNS,
            "text_config": {
                "hidden_size": 2048, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
                "head_dim": 128, "intermediate_size": 6144, "model_type": "qwen3_vl_text", "vocab_size": 151936,
                "max_position_embeddings": 262144,
                "rope_scaling": {"mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"},
            },
            "vision_config": {
                "deepstack_visual_indexes": [5, 11, 17], "depth": 24, "hidden_size": 1024, "intermediate_size": 4096,
                "num_heads": 16, "num_position_embeddings": 2304, "out_hidden_size": 2048, "patch_size": 16,
                "spatial_merge_size": 2, "temporal_patch_size": 2,
            },
        },
        {
            "image_processor_type": "Qwen2VLImageProcessorFast", "patch_size": 16, "temporal_patch_size": 2,
            "merge_size": 2, "size": {"longest_edge": 16777216, "shortest_edge": 65536},
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        },
        "qwen_vl", 20 * 15, ((24, 16), (28, 16)),
    ),
    "google/paligemma-3b-mix-224": (
        {
            "architectures": ["PaliGemmaForConditionalGeneration"], "image_token_index": 257152, "hidden_size": 2048,
            "model_type": "paligemma", "projection_dim": 2048,
            "text_config": {
                "hidden_size": 2048, "intermediate_size": 16384, "model_type": "gemma", "num_attention_heads": 8,
                "num_hidden_layers": 18, "num_image_tokens": 256, "num_key_value_heads": 1, "vocab_size": 257216,
            },
            "vision_config": {**_SIGLIP, "num_image_tokens": 256, "projection_dim": 2048},
        },
        {
            "image_processor_type": "SiglipImageProcessor", "size": {"height": 224, "width": 224}, "resample": 3,
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        },
        "paligemma", 256, ((27, 16), (18, 8)),
    ),
    "google/gemma-3-4b-it": (
        {
            "architectures": ["Gemma3ForConditionalGeneration"], "boi_token_index": 255999, "eoi_token_index": 256000,
            "image_token_index": 262144, "mm_tokens_per_image": 256, "model_type": "gemma3",
            "text_config": {
                "hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
                "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024,
            },
            "vision_config": {**_SIGLIP, "image_size": 896},
        },
        {
            "image_processor_type": "Gemma3ImageProcessor", "size": {"height": 896, "width": 896}, "resample": 2,
            "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
        },
        "gemma3", 256, ((27, 16), (34, 8)),
    ),
    "HuggingFaceTB/SmolVLM-256M-Instruct": (
        {
            "architectures": ["Idefics3ForConditionalGeneration"], "image_token_id": 49190, "model_type": "idefics3",
            "scale_factor": 4,
            "text_config": {
                "hidden_size": 576, "intermediate_size": 1536, "max_position_embeddings": 8192, "model_type": "llama",
                "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3, "vocab_size": 49280,
            },
            "vision_config": {
                "hidden_size": 768, "image_size": 512, "intermediate_size": 3072, "model_type": "idefics3",
                "num_attention_heads": 12, "num_hidden_layers": 12, "patch_size": 16,
            },
        },
        {
            "image_processor_type": "Idefics3ImageProcessor", "size": {"longest_edge": 2048},
            "max_image_size": {"longest_edge": 512}, "do_image_splitting": True, "resample": 1,
        },
        "idefics3", (4 * 3 + 1) * 64, ((12, 12), (30, 9)),
    ),
    "OpenGVLab/InternVL3-1B-hf": (
        {
            "architectures": ["InternVLForConditionalGeneration"], "downsample_ratio": 0.5, "image_token_id": 151667,
            "model_type": "internvl",
            "text_config": {
                "hidden_size": 896, "intermediate_size": 4864, "max_position_embeddings": 32768, "model_type": "qwen2",
                "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "vocab_size": 151674,
            },
            "vision_config": {
                "hidden_size": 1024, "image_size": [448, 448], "intermediate_size": 4096,
                "model_type": "internvl_vision", "num_attention_heads": 16, "num_hidden_layers": 24,
                "patch_size": [14, 14],
            },
            "vision_feature_layer": -1, "vision_feature_select_strategy": "default",
        },
        {
            "image_processor_type": "GotOcr2ImageProcessorFast", "size": {"height": 448, "width": 448},
            "crop_to_patches": False, "min_patches": 1, "max_patches": 12, "image_mean": [0.485, 0.456, 0.406],
            "image_std": [0.229, 0.224, 0.225],
        },
        "internvl", (4 * 3 + 1) * 256, ((24, 16), (24, 14)),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    file = tmp_path_factory.mktemp("images") / "photograph.png"
    Image.new("RGB", (640, 480), (90, 120, 30)).save(file)
    return ImageInput(str(file))


def read(name, folder, **instead):
    raw, says, *_ = PUBLISHED[name]
    (folder / "preprocessor_config.json").write_text(json.dumps(says | instead))
    config = build_config(json.loads(json.dumps(raw)))
    config.architectures = raw["architectures"]
    kind, family = _family(config, named_class(raw))
    return config, kind, family, read_preparation(folder, config, family.takes(config))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_configuration_is_read_whole(name, photograph, tmp_path):
    _, _, expected_family, n_tokens, shapes = PUBLISHED[name]
    config, kind, family, preparation = read(name, tmp_path)
    assert kind == expected_family
    assert tuple((group.n_layers, group.n_heads[0]) for group in family.groups(config)) == shapes
    prepared = prepare(photograph, preparation)
    assert family.n_image_tokens(config, prepared) == n_tokens
    grids = family.token_grids(config, prepared)
    numbers = np.concatenate([grid.tokens.ravel() for grid in grids])
    assert len(set(numbers.tolist())) == len(numbers)
    assert 0 <= numbers.min() <= numbers.max() < n_tokens
    assert len(family.place_names(config, prepared)) == n_tokens
    assert family.takes(config).kind == "scene"


@pytest.mark.parametrize(
    ("name", "instead", "sentence"),
    [
        ("Qwen/Qwen2-VL-2B-Instruct", {"max_pixels": 10**15}, "max_pixels is 1000000000000000; whole numbers from"),
        ("Qwen/Qwen2-VL-2B-Instruct", {"patch_size": 16}, "patch_size is 16, the model reads 14"),
        ("Qwen/Qwen2-VL-2B-Instruct", {"min_pixels": 10**7, "max_pixels": 10}, "at least 10,000,000 pixels and at"),
        ("HuggingFaceTB/SmolVLM-256M-Instruct", {"size": {"longest_edge": 99999}}, "longest_edge is 99999; whole"),
        ("HuggingFaceTB/SmolVLM-256M-Instruct", {"max_image_size": 3}, "max_image_size is 3; an object is needed"),
        ("OpenGVLab/InternVL3-1B-hf", {"max_patches": 10**6}, "max_patches is 1000000; whole numbers from 1 to 64"),
        ("llava-hf/llava-v1.6-mistral-7b-hf", {"size": {"shortest_edge": 10**9}}, "tiles of 1000000000 pixels a side"),
    ],
)
def test_a_number_that_would_take_all_memory_is_refused_before_anything_is_made(name, instead, sentence, tmp_path):
    with pytest.raises(Refused) as refused:
        read(name, tmp_path, **instead)
    assert sentence in str(refused.value)


def test_an_image_that_would_be_too_many_tokens_or_is_too_thin_is_refused(tmp_path):
    config, _, _, preparation = read("Qwen/Qwen2-VL-2B-Instruct", tmp_path, max_pixels=10**9, min_pixels=10**8)
    assert config.model_type == "qwen2_vl"
    for size, sentence in (((400, 400), "tokens; at most 16,384 are read"), ((1, 300), "one side may be 200 times")):
        file = tmp_path / "image.png"
        Image.new("RGB", size).save(file)
        with pytest.raises(Refused, match=sentence):
            prepare(ImageInput(str(file)), preparation)
