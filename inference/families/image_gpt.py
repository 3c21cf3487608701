"""Image GPT: an image as a sequence of pixels in a palette of colours, causal or masked."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

import torch

from inference.context import Refused
from inference.family.base import Encoded, Family, ReadsImages, check_count
from inference.family.components import Components, Names, of_one_stack
from inference.inputs.image_preparation import PREPROCESSOR, Takes
from inference.inputs.patch_grid import PatchGrid
from inference.results.checkpoint import AttentionGroup

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input

CAUSAL = "ImageGPTForCausalImageModeling"
MASKED = "MaskedImageGPT"
_START = "start"


class ImageGptFamily(Family, ReadsImages):
    """Image GPT (Chen et al. 2020); each pixel is told from those before it, or in the masked variant from all."""

    name = "image_gpt"
    reads = ("image",)
    heads = frozenset({CAUSAL, MASKED})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("imagegpt", "masked_imagegpt")

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        return (
            AttentionGroup(
                "pixels", "Pixels", n_heads, is_causal=is_causal(config), query_axis="pixels", key_axis="pixels"
            ),
        )

    def units(self, config: PreTrainedConfig) -> dict[str, str]:
        return {"pixels": "pixel"}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.n_positions

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "learned"

    def position_grid(self, config: PreTrainedConfig) -> tuple[int, int]:
        return self.takes(config).size

    def lacks(self, opened: Opened) -> dict[str, str]:
        net_class, named = opened.net_class, opened.named
        is_lost = named != net_class and named in (CAUSAL, MASKED)
        no_head = "the checkpoint lacks the head that guesses colours" if is_lost else ""
        probed = "Masked pixels" if net_class == MASKED else "Image GPT"
        return {
            "classes": f"{named} has no head that names classes",
            "image_features": f"{named} reads an image pixel by pixel: see the linear probe in {probed}",
            "masked_image": f"{named} reads pixels, not patches with visual tokens",
            "next_pixel": "" if net_class == CAUSAL else no_head or f"{named} does not go on behind the first pixels",
            "masked_pixels": "" if net_class == MASKED else no_head or f"{named} was not trained with masked pixels",
        }

    def takes(self, config: PreTrainedConfig) -> Takes:
        side = isqrt(config.n_positions)
        return Takes((side, side), n_colours=n_colours(config), kind="portrait")

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid(*shape, n_special=1, n_unread=1) if is_causal(config) else PatchGrid(*shape)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """The start token and all pixels but the last, as in training; without a start where pixels are masked.

        Raises
        ------
        Refused
            The checkpoint holds no palette.
        """
        assert prepared is not None
        if prepared.palette is None:
            raise Refused(
                f"The checkpoint holds no palette (clusters in {PREPROCESSOR}), so it is not known which colours its "
                "tokens are."
            )
        start = (_START,) if is_causal(config) else ()
        tokens = self.grid("pixels", config, prepared.shape).tokens(start, prepared.colours)
        ids = torch.from_numpy(tokens.ids.copy())[None]
        ids[:, : len(start)] = config.vocab_size - 1  # Image GPT's last token starts an image
        return Encoded({"input_ids": ids}, {"pixels": tokens})

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """Without a second copy of keys and values; see `Family.output`."""
        return super().output(net, tensors, with_head=with_head, use_cache=False, **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        return {group.name: check_count([each.one() for each in received], group)}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`. Features are read behind the norm that the next block begins with."""
        names = Names("h", "attn", embedding="wte", final_norm="ln_f", feature_norm="ln_1")
        return of_one_stack(net, "pixels", names)


def is_causal(config: PreTrainedConfig) -> bool:
    """Whether a pixel sees only those before it, behind a start token."""
    return config.model_type == "imagegpt"


def n_colours(config: PreTrainedConfig) -> int:
    """Colours of the palette."""
    return config.vocab_size - 1 if is_causal(config) else config.vocab_size
