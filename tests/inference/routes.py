"""A small network for every way in which a model may attend."""

from __future__ import annotations

from typing import Any

import torch
import transformers as tf
from torch import Tensor, nn

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


IMAGE = {**SIZES, "image_size": 16, "patch_size": 8}


def siglip() -> tuple[nn.Module, dict[str, Tensor]]:
    return tf.SiglipVisionModel(tf.SiglipVisionConfig(**IMAGE)), {"pixel_values": torch.randn(2, 3, 16, 16)}


def git() -> tuple[nn.Module, dict[str, Tensor]]:
    config = tf.GitConfig(**SIZES, vocab_size=50, max_position_embeddings=40, vision_config=dict(IMAGE))
    return tf.GitForCausalLM(config), {
        "pixel_values": torch.randn(1, 3, 16, 16),
        "input_ids": torch.tensor([[5, 6, 7]]),
    }


def x_clip() -> tuple[nn.Module, dict[str, Tensor]]:
    mit = {"mit_hidden_size": 32, "mit_intermediate_size": 64, "mit_num_hidden_layers": 1, "mit_num_attention_heads": 4}
    config = tf.XCLIPConfig(
        text_config={**SIZES, "vocab_size": 50, "max_position_embeddings": 20, "eos_token_id": 2},
        vision_config={**IMAGE, **mit, "num_frames": 2},
        projection_dim=32,
        prompt_layers=2,
        prompt_num_attention_heads=4,
    )
    inputs = {"pixel_values": torch.randn(1, 2, 3, 16, 16), "input_ids": torch.tensor([[5, 6, 7, 2]])}
    return tf.XCLIPModel(config), inputs


def lxmert() -> tuple[nn.Module, dict[str, Tensor]]:
    layers = {"l_layers": 2, "x_layers": 2, "r_layers": 1}
    config = tf.LxmertConfig(
        vocab_size=50, hidden_size=32, num_attention_heads=4, intermediate_size=64, visual_feat_dim=8, **layers
    )
    boxes = {"visual_feats": torch.randn(1, 3, 8), "visual_pos": torch.rand(1, 3, 4)}
    return tf.LxmertModel(config), {"input_ids": torch.tensor([[5, 6, 7, 2]]), **boxes}


def timesformer() -> tuple[nn.Module, dict[str, Tensor]]:
    net = tf.TimesformerModel(tf.TimesformerConfig(**IMAGE, num_frames=2))
    return net, {"pixel_values": torch.randn(1, 2, 3, 16, 16)}


def fsmt() -> tuple[nn.Module, dict[str, Tensor]]:
    sizes = {f"{part}_{name}": n for part in ("encoder", "decoder") for name, n in (("layers", 2), ("ffn_dim", 64))}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    config = tf.FSMTConfig(langs=["a", "b"], src_vocab_size=50, tgt_vocab_size=50, d_model=32, **sizes, **heads)
    return tf.FSMTModel(config), {
        "input_ids": torch.tensor([[5, 6, 7, 2]]),
        "decoder_input_ids": torch.tensor([[5, 6]]),
    }


def xlnet() -> tuple[nn.Module, dict[str, Tensor]]:
    config = tf.XLNetConfig(vocab_size=50, d_model=32, n_layer=2, n_head=4, d_inner=64)
    return tf.XLNetModel(config), {"input_ids": torch.tensor([[5, 6, 7, 2]])}


def torch_encoder() -> tuple[nn.Module, dict[str, Tensor]]:
    """Without capture torch runs each layer of it as a whole."""
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2, enable_nested_tensor=False)
    return net, {"src": torch.randn(2, 9, 32), "src_key_padding_mask": torch.arange(9) > torch.tensor([[8], [5]])}


ROUTES = {
    siglip: ["interface", "interface", "mha"],
    git: ["interface"] * 2 + ["softmax"] * 2,
    x_clip: ["interface"] * 9,
    lxmert: ["softmax"] * 11,
    timesformer: ["softmax"] * 4,
    fsmt: ["softmax"] * 6,
    xlnet: ["softmax"] * 2,
    torch_encoder: ["mha", "mha"],
}


def made(build: Any) -> tuple[nn.Module, dict[str, Tensor]]:
    torch.manual_seed(0)
    net, inputs = build()
    return net.eval(), inputs


def run(net: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    with torch.inference_mode():
        output = net(**inputs)
    return output if isinstance(output, Tensor) else output[0]


def output_of(net: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        output = net(x)
    return output if isinstance(output, Tensor) else output[0]
