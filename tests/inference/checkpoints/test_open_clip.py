"""Folders of open_clip: opened as CLIP, with the very vectors that open_clip's own forward makes."""

from __future__ import annotations

import json
from collections import OrderedDict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from transformers import BertTokenizer

from inference.checkpoints.inspection import inspect
from inference.checkpoints.open_clip import OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.request import Capability
from tests.inference.tiny_pairs import VOCAB

SIDE, PATCH, WIDTH, D_TEXT, JOINT, LENGTH = 24, 8, 64, 32, 16, 12
CONFIG = {
    "model_cfg": {
        "embed_dim": JOINT,
        "vision_cfg": {"image_size": SIDE, "layers": 2, "width": WIDTH, "patch_size": PATCH, "head_width": 16},
        "text_cfg": {"context_length": LENGTH, "vocab_size": len(VOCAB), "width": D_TEXT, "heads": 4, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.4], "interpolation": "bicubic"},
}


class ResidualAttentionBlock(nn.Module):
    """As in open_clip's transformer.py."""

    def __init__(self, width, n_heads, act):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, n_heads, batch_first=True)
        parts = [("c_fc", nn.Linear(width, 4 * width)), ("gelu", act), ("c_proj", nn.Linear(4 * width, width))]
        self.mlp = nn.Sequential(OrderedDict(parts))

    def forward(self, x, mask=None):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Blocks(nn.Module):
    def __init__(self, width, n_heads, act):
        super().__init__()
        self.resblocks = nn.ModuleList([ResidualAttentionBlock(width, n_heads, act) for _ in range(2)])

    def forward(self, x, mask=None):
        for block in self.resblocks:
            x = block(x, mask)
        return x


