"""BLIP-2, whose image tokens are learned queries: each has looked at all of the image, and none has a place in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from inference.family.base import Encoded
from inference.family.chatting import ChatFamily, image_token
from inference.family.parts import AttentionPart, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, tokenize
from inference.inputs.written import start_token
from inference.results.answer import TokenGrid
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

QUERIES_TO_IMAGE = "queries_to_image"
_CLS = ("[CLS]",)
_SOURCE = "source"  # the axis of what an encoder reads, where there is one


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
        return _is_blip_2(config, "opt")

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
        return PatchGrid.over(shape, config.vision_config.patch_size, len(_CLS))

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


class Blip2T5Family(Blip2Family):
    """BLIP-2 in front of a T5: its encoder reads queries and question, and its decoder writes the answer."""

    name = "blip_2_t5"
    text_path = r"^language_model\.encoder\..*SelfAttention"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return _is_blip_2(config, "t5")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        """See `PartsFamily.parts`: what OPT is to the other is three here."""
        *image, _ = super().parts(config)
        text = config.text_config
        n, heads, of_decoder = text.num_decoder_layers, text.num_heads, r"^language_model\.decoder\..*"
        return (
            *image,
            part("Question", self.text_path, text.num_layers, heads, _SOURCE),
            part("Answer", rf"{of_decoder}SelfAttention", n, heads, is_causal=True),
            part("Answer to question", rf"{of_decoder}EncDecAttention", n, heads, ("text", _SOURCE)),
        )

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "relative"

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """See `Reads.n_ctx`: distances have no end."""
        return 0

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. `target_ids` of the text are the answer so far, behind its start token."""
        given = as_text(input)
        asked = super().encode(replace(input, text=replace(given, target_ids=None)), config, tokenizer, prepared)
        start = start_token(config.text_config)
        said = tokenize(TextInput(token_ids=(start, *(given.target_ids or ()))), config.text_config, tokenizer)
        named = {_SOURCE if axis == "text" else axis: tokens for axis, tokens in asked.sequences.items()}
        tensors = asked.tensors | {"decoder_input_ids": torch.from_numpy(said.ids)[None]}
        return Encoded(tensors, named | {"text": said}, asked.notes)

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`: a decoder this short tells the logits of all its places."""
        more.pop("logits_to_keep", None)
        return super().output(net, tensors, with_head=with_head, **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        cast("Any", net)(**encoded.tensors, use_cache=False)

    def answer_path(self, config: PreTrainedConfig) -> str:
        return r"^language_model\.decoder\..*EncDecAttention"

    def image_places(self, encoded: Encoded, config: PreTrainedConfig) -> np.ndarray:
        """See `AnswersQuestions.image_places`: among what the encoder reads."""
        return np.flatnonzero(encoded.sequences[_SOURCE].ids == image_token(config))


def _is_blip_2(config: PreTrainedConfig, language_model: str) -> bool:
    if config.model_type != "blip-2" or config.image_token_id is None:
        return False
    writes = "Blip2ForConditionalGeneration" in (config.architectures or ())
    return writes and config.text_config.model_type == language_model
