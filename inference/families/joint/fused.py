"""Models with a tower for the image, whose patches meet the words later: FLAVA's third encoder, BLIP's readers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.jointly import OfKind, PairScore, ReadsJointly
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, joined, tokenize
from inference.inputs.written import written_so_far
from inference.results.joint import JointLevel

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input

_FLAVA_HEADS = "FlavaForPreTraining"
_BLIP_WRITES, _BLIP_MATCHES = "BlipForConditionalGeneration", "BlipForImageTextRetrieval"


class FlavaFamily(PartsFamily, ReadsImages, ReadsJointly):
    """FLAVA (Singh et al. 2022): encoders of image and text, and one of both, with a [CLS] of its own in front."""

    name = "flava"
    reads = ("text", "image")
    heads = frozenset({_FLAVA_HEADS, "FlavaModel"})
    axis_units = {"patches": "patch"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "flava" and config.multimodal_config.use_cls_token

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        kinds = ("Image", "image", "patches"), ("Text", "text", "text"), ("Text and image", "multimodal", "both")
        return tuple(
            part(title, rf"(^|\.){kind}_model\.encoder\.", own.num_hidden_layers, own.num_attention_heads, axis)
            for title, kind, axis in kinds
            for own in [getattr(config, f"{kind}_config")]
        )

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """See `ReadsJointly.levels`."""
        return tuple(
            JointLevel(f"{title} layer {i}", ((group, i),))
            for title, group, n in (
                ("Joint", "text_and_image", config.multimodal_config.num_hidden_layers),
                ("Text", "text", config.text_config.num_hidden_layers),
                ("Image", "image", config.image_config.num_hidden_layers),
            )
            for i in range(n)
        )

    def steps(self, config: PreTrainedConfig) -> tuple[tuple[str, int], ...]:
        """See `ReadsJointly.steps`: both encoders, then the joint layers."""
        joint = tuple(("text_and_image", i) for i in range(config.multimodal_config.num_hidden_layers))
        every = tuple(step for level in self.levels(config) for step in level.parts)
        return (*every[len(joint) :], *joint)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.text_config.max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.image_config
        return Takes((image.image_size,) * 2, (image.patch_size,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.image_config.patch_size, 1)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        assert prepared is not None
        tokens = tokenize(as_text(input), config.text_config, tokenizer, self.n_ctx(config))
        patches = self.grid("", config, prepared.shape).tokens(["[CLS]"])
        first = PatchGrid(0, 0).tokens(["[CLS_M]"])
        tensors = {
            "input_ids": torch.from_numpy(tokens.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None],
        }
        both = joined(joined(first, patches), tokens)
        return Encoded(tensors, {"text": tokens, "patches": patches, "both": both})

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        """See `ReadsJointly.stretches`."""
        n_text, n = (len(encoded.sequences[axis]) for axis in ("text", "both"))
        n_patches = len(encoded.sequences["patches"])
        return {
            "text": [_stretch("word", 0, n_text)],
            "patches": [OfKind("other", (0,)), _stretch("patch", 1, n_patches)],
            "both": [OfKind("other", (0, 1)), _stretch("patch", 2, n - n_text), _stretch("word", n - n_text, n)],
        }

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the heads, for which both towers would run a second time, on what is masked."""
        self.output(net, encoded.tensors, with_head=False)

    def why_no_words(self, opened: Opened) -> str:
        return "" if opened.net_class == _FLAVA_HEADS else super().why_no_words(opened)

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        model: Any = net
        n = tensors["input_ids"].shape[1]
        states = self.output(net, tensors, with_head=False).multimodal_embeddings
        return model.mmm_text_head(states[:, -n:])[0]

    def why_no_score(self, opened: Opened) -> str:
        return "" if opened.net_class == _FLAVA_HEADS else super().why_no_score(opened)

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: of its two classes the second one is `match`."""
        model: Any = net
        logits = model.itm_head(self.output(net, tensors, with_head=False).multimodal_embeddings)
        return PairScore(float(logits[0].softmax(-1)[1]), is_probability=True)


class BlipFamily(PartsFamily, ReadsImages, ReadsJointly):
    """BLIP (Li et al. 2022): words read patches of an image, in a decoder that writes or an encoder that matches."""

    name = "blip"
    reads = ("text", "image")
    heads = frozenset({_BLIP_WRITES, _BLIP_MATCHES})
    axis_units = {"patches": "patch"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "blip" and bool({_BLIP_WRITES, _BLIP_MATCHES} & {*(config.architectures or ())})

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        image, text = config.vision_config, config.text_config
        n, heads, path = text.num_hidden_layers, text.num_attention_heads, r"^text_(de|en)coder\..*layer\.\d+\."
        writes = _writes(config)
        return (
            part("Image", r"^vision_model\.", image.num_hidden_layers, image.num_attention_heads, "patches"),
            part("Text", rf"{path}attention\.", n, heads, is_causal=writes),
            part("Text to image", rf"{path}crossattention\.", n, heads, ("text", "patches")),
        )

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """See `ReadsJointly.levels`."""
        n_text, n_image = config.text_config.num_hidden_layers, config.vision_config.num_hidden_layers
        return (
            *(JointLevel(f"Text layer {i}", (("text", i), ("text_to_image", i))) for i in range(n_text)),
            *(JointLevel(f"Image layer {i}", (("image", i),)) for i in range(n_image)),
        )

    def steps(self, config: PreTrainedConfig) -> tuple[tuple[str, int], ...]:
        """See `ReadsJointly.steps`: the image, then the text, each of whose layers reads the whole image."""
        n_text, n_image = config.text_config.num_hidden_layers, config.vision_config.num_hidden_layers
        of_text = tuple((group, i) for i in range(n_text) for group in ("text", "text_to_image"))
        return (*(("image", i) for i in range(n_image)), *of_text)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.text_config.max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        return Takes((image.image_size,) * 2, (image.patch_size,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.vision_config.patch_size, 1)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. What writes is given its start token, then the words so far."""
        assert prepared is not None
        text = as_text(input)
        if _writes(config) and text.token_ids is None:
            tokens = written_so_far(replace(text, text_pair=None), config.text_config, tokenizer)
        else:
            tokens = tokenize(text, config.text_config, tokenizer, self.n_ctx(config))
        tensors = {
            "input_ids": torch.from_numpy(tokens.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None],
        }
        return Encoded(tensors, {"text": tokens, "patches": self.grid("", config, prepared.shape).tokens(["[CLS]"])})

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        return {
            "text": [_stretch("word", 0, len(encoded.sequences["text"]))],
            "patches": [OfKind("other", (0,)), _stretch("patch", 1, len(encoded.sequences["patches"]))],
        }

    def why_no_score(self, opened: Opened) -> str:
        return "" if opened.net_class == _BLIP_MATCHES else super().why_no_score(opened)

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: of its two classes the second one is `match`."""
        return PairScore(float(self.output(net, tensors).itm_score[0].softmax(-1)[1]), is_probability=True)


def _writes(config: PreTrainedConfig) -> bool:
    return _BLIP_WRITES in (config.architectures or ())


def _stretch(kind: str, start: int, stop: int) -> OfKind:
    return OfKind(kind, tuple(range(start, stop)))
