"""VL-BERT: words and regions in one stream, in which every word is given the whole image from the start.

Each place is the sum of a word, a look, a place and a kind. Words look like the whole image; regions have one word for
all, and one place for all, behind the text: where they lie is told by sines of their boxes, beside their vectors. The
first region is the whole image, and a place [END] is the last one. Parameters have the names of the published weights
whose regions come from a detector (`vl-bert-base-prec`, `vl-bert-large-prec` of `jackroos/VL-BERT`).

References
----------
Su et al. 2020, "VL-BERT: Pre-training of Generic Visual-Linguistic Representations" (arXiv 1908.08530), section 3.2;
sentences and images are not paired in its training (section 3.3), so that published weights have no head of pairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel
from transformers.activations import ACT2FN

from inference.models.published import load_published
from inference.models.streams.layers import (
    EPS,
    FirstState,
    JointModel,
    JointOutput,
    StreamConfig,
    StreamEncoder,
    WordHead,
    key_mask,
)
from inference.models.streams.sizes import Sizes

MATCHES = 1  # which of the two classes of `relationsip_head` says that text and image belong together
_SHARE, _SLOWEST = 100, 1_000  # what shares of the image are multiplied by, and the longest wave
_OF_REGIONS = 2  # their kind; text has 0 and 1
_PARALLEL = "module."  # in front of all names, where several GPUs trained it
# Stands for the look of words of texts without an image, in training.
_UNUSED = (r"aux_text_visual_embedding\.weight",)


class VlBertConfig(StreamConfig):
    """Sizes of a VL-BERT, in its own spelling.

    Parameters
    ----------
    visual_feature_size
        Numbers of the vector of a region.
    n_waves
        In how many sines and as many cosines each of the four numbers of a box is told.
    visual_region_classes
        Classes that a hidden region is told by, the first of which is no thing.
    with_rel_head
        Whether it has a head of pairs, which the published weights have not.
    """

    model_type = "vl_bert"

    def __init__(
        self,
        visual_feature_size: int = 2_048,
        n_waves: int = 256,
        visual_region_classes: int = 1_601,
        with_rel_head: bool = False,
        **kwargs: Any,
    ) -> None:
        self.visual_feature_size = visual_feature_size
        self.n_waves = n_waves
        self.visual_region_classes = visual_region_classes
        self.with_rel_head = with_rel_head
        given: dict[str, Any] = {"type_vocab_size": 3} | kwargs
        super().__init__(**given)


def box_waves(boxes: Tensor, n: int) -> Tensor:
    """Sines and cosines of middle, width and height of boxes, float [..., region, 4 * 2 * n].

    Parameters
    ----------
    boxes
        [..., region, 4]: left, top, right, bottom in shares of the image's width and height.
    n
        Sines of each of the four numbers, from the shortest to the longest wave; as many cosines stand behind them.
    """
    numbers = torch.cat([(boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]], -1)
    lengths = torch.exp(torch.arange(n, dtype=boxes.dtype, device=boxes.device) / n * math.log(_SLOWEST))
    angles = _SHARE * numbers[..., None] / lengths
    return torch.cat([angles.sin(), angles.cos()], -1).flatten(-2)


class RegionLooks(nn.Module):
    """How regions look and where they lie, as one vector each."""

    def __init__(self, config: VlBertConfig) -> None:
        super().__init__()
        n, d = 8 * config.n_waves + config.visual_feature_size, config.hidden_size
        self.obj_downsample = nn.Sequential(nn.Dropout(config.hidden_dropout_prob), nn.Linear(n, d), nn.ReLU())

    def forward(self, waves: Tensor, vectors: Tensor) -> Tensor:
        return self.obj_downsample(torch.cat([waves, vectors], -1))


class VlBertStream(nn.Module):
    """The stream, and heads of words, of regions and, where it was trained by it, of pairs."""

    def __init__(self, config: VlBertConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, d)
        self.end_embedding = nn.Embedding(1, d)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, d)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, d)
        self.embedding_LayerNorm, self.visual_ln_text, self.visual_ln_object = (
            nn.LayerNorm(d, eps=EPS) for _ in range(3)
        )
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.encoder = StreamEncoder(config)
        self.mlm_head = nn.ModuleDict({"predictions": WordHead(config)})
        self.mvrc_head = _LookClasses(config)
        if config.with_rel_head:
            self.pooler = FirstState(d, d, nn.Tanh())
            self.relationsip_head = nn.ModuleDict({"caption_image_relationship": nn.Linear(d, 2)})  # so spelt there

    def embed(self, ids: Tensor, types: Tensor | None, looks: Tensor, words: Tensor, n_text: Tensor) -> Tensor:
        """[batch, token + region + 1, d], before the first layer.

        Parameters
        ----------
        looks
            [batch, region, d], of the whole image first.
        words
            [batch, region, d]: the word of each region.
        n_text
            int64 [batch]: tokens that are not padded.
        """
        n_batch, n = ids.shape
        text = self.word_embeddings(ids) + self.visual_ln_text(looks[:, :1])
        regions = words + self.visual_ln_object(looks)
        end = self.end_embedding.weight.expand(n_batch, 1, -1)
        of_regions = n_text[:, None].expand(n_batch, looks.shape[1])  # one place for all of them
        in_order = torch.arange(n, device=ids.device).expand(n_batch, n)
        places = torch.cat([in_order, of_regions, n_text[:, None] + 1], 1)
        types = torch.zeros_like(ids) if types is None else types
        kinds = torch.cat([types, torch.full_like(places[:, n:], _OF_REGIONS)], 1)
        x = torch.cat([text, regions, end], 1)
        x = x + self.position_embeddings(places) + self.token_type_embeddings(kinds)
        return self.dropout(self.embedding_LayerNorm(x))


class VlBert(JointModel):
    """Words that see the image and regions in one stream, with the heads that it was trained by."""

    config_class = VlBertConfig
    config: VlBertConfig
    base_model_prefix = "vlbert"
    _tied_weights_keys = {"vlbert.mlm_head.predictions.decoder.weight": "vlbert.word_embeddings.weight"}

    def __init__(self, config: VlBertConfig) -> None:
        super().__init__(config)
        d = config.hidden_size
        self.image_feature_extractor = RegionLooks(config)
        self.object_linguistic_embeddings = nn.Embedding(1, d)
        self.object_mask_visual_embedding = nn.Embedding(1, config.visual_feature_size)
        self.object_mask_word_embedding = nn.Embedding(1, d)
        self.vlbert = VlBertStream(config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.vlbert.word_embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.vlbert.word_embeddings = cast("nn.Embedding", value)

    def get_output_embeddings(self) -> nn.Module:
        return cast("WordHead", self.vlbert.mlm_head["predictions"]).decoder

    def forward(
        self,
        input_ids: Tensor,
        object_vectors: Tensor,
        object_boxes: Tensor,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        object_mask: Tensor | None = None,
        is_hidden: Tensor | None = None,
        **_: Any,
    ) -> JointOutput:
        """What its heads say.

        Parameters
        ----------
        input_ids
            [batch, token].
        object_vectors
            [batch, region, visual_feature_size]; the first one is the whole image.
        object_boxes
            [batch, region, 4]: left, top, right, bottom in shares of the image.
        attention_mask, object_mask
            [batch, token] and [batch, region], 0 for what is padded; None where nothing is.
        is_hidden
            bool [batch, region]: of which neither vector nor word is told.

        Returns
        -------
        JointOutput
            Its regions begin with the whole image.
        """
        n, m = input_ids.shape[1], object_vectors.shape[1]
        words = self.object_linguistic_embeddings.weight.expand(len(input_ids), m, -1)
        if is_hidden is not None:
            object_vectors = torch.where(is_hidden[..., None], self.object_mask_visual_embedding.weight, object_vectors)
            words = torch.where(is_hidden[..., None], self.object_mask_word_embedding.weight, words)
        looks = self.image_feature_extractor(box_waves(object_boxes, self.config.n_waves), object_vectors)
        seen = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        of_regions = seen.new_ones(len(seen), m) if object_mask is None else object_mask
        own = self.vlbert
        x = own.embed(input_ids, token_type_ids, looks, words, seen.sum(1).long())
        whole = torch.cat([seen, of_regions, seen.new_ones(len(seen), 1)], 1)
        has_padding = attention_mask is not None or object_mask is not None
        x = own.encoder(x, key_mask(whole if has_padding else None, x))
        text, regions = x[:, :n], x[:, n : n + m]
        has_pairs = self.config.with_rel_head
        return JointOutput(
            word_logits=own.mlm_head["predictions"](text),
            match_logits=own.relationsip_head["caption_image_relationship"](own.pooler(x)) if has_pairs else None,
            region_logits=own.mvrc_head(regions),
            text_states=text,
            region_states=regions,
        )


class _LookClasses(nn.Module):
    """Logits of classes of regions."""

    def __init__(self, config: VlBertConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.transform = nn.ModuleDict({"dense": nn.Linear(d, d)})
        self.activation = ACT2FN[config.hidden_act]
        self.region_cls_pred = nn.Linear(d, config.visual_region_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.region_cls_pred(self.activation(self.transform["dense"](x)))


def from_published(state: Mapping[str, Tensor]) -> VlBert:
    """A model of published weights: all of them, and no others but what stands for an image where there is none.

    Raises
    ------
    ValueError
        It reads pixels itself (`vl-bert-base-e2e`), or a tensor is missing, is not known, or has another shape; says
        which.
    """
    state = {name.removeprefix(_PARALLEL): tensor for name, tensor in state.items()}
    if any(name.startswith("image_feature_extractor.backbone.") for name in state):
        raise ValueError(
            "These are the weights of a VL-BERT that reads pixels itself (e2e); those that read the vectors of a "
            "detector (prec) can be opened."
        )
    sizes = Sizes(state, "a VL-BERT")
    n_numbers = sizes.of("object_mask_visual_embedding.weight")[1]
    of_looks = sizes.of("image_feature_extractor.obj_downsample.1.weight")[1]
    config = VlBertConfig(
        **sizes.of_bert("vlbert.", "vlbert.encoder.layer."),
        visual_feature_size=n_numbers,
        n_waves=(of_looks - n_numbers) // 8,
        visual_region_classes=sizes.of("vlbert.mvrc_head.region_cls_pred.weight")[0],
        with_rel_head="vlbert.relationsip_head.caption_image_relationship.weight" in state,
    )
    model = VlBert(config)
    load_published(model, state, "a VL-BERT", _UNUSED)
    return model


AutoConfig.register("vl_bert", VlBertConfig)
AutoModel.register(VlBertConfig, VlBert)
