"""Checkpoints as their publishers wrote them: config.json word for word but for sizes, with seeded random weights.

`published_configs.json` holds for each name what was `published`, what to `shrink` (dotted keys reach inside), the class
to build (`cls`, else the first of `architectures`), and the class whose eager attentions are the truth (`ref`). In
`SHRINK` and `REFS` stands what is not in there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file

CONFIGS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("published_configs.json").read_text())
_TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
SHRINK: dict[str, dict[str, Any]] = {
    "nomic-ai/nomic-bert-2048": {**_TINY, "head_dim": 8},
    "nvidia/segformer-b0-finetuned-ade-512-512": {
        "depths": [1, 1, 2, 1],
        "hidden_sizes": [8, 16, 16, 32],
        "num_attention_heads": [1, 2, 2, 4],
        "decoder_hidden_size": 16,
        "sr_ratios": [64, 8, 2, 1],
    },
    "hustvl/yolos-tiny": {**_TINY, "image_size": [64, 96], "num_detection_tokens": 5},
    "MCG-NJU/videomae-base": {**_TINY, "image_size": 64, "num_frames": 4, "decoder_num_hidden_layers": 1},
    "google/vivit-b-16x2-kinetics400": {**_TINY, "image_size": 64, "num_frames": 4},
    "microsoft/xclip-base-patch32": {
        "projection_dim": 32,
        "prompt_num_attention_heads": 4,
        "text_config": {**_TINY, "vocab_size": 600},
        "vision_config": {
            **_TINY,
            "image_size": 64,
            "num_frames": 4,
            "mit_hidden_size": 32,
            "mit_intermediate_size": 32,
            "mit_num_attention_heads": 4,
        },
    },
    "microsoft/trocr-small-printed": {
        "encoder": {"model_type": "deit", **_TINY, "image_size": 64},
        "decoder": {
            "model_type": "trocr",
            "d_model": 32,
            "decoder_layers": 2,
            "decoder_attention_heads": 4,
            "decoder_ffn_dim": 64,
            "vocab_size": 600,
        },
    },
    "Intel/dpt-large": {
        **_TINY,
        "image_size": 64,
        "num_hidden_layers": 4,
        "backbone_out_indices": [0, 1, 2, 3],
        "neck_hidden_sizes": [8, 8, 8, 8],
        "fusion_hidden_size": 8,
    },
    "BridgeTower/bridgetower-base": {
        **_TINY,
        "hidden_size": 64,
        "text_config": {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64},
        "vision_config": {"hidden_size": 64, "num_hidden_layers": 3, "patch_size": 16, "image_size": 64},
    },
    "deepseek-ai/DeepSeek-V2-Lite": {
        **_TINY,
        "num_key_value_heads": 4,
        "kv_lora_rank": 16,
        "q_lora_rank": 16,
        "qk_nope_head_dim": 8,
        "qk_rope_head_dim": 4,
        "v_head_dim": 6,
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 16,
        "vocab_size": 600,
    },
}
REFS: dict[str, str] = {
    "facebook/dpr-question_encoder-single-nq-base": "DPRQuestionEncoder",
    "microsoft/layoutlm-base-uncased": "LayoutLMModel",
    "LiquidAI/LFM2-350M": "Lfm2Model",
    "deepseek-ai/DeepSeek-V2-Lite": "DeepseekV2Model",
    "google/siglip-base-patch16-224": "SiglipModel",
    "Intel/dpt-large": "DPTModel",
    "SD text_encoder (CLIPTextModel)": "CLIPTextModel",
    "microsoft/trocr-small-printed": "VisionEncoderDecoderModel",
    "nvidia/segformer-b0-finetuned-ade-512-512": "SegformerModel",
    "hustvl/yolos-tiny": "YolosModel",
    "MCG-NJU/videomae-base": "VideoMAEModel",
    "google/vivit-b-16x2-kinetics400": "VivitModel",
    "dandelin/vilt-b32-mlm": "ViltModel",
    "BridgeTower/bridgetower-base": "BridgeTowerModel",
}


def published(name: str) -> dict[str, Any]:
    """What config.json says, made small."""
    case = CONFIGS[name]
    config = json.loads(json.dumps(case["published"]))
    for key, value in {**case["shrink"], **SHRINK.get(name, {})}.items():
        *outer, last = key.split(".")
        part = config
        for step in outer:
            part = part[step]
        part[last] = value
    return config


def save_published(name: str, folder: Path) -> Path:
    """A seeded random model in a folder, laid out as it was published."""
    config = published(name)
    class_name = CONFIGS[name].get("cls") or config["architectures"][0]
    cls = getattr(transformers, class_name, None)
    if cls is None or CONFIGS[name].get("raw") and name not in SHRINK:
        save_file({"weight": torch.zeros(4)}, folder / "model.safetensors", {"format": "pt"})
    else:
        torch.manual_seed(0)
        net = cls(cls.config_class.from_dict(dict(config))).eval()
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.ndim > 1:
                    parameter.mul_(2)  # so that no pattern is flat
        net.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def eager_maps(name: str, folder: Path, tensors: dict[str, torch.Tensor]) -> dict[str, list[torch.Tensor]]:
    """[head, query_pos, key_pos] of each layer, by the name of the output, as transformers' plain code computes them."""
    cls = getattr(transformers, REFS.get(name) or CONFIGS[name]["ref"])
    net = cls.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True).eval()
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    torch.manual_seed(0)
    with torch.inference_mode():
        output = net(**tensors, output_attentions=True)
    return {key: [layer[0] for layer in maps] for key, maps in output.items() if "attentions" in key and maps}
