"""Models of words and regions that transformers does not ship: UNITER and OSCAR in one stream, ViLBERT in two."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from inference.context import Refused
from inference.families.joint.regions import (
    WORDS,
    OneStreamFamily,
    RegionsFamily,
    as_one_stream,
    boxes_with_whole,
    hidden_at,
    places_with_whole,
    shares_of,
    with_whole,
    without_one,
)
from inference.family.base import Encoded
from inference.family.jointly import OfKind, PairScore, ReadsJointly
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.detected_regions import class_names
from inference.inputs.tokens import as_text, joined, text_tensors
from inference.models.streams import oscar, uniter, vilbert
from inference.models.streams.boxes import box_numbers
from inference.models.streams.transport import transport
from inference.results.joint import TASKS, USUAL_TASK, JointLevel, JointStart
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input


class BothHeads(PartsFamily, ReadsJointly):
    """What they have in common: a head of words, and one that tells whether text and image belong together."""

    matches: ClassVar[int]  # which class of the head of pairs says that text and image belong together

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors)

    def states(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        output = self.output(net, tensors)
        return output.text_states[0], output.region_states[0]

    def why_no_words(self, opened: Opened) -> str:
        return ""

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        return self.output(net, tensors).word_logits[0]

    def why_no_score(self, opened: Opened) -> str:
        return ""

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: some say it with the first class, others with the second."""
        logits = self.output(net, tensors).match_logits[0]
        return PairScore(float(logits.softmax(-1)[self.matches]), is_probability=True)


class VectorAndBoxFamily(BothHeads, OneStreamFamily):
    """One stream in which a region is its vector, and its box in some numbers; a head tells what a hidden region is."""

    image_tensors = ("img_feat", "img_pos_feat")

    @abstractmethod
    def n_box_numbers(self, config: PreTrainedConfig) -> int:
        """Of a box."""

    def n_numbers(self, config: PreTrainedConfig) -> int:
        return config.img_dim

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        tokens, regions, vectors = self.read(input, config, tokenizer, prepared)
        boxes = box_numbers(shares_of(regions), self.n_box_numbers(config))
        of_image = {"img_feat": vectors, "img_pos_feat": boxes}
        return as_one_stream(tokens, regions, text_tensors(tokens, config) | of_image)

    def why_no_regions(self, opened: Opened) -> str:
        return ""

    def region_names(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return class_names(self.detector(config), config.img_label_dim)

    def region_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor], region: int) -> Tensor:
        """See `ReadsJointly.region_logits`: the box stays."""
        hidden = {"img_masks": hidden_at(tensors["img_feat"], region)}
        return self.output(net, tensors | hidden).region_logits[0, region]


