"""Models that read images as patches: ViT and its like, and Swin with its windows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from inference.family.base import Encoded, Family, ReadsImages, check_count
from inference.family.components import Components, Names, base_path, joined, that_are_there
from inference.family.image_features import GivesImageFeatures
from inference.family.segments import Segments
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.layouts import swin
from inference.results.checkpoint import AttentionGroup

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input

CLASS_HEADS = frozenset(
    {
        "BeitForImageClassification",
        "DeiTForImageClassification",
        "DeiTForImageClassificationWithTeacher",
        "Dinov2ForImageClassification",
        "Dinov2WithRegistersForImageClassification",
        "SwinForImageClassification",
        "Swinv2ForImageClassification",
        "ViTForImageClassification",
    }
)
_SEGMENTS = "DPTForSemanticSegmentation"
_DPT_HEADS = frozenset({"DPTForDepthEstimation", _SEGMENTS})
TOKEN_HEAD = "BeitForMaskedImageModeling"
_WITH_DECODER = "ViTMAEForPreTraining"
_WINDOWED = ("swin", "swinv2")
_SPECIAL = {
    "beit": ("[CLS]",),
    "clip_vision_model": ("[CLS]",),
    "deit": ("[CLS]", "[DIST]"),
    "dinov2": ("[CLS]",),
    "dinov2_with_registers": ("[CLS]",),
    "dinov3_vit": ("[CLS]",),
    "dpt": ("[CLS]",),
    "siglip_vision_model": (),
    "swin": (),
    "swinv2": (),
    "vit": ("[CLS]",),
    "vit_mae": ("[CLS]",),
}
# Those that interpolate their positions to other sizes, for squares and others alike; of the DINOv2 models without
# being told. transformers can do it for BEiT and MAE too, but wrongly for what is not square, and in Swin a small
# image would shrink the windows for good.
_FREE = {"vit", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "clip_vision_model", "siglip_vision_model"}
_FREE_UNTOLD = {"dinov2", "dinov2_with_registers", "dinov3_vit"}
# Their positions are worked out at each call, from numbers that say nothing by themselves.
_NO_TABLE = {
    "dinov3_vit": "its rotary positions, in two directions, are no table",
    "swinv2": "its bias is worked out by a small network at each call, it is no table",
}


_VIT = Names("layers", "attention", embedding="embeddings", final_norm="layernorm")
_DINO = replace(_VIT, blocks="encoder.layer")
_NAMES = {
    "clip_vision_model": replace(_VIT, blocks="encoder.layers", attention="self_attn", final_norm="post_layernorm"),
    "dinov2": _DINO,
    "dinov2_with_registers": _DINO,
    "dinov3_vit": replace(_VIT, blocks="model.layer", final_norm="norm"),
    "dpt": replace(_VIT, blocks="encoder.layer", attention="attention.attention"),
    "siglip_vision_model": replace(_VIT, blocks="encoder.layers", attention="self_attn", final_norm="post_layernorm"),
}
_LABELS = 4  # the layer of DPT's head that gives a map to each label
_OTHER = re.compile(r"^decoder\.|head\.attention$")


class VisionFamily(Family, ReadsImages, GivesImageFeatures, Segments):
    """ViT (Dosovitskiy et al. 2021), DeiT, DINOv2, BEiT, CLIP's vision tower, MAE, and Swin (Liu et al. 2021)."""

    name = "vision"
    reads = ("image",)
    heads = CLASS_HEADS | {TOKEN_HEAD, _WITH_DECODER} | _DPT_HEADS

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in _SPECIAL and not getattr(config, "is_hybrid", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        if config.model_type in _WINDOWED:
            stages = zip(config.depths, config.num_heads, strict=True)
            return tuple(
                AttentionGroup(
                    f"stage_{i}", f"Stage {i}", (n_heads,) * depth, query_axis=f"stage_{i}", key_axis=f"stage_{i}"
                )
                for i, (depth, n_heads) in enumerate(stages, 1)
            )
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        groups = [AttentionGroup("encoder", "Encoder", n_heads, query_axis="patches", key_axis="patches")]
        if _has_decoder(config):
            n_heads = (config.decoder_num_attention_heads,) * config.decoder_num_hidden_layers
            groups.append(AttentionGroup("decoder", "Decoder", n_heads, query_axis="patches", key_axis="patches"))
        if _has_pooling(config):
            n_heads = (config.num_attention_heads,)
            groups.append(AttentionGroup("pooling", "Pooling", n_heads, query_axis="probe", key_axis="patches"))
        return tuple(groups)

    def units(self, config: PreTrainedConfig) -> dict[str, str]:
        return {group.query_axis: "probe" if group.query_axis == "probe" else "patch" for group in self.groups(config)}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return 0

    def position_kind(self, config: PreTrainedConfig) -> str:
        """See `Reads.position_kind`."""
        if config.model_type in _WINDOWED:
            return "relative"
        if config.model_type == "vit_mae":
            return "sinusoidal"
        if config.model_type == "dinov3_vit":
            return "rotary"
        if config.model_type != "beit":
            return "learned"
        if config.use_relative_position_bias or config.use_shared_relative_position_bias:
            return "relative"
        return "learned" if config.use_absolute_position_embeddings else "none"

    def position_grid(self, config: PreTrainedConfig) -> tuple[int, int]:
        (rows, columns), (height, width) = pair(config.image_size), pair(config.patch_size)
        return rows // height, columns // width

    def classes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if not CLASS_HEADS & {*(config.architectures or ())}:
            return ()
        names: Any = config.id2label  # annotated as by name
        return tuple(str(names.get(i, f"class {i}"))[:80] for i in range(len(names)))

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if config.model_type != "vit_mae":
            return ()
        return (f"It was trained with {config.mask_ratio:.0%} of the patches hidden; here it is shown all of them.",)

    def lacks(self, opened: Opened) -> dict[str, str]:
        named = opened.name
        has_classes = opened.net_class in CLASS_HEADS and len(self.classes(opened.config)) > 1
        return {
            "classes": "" if has_classes else _why_no_head(named, CLASS_HEADS, "head that names classes"),
            "masked_image": _why_no_tokens(opened),
            "segments": "" if opened.net_class == _SEGMENTS else f"{named} gives pixels no labels",
            "next_pixel": f"{named} reads patches, it was not trained to go on pixel by pixel",
            "masked_pixels": f"{named} reads patches, not single pixels",
        } | ({"positions": _NO_TABLE[model_type]} if (model_type := opened.config.model_type) in _NO_TABLE else {})

    def takes(self, config: PreTrainedConfig) -> Takes:
        rows, columns = pair(config.image_size)
        return Takes((rows, columns), pair(config.patch_size), config.model_type in _FREE)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        unit = pair(config.patch_size)
        rows, columns = (length // part for length, part in zip(shape, unit, strict=True))
        if config.model_type not in _WINDOWED:
            return PatchGrid(rows, columns, len(_special(config)), unit)
        stage = int(group.removeprefix("stage_")) - 1
        rows, columns = (_rounded_up(length, 2**stage) // 2**stage for length in (rows, columns))
        side = max(1, min(rows, columns, config.window_size))  # a window larger than the image shrinks to it
        unit = (unit[0] * 2**stage, unit[1] * 2**stage)
        return PatchGrid(_rounded_up(rows, side), _rounded_up(columns, side), 0, unit)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """Patches named by row and column; of Swin those of each stage, with what the model pads at the edges."""
        assert prepared is not None
        sequences = {
            group.query_axis: self.grid(group.name, config, prepared.shape).tokens(_special(config))
            for group in self.groups(config)
            if group.query_axis != "probe"
        }
        if _has_pooling(config):
            sequences["probe"] = PatchGrid(0, 0).tokens(["probe"])
        return Encoded({"pixel_values": torch.from_numpy(prepared.values)[None]}, sequences)

    def output(
        self, net: PreTrainedModel, tensors: dict[str, torch.Tensor], *, with_head: bool = True, **more: Any
    ) -> Any:
        """With positions interpolated where the image has another size; see `Family.output`.

        MAE samples which patches it hides and shuffles the others: here it hides none, and leaves them in their order.
        """
        config = net.config
        # What DINOv3 calls its base does not begin with the pixels.
        part: Any = net if with_head or config.model_type == "dinov3_vit" else net.base_model
        pixels = tensors["pixel_values"]
        is_own_size = tuple(pixels.shape[-2:]) == pair(config.image_size)
        if not is_own_size and config.model_type in _FREE - _FREE_UNTOLD:
            more["interpolate_pos_encoding"] = True
        if config.model_type != "vit_mae":
            return part(**tensors, **more)
        n_patches = pixels.shape[-2] // pair(config.patch_size)[0] * (pixels.shape[-1] // pair(config.patch_size)[1])
        in_order = torch.arange(n_patches, device=pixels.device, dtype=pixels.dtype).expand(len(pixels), -1)
        share, config.mask_ratio = config.mask_ratio, 0.0
        try:
            return part(**tensors, noise=in_order, **more)
        finally:
            config.mask_ratio = share

    def image_features(self, net: PreTrainedModel, pixel_values: torch.Tensor) -> torch.Tensor:
        states = self.output(net, {"pixel_values": pixel_values}, with_head=False).last_hidden_state
        return states[:, len(_special(net.config)) :].mean(1)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=_has_decoder(net.config))

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        groups = self.groups(net.config)
        if net.config.model_type in _WINDOWED:
            stages = swin.lay_out(received, net, encoded.tensors)
            calls = {f"stage_{i}": list(stage.calls) for i, stage in enumerate(stages, 1)}
        else:
            calls = {
                "encoder": [each.one() for each in received if not _OTHER.search(each.path)],
                "pooling": [replace(each.one(), is_cross=True) for each in received if each.source == "mha"],
                "decoder": [each.one() for each in received if each.path.startswith("decoder.")],
            }
        return {group.name: check_count(calls.get(group.name, []), group) for group in groups}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`. Only heads for visual tokens take a state of every patch."""
        config = net.config
        base = "" if config.model_type == "dinov3_vit" else base_path(net)
        groups = [group.name for group in self.groups(config)]
        if config.model_type in _WINDOWED:
            names = Names("blocks", "attention", embedding="embeddings")
            stacks = {group: names.stack(net, joined(base, f"encoder.layers.{i}")) for i, group in enumerate(groups)}
            stacks[groups[-1]] = replace(stacks[groups[-1]], final_norm=joined(base, "layernorm"))
        else:
            stacks = {groups[0]: _NAMES.get(config.model_type, _VIT).stack(net, base)}
        if _has_decoder(config):
            names = Names("decoder_layers", "attention", final_norm="decoder_norm")
            stacks["decoder"] = names.stack(net, "decoder")
        is_of_tokens = type(net).__name__ == TOKEN_HEAD
        if is_of_tokens:
            stacks[groups[0]] = replace(stacks[groups[0]], final_norm="layernorm")
        return Components(
            embedding=joined(base, "embeddings"),
            stacks=stacks,
            of_head=groups[-1] if groups[-1] in stacks else groups[0],
            of_features=groups[-1] if config.model_type in _WINDOWED else groups[0],
            unembedding=that_are_there(net, ["lm_head"]) if is_of_tokens else (),
            n_skipped=1 if is_of_tokens else 0,
            lacking={} if is_of_tokens else {"unembedding": f"{type(net).__name__} tells nothing of single patches"},
        )

    def class_logits(self, net: PreTrainedModel, tensors: dict[str, torch.Tensor], state: torch.Tensor) -> torch.Tensor:
        """Logits [batch, label] of the model's own `forward` behind its base, which is made to answer with a state.

        Parameters
        ----------
        state
            [batch, token, d_model], of the width of the last layer, before the final norm.
        """
        # Late: it brings the model classes of transformers along.
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        base: Any = net.base_model
        with torch.inference_mode():
            normed = base.layernorm(state)
            pooled = None
            if (pooler := getattr(base, "pooler", None)) is not None:
                is_mean = isinstance(pooler, torch.nn.AdaptiveAvgPool1d)  # Swin
                pooled = pooler(normed.transpose(1, 2)).flatten(1) if is_mean else pooler(normed)
            answer = BaseModelOutputWithPooling(last_hidden_state=normed, pooler_output=pooled)
            answer["reshaped_hidden_states"] = None  # Swin hands it on
            base.forward = lambda *_, **__: answer
            try:
                return net(**tensors).logits
            finally:
                del base.forward  # the method of its class shows again

    def classes_read_from(self, net: PreTrainedModel) -> str:
        """What the head that names classes reads, in words."""
        if type(net).__name__ == "DeiTForImageClassificationWithTeacher":
            return "[CLS] and [DIST], their two heads averaged"
        if net.config.model_type in _FREE_UNTOLD:
            return "[CLS] and the mean of the patches"
        is_mean = net.config.model_type in _WINDOWED or getattr(net.config, "use_mean_pooling", False)
        return "the mean of the patches" if is_mean else "[CLS]"

    # Labels at pixels: DPT's head, whose last layer has a vector for each

    def label_names(self, config: PreTrainedConfig) -> tuple[str, ...]:
        names: Any = config.id2label  # annotated as by name
        return tuple(str(names.get(i, f"class {i}"))[:80] for i in range(len(names)))

    def label_vectors(self, net: PreTrainedModel, input_ids: torch.Tensor | None) -> torch.Tensor:
        model: Any = net
        return model.head.head[_LABELS].weight[:, :, 0, 0]

    def image_state(self, net: PreTrainedModel, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        model: Any = net
        states = model.dpt(pixel_values, output_hidden_states=True).hidden_states[1:]
        fused = model.neck([state for i, state in enumerate(states) if i in net.config.backbone_out_indices])
        return (model.head.head[:_LABELS](fused[net.config.head_in_index]),)

    def label_maps(self, net: PreTrainedModel, state: tuple[torch.Tensor, ...], vectors: torch.Tensor) -> torch.Tensor:
        model: Any = net
        maps = torch.nn.functional.conv2d(state[0], vectors[:, :, None, None], model.head.head[_LABELS].bias)
        return model.head.head[_LABELS + 1 :](maps)[0]


def _special(config: PreTrainedConfig) -> tuple[str, ...]:
    n_registers = getattr(config, "num_register_tokens", 0)
    return (*_SPECIAL[config.model_type], *(f"[R{i}]" for i in range(1, n_registers + 1)))


def _has_pooling(config: PreTrainedConfig) -> bool:
    """SigLIP asks its patches with one learned query."""
    return config.model_type == "siglip_vision_model" and getattr(config, "vision_use_head", True)


def _has_decoder(config: PreTrainedConfig) -> bool:
    return config.model_type == "vit_mae" and _WITH_DECODER in (config.architectures or (_WITH_DECODER,))


def _rounded_up(n: int, unit: int) -> int:
    return -(-n // unit) * unit


def _why_no_tokens(opened: Opened) -> str:
    if opened.net_class != TOKEN_HEAD:
        return _why_no_head(opened.name, {TOKEN_HEAD}, "head that names the visual tokens of masked patches")
    has_mask = opened.config.use_mask_token
    return "" if has_mask else "the checkpoint has no vector for masked patches (use_mask_token in config.json)"


def _why_no_head(named: str, heads: set[str] | frozenset[str], what: str) -> str:
    return f"the checkpoint lacks the {what}" if named in heads else f"{named} has no {what}"
