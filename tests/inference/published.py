"""Checkpoints as their publishers wrote them: config.json word for word but for sizes, with seeded random weights.

`published_configs.json` holds for each name what was `published`, what to `shrink` (dotted keys reach inside), the
class to build (`cls`, else the first of `architectures`), and how long a text must be (`n`). In `SHRINK` stands what
else is made small, in `REFUSED` the sentence that says why one does not open.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from inference.family.base import Encoded
from inference.forward.model import Model

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
_IS_A = "config.json says that it is a "
REFUSED = {
    "google/reformer-enwik8": f"{_IS_A}ReformerModelWithLMHead, which hashes its queries into buckets and attends "
    "within chunks of them (Kitaev et al. 2020): there is no pattern over all words to show.",
    "transfo-xl/transfo-xl-wt103": "config.json names the model type 'transfo-xl', which transformers 5.23.0 does not "
    "know.",
    "TheBloke/some-GPTQ": "config.json says that the weights are quantised (gptq); Headlight reads floats.",
    "facebook/opt-iml as sharded index only bin": "sharded holds only pytorch_model.bin.index.json, an index of "
    "pickles that can run code; convert them to safetensors.",
    "facebook/detr-resnet-50": f"{_IS_A}DetrForObjectDetection, whose convolutions (resnet50) are those of timm, a "
    "library that Headlight does not bring along.",
}
# Whose batch is made of frames, one behind another.
ON_FRAMES = {"microsoft/xclip-base-patch32"}


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
    if cls is None or (CONFIGS[name].get("raw") and name not in SHRINK):
        if "index only bin" in name:
            folder = folder / "sharded"
            folder.mkdir()
            index = {"metadata": {}, "weight_map": {"weight": "pytorch_model-00001-of-00002.bin"}}
            (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
        else:
            save_file({"weight": torch.zeros(4)}, folder / "model.safetensors", {"format": "pt"})
    else:
        torch.manual_seed(0)
        net = cls(cls.config_class.from_dict(dict(config))).eval()
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.ndim > 1 and name not in ON_FRAMES:
                    parameter.mul_(2)  # so that no pattern is flat
        net.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


class Softmaxes(TorchFunctionMode):
    """Keeps what every softmax over keys gives, by the module that is running; samples nothing."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.found: dict[str, list[torch.Tensor]] = {}
        self._running: list[str] = []
        for name, module in net.named_modules():
            module.register_forward_pre_hook(lambda *_, name=name: self._running.append(name))
            module.register_forward_hook(lambda *_: self._running.pop() and None)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.multinomial:  # ViLT's order of patches
            return torch.arange(args[1]).expand(*args[0].shape[:-1], args[1])
        result = func(*args, **(kwargs or {}))
        if func in (F.softmax, torch.softmax, torch.Tensor.softmax) and result.ndim >= 3:
            self._keep(result)
        elif func is F.multi_head_attention_forward:
            weights = func(*args, **{**(kwargs or {}), "need_weights": True, "average_attn_weights": False})[1]
            self._keep(weights)
        elif func is F.scaled_dot_product_attention:
            self._keep(_patterns(*args, **(kwargs or {})))
        return result

    def _keep(self, pattern: torch.Tensor) -> None:
        self.found.setdefault(self._running[-1], []).append(pattern)


def _patterns(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask: Any = None, *_: Any, **more: Any
) -> torch.Tensor:
    """What torch's fused attention does inside, written out."""
    scale = more.get("scale") or query.shape[-1] ** -0.5
    key = key.repeat_interleave(query.shape[1] // key.shape[1], 1)
    scores = query @ key.mT * scale
    if more.get("is_causal"):
        scores = scores.masked_fill(~torch.ones_like(scores, dtype=torch.bool).tril(), -torch.inf)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    return scores.softmax(-1)


def eager_patterns(name: str, model: Model, tensors: dict[str, torch.Tensor]) -> dict[str, list[torch.Tensor]]:
    """[head, query_pos, key_pos] of every softmax of transformers' plain code, by the path of its module.

    Longformer's bands, and streams that are computed together, are laid out as the tests of layouts do.
    """
    net = copy.deepcopy(model.net)
    for part in net.modules():
        # Falcon's two ways differ by 0.02 where it has ALiBi: it is compared with the one that it runs.
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal") and "falcon" not in name:
            config: Any = part.config
            config._attn_implementation_internal = "eager"
    softmaxes = Softmaxes(net)
    torch.manual_seed(0)
    np.random.seed(0)
    with torch.inference_mode(), softmaxes:
        model.family.forward(net, Encoded(tensors, {}))
    n = len(next(iter(tensors.values()))[0])
    return {
        path: [_banded(raws[0], raws[1], n)]
        if len(raws) == 2 and raws[0].shape[1] > raws[0].shape[2]
        else _all_of(raws)
        for path, raws in softmaxes.found.items()
    }


def _all_of(raws: list[torch.Tensor]) -> list[torch.Tensor]:
    return [each for raw in raws for each in _by_head(raw)]


def _banded(local: torch.Tensor, of_global: torch.Tensor, n: int) -> torch.Tensor:
    """Longformer's map over n tokens, the first of which is global, of what its two softmaxes give."""
    (local,) = local.transpose(1, 2)  # [head, query_pos, 1 + window]
    n_padded, window = local.shape[1], local.shape[2] // 2 - 1
    whole = torch.zeros(len(local), n_padded, n_padded)
    for offset in range(-window, window + 1):
        queries = torch.arange(max(0, -offset), min(n_padded, n_padded - offset))
        whole[:, queries, queries + offset] += local[:, queries, 1 + offset + window]
    whole[:, :, 0] += local[:, :, 0]
    whole[:, 0] = of_global.reshape(len(local), 1, n_padded)[:, 0]
    return whole[:, :n, :n]


def _by_head(raw: torch.Tensor) -> list[torch.Tensor]:
    """All that a softmax may stand for: one of a batch of one, frames one behind another, or streams."""
    if raw.ndim == 3:
        return [raw]
    if raw.ndim == 5:
        return list(raw[0])
    if len(raw) == 1:
        return [raw[0]]
    return [torch.stack([torch.block_diag(*raw[:, head]) for head in range(raw.shape[1])])]
