"""BLIP for questions about images: an encoder reads the question beside the image, a decoder writes the answer.

The answer looks at the words of the question, and these have looked at the patches: where an answer looks in the image
is told through them.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from transformers.modeling_outputs import Seq2SeqLMOutput

from inference.context import Refused
from inference.family.answering import AnswersQuestions
from inference.family.base import Encoded, ReadsImages
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, tokenize
from inference.inputs.written import start_token
from inference.results.answer import TokenGrid
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input

_CLASS = "BlipForQuestionAnswering"
QUESTION_TO_IMAGE = "question_to_image"
_CLS = ("[CLS]",)


class BlipAnswerFamily(PartsFamily, ReadsImages, AnswersQuestions):
    """BLIP (Li et al. 2022) for visual questions: image, question and answer, each of which reads the one before."""

    name = "blip_answers"
    reads = ("text", "image")
    heads = frozenset({_CLASS})
    axis_units = {"patches": "patch"}
    reads_beside = True

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "blip" and _CLASS in (config.architectures or ())

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        image, text = config.vision_config, config.text_config
        n, heads = text.num_hidden_layers, text.num_attention_heads
        asked, said = (rf"^text_{kind}\..*layer\.\d+\." for kind in ("encoder", "decoder"))
        return (
            part("Image", r"^vision_model\.", image.num_hidden_layers, image.num_attention_heads, "patches"),
            part("Question", rf"{asked}attention\.", n, heads, "question"),
            part("Question to image", rf"{asked}crossattention\.", n, heads, ("question", "patches")),
            part("Answer", rf"{said}attention\.", n, heads, is_causal=True),
            part("Answer to question", rf"{said}crossattention\.", n, heads, ("text", "question")),
        )

    def lacks(self, opened: Opened) -> dict[str, str]:
        return super().lacks(opened) | {"answer": ""}

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (
            "Its answer reads the words of the question, which have read the image: where the answer looks is told "
            "through what these words looked at, in the mean of their heads.",
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.text_config.max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        return Takes((image.image_size,) * 2, (image.patch_size,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.vision_config.patch_size, len(_CLS))

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. `target_ids` of the text are the answer so far, behind its start token."""
        assert prepared is not None
        given = as_text(input)
        text, longest = config.text_config, self.n_ctx(config)
        question = TextInput(given.text, token_ids=given.token_ids, masked=given.masked)
        asked = tokenize(question, text, tokenizer, longest)
        said = tokenize(TextInput(token_ids=(start_token(text), *(given.target_ids or ()))), text, tokenizer, longest)
        tensors = {
            "input_ids": torch.from_numpy(asked.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None],
            "decoder_input_ids": torch.from_numpy(said.ids)[None],
        }
        patches = self.grid("", config, prepared.shape).tokens(_CLS)
        return Encoded(tensors, {"question": asked, "patches": patches, "text": said})

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`: what the decoder says, which transformers' class keeps to itself."""
        model, read = cast("Any", net), cast("Any", tensors.get("encoder_outputs"))
        if read is None:
            image = model.vision_model(pixel_values=tensors["pixel_values"]).last_hidden_state
            states = model.text_encoder(
                input_ids=tensors["input_ids"],
                encoder_hidden_states=image,
                encoder_attention_mask=_all_of(image),
            ).last_hidden_state
        else:
            states = read.last_hidden_state
        found = model.text_decoder(
            input_ids=tensors["decoder_input_ids"],
            encoder_hidden_states=states,
            encoder_attention_mask=_all_of(states),
            **more,
        )
        return Seq2SeqLMOutput(
            logits=found.logits, past_key_values=found.past_key_values, encoder_last_hidden_state=states
        )

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, use_cache=False)

    # The question and its answer

    def prompt(self, question: str, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """See `AnswersQuestions.prompt`: the question, by an encoder that has the image beside it."""
        if not question.strip():
            raise Refused("There is no question; type one.")
        return question

    def placeholder(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """See `AnswersQuestions.placeholder`: no sign of the image stands in the text."""
        return ""

    def generation(self, net: PreTrainedModel) -> GenerationConfig:
        """See `AnswersQuestions.generation`: an answer ends with the token that parts texts, as in `generate`."""
        said = copy(cast("Any", net).generation_config)
        said.eos_token_id = net.config.text_config.sep_token_id
        return said

    def answer_path(self, config: PreTrainedConfig) -> str:
        return r"^text_decoder\..*crossattention\."

    def image_places(self, encoded: Encoded, config: PreTrainedConfig) -> np.ndarray:
        """See `AnswersQuestions.image_places`: the words of the question stand for what they saw."""
        return np.arange(len(encoded.sequences["question"]))

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        """See `AnswersQuestions.token_grids`: of patches, which the question looks at."""
        rows, columns = self.grid("", config, prepared.shape).shape
        return (TokenGrid("the image", np.arange(rows * columns, dtype=np.int32).reshape(rows, columns), prepared.box),)

    def looks_through(self, config: PreTrainedConfig) -> tuple[str, int]:
        """See `AnswersQuestions.looks_through`."""
        return QUESTION_TO_IMAGE, len(_CLS)


def _all_of(states: Tensor) -> Tensor:
    """int64 [batch, place]: all of them are read."""
    return torch.ones(states.shape[:2], dtype=torch.int64, device=states.device)
