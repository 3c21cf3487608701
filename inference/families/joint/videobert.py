"""VideoBERT: the words of a text and the chips of a film in one stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.family.base import Encoded
from inference.family.clips import ReadsClips, checked_frames
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.clips.axes import FilmAxis, special, whole_chips
from inference.inputs.clips.preparing import PreparedClip
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import tokenize
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens
    from resources.clips import Clip

JOIN, END = "[>]", "[SEP]"
_ONE_TEXT = "Sentence B is left aside: one text is read beside a film."
_NOT_THE_TEXT = (
    "Not the text above is read but what is said of the clip: the text has words that this checkpoint does not know."
)


class VideoBertFamily(PartsFamily, ReadsClips):
    """VideoBERT (Sun et al. 2019): `[CLS] words [>] chips [SEP]`; a chip is some frames, and is read as one word."""

    name = "videobert"
    reads = ("text", "clip")
    heads = frozenset({"VideoBert"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "videobert"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        path = r"encoder\.layer\.\d+\.attention\."
        return (part("Words and chips", path, config.num_hidden_layers, config.num_attention_heads, "both"),)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings - 2  # the signs behind it have places, too

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        n, step = config.n_chips, config.frames_a_chip
        return (
            f"A film is {n} chips of {step} frames each, and each chip is one of {config.n_visual_words} visual words.",
        )

    def n_frames(self, config: PreTrainedConfig) -> int:
        return checked_frames(config.n_chips * config.frames_a_chip)

    def frames_a_step(self, config: PreTrainedConfig) -> int:
        return config.frames_a_chip

    def why_no_rollout(self, group: str, config: PreTrainedConfig) -> str:
        return ""

    def said(self, clip: Clip, config: PreTrainedConfig) -> str:
        """See `ReadsClips.said`: all of it, without stops."""
        return _narration(clip)

    def takes(self, config: PreTrainedConfig) -> Takes:
        self.n_frames(config)
        return Takes((config.image_size, config.image_size), (config.image_size, config.image_size))

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        """See `ReadsImages.grid`: a chip is read as a whole."""
        return PatchGrid(1, 1, 0, shape)

    def lacks(self, opened: Opened) -> dict[str, str]:
        elsewhere = f"{opened.name} fills in masked words beside a film: see Visual words"
        return super().lacks(opened) | {"visual_words": "", "masked_lm": elsewhere}

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Chips are named by their number; the model itself makes words of them.

        Of a generated clip what is said of it is read where no text is typed, or one with words that are not known.
        """
        assert isinstance(prepared, PreparedClip)
        text, notes = read_text(input, config, tokenizer, prepared, self.n_ctx(config))
        n_text, n_chips = len(text), config.n_chips
        of_film = np.arange(n_chips)
        film = special(JOIN) + whole_chips(n_chips) + special(END)
        both = FilmAxis(text, np.full((n_text, 3), -1, np.int16)) + film
        # What stands for chips here is put in by the model.
        ids = np.concatenate(
            [text.ids, [config.join_token_id], np.full(n_chips, config.mask_token_id), [config.sep_token_id]]
        )
        tensors = {
            "input_ids": ids,
            "token_type_ids": np.repeat([0, 1, 0], [n_text + 1, n_chips, 1]),
            "position_ids": np.concatenate([np.arange(n_text + 1), of_film, [n_text + 1]]),
        }
        of_all = {name: torch.from_numpy(numbers.astype(np.int64))[None] for name, numbers in tensors.items()}
        of_all["pixel_values"] = torch.from_numpy(prepared.all_values)[None]
        of_all["chip_places"] = torch.from_numpy(np.concatenate([np.full(n_text + 1, -1), of_film, [-1]]))
        return Encoded(of_all, {"both": both.tokens}, notes, {"both": both.cells})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors)


def read_text(
    input: Input,
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase | None,
    prepared: PreparedClip,
    longest: int,
) -> tuple[Tokens, tuple[str, ...]]:
    """The tokens of the text, and what is to be said of its choice; see `VideoBertFamily.encode`."""
    typed = input.text or TextInput()
    given = replace(typed, text_pair=None)
    notes = (_ONE_TEXT,) if typed.text_pair else ()
    if prepared.clip is not None and given.token_ids is None and tokenizer is not None:
        known = tokenizer(given.text)["input_ids"]
        if not given.text.strip() or tokenizer.unk_token_id in known:
            notes += (_NOT_THE_TEXT,) if given.text.strip() else ()
            given = replace(given, text=_narration(prepared.clip))
    return tokenize(given, config, tokenizer, longest), notes


def _narration(clip: Clip) -> str:
    return " ".join(said.text for said in clip.narration)
