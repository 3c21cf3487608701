"""Models that read words beside regions that a detector has found: VisualBERT in one stream, LXMERT in two."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.jointly import OfKind, PairScore, ReadsJointly
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.detected_regions import detector_image_side, has_detector, regions_by
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.regions import features_of, image_path
from inference.inputs.tokens import as_text, joined, text_tensors, tokenize
from inference.results.joint import JointLevel, JointStart
from inference.results.tokens import NO_SEGMENT, Tokens

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input
    from inference.results.regions import Regions

WORDS = JointStart("word", "word + place + sentence")  # as in BERT
_SIDE_SHOWN = 480  # pixels of an image that only its regions are read of


class RegionsFamily(PartsFamily, ReadsImages, ReadsJointly):
    """What models of regions have in common: of the image itself they see nothing."""

    reads = ("text", "image", "regions")
    axis_units = {"regions": "region"}

    @abstractmethod
    def n_numbers(self, config: PreTrainedConfig) -> int:
        """Of a region."""

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (f"It reads {self.n_numbers(config):,} numbers of each region of the image, and not the image itself.",)

    def detector(self, config: PreTrainedConfig) -> str:
        """See `ReadsJointly.detector`."""
        name = getattr(config, "detector", "")
        return name if has_detector(name) else ""

    def regions(self, input: Input, config: PreTrainedConfig, prepared: Prepared) -> Regions | None:
        """See `ReadsJointly.regions`: where a detector is at hand, each has its vector."""
        name = self.detector(config)
        if not name:
            return super().regions(input, config, prepared)
        return regions_by(name, input.regions, prepared, image_path(input))

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        if name := self.detector(config):
            side = detector_image_side(name)
            return Takes((side, side))
        return Takes((_SIDE_SHOWN, _SIDE_SHOWN), (1, 1), is_free=True)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        """See `ReadsImages.grid`: no part of it is a patch, so the whole is one."""
        return PatchGrid(1, 1, 0, shape)

    def read(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None,
        prepared: Prepared | None,
    ) -> tuple[Tokens, Regions, Tensor]:
        """Words, regions, and float32 [1, region, number] of these; see `Reads.encode`."""
        assert prepared is not None
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        named = next(iter(config.architectures or ()), type(self).__name__)
        regions = self.regions(input, config, prepared)
        features = features_of(regions, self.n_numbers(config), named)
        assert regions is not None
        return tokens, regions, torch.from_numpy(features.copy())[None]


class OneStreamFamily(RegionsFamily):
    """Words and regions in one stream of BERT's layers."""

    text_axis = "both"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        path = r"encoder\.layer\.\d+\.attention\."
        return (part("Text and regions", path, config.num_hidden_layers, config.num_attention_heads, "both"),)

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        return tuple(JointLevel(f"Layer {i}", (("text_and_regions", i),)) for i in range(config.num_hidden_layers))

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        n_text, n = encoded.tensors["input_ids"].shape[1], len(encoded.sequences["both"])
        return {"both": [OfKind("word", tuple(range(n_text))), OfKind("region", tuple(range(n_text, n)))]}


