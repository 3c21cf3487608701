"""MusicGen: a text is read, music is written as several codes a step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from inference.context import Refused
from inference.family.base import Encoded
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.sounds import read_sound
from inference.inputs.tokens import as_text, joined, tokenize
from inference.results.inputs import Input

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared
    from inference.results.tokens import Tokens

_SOUND = "input_values"


class MusicFamily(PartsFamily):
    """MusicGen and MusicGen Melody (Copet et al. 2023).

    What is written so far is the start token alone, or a sound behind it, made into codes by the checkpoint's own
    EnCodec. Melody's decoder reads the text in front of the music, in one sequence, where MusicGen's attends to it.
    """

    name = "music"
    reads = ("text", "sound")
    heads = frozenset({"MusicgenForConditionalGeneration", "MusicgenMelodyForConditionalGeneration"})
    axis_units = {"frames": "frame"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_so = config.model_type in ("musicgen", "musicgen_melody")
        return is_so and config.text_encoder.model_type == "t5" and config.audio_encoder.model_type == "encodec"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        text, n, heads = config.text_encoder, config.decoder.num_hidden_layers, config.decoder.num_attention_heads
        encoder = part("Encoder", r"^text_encoder\.", text.num_layers, text.num_heads)
        if _has_prefix(config):
            return encoder, part("Decoder", r"^decoder\..*\.self_attn", n, heads, "all", is_causal=True)
        return (
            encoder,
            part("Decoder", r"^decoder\..*\.self_attn", n, heads, "frames", is_causal=True),
            part("Decoder to encoder", r"^decoder\..*\.encoder_attn", n, heads, ("frames", "text")),
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        codes = (
            f"The decoder reads {config.decoder.num_codebooks} codes a step, each codebook later than the one before; "
            "what it has written so far is its start token, and the sound where one is given.",
        )
        if not _has_prefix(config):
            return codes
        return (*codes, f"No melody is given: {config.chroma_length} places in front of the text stand for none.")

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        text = tokenize(as_text(input), config.text_encoder, tokenizer)
        tensors = {"input_ids": torch.from_numpy(text.ids)[None]}
        n_frames, listener = 0, config.audio_encoder
        if input.sound is not None:
            if listener.chunk_length is not None:
                raise Refused("The EnCodec of this checkpoint cuts sounds into chunks, which MusicGen does not read.")
            samples = read_sound(input.sound, listener.sampling_rate)
            n_frames = math.ceil(len(samples) / listener.hop_length)
            tensors[_SOUND] = torch.from_numpy(samples)[None, None].expand(1, listener.audio_channels, -1)
        seconds = listener.hop_length / listener.sampling_rate
        frames = _places(["start", *(f"{i * seconds:.2f} s" for i in range(n_frames))])
        if not _has_prefix(config):
            return Encoded(tensors, {"text": text, "frames": frames})
        melody = _places([f"melody {i}" for i in range(1, config.chroma_length + 1)])
        return Encoded(tensors, {"text": text, "all": joined(joined(melody, text), frames)})

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`. The sound becomes codes first, laid out as they are when music is written."""
        rest = {name: tensor for name, tensor in tensors.items() if name != _SOUND}
        return net(**rest, decoder_input_ids=_written(net, tensors.get(_SOUND)), **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, use_cache=False)


def _has_prefix(config: PreTrainedConfig) -> bool:
    return config.model_type == "musicgen_melody"


def _written(net: Any, sound: Tensor | None) -> Tensor:
    """int64 [codebook, step] behind the start token, each codebook a step later than the one before.

    References
    ----------
    Copet et al. 2023, "Simple and Controllable Music Generation", section 2.2 (the delay pattern).
    """
    config = net.config.decoder
    start = next(
        (token for token in (config.bos_token_id, config.pad_token_id) if token is not None), config.vocab_size
    )
    written = torch.full((config.num_codebooks, 1), start, device=net.device)
    if sound is None:
        return written
    codes = net.audio_encoder.encode(sound).audio_codes[0, 0]  # [codebook, step]
    if config.audio_channels == 2:  # left and right take turns, and are told the same
        codes = codes.repeat_interleave(2, 0)
    if len(codes) != config.num_codebooks:
        raise Refused(
            f"The EnCodec of this checkpoint makes {len(codes)} codes a step; its decoder reads {config.num_codebooks}."
        )
    written = torch.cat([written, codes], 1)
    longest = written.shape[1] + 2 * len(written)  # so that nothing is taken for the end
    return net.decoder.build_delay_pattern_mask(written, start, longest)[0]


def _places(names: list[str]) -> Tokens:
    return PatchGrid(0, 0).tokens(names)