class UniterFamily(VectorAndBoxFamily):
    """UNITER (Chen et al. 2020): one stream of words and regions, each with its box in seven numbers."""

    name = "uniter"
    matches = uniter.MATCHES
    heads = frozenset({"Uniter"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "uniter"

    def n_box_numbers(self, config: PreTrainedConfig) -> int:
        return config.n_box_numbers

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        box = f"box in {config.n_box_numbers} numbers"
        return WORDS, JointStart("region", f"LN(vector) + LN({box}) + sentence 2")

    def transport_plan(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        """See `ReadsJointly.transport_plan`: as in its training, of the states behind the last layer."""
        output = self.output(net, tensors)
        words, regions = output.text_states.float(), output.region_states.float()
        every = [torch.ones(each.shape[:2], dtype=torch.bool, device=each.device) for each in (words, regions)]
        return transport(words, regions, every[0], every[1]).plan[0]


class OscarFamily(BothHeads, OneStreamFamily):
    """OSCAR (Li et al. 2020) and VinVL (Zhang et al. 2021): words, the tags of regions as words, and regions."""

    name = "oscar"
    matches = oscar.MATCHES
    heads = frozenset({"Oscar"})
    image_tensors = ("img_feats",)

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "oscar"

    def n_numbers(self, config: PreTrainedConfig) -> int:
        return config.img_feature_dim - oscar.N_BOX_NUMBERS

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        tags = (JointStart("tag", "word + place + sentence 2"),) if config.reads_tags else ()
        return WORDS, *tags, JointStart("region", f"vector and box in {oscar.N_BOX_NUMBERS} numbers as one")

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        tags = ("What the detector calls the regions stands behind the text, as tags.",) if config.reads_tags else ()
        return (*super().notes(config), *tags)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. A second sentence that is typed stands in place of the tags."""
        assert prepared is not None
        regions = self.regions(input, config, prepared)
        text = as_text(input)
        if config.reads_tags and regions is not None and text.text_pair is None and text.token_ids is None:
            tags = " ".join(filter(None, regions.labels))
            input = replace(input, text=replace(text, text_pair=tags or None))
        tokens, regions, vectors = self.read(input, config, tokenizer, prepared)
        of_image = {"img_feats": torch.cat([vectors, box_numbers(shares_of(regions), oscar.N_BOX_NUMBERS)], -1)}
        return as_one_stream(tokens, regions, text_tensors(tokens, config) | of_image)

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        """See `ReadsJointly.stretches`: what stands in the second sentence is tags."""
        n, both = encoded.tensors["input_ids"].shape[1], encoded.sequences["both"]
        is_tag = (both.segment[:n] == 1) & ~both.is_special[:n]
        return {
            "both": [
                OfKind("word", tuple(np.flatnonzero(~is_tag).tolist())),
                OfKind("tag", tuple(np.flatnonzero(is_tag).tolist())),
                OfKind("region", tuple(range(n, len(both)))),
            ]
        }


class VilBertFamily(BothHeads, RegionsFamily):
    """ViLBERT (Lu et al. 2019): a stream of words, one of regions, and connections in which each reads the other."""

    name = "vilbert"
    matches = vilbert.MATCHES
    heads = frozenset({"VilBert"})
    image_tensors = ("image_feat", "image_loc")

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "vilbert"

    def n_numbers(self, config: PreTrainedConfig) -> int:
        return config.v_feature_size

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return WORDS, JointStart("region", f"vector + box in {vilbert.N_BOX_NUMBERS} numbers, the whole image first")

    def told_beside(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("task",) if config.n_tasks else ()

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        told = f"It is told one of {config.n_tasks} tasks by a place after [CLS]; {TASKS[USUAL_TASK]} unless chosen."
        return (*super().notes(config), *((told,) if config.n_tasks else ()))

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: of several tasks it is trained as one number, highest for the right pair."""
        if net.config.n_tasks:
            return PairScore(float(self.output(net, tensors).match_logits[0, 0]), is_probability=False)
        return super().pair_score(net, tensors)

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        """See `PartsFamily.parts`: one module reads the regions with words, then the words with regions."""
        n, heads, co = len(config.v_biattention_id), config.bi_num_attention_heads, r"c_layer\.\d+\.biattention"
        n_regions, of_regions = config.v_num_hidden_layers, config.v_num_attention_heads
        return (
            part("Text", r"encoder\.layer\.\d+\.", config.num_hidden_layers, config.num_attention_heads),
            part("Regions", r"encoder\.v_layer\.\d+\.", n_regions, of_regions, "regions"),
            part("Text to regions", co, n, heads, ("text", "regions"), call=0),
            part("Regions to text", co, n, heads, ("regions", "text"), call=1),
        )

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """See `ReadsJointly.levels`: the connections, then all layers in the order in which they run."""
        connections = (
            JointLevel(f"Connection {k}", (("text_to_regions", k), ("regions_to_text", k)))
            for k in range(len(config.v_biattention_id))
        )
        titles = {"text": "Text layer", "regions": "Regions layer"}
        order = vilbert.order_of(config)
        layers = (JointLevel(f"{titles[kind]} {i}", ((kind, i),)) for kind, i in order if kind in titles)
        return (*connections, *layers)

    def steps(self, config: PreTrainedConfig) -> tuple[tuple[str, int], ...]:
        """See `ReadsJointly.steps`: both directions of a connection side by side."""
        found: list[tuple[str, int]] = []
        for kind, i in vilbert.order_of(config):
            found += [("text_to_regions", i), ("regions_to_text", i)] if kind == "connection" else [(kind, i)]
        return tuple(found)

    def why_no_regions(self, opened: Opened) -> str:
        return ""

    def region_names(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return class_names(self.detector(config), config.v_target_size)

    def region_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor], region: int) -> Tensor:
        """See `ReadsJointly.region_logits`: its vector is zeros, and missing in the mean of the whole image."""
        vectors = without_one(tensors["image_feat"], region)
        return self.output(net, tensors | {"image_feat": vectors}).region_logits[0, 1 + region]

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`.

        In front of the regions stands the whole image: the mean of all vectors, and its box. A task stands behind
        [CLS], where it is told.
        """
        text = as_text(input)
        if config.n_tasks:  # what is masked is counted with the task
            masked = tuple(pos - (pos > 1) for pos in text.masked if pos != 1)
            input = replace(input, text=replace(text, masked=masked))
        tokens, regions, vectors = self.read(input, config, tokenizer, prepared)
        task = USUAL_TASK if text.task is None else text.task
        if config.n_tasks:
            tokens = _with_task(tokens, task, config.n_tasks)
        boxes = box_numbers(boxes_with_whole(regions), vilbert.N_BOX_NUMBERS)
        of_image = {"image_feat": with_whole(vectors), "image_loc": boxes}
        tensors = text_tensors(tokens, config) | of_image
        notes = (f"The task that it is told is {TASKS.get(task, task)}.",) if config.n_tasks else ()
        if config.n_tasks:
            tensors["task_ids"] = torch.tensor([task])
        return Encoded(tensors, {"text": tokens, "regions": places_with_whole(regions)}, notes)

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        return {
            "text": [OfKind("word", tuple(range(len(encoded.sequences["text"]))))],
            "regions": [OfKind("other", (0,)), OfKind("region", tuple(range(1, len(encoded.sequences["regions"]))))],
        }


def _with_task(tokens: Tokens, task: int, n_tasks: int) -> Tokens:
    """The same with the task as the second token, which has no id of its own."""
    if not 0 <= task < n_tasks:
        raise Refused(f"Task {task} was asked for; 0 to {n_tasks - 1} are there.")
    one = np.ones(1, bool)
    told = Tokens(np.full(1, -1, np.int64), ("[task]",), one, one, np.zeros(1, np.int8))
    return joined(joined(tokens.taken([0]), told), tokens.taken(range(1, len(tokens))))
