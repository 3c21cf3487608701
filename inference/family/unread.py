"""Why a model that transformers knows is not read: each kind has its own reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

_NO_ATTENTION = {
    "a state-space model": "mamba mamba2 falcon_mamba",
    "a recurrent network": "rwkv xlstm recurrent_gemma",
    "a Fourier transform in place of attention": "fnet",
    "a convolutional network": (
        "convnext convnextv2 resnet regnet efficientnet mobilenet_v1 mobilenet_v2 bit focalnet timm_backbone "
        "timm_wrapper textnet hgnet_v2"
    ),
    "a network that pools in place of attention": "poolformer",
    "a multilayer perceptron along time": "patchtsmixer",
}
# Those of transformers whose decoder is a model by itself, too.
_SEQUENCE_TO_SEQUENCE = frozenset(
    ["bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "marian", "mbart", "mvp", "pegasus", "plbart"]
)
_REASONS = {
    "reformer": "which hashes its queries into buckets and attends within chunks of them (Kitaev et al. 2020): there "
    "is no pattern over all words to show",
    "lxmert": "whose regions are not placed by four numbers each",
    "visual_bert": "which reads its image behind the words' last layer but one, in a layer that is not laid out",
    "fsmt": "which has a vocabulary for each of its languages; only those with one for both are laid out",
    "blip": "whose class is not one that writes a caption or tells whether one fits",
    "longt5": "whose local attention runs in blocks beside averages of blocks, which are not laid out",
    "perceiver": "whose attention is between inputs and a fixed set of vectors, which are not laid out",
    "yoso": "which estimates its attention by hashing (Zeng et al. 2021): there is no exact pattern to show",
}


def why_unread(config: PreTrainedConfig) -> str:
    """The end of a sentence about a model that no family reads."""
    model_type = config.model_type
    for what, types in _NO_ATTENTION.items():
        if model_type in types.split():
            return f"which has no attention: it is {what}" if what[0] == "a" else f"which has {what}"
    if model_type == "detr":
        backbone = getattr(config.backbone_config, "backbone", "")
        return f"whose convolutions ({backbone}) are those of timm, a library that Headlight does not bring along"
    if model_type in _REASONS:
        return _REASONS[model_type]
    if getattr(config, "add_cross_attention", False):
        return "which reads what an encoder has read (add_cross_attention), and there is no encoder with it"
    if getattr(config, "is_decoder", False) and model_type in _SEQUENCE_TO_SEQUENCE:
        return "which is a decoder without its encoder; of this kind only both together are laid out"
    if getattr(config, "is_decoder", False) and model_type == "big_bird":
        return "which hides what comes behind (is_decoder); of this kind only encoders are laid out"
    if getattr(config, "causal", False) and model_type in ("xlm", "flaubert"):
        return "which hides what comes behind (causal); of this kind only what reads both sides is laid out"
    layers = [i for i, kind in enumerate(layer_types(config)) if "attention" in kind and "linear" not in kind]
    if layers and len(layers) < config.num_hidden_layers:
        attending = ", ".join(map(str, layers[:8])) + (" and more" if len(layers) > 8 else "")
        return (
            f"of whose {config.num_hidden_layers} layers, counted from 0, {attending} attend, and which is not laid out"
        )
    return f"whose attentions ({model_type}) are not laid out in Headlight"


def layer_types(config: PreTrainedConfig) -> list[str]:
    """What each layer is, where the configuration tells them apart."""
    for name in ("layer_types", "layers_block_type", "block_types"):
        if kinds := getattr(config, name, None):
            return [str(kind) for kind in kinds]
    return []
