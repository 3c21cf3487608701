"""ViLBERT: a stream of words and one of regions, which read each other in connections.

Parameters have the names of the published weights (`pretrained_model.bin` of `facebookresearch/vilbert-multi-task`, and
`jiasenlu/vilbert_beta`). The first text layers run alone; then, for every k, connection k, and after it the layers of
both streams up to the next one.

References
----------
Lu et al. 2019, "ViLBERT" (arXiv 1908.02265), section 2, figure 2b: co-attention.
Lu et al. 2020, "12-in-1" (arXiv 1912.02315).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig

from inference.models.published import load_published, n_layers
from inference.models.streams.layers import (
    EPS,
    FirstState,
    JointModel,
    JointOutput,
    NormedStates,
    StreamConfig,
    StreamLayer,
    SumAndNorm,
    Widened,
    WordEmbeddings,
    WordHead,
    attend,
    key_mask,
)
from inference.models.streams.sizes import Sizes

MATCHES = 0  # which of the two classes of `cls.bi_seq_relationship` says that text and image belong together
N_BOX_NUMBERS = 5
# Declared in the published code, saved, and never used.
_UNUSED = (r"bert\.encoder\.c_layer\.\d+\.biOutput\.q_dense[12]\.(weight|bias)", r"bert\.embeddings\.position_ids")

_TASKS = "bert.embeddings.task_embeddings.weight"
# Heads of `multi_task_model.bin` that answer in one task alone, by classes that the file does not name.
_OF_ONE_TASK = (
    r"vil_(prediction|prediction_gqa|binary_prediction)\.logit_fc\.[023]\.(weight|bias)",
    r"(vil_tri_prediction|vision_logit|linguisic_logit)\.(weight|bias)",
)


class VilBertConfig(StreamConfig):
    """Sizes of a ViLBERT, in its own spelling: what begins with `v_` is of regions, with `bi_` of connections.

    Parameters
    ----------
    v_feature_size
        Numbers of the vector of a region.
    v_target_size
        Classes that a hidden region is told by.
    v_biattention_id, t_biattention_id
        Of each connection, the layer of the regions and of the text that runs behind it.
    n_tasks
        Tasks that it is told by a place of their own behind [CLS], as 12-in-1 is; 0 for none.
    """

    model_type = "vilbert"

    def __init__(
        self,
        v_feature_size: int = 2_048,
        v_target_size: int = 1_601,
        v_hidden_size: int = 1_024,
        v_num_hidden_layers: int = 6,
        v_num_attention_heads: int = 8,
        v_intermediate_size: int = 1_024,
        bi_hidden_size: int = 1_024,
        bi_num_attention_heads: int = 8,
        v_biattention_id: Sequence[int] = (0, 1, 2, 3, 4, 5),
        t_biattention_id: Sequence[int] = (6, 7, 8, 9, 10, 11),
        n_tasks: int = 0,
        **kwargs: Any,
    ) -> None:
        self.v_feature_size = v_feature_size
        self.v_target_size = v_target_size
        self.v_hidden_size = v_hidden_size
        self.v_num_hidden_layers = v_num_hidden_layers
        self.v_num_attention_heads = v_num_attention_heads
        self.v_intermediate_size = v_intermediate_size
        self.bi_hidden_size = bi_hidden_size
        self.bi_num_attention_heads = bi_num_attention_heads
        self.v_biattention_id = list(v_biattention_id)
        self.t_biattention_id = list(t_biattention_id)
        self.n_tasks = n_tasks
        super().__init__(**kwargs)


def order_of(config: PreTrainedConfig) -> list[tuple[str, int]]:
    """What runs when: ("text", layer), ("regions", layer) and ("connection", k), in the order of the forward pass.

    Raises
    ------
    ValueError
        A connection lies before the one in front of it, or behind the last layer.
    """
    for key, last in (("v_biattention_id", config.v_num_hidden_layers), ("t_biattention_id", config.num_hidden_layers)):
        places = [0, *getattr(config, key), last]
        if places != sorted(places):
            raise ValueError(f"{key} is {str(places[1:-1])[:40]}; numbers from 0 to {last} are needed, in order.")
    order: list[tuple[str, int]] = []
    text = regions = 0
    for k, (v_end, t_end) in enumerate(zip(config.v_biattention_id, config.t_biattention_id, strict=True)):
        order += [("text", i) for i in range(text, t_end)]
        order += [("regions", i) for i in range(regions, v_end)]
        order.append(("connection", k))
        text, regions = t_end, v_end
    order += [("regions", i) for i in range(regions, config.v_num_hidden_layers)]
    return order + [("text", i) for i in range(text, config.num_hidden_layers)]


class CoAttention(nn.Module):
    """Two attentions at once: words read regions, then regions read words; what ends in 1 is made of regions."""

    is_causal = False

    def __init__(self, config: VilBertConfig, layer_idx: int) -> None:
        super().__init__()
        d = config.bi_hidden_size
        if d % config.bi_num_attention_heads:
            raise ValueError(f"bi_hidden_size ({d}) is no multiple of the heads ({config.bi_num_attention_heads}).")
        self.config = config
        self.layer_idx = layer_idx
        self.num_heads = config.bi_num_attention_heads
        self.query1, self.key1, self.value1 = (nn.Linear(config.v_hidden_size, d) for _ in range(3))
        self.query2, self.key2, self.value2 = (nn.Linear(config.hidden_size, d) for _ in range(3))

    def forward(
        self, regions: Tensor, words: Tensor, region_mask: Tensor | None, word_mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """What words read of regions, [batch, word, d], and regions of words, [batch, region, d]."""
        of_regions = self.query2(words), self.key1(regions), self.value1(regions)
        read = attend(self, self.config, of_regions, region_mask, self.num_heads)
        of_words = self.query1(regions), self.key2(words), self.value2(words)
        return read, attend(self, self.config, of_words, word_mask, self.num_heads)


class _CoOutput(nn.Module):
    def __init__(self, config: VilBertConfig) -> None:
        super().__init__()
        d, v, t = config.bi_hidden_size, config.v_hidden_size, config.hidden_size
        self.dense1, self.dense2 = nn.Linear(d, v), nn.Linear(d, t)
        self.LayerNorm1, self.LayerNorm2 = nn.LayerNorm(v, eps=EPS), nn.LayerNorm(t, eps=EPS)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, of_words: Tensor, regions: Tensor, of_regions: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        regions = self.LayerNorm1(self.dropout(self.dense1(of_words)) + regions)
        return regions, self.LayerNorm2(self.dropout(self.dense2(of_regions)) + words)


class Connection(nn.Module):
    """Each stream reads the other, and goes through two linear maps of its own."""

    def __init__(self, config: VilBertConfig, layer_idx: int) -> None:
        super().__init__()
        v, t, drop = config.v_hidden_size, config.hidden_size, config.hidden_dropout_prob
        self.biattention = CoAttention(config, layer_idx)
        self.biOutput = _CoOutput(config)
        self.v_intermediate = Widened(v, config.v_intermediate_size, config.hidden_act)
        self.v_output = SumAndNorm(config.v_intermediate_size, v, drop)
        self.t_intermediate = Widened(t, config.intermediate_size, config.hidden_act)
        self.t_output = SumAndNorm(config.intermediate_size, t, drop)

    def forward(
        self, regions: Tensor, words: Tensor, region_mask: Tensor | None, word_mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        of_regions, of_words = self.biattention(regions, words, region_mask, word_mask)
        regions, words = self.biOutput(of_words, regions, of_regions, words)
        return self.v_output(self.v_intermediate(regions), regions), self.t_output(self.t_intermediate(words), words)


class _BothLayers(nn.Module):
    def __init__(self, config: VilBertConfig) -> None:
        super().__init__()
        text = config.hidden_size, config.num_attention_heads, config.intermediate_size
        regions = config.v_hidden_size, config.v_num_attention_heads, config.v_intermediate_size
        self.layer = nn.ModuleList(StreamLayer(config, i, *text) for i in range(config.num_hidden_layers))
        self.v_layer = nn.ModuleList(StreamLayer(config, i, *regions) for i in range(config.v_num_hidden_layers))
        self.c_layer = nn.ModuleList(Connection(config, i) for i in range(len(config.v_biattention_id)))
        self.order = order_of(config)

    def forward(
        self, words: Tensor, regions: Tensor, word_mask: Tensor | None, region_mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        for kind, i in self.order:
            if kind == "text":
                words = self.layer[i](words, word_mask)
            elif kind == "regions":
                regions = self.v_layer[i](regions, region_mask)
            else:
                regions, words = self.c_layer[i](regions, words, region_mask, word_mask)
        return words, regions


class PlacedRegions(nn.Module):
    """Vectors and boxes of regions, each projected, added and normed."""

    def __init__(self, config: VilBertConfig) -> None:
        super().__init__()
        self.image_embeddings = nn.Linear(config.v_feature_size, config.v_hidden_size)
        self.image_location_embeddings = nn.Linear(N_BOX_NUMBERS, config.v_hidden_size)
        self.LayerNorm = nn.LayerNorm(config.v_hidden_size, eps=EPS)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, vectors: Tensor, boxes: Tensor) -> Tensor:
        return self.dropout(self.LayerNorm(self.image_embeddings(vectors) + self.image_location_embeddings(boxes)))


class TaskedWords(WordEmbeddings):
    """Words, and behind the first one a place that tells the task, which has neither a position nor a sentence."""

    def __init__(self, config: VilBertConfig) -> None:
        super().__init__(config)
        self.task_embeddings = nn.Embedding(config.n_tasks, config.hidden_size)

    def forward(self, ids: Tensor, token_type_ids: Tensor | None, task: Tensor | None = None) -> Tensor:
        """[batch, token, d]; the word at place 1 gives way to the task, `task` being int64 [batch]."""
        if task is None:
            raise ValueError("A model of several tasks has to be told which one; task_ids is missing.")
        words = torch.cat([ids[:, :1], ids[:, 2:]], 1)
        types = None if token_type_ids is None else torch.cat([token_type_ids[:, :1], token_type_ids[:, 2:]], 1)
        x = self.summed(words, types)
        x = torch.cat([x[:, :1], self.task_embeddings(task)[:, None], x[:, 1:]], 1)
        return self.dropout(self.LayerNorm(x))


class VilBertStreams(nn.Module):
    """Both streams without heads."""

    def __init__(self, config: VilBertConfig) -> None:
        super().__init__()
        self.embeddings = TaskedWords(config) if config.n_tasks else WordEmbeddings(config)
        self.v_embeddings = PlacedRegions(config)
        self.encoder = _BothLayers(config)
        self.t_pooler = FirstState(config.hidden_size, config.bi_hidden_size, nn.ReLU())
        self.v_pooler = FirstState(config.v_hidden_size, config.bi_hidden_size, nn.ReLU())


class _RegionHead(nn.Module):
    def __init__(self, config: VilBertConfig) -> None:
        super().__init__()
        self.transform = NormedStates(config.v_hidden_size, config.hidden_act)
        self.decoder = nn.Linear(config.v_hidden_size, config.v_target_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.transform(x))


class VilBert(JointModel):
    """Two streams with co-attention, and the heads that it was trained by.

    The first region is the whole image: the mean of all vectors, and a box of all of it. A model of several tasks tells
    by `vil_logit` how well text and image fit, a number that compares pairs, and has no use for the head of pairs.
    """

    config_class = VilBertConfig
    config: VilBertConfig
    base_model_prefix = "bert"
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}

    def __init__(self, config: VilBertConfig) -> None:
        super().__init__(config)
        self.bert = VilBertStreams(config)
        self.cls = nn.ModuleDict(
            {
                "predictions": WordHead(config),
                "bi_seq_relationship": nn.Linear(config.bi_hidden_size, 2),
                "imagePredictions": _RegionHead(config),
            }
        )
        if config.n_tasks:
            self.vil_logit = nn.Linear(config.bi_hidden_size, 1)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        image_feat: Tensor,
        image_loc: Tensor,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        image_attention_mask: Tensor | None = None,
        task_ids: Tensor | None = None,
        **_: Any,
    ) -> JointOutput:
        """What its heads say.

        Parameters
        ----------
        input_ids
            [batch, token]; where a task is told, place 1 is the task's, whatever stands there.
        image_feat
            [batch, 1 + region, v_feature_size].
        image_loc
            [batch, 1 + region, 5].
        attention_mask, image_attention_mask
            [batch, token] and [batch, 1 + region], 0 for what is padded; None where nothing is.
        task_ids
            int64 [batch]: which task, for models of several; None for others.
        """
        own = self.bert
        told = (task_ids,) if self.config.n_tasks else ()
        words, regions = own.embeddings(input_ids, token_type_ids, *told), own.v_embeddings(image_feat, image_loc)
        masks = key_mask(attention_mask, words), key_mask(image_attention_mask, regions)
        words, regions = own.encoder(words, regions, *masks)
        both = self.dropout(own.t_pooler(words) * own.v_pooler(regions))
        return JointOutput(
            word_logits=self.cls["predictions"](words),
            match_logits=self.vil_logit(both) if told else self.cls["bi_seq_relationship"](both),
            region_logits=self.cls["imagePredictions"](regions),
            text_states=words,
            region_states=regions,
        )


def from_published(state: Mapping[str, Tensor], heads: tuple[int, int, int] = (12, 8, 8)) -> VilBert:
    """A model of published weights: all of them, and no others but those that the published code never uses.

    Parameters
    ----------
    heads
        Of the text, of the regions, and of the connections, which the weights do not tell. Connections stand before the
        last layers of either stream, as in all published configurations.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    sizes = Sizes(state, "a ViLBERT")
    of_text = sizes.of_bert("bert.embeddings.", "bert.encoder.layer.")
    n_text, n_regions = of_text["num_hidden_layers"], n_layers(state, "bert.encoder.v_layer.")
    n = n_layers(state, "bert.encoder.c_layer.")
    config = VilBertConfig(
        **of_text | {"num_attention_heads": heads[0]},
        v_feature_size=sizes.of("bert.v_embeddings.image_embeddings.weight")[1],
        v_target_size=sizes.of("cls.imagePredictions.decoder.weight")[0],
        v_hidden_size=sizes.of("bert.v_embeddings.LayerNorm.weight")[0],
        v_num_hidden_layers=n_regions,
        v_num_attention_heads=heads[1],
        v_intermediate_size=sizes.of("bert.encoder.v_layer.0.intermediate.dense.weight")[0],
        bi_hidden_size=sizes.of("bert.encoder.c_layer.0.biattention.query1.weight")[0],
        bi_num_attention_heads=heads[2],
        v_biattention_id=range(n_regions - n, n_regions),
        t_biattention_id=range(n_text - n, n_text),
        n_tasks=len(state.get(_TASKS, ())),
    )
    model = VilBert(config)
    load_published(model, state, "a ViLBERT", (*_UNUSED, *_OF_ONE_TASK) if config.n_tasks else _UNUSED)
    return model


AutoConfig.register("vilbert", VilBertConfig)
AutoModel.register(VilBertConfig, VilBert)