class VisionTransformer(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(WIDTH))
        self.positional_embedding = nn.Parameter(torch.randn((SIDE // PATCH) ** 2 + 1, WIDTH))
        self.ln_pre, self.ln_post = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.transformer = Blocks(WIDTH, WIDTH // 16, act)
        self.proj = nn.Parameter(torch.randn(WIDTH, JOINT))

    def forward(self, image):
        x = self.conv1(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], 1) + self.positional_embedding
        return self.ln_post(self.transformer(self.ln_pre(x)))[:, 0] @ self.proj


class OpenClip(nn.Module):
    """Names, shapes and forward of open_clip's `CLIP`."""

    def __init__(self, act):
        super().__init__()
        self.visual = VisionTransformer(act)
        self.transformer = Blocks(D_TEXT, 4, act)
        self.token_embedding = nn.Embedding(len(VOCAB), D_TEXT)
        self.positional_embedding = nn.Parameter(torch.randn(LENGTH, D_TEXT))
        self.ln_final = nn.LayerNorm(D_TEXT)
        self.text_projection = nn.Parameter(torch.randn(D_TEXT, JOINT))
        self.logit_scale = nn.Parameter(torch.tensor(2.5))

    def encode_text(self, ids):
        n = ids.shape[1]
        mask = torch.full((n, n), float("-inf")).triu(1)
        x = self.transformer(self.token_embedding(ids) + self.positional_embedding[:n], mask)
        return self.ln_final(x)[torch.arange(len(x)), ids.argmax(-1)] @ self.text_projection


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


def save(folder, config=CONFIG, prefix="", act=None):
    """A folder as open_clip's `push_to_hf_hub` writes it, with random numbers; and the model."""
    torch.manual_seed(0)
    net = OpenClip(act or nn.GELU())
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    of_text = ("transformer.", "token_embedding.", "positional_embedding", "ln_final.", "text_projection")
    named = {(prefix if name.startswith(of_text) else "") + name: one for name, one in net.state_dict().items()}
    folder.mkdir(exist_ok=True)
    save_file(named, folder / OPEN_CLIP_WEIGHTS)
    (folder / OPEN_CLIP_CONFIG).write_text(json.dumps(config))
    vocab = dict(VOCAB)  # the end has the highest id
    vocab |= {"[SEP]": VOCAB["and"], "and": VOCAB["[SEP]"]}
    BertTokenizer(vocab=vocab).save_pretrained(folder)
    return net.eval()


def changed(**parts):
    """The configuration, with other values in its parts."""
    model = CONFIG["model_cfg"]
    return CONFIG | {
        "model_cfg": {**model, **{k: model.get(k, {}) | v if isinstance(v, dict) else v for k, v in parts.items()}}
    }


@pytest.mark.parametrize("is_quick", [False, True])
@pytest.mark.parametrize("prefix", ["", "text."])
def test_vectors_are_those_of_open_clip(tmp_path, is_quick, prefix):
    config = changed(quick_gelu=is_quick, custom_text=bool(prefix))
    reference = save(tmp_path / "clip", config, prefix, QuickGelu() if is_quick else None)
    loaded = load(str(tmp_path / "clip"), Context())
    assert loaded.info.architecture == "CLIPModel"
    assert loaded.info.cautions == ()
    assert Capability.COMPARISON in loaded.info.capabilities
    pixels = torch.randn(3, 3, SIDE, SIDE)
    ids = torch.tensor([[2, 5, 9, 14, len(VOCAB) - 1], [2, 7, 12, len(VOCAB) - 1, 0]])
    family = loaded.family
    with torch.no_grad():
        for ours, theirs in (
            (family.image_vectors(loaded.net, pixels), reference.visual(pixels)),
            (family.text_vectors(loaded.net, ids), reference.encode_text(ids)),
        ):
            torch.testing.assert_close(ours, F.normalize(theirs, dim=-1), rtol=1e-5, atol=1e-6)
        assert float(family.scale_and_bias(loaded.net)[0]) == pytest.approx(np.exp(2.5))


def test_images_are_made_ready_as_its_configuration_says(tmp_path):
    save(tmp_path / "a")
    preparation = load(str(tmp_path / "a"), Context()).preparation
    assert (preparation.size, preparation.crop, preparation.resample) == (SIDE, (SIDE, SIDE), 3)
    assert (preparation.mean, preparation.std) == ((0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    assert preparation.notes == ()
    save(tmp_path / "b", CONFIG | {"preprocess_cfg": {"resize_mode": "squash", "interpolation": "bilinear"}})
    preparation = load(str(tmp_path / "b"), Context()).preparation
    assert (preparation.size, preparation.crop, preparation.resample) == ((SIDE, SIDE), None, 2)


def test_its_files_open_their_folder(tmp_path):
    save(tmp_path / "clip")
    for name in (OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS):
        assert inspect(str(tmp_path / "clip" / name)).name == "clip"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (
            changed(vision_cfg={"timm_model_name": "vit_base"}),
            r"vision_cfg\.timm_model_name is vit_base; of open_clip's",
        ),
        (changed(vision_cfg={"layers": [3, 4, 6, 3]}), "layers is .* A ResNet, whose layers are a list, is not opened"),
        (changed(text_cfg={"hf_model_name": "roberta-base"}), r"text_cfg\.hf_model_name is roberta-base; of"),
        (changed(multimodal_cfg={"layers": 2}), r"model_cfg\.multimodal_cfg is "),
        (changed(vision_cfg={"ls_init_value": 0.1}), r"vision_cfg\.ls_init_value is 0\.1; of"),
        (changed(init_logit_bias=-10), r"model_cfg\.init_logit_bias is -10; of"),
        (changed(vision_cfg={"width": 10**9}), "width is 1000000000; whole numbers from 1 to"),
        (changed(vision_cfg={"head_width": 60}), "which heads of 60 do not divide"),
        ({"model_cfg": 3}, "has no model_cfg, so"),
        (
            CONFIG | {"preprocess_cfg": {"resize_mode": "longest"}},
            "resized by longest and bicubic; shortest and squash",
        ),
    ],
)
def test_other_models_are_refused_by_what_they_have_more(tmp_path, config, why):
    save(tmp_path / "clip", config)
    with pytest.raises(Refused, match=f"^{OPEN_CLIP_CONFIG}.* {why}"):
        inspect(str(tmp_path / "clip"))


def test_a_pickle_is_refused_and_weights_that_lack_something_too(tmp_path):
    net = save(tmp_path / "clip")
    (tmp_path / "clip" / OPEN_CLIP_WEIGHTS).unlink()
    with pytest.raises(Refused, match=f"holds no {OPEN_CLIP_WEIGHTS}"):
        inspect(str(tmp_path / "clip"))
    (tmp_path / "clip" / "open_clip_pytorch_model.bin").write_bytes(b"PK")
    with pytest.raises(Refused, match=f"a pickle that can run code; convert it to {OPEN_CLIP_WEIGHTS}"):
        inspect(str(tmp_path / "clip"))
    few = {name: one for name, one in net.state_dict().items() if name != "visual.ln_post.bias"}
    save_file(few, tmp_path / "clip" / OPEN_CLIP_WEIGHTS)
    with pytest.raises(Refused, match=r"vision_model\.post_layernorm\.bias"):
        load(str(tmp_path / "clip"), Context())
