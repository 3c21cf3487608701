"""Kin of UNITER in one stream: VL-BERT, whose words see the image, Unicoder-VL, and Pixel-BERT, which reads a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.families.joint.regions import (
    WORDS,
    OneStreamFamily,
    boxes_with_whole,
    hidden_at,
    places_with_whole,
    with_whole,
    without_one,
)
from inference.families.joint.streams import BothHeads, VectorAndBoxFamily
from inference.family.base import Encoded, ReadsImages
from inference.family.jointly import OfKind
from inference.family.parts import AttentionPart, part
from inference.inputs.detected_regions import class_names
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, followed_by, joined, text_tensors, tokenize
from inference.models.streams import pixel_bert, unicoder_vl, vl_bert
from inference.results.joint import JointLevel, JointStart

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input


class VlBertFamily(BothHeads, OneStreamFamily):
    """VL-BERT (Su et al. 2020): every word is given the whole image; regions share one place; [END] is the last."""

    name = "vl_bert"
    matches = vl_bert.MATCHES
    heads = frozenset({"VlBert"})
    image_tensors = ("object_vectors", "object_boxes")

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "vl_bert"

    def n_numbers(self, config: PreTrainedConfig) -> int:
        return config.visual_feature_size

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return (
            JointStart("word", "word + look of the whole image + place + sentence"),
            JointStart("region", "one word for all + look and sines of the box + one place for all"),
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """See `Reads.n_ctx`: two places stand behind the text, that of all regions and that of [END]."""
        return config.max_position_embeddings - 2

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (
            *super().notes(config),
            "Every word is given the look of the whole image, too: the mean of all regions.",
        )

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. The last pixel of an image is where boxes end, as in its training."""
        tokens, regions, vectors = self.read(input, config, tokenizer, prepared)
        width, height = regions.size
        ends = torch.tensor([1 - 1 / width, 1 - 1 / height] * 2, dtype=torch.float32)
        boxes = boxes_with_whole(regions).clamp(min=0).minimum(ends)
        of_image = {"object_vectors": with_whole(vectors), "object_boxes": boxes}
        both = followed_by(joined(tokens, places_with_whole(regions)), "[END]")
        return Encoded(text_tensors(tokens, config) | of_image, {"both": both})

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        """See `ReadsJointly.stretches`: the whole image and [END] are no part of the image."""
        n, last = encoded.tensors["input_ids"].shape[1], len(encoded.sequences["both"]) - 1
        return {
            "both": [
                OfKind("word", tuple(range(n))),
                OfKind("other", (n, last)),
                OfKind("region", tuple(range(n + 1, last))),
            ]
        }

    def why_no_score(self, opened: Opened) -> str:
        """See `ReadsJointly.why_no_score`: none was published with such a head."""
        if opened.config.with_rel_head:
            return ""
        return f"{opened.name} was not trained to tell whether a text fits an image"

    def why_no_regions(self, opened: Opened) -> str:
        return ""

    def region_names(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return class_names(self.detector(config), config.visual_region_classes)

    def region_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor], region: int) -> Tensor:
        """See `ReadsJointly.region_logits`: the box stays, and so does the mean of the others as the whole image."""
        vectors = without_one(tensors["object_vectors"], region)
        hidden = {"object_vectors": vectors, "is_hidden": hidden_at(vectors, 1 + region)}
        found = self.output(net, tensors | hidden)
        return found.region_logits[0, 1 + region]


class UnicoderVlFamily(VectorAndBoxFamily):
    """Unicoder-VL (Li et al. 2020): a region is the sum of its vector and of its box in five numbers."""

    name = "unicoder_vl"
    matches = unicoder_vl.MATCHES
    heads = frozenset({"UnicoderVl"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "unicoder_vl"

    def n_box_numbers(self, config: PreTrainedConfig) -> int:
        return unicoder_vl.N_BOX_NUMBERS

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return WORDS, JointStart("region", f"LN(vector + box in {unicoder_vl.N_BOX_NUMBERS} numbers)")


class PixelBertFamily(BothHeads, ReadsImages):
    """Pixel-BERT (Huang et al. 2020): words and the cells of a grid that a residual network makes of the pixels."""

    name = "pixel_bert"
    matches = pixel_bert.MATCHES
    reads = ("text", "image")
    heads = frozenset({"PixelBert"})
    text_axis = "both"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "pixel_bert"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        path = r"encoder\.layer\.\d+\.attention\."
        return (part("Text and image", path, config.num_hidden_layers, config.num_attention_heads, "both"),)

    def told_beside(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("cells_seed",)

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return WORDS, JointStart("patch", "cell of a residual network + one vector for all, no place")

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        return tuple(JointLevel(f"Layer {i}", (("text_and_image", i),)) for i in range(config.num_hidden_layers))

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        side = config.stride
        return (
            f"Its residual network makes one cell of every {side} × {side} pixels; in training it read at most "
            f"{config.n_sampled} of them, drawn at random.",
        )

    def takes(self, config: PreTrainedConfig) -> Takes:
        return Takes((config.image_size,) * 2, (config.stride,) * 2, is_free=True)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.stride)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. A seed of drawn cells leaves the others out, as a step of its training does."""
        assert prepared is not None
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        grid = self.grid("", config, prepared.shape)
        cells = grid.tokens(())
        tensors = text_tensors(tokens, config) | {"pixel_values": torch.from_numpy(prepared.values)[None]}
        seed = None if input.image is None else input.image.cells_seed
        if seed is None or config.n_sampled >= grid.n_patches:
            return Encoded(tensors, {"both": joined(tokens, cells)})
        drawn = pixel_bert.sampled(1, grid.n_patches, config.n_sampled, torch.Generator().manual_seed(seed))
        few = f"It reads {config.n_sampled:,} drawn cells of {grid.n_patches:,}, as in a step of its training."
        both = joined(tokens, cells.taken(drawn[0].tolist()))
        return Encoded(tensors | {"cells": drawn}, {"both": both}, (few,))

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        n, n_all = encoded.tensors["input_ids"].shape[1], len(encoded.sequences["both"])
        return {"both": [OfKind("word", tuple(range(n))), OfKind("patch", tuple(range(n, n_all)))]}
