"""Models that read words beside the patches of an image: ViLT in one stream, BridgeTower in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.jointly import OfKind, PairScore, ReadsJointly
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, joined, text_tensors, tokenize
from inference.models.streams.in_order import InOrder, spaced
from inference.models.streams.transport import spoken, transport
from inference.results.joint import JointLevel, JointStart

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input

_VILT_WORDS, _VILT_PAIRS, _VILT_BOTH = "ViltForMaskedLM", "ViltForImageAndTextRetrieval", "ViltForPreTraining"
_PIXELS_A_HEAD = 64  # BridgeTower's image tower tells its heads by their width


class ViltFamily(PartsFamily, ReadsImages, ReadsJointly):
    """ViLT (Kim et al. 2021): one stream of words, [CLS] of the image, and patches.

    The model samples which patches it reads, and in which order. As the order means nothing to it, they are read row
    by row here; where it reads fewer than there are, evenly spaced ones stand for a sample.
    """

    name = "vilt"
    reads = ("text", "image")
    heads = frozenset({_VILT_WORDS, "ViltForQuestionAnswering", _VILT_PAIRS, _VILT_BOTH})
    text_axis = "both"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "vilt"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        path = r"encoder\.layer\.\d+\.attention\."
        return (part("Text and image", path, config.num_hidden_layers, config.num_attention_heads, "both"),)

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        return tuple(JointLevel(f"Layer {i}", (("text_and_image", i),)) for i in range(config.num_hidden_layers))

    def starts(self, config: PreTrainedConfig) -> tuple[JointStart, ...]:
        return (
            JointStart("word", "LN(word + place) + kind"),
            JointStart("patch", "pixels + place + kind"),
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        return Takes((config.image_size,) * 2, (config.patch_size,) * 2, is_free=True)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.patch_size, 1)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        assert prepared is not None
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        grid = self.grid("", config, prepared.shape)
        kept = _kept(config, grid.n_patches)
        patches = grid.tokens(["[CLS]"]).taken([0, *(1 + kept)])
        tensors = text_tensors(tokens, config) | {"pixel_values": torch.from_numpy(prepared.values)[None]}
        few = f"It reads {len(kept):,} of the {grid.n_patches:,} patches of an image of this size, here evenly spaced."
        return Encoded(tensors, {"both": joined(tokens, patches)}, (few,) if len(kept) < grid.n_patches else ())

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        """See `ReadsJointly.stretches`. Of an image of which not all patches are read, the others have no place."""
        n = encoded.tensors["input_ids"].shape[1]
        return {"both": [*_words(n), OfKind("other", (n,)), _patches(encoded.sequences["both"].words, n + 1)]}

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`: what it samples comes in its order."""
        with InOrder():
            return super().output(net, tensors, with_head=with_head, **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False)

    def states(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        n = tensors["input_ids"].shape[1]
        states = self.output(net, tensors, with_head=False).last_hidden_state[0]
        return states[:n], states[n:]

    def why_no_words(self, opened: Opened) -> str:
        return "" if opened.net_class in (_VILT_WORDS, _VILT_BOTH) else super().why_no_words(opened)

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        output = self.output(net, tensors)
        return (output.word_logits if type(net).__name__ == _VILT_BOTH else output.logits)[0]

    def why_no_score(self, opened: Opened) -> str:
        return "" if opened.net_class in (_VILT_PAIRS, _VILT_BOTH) else super().why_no_score(opened)

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`.

        The head of pre-training has two classes, of which the second one is a match. That of retrieval has one logit,
        which was trained to be highest for the right pair of several.
        """
        output = self.output(net, tensors)
        if type(net).__name__ == _VILT_BOTH:
            return PairScore(float(output.match_logits[0].softmax(-1)[1]), is_probability=True)
        return PairScore(float(output.logits[0, 0]), is_probability=False)

    def transport_plan(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor | None:
        """See `ReadsJointly.transport_plan`: to patches; the [CLS] of the image, which stands first, gets nothing."""
        if type(net).__name__ != _VILT_BOTH:
            return None
        output = self.output(net, tensors)
        words, patches = output.text_states.float(), output.region_states.float()
        are_all = [torch.ones(each.shape[:2], dtype=torch.bool, device=each.device) for each in (words, patches)]
        plan = transport(words, patches, spoken(are_all[0]), are_all[1]).plan[0]
        return torch.nn.functional.pad(plan, (1, 0))


class BridgeTowerFamily(PartsFamily, ReadsImages, ReadsJointly):
    """BridgeTower (Xu et al. 2023): a tower for each, and joint layers in which both streams read each other."""

    name = "bridgetower"
    reads = ("text", "image")
    heads = frozenset({"BridgeTowerForMaskedLM", "BridgeTowerForImageAndTextRetrieval"})
    axis_units = {"patches": "patch"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "bridgetower"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        text, image = config.text_config, config.vision_config
        n, heads = config.num_hidden_layers, config.num_attention_heads
        of_image = image.hidden_size // _PIXELS_A_HEAD
        return (
            part("Text", r"text_model\.encoder\.layer", text.num_hidden_layers, text.num_attention_heads),
            part("Image", r"\.resblocks\.", image.num_hidden_layers, of_image, "patches"),
            part("Text, joint layers", r"text_layers\.\d+\.attention", n, heads),
            part("Text to image", r"text_layers\.\d+\.crossattention", n, heads, ("text", "patches")),
            part("Image, joint layers", r"image_layers\.\d+\.attention", n, heads, "patches"),
            part("Image to text", r"image_layers\.\d+\.crossattention", n, heads, ("patches", "text")),
        )

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """See `ReadsJointly.levels`."""
        text, image = config.text_config.num_hidden_layers, config.vision_config.num_hidden_layers
        of_both = ("text_joint_layers", "text_to_image", "image_joint_layers", "image_to_text")
        return (
            *(JointLevel(f"Joint layer {i}", _at(i, of_both)) for i in range(config.num_hidden_layers)),
            *(JointLevel(f"Text layer {i}", (("text", i),)) for i in range(text)),
            *(JointLevel(f"Image layer {i}", (("image", i),)) for i in range(image)),
        )

    def steps(self, config: PreTrainedConfig) -> tuple[tuple[str, int], ...]:
        """See `ReadsJointly.steps`: a joint layer follows each of the last layers of both towers."""
        text, image = config.text_config.num_hidden_layers, config.vision_config.num_hidden_layers
        n = config.num_hidden_layers
        first_text, first_image = text - n + 1, image - n + 1  # layers below the first joint one
        of_both = ("text_joint_layers", "image_joint_layers", "text_to_image", "image_to_text")
        found = [*(("text", i) for i in range(first_text)), *(("image", i) for i in range(first_image))]
        for i in range(n):
            if i:
                found += [("text", first_text + i - 1), ("image", first_image + i - 1)]
            found += [(group, i) for group in of_both]
        return tuple(found)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.text_config.max_position_embeddings - config.text_config.pad_token_id - 1

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
        """See `Reads.encode`."""
        assert prepared is not None
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        tensors = {
            "input_ids": torch.from_numpy(tokens.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None],
        }
        return Encoded(tensors, {"text": tokens, "patches": self.grid("", config, prepared.shape).tokens(["[CLS]"])})

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        words = encoded.sequences["patches"].words
        return {
            "text": _words(encoded.tensors["input_ids"].shape[1]),
            "patches": [OfKind("other", (0,)), _patches(words, 1)],
        }

    def why_no_words(self, opened: Opened) -> str:
        return "" if opened.net_class == "BridgeTowerForMaskedLM" else super().why_no_words(opened)

    def word_logits(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> Tensor:
        return self.output(net, tensors).logits[0]

    def why_no_score(self, opened: Opened) -> str:
        return "" if opened.net_class == "BridgeTowerForImageAndTextRetrieval" else super().why_no_score(opened)

    def pair_score(self, net: PreTrainedModel, tensors: dict[str, Tensor]) -> PairScore:
        """See `ReadsJointly.pair_score`: of its two classes the second one is `match`."""
        return PairScore(float(self.output(net, tensors).logits[0].softmax(-1)[1]), is_probability=True)


def _kept(config: PreTrainedConfig, n_patches: int) -> np.ndarray:
    """int64: which patches ViLT reads."""
    most: Any = config.max_image_length
    is_limited = isinstance(most, int) and 0 < most < n_patches
    return spaced(n_patches, cast("int", most) if is_limited else n_patches)


def _words(n: int) -> list[OfKind]:
    return [OfKind("word", tuple(range(n)))]


def _patches(words: tuple[str, ...], first: int) -> OfKind:
    return OfKind("patch", tuple(range(first, len(words))))


def _at(layer: int, groups: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((group, layer) for group in groups)
