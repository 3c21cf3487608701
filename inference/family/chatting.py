"""What chat models that see have in common: image tokens stand in the text, where a language model reads them."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
import torch

from inference.context import Refused
from inference.family.answering import AnswersQuestions
from inference.family.base import Encoded, ReadsImages
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.files.chat_template import as_message
from inference.inputs.tokens import as_text, joined, tokenize
from inference.results.answer import MOST_IMAGE_TOKENS
from inference.results.inputs import TOO_LONG, TextInput

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

# Language models whose attention is that of a decoder which sees all before it.
LANGUAGE_MODELS = frozenset(
    {"gemma", "gemma2", "gemma3_text", "llama", "mistral", "ministral3", "qwen2", "qwen3", "qwen2_5_vl_text"}
    | {"qwen2_vl_text", "qwen3_vl_text", "smollm3"}
)
_TEXT = "text"  # the axis


class ChatFamily(PartsFamily, ReadsImages, AnswersQuestions):
    """A vision tower, a projector, and a language model that reads image tokens among words."""

    reads = ("text", "image")
    axis_units = {"patches": "patch"}
    # Regular expressions of the modules that attend in the tower and in the language model.
    tower_path: ClassVar[str] = r"vision_tower\..*layers?\."
    text_path: ClassVar[str] = r"language_model\..*layers\."
    is_text_causal: ClassVar[bool] = True
    # How a question is put where the checkpoint has no chat template: {image} and {question}.
    usual_prompt: ClassVar[str] = "USER: {image}\n{question} ASSISTANT:"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        text = config.get_text_config()
        n_layers, n_heads = self.tower_size(config)
        return (
            part("Image", self.tower_path, n_layers, n_heads, "patches"),
            part(
                "Language model",
                self.text_path,
                text.num_hidden_layers,
                text.num_attention_heads,
                _TEXT,
                is_causal=self.is_text_causal,
            ),
        )

    def tower_size(self, config: PreTrainedConfig) -> tuple[int, int]:
        """Layers and heads of the vision tower."""
        return config.vision_config.num_hidden_layers, config.vision_config.num_attention_heads

    def lacks(self, opened: Opened) -> dict[str, str]:
        """See `Explains.lacks`. A base model has lost the head that writes."""
        writes = opened.net_class.endswith("ForConditionalGeneration")
        return super().lacks(opened) | {"answer": "" if writes else f"this {opened.name} has no head that writes"}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.get_text_config().max_position_embeddings

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "rotary"

    # The question

    def placeholder(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """See `AnswersQuestions.placeholder`."""
        return written_token(image_token(config), tokenizer)

    def prompt(self, question: str, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """See `AnswersQuestions.prompt`."""
        sign = self.placeholder(config, tokenizer)
        for each in {sign, written_token(image_token(config), tokenizer)}:
            if each in question:
                raise Refused(f"The question holds {each}, the sign that stands for the image; leave it out.")
        template = cast("str | None", tokenizer.chat_template)
        made = as_message(question, template, tokenizer, with_image=True) if template else ""
        if sign not in made:  # none, or one of its language model, which knows no images
            made = self.usual_prompt.format(image=sign, question=question, bos=tokenizer.bos_token or "")
        if made.count(sign) != 1:
            raise Refused(f"The chat template writes {made.count(sign)} images where there is one.")
        return made

    def expanded(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase, prepared: Prepared) -> str:
        """What stands in the text for the image: its tokens, and signs around them."""
        return written_token(image_token(config), tokenizer) * self.n_image_tokens(config, prepared)

    @abstractmethod
    def n_image_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> int:
        """Tokens that stand for the image."""

    # Tensors

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. `target_ids` of the text are the answer so far."""
        assert prepared is not None
        n_image = self.n_image_tokens(config, prepared)
        if n_image > MOST_IMAGE_TOKENS:
            raise Refused(f"The image would become {n_image:,} tokens; at most {MOST_IMAGE_TOKENS:,} are read.")
        given = as_text(input)
        text = self._question(given, config, tokenizer, prepared)
        n_prompt = len(text)
        if given.target_ids:
            text = joined(text, tokenize(TextInput(token_ids=given.target_ids), config, tokenizer))
        if self.n_ctx(config) and len(text) > self.n_ctx(config):
            raise Refused(
                f"Image and text have {len(text):,} tokens, {n_image:,} of them of the image; {TOO_LONG} "
                f"{self.n_ctx(config):,}."
            )
        ids = torch.from_numpy(text.ids)[None]
        is_image = ids == image_token(config)
        if int(is_image.sum()) != n_image:
            raise Refused(f"The text holds {int(is_image.sum()):,} signs of the image, which has {n_image:,} tokens.")
        tensors = {
            "input_ids": ids,
            **self.image_tensors(prepared),
            **self.marks(is_image, n_prompt),
        }
        sequences = self.image_sequences(config, prepared) | {_TEXT: self._named(text, config, prepared)}
        return Encoded(tensors, sequences)

    def image_sequences(self, config: PreTrainedConfig, prepared: Prepared) -> dict[str, Tokens]:
        """What the parts in front of the language model read, by axis."""
        return {self.parts(config)[0].group.query_axis: self.patch_tokens(config, prepared)}

    def _question(
        self,
        given: TextInput,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None,
        prepared: Prepared,
    ) -> Tokens:
        """The whole prompt; typed ids stand behind the image as they are."""
        if tokenizer is None or given.token_ids is not None:
            ids = (image_token(config),) * self.n_image_tokens(config, prepared)
            return tokenize(TextInput(token_ids=(*ids, *(given.token_ids or ()))), config, tokenizer)
        sign = self.placeholder(config, tokenizer)
        prompt = self.prompt(given.text, config, tokenizer)
        prompt = prompt.replace(sign, self.expanded(config, tokenizer, prepared))
        bos = tokenizer.bos_token
        begins = isinstance(bos, str) and bool(bos) and prompt.startswith(bos)
        ids = tokenizer(prompt, add_special_tokens=not begins)["input_ids"]
        return tokenize(TextInput(token_ids=tuple(cast("list[int]", ids))), config, tokenizer)

    def _named(self, text: Tokens, config: PreTrainedConfig, prepared: Prepared) -> Tokens:
        """Image tokens are named by their places, and are words like others."""
        words, pieces, is_special = list(text.words), list(text.shown), text.is_special.copy()
        places = np.flatnonzero(text.ids == image_token(config))
        for place, name in zip(places.tolist(), self.place_names(config, prepared), strict=True):
            words[place] = pieces[place] = name
            is_special[place] = False
        starts = text.starts_word.copy()
        starts[places] = True
        return replace(text, words=tuple(words), pieces=tuple(pieces), is_special=is_special, starts_word=starts)

    def place_names(self, config: PreTrainedConfig, prepared: Prepared) -> list[str]:
        """Of each image token: row and column, behind the number of its grid where there are several."""
        grids = self.token_grids(config, prepared)
        names = ["newline"] * self.n_image_tokens(config, prepared)
        for number, grid in enumerate(grids):
            for (row, column), token in np.ndenumerate(grid.tokens):
                if token >= 0:
                    names[int(token)] = f"{row},{column}" if number == 0 else f"{'ab'[number]}{row},{column}"
        return names

    def image_tensors(self, prepared: Prepared) -> dict[str, Tensor]:
        """What `forward` takes of the image."""
        if prepared.tiled is not None:
            return {name: torch.from_numpy(values) for name, values in prepared.tiled.tensors.items()}
        return {"pixel_values": torch.from_numpy(prepared.values)[None]}

    def marks(self, is_image: Tensor, n_prompt: int) -> dict[str, Tensor]:
        """What `forward` is told of the kinds of tokens, of which `is_image`, bool [1, n], are of the image."""
        return {}

    @abstractmethod
    def patch_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> Tokens:
        """The sequence that the vision tower reads."""

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)

    def generation(self, net: PreTrainedModel) -> GenerationConfig:
        """See `AnswersQuestions.generation`: no signs of images are written, for which there are none."""
        said = copy(super().generation(net))
        named = (getattr(net.config, f"{kind}_token_id", None) for kind in ("image", "video"))
        signs = [int(sign) for sign in named if sign is not None]
        said.suppress_tokens = [*(said.suppress_tokens or ()), *signs]
        return said

    # Where words look

    def answer_path(self, config: PreTrainedConfig) -> str:
        return self.text_path

    def image_places(self, encoded: Encoded, config: PreTrainedConfig) -> np.ndarray:
        """See `AnswersQuestions.image_places`."""
        return np.flatnonzero(encoded.sequences[_TEXT].ids == image_token(config))


def image_token(config: PreTrainedConfig) -> int:
    """The id that stands for a part of the image."""
    return int(config.image_token_id)


def written_token(token: int, tokenizer: PreTrainedTokenizerBase) -> str:
    """A token as it is written.

    Raises
    ------
    Refused
        The tokenizer does not know it.
    """
    try:
        found = tokenizer.convert_ids_to_tokens(token)
    except (LookupError, ValueError, TypeError, OverflowError):
        found = None
    if not isinstance(found, str) or not found:
        raise Refused(f"The tokenizer has no token {token}, which stands for the image in this model.")
    return found
