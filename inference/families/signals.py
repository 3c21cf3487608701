"""Models of sounds and of series of numbers: Whisper, wav2vec 2.0 and its like, the time series Transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.base import Encoded
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.sounds import RATE, read_sound
from inference.inputs.tokens import as_text
from inference.inputs.written import written_so_far
from inference.results.inputs import Input, TextInput

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared
    from inference.results.tokens import Tokens

_SECONDS_A_FRAME = 0.02
_HOP = 160  # samples from one column of Whisper's spectrogram to the next


class SoundFamily(PartsFamily):
    """wav2vec 2.0 (Baevski et al. 2020), HuBERT (Hsu et al. 2021), UniSpeech."""

    name = "sounds"
    reads = ("sound",)
    heads = frozenset({"Wav2Vec2ForCTC", "HubertForCTC", "UniSpeechForCTC", "UniSpeechSatForCTC"})
    axis_units = {"frames": "frame"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("wav2vec2", "hubert", "unispeech", "unispeech-sat")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        path, n = r"encoder\.layers\.\d+\.attention", config.num_hidden_layers
        return (part("Encoder", path, n, config.num_attention_heads, "frames"),)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. A frame is what the convolutions make of some 25 ms; it is named by when it begins."""
        samples = _sound(input)
        n = len(samples)
        for size, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
            n = (n - size) // stride + 1
        if n < 1:
            raise Refused(f"The sound has {len(samples):,} samples; the model needs more for one frame.")
        values = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
        return Encoded({"input_values": torch.from_numpy(values)[None]}, {"frames": frames(n)})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False)


class WhisperFamily(PartsFamily):
    """Whisper (Radford et al. 2022)."""

    name = "whisper"
    reads = ("text", "sound")
    heads = frozenset({"WhisperForConditionalGeneration"})
    axis_units = {"frames": "frame"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "whisper" and config.is_encoder_decoder

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.decoder_layers, config.decoder_attention_heads
        return (
            part("Encoder", r"encoder\.layers\.", config.encoder_layers, config.encoder_attention_heads, "frames"),
            part("Decoder", r"decoder\.layers\.\d+\.self_attn", n, heads, "target", is_causal=True),
            part("Decoder to encoder", r"decoder\.layers\.\d+\.encoder_attn", n, heads, ("target", "frames")),
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        seconds = config.max_source_positions * _SECONDS_A_FRAME
        return (f"Every sound is filled up with silence to {seconds:g} s; the text is what was written so far.",)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_target_positions - 1

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        from transformers import WhisperFeatureExtractor  # late: it works out its filters

        target = written_so_far(as_text(input), config, tokenizer)
        n_columns = 2 * config.max_source_positions
        listen = WhisperFeatureExtractor(feature_size=config.num_mel_bins)
        heard = listen(
            _sound(input)[: n_columns * _HOP],
            sampling_rate=RATE,
            max_length=n_columns * _HOP,
            return_tensors="np",
        )
        tensors = {
            "input_features": torch.from_numpy(heard["input_features"][..., :n_columns]),
            "decoder_input_ids": torch.from_numpy(target.ids)[None],
        }
        return Encoded(tensors, {"frames": frames(config.max_source_positions), "target": target})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)


class SeriesFamily(PartsFamily):
    """Series of numbers, typed as a text: the probabilistic Transformer of GluonTS."""

    name = "series"
    reads = ("text",)
    heads = frozenset({"TimeSeriesTransformerForPrediction"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "time_series_transformer" and config.input_size == 1

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.decoder_layers, config.decoder_attention_heads
        return (
            part("Encoder", r"encoder\.layers\.", config.encoder_layers, config.encoder_attention_heads, "past"),
            part("Decoder", r"decoder\.layers\.\d+\.self_attn", n, heads, "future", is_causal=True),
            part("Decoder to encoder", r"decoder\.layers\.\d+\.encoder_attn", n, heads, ("future", "past")),
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        n = config.context_length + max(config.lags_sequence)
        return (
            f"Type numbers: the last {n} are its past, missing ones count as not observed. The decoder is given the "
            "last one again for each step; times of the calendar are left at 0.",
        )

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "sinusoidal"

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        given = _numbers(as_text(input))
        n_past, n_future = config.context_length + max(config.lags_sequence), config.prediction_length
        past = np.zeros(n_past, np.float32)
        is_seen = np.zeros(n_past, np.float32)
        known = given[-n_past:]
        past[n_past - len(known) :] = known
        is_seen[n_past - len(known) :] = 1
        tensors = {
            "past_values": torch.from_numpy(past)[None],
            "past_observed_mask": torch.from_numpy(is_seen)[None],
            "past_time_features": torch.zeros(1, n_past, config.num_time_features),
            "future_values": torch.full((1, n_future), float(past[-1])),
            "future_time_features": torch.zeros(1, n_future, config.num_time_features),
        }
        if config.num_static_categorical_features:
            tensors["static_categorical_features"] = torch.zeros(1, config.num_static_categorical_features).long()
        if config.num_static_real_features:
            tensors["static_real_features"] = torch.zeros(1, config.num_static_real_features)
        looked_at = zip(past[-config.context_length :], is_seen[-config.context_length :], strict=True)
        words = [f"{value:g}" if seen else "not observed" for value, seen in looked_at]
        steps = [f"step {i}" for i in range(1, n_future + 1)]
        sequences = {"past": PatchGrid(0, 0).tokens(words), "future": PatchGrid(0, 0).tokens(steps)}
        return Encoded(tensors, sequences)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False, use_cache=False)


def _sound(input: Input) -> np.ndarray:
    if input.sound is None:
        raise Refused("This checkpoint reads sounds; open a WAV file.")
    return read_sound(input.sound)


def frames(n: int) -> Tokens:
    """Places in time, named by when they begin."""
    return PatchGrid(0, 0).tokens([f"{i * _SECONDS_A_FRAME:.2f} s" for i in range(n)])


def _numbers(text: TextInput) -> np.ndarray:
    if text.token_ids is not None:
        return np.array(text.token_ids, np.float32)
    pieces = text.text.replace(";", " ").replace(",", " ").split()
    numbers = []
    for piece in pieces:
        try:
            numbers.append(float(piece))
        except ValueError as error:
            raise Refused(f"This checkpoint reads numbers, such as 3.5 4 4.25; {piece[:40]!r} is none.") from error
    if not numbers or not np.isfinite(numbers).all():
        raise Refused("This checkpoint reads numbers, such as 3.5 4 4.25; type at least one, none of them infinite.")
    return np.array(numbers, np.float32)
