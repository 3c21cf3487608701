"""BLIP-2, whose image tokens are learned queries: each has looked at all of the image, and none has a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from inference.family.chatting import ChatFamily, image_token
from inference.family.parts import AttentionPart, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import tokenize
from inference.results.answer import TokenGrid
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.base import Encoded
    from inference.inputs.images import Prepared
    from inference.results.tokens import Tokens

QUERIES_TO_IMAGE = "queries_to_image"
_CLS = ("[CLS]",)


class Blip2Family(ChatFamily):
    """BLIP-2 (Li et al. 2023) in front of an OPT."""

    name = "blip_2"
    heads = frozenset({"Blip2ForConditionalGeneration"})
    axis_units = {"patches": "patch"}
    tower_path = r"^vision_model\..*layers\."
    text_path = r"^language_model\..*layers\."
    usual_prompt = "{image}Question: {question} Answer:"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        if config.model_type != "blip-2" or config.image_token_id is None:
            return False
        return (
            "Blip2ForConditionalGeneration" in (config.architectures or ()) and config.text_config.model_type == "opt"
        )

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        """See `PartsFamily.parts`. Only some layers of the queries look at the image."""
        tower, text = super().parts(config)
        queries = config.qformer_config
        n, heads, every = queries.num_hidden_layers, queries.num_attention_heads, queries.cross_attention_frequency
        path = r"^qformer\.encoder\.layer\.\d+\."
        looking = tuple(heads * (layer % every == 0) for layer in range(n))
        to_image = AttentionGroup(
            QUERIES_TO_IMAGE, "Queries to image", looking, query_axis="queries", key_axis="patches"
        )
        return (
            tower,
            part("Queries", rf"{path}attention\.", n, heads, "queries"),
            AttentionPart(to_image, rf"{path}crossattention\.", is_cross=True),
            text,
        )

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "learned"

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (
            f"Its {config.num_query_tokens} image tokens are learned queries without a place in the image: where words "
            "look is told through what the queries looked at, in the mean of their heads.",
        )

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        return Takes((image.image_size,) * 2, (image.patch_size,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        side = config.vision_config.patch_size
        return PatchGrid(shape[0] // side, shape[1] // side, len(_CLS), (side, side))

    def patch_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> Tokens:
        return self.grid("", config, prepared.shape).tokens(_CLS)

    def image_sequences(self, config: PreTrainedConfig, prepared: Prepared) -> dict[str, Tokens]:
        queries = PatchGrid(0, 0).tokens(self.place_names(config, prepared))
        return {"patches": self.patch_tokens(config, prepared), "queries": queries}

    def n_image_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> int:
        return int(config.num_query_tokens)

    def place_names(self, config: PreTrainedConfig, prepared: Prepared) -> list[str]:
        return [f"query {number}" for number in range(config.num_query_tokens)]

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        """See `AnswersQuestions.token_grids`: of patches, which the queries look at."""
        rows, columns = self.grid("", config, prepared.shape).shape
        return (TokenGrid("the image", np.arange(rows * columns, dtype=np.int32).reshape(rows, columns), prepared.box),)

    def looks_through(self, config: PreTrainedConfig) -> tuple[str, int]:
        """See `AnswersQuestions.looks_through`."""
        return QUERIES_TO_IMAGE, len(_CLS)

    def _question(
        self,
        given: TextInput,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None,
        prepared: Prepared,
    ) -> Tokens:
        """The image tokens, then the text with its own beginning."""
        image = (image_token(config),) * self.n_image_tokens(config, prepared)
        ids = given.token_ids or ()
        if tokenizer is not None and given.token_ids is None:
            sign = self.placeholder(config, tokenizer)
            text = self.prompt(given.text, config, tokenizer).replace(sign, "")
            ids = tuple(cast("list[int]", tokenizer(text)["input_ids"]))
        return tokenize(TextInput(token_ids=(*image, *ids)), config, tokenizer)

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`. Once the image is read, the language model goes on alone."""
        model: Any = net
        if "pixel_values" in tensors:
            return model(**tensors, **more).language_model_outputs
        return model.language_model(**tensors, **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without a second copy of keys and values, and with as few logits as there can be."""
        cast("Any", net)(**encoded.tensors, use_cache=False, logits_to_keep=1)