class VisualBertFamily(OneStreamFamily):
    """VisualBERT (Li et al. 2019): one stream of words and regions, whose places are not told."""

    name = "visual_bert"
    heads = frozenset({"VisualBertForPreTraining", "VisualBertForQuestionAnswering", "VisualBertForVisualReasoning"})
    image_tensors = ("visual_embeds",)

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "visual_bert" and not config.bypass_transformer

    def n_numbers(self, config: PreTrainedConfig) -> int:
        return config.visual_embedding_dim

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return WORDS, JointStart("region", "vector + sentence, no box")

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        tokens, regions, features = self.read(input, config, tokenizer, prepared)
        return as_one_stream(tokens, regions, text_tensors(tokens, config) | {"visual_embeds": features})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False)

    def why_no_words(self, opened: Opened) -> str:
        return "" if opened.net_class == "VisualBertForPreTraining" else super().why_no_words(opened)

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        return self.output(net, tensors).prediction_logits[0, : tensors["input_ids"].shape[1]]

    def why_no_score(self, opened: Opened) -> str:
        return "" if opened.net_class == "VisualBertForPreTraining" else super().why_no_score(opened)

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: of its two classes the first one says that they belong together."""
        logits = self.output(net, tensors).seq_relationship_logits[0]
        return PairScore(float(logits.softmax(-1)[0]), is_probability=True)


class LxmertFamily(RegionsFamily):
    """LXMERT (Tan and Bansal 2019): encoders of words and of regions, and layers in which each reads the other."""

    name = "lxmert"
    heads = frozenset({"LxmertForPreTraining", "LxmertForQuestionAnswering"})
    image_tensors = ("visual_feats",)

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "lxmert" and config.visual_pos_dim == 4

    def n_numbers(self, config: PreTrainedConfig) -> int:
        return config.visual_feat_dim

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return WORDS, JointStart("region", "half of LN(vector) + LN(box in 4 numbers)")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        """See `PartsFamily.parts`: one module reads the regions with words, then the words with regions."""
        heads, n, own = config.num_attention_heads, config.x_layers, r"x_layers\.\d+\."
        return (
            part("Text", r"encoder\.layer\.\d+\.", config.l_layers, heads),
            part("Regions", r"encoder\.r_layers\.", config.r_layers, heads, "regions"),
            part("Text to regions", rf"{own}visual_attention\.", n, heads, ("text", "regions"), call=0),
            part("Regions to text", rf"{own}visual_attention\.", n, heads, ("regions", "text"), call=1),
            part("Text, joint layers", rf"{own}lang_self_att\.", n, heads),
            part("Regions, joint layers", rf"{own}visn_self_att\.", n, heads, "regions"),
        )

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """See `ReadsJointly.levels`. In a joint layer the streams read each other first, then each itself."""
        of_both = ("text_to_regions", "regions_to_text", "text_joint_layers", "regions_joint_layers")
        return (
            *(JointLevel(f"Joint layer {i}", tuple((g, i) for g in of_both)) for i in range(config.x_layers)),
            *(JointLevel(f"Text layer {i}", (("text", i),)) for i in range(config.l_layers)),
            *(JointLevel(f"Regions layer {i}", (("regions", i),)) for i in range(config.r_layers)),
        )

    def steps(self, config: PreTrainedConfig) -> tuple[tuple[str, int], ...]:
        """See `ReadsJointly.steps`: both encoders, then the joint layers."""
        of_both = ("text_to_regions", "regions_to_text", "text_joint_layers", "regions_joint_layers")
        return (
            *(("text", i) for i in range(config.l_layers)),
            *(("regions", i) for i in range(config.r_layers)),
            *((group, i) for i in range(config.x_layers) for group in of_both),
        )

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Boxes are given in shares of the image."""
        tokens, regions, features = self.read(input, config, tokenizer, prepared)
        of_image = {"visual_feats": features, "visual_pos": shares_of(regions)}
        return Encoded(text_tensors(tokens, config) | of_image, {"text": tokens, "regions": as_places(regions)})

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        return {
            "text": [OfKind("word", tuple(range(len(encoded.sequences["text"]))))],
            "regions": [OfKind("region", tuple(range(len(encoded.sequences["regions"]))))],
        }

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False)

    def why_no_words(self, opened: Opened) -> str:
        return "" if opened.net_class == "LxmertForPreTraining" else super().why_no_words(opened)

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        return self.output(net, tensors).prediction_logits[0]

    def why_no_score(self, opened: Opened) -> str:
        return "" if opened.net_class == "LxmertForPreTraining" else super().why_no_score(opened)

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: of its two classes the second one says that they belong together."""
        logits = self.output(net, tensors).cross_relationship_score[0]
        return PairScore(float(logits.softmax(-1)[1]), is_probability=True)


def as_one_stream(tokens: Tokens, regions: Regions, tensors: dict[str, Tensor]) -> Encoded:
    """Words, and the regions behind them."""
    return Encoded(tensors, {"both": joined(tokens, as_places(regions))})


def shares_of(regions: Regions) -> Tensor:
    """float32 [1, region, 4]: boxes in shares of the image."""
    return torch.from_numpy((regions.boxes / np.array(regions.size * 2, np.float32)).astype(np.float32))[None]


def as_places(regions: Regions) -> Tokens:
    """Regions as places of a sequence, by their labels, or by their numbers."""
    n = len(regions)
    words = tuple(label or f"region {i}" for i, label in enumerate(regions.labels))
    return Tokens(np.full(n, -1, np.int64), words, np.ones(n, bool), np.zeros(n, bool), np.full(n, NO_SEGMENT, np.int8))


# Some models read the whole image as a first region, whose vector is the mean of all others.


def boxes_with_whole(regions: Regions) -> Tensor:
    """float32 [1, 1 + region, 4]: `shares_of` behind a box of all of the image."""
    return torch.cat([torch.tensor([0.0, 0.0, 1.0, 1.0])[None, None], shares_of(regions)], 1)


def with_whole(vectors: Tensor) -> Tensor:
    """float32 [1, 1 + region, number]: the whole image in front of its regions."""
    return torch.cat([vectors.mean(1, keepdim=True), vectors], 1)


def without_one(vectors: Tensor, region: int) -> Tensor:
    """The same where the vector of a region, counted from 0, is zeros, and missing in the mean."""
    vectors = vectors.clone()
    vectors[0, 1 + region] = 0
    vectors[0, 0] = vectors[0, 1:].sum(0) / max(1, vectors.shape[1] - 2)
    return vectors


def hidden_at(vectors: Tensor, place: int) -> Tensor:
    """bool [batch, place] of vectors [batch, place, number]: that of the first one's which is hidden."""
    found = torch.zeros(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
    found[0, place] = True
    return found


def places_with_whole(regions: Regions) -> Tokens:
    """Regions as places of a sequence, the whole image in front."""
    whole = Tokens(
        np.full(1, -1, np.int64), ("image",), np.ones(1, bool), np.zeros(1, bool), np.full(1, NO_SEGMENT, np.int8)
    )
    return joined(whole, as_places(regions))
