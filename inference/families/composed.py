"""Encoder-decoders that are put together of two models: a text or an image is read, a text is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.captioning import CaptionWriting, WritesCaptions
from inference.family.image_features import GivesImageFeatures
from inference.family.jointly import OfKind, ReadsJointly
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.inputs.tokens import as_text, tokenize
from inference.inputs.written import exact_target, longest, source_of, start_token, target_of, written_so_far
from inference.results.inputs import Input
from inference.results.joint import JointLevel

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.tokens import Tokens

_BERT_LIKE = {"bert", "camembert", "electra", "ernie", "roberta", "xlm-roberta", "bert-generation"}
_GPT2 = {"gpt2"}
_BART_LIKE = {"trocr", "mbart", "bart"}
_IMAGES = {"deit": ("[CLS]", "[DIST]"), "vit": ("[CLS]",), "dinov2": ("[CLS]",)}


class ComposedFamily(PartsFamily):
    """A BERT that reads and one that writes (Rothe et al. 2020)."""

    name = "composed"
    reads = ("text",)
    heads = frozenset({"EncoderDecoderModel"})
    source_axis: ClassVar[str] = "source"  # of what is read

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_so = config.model_type == "encoder-decoder"
        return is_so and config.encoder.model_type in _BERT_LIKE and _writes(config.decoder)

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.encoder.num_hidden_layers, config.encoder.num_attention_heads
        axis = self.source_axis
        return (part("Encoder", r"^encoder\.", n, heads, axis), *decoder_parts(config.decoder, axis))

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return longest(config.encoder)

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {"translation": "" if self.source_axis == "source" else "its source is an image, not a text"}

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. `text_pair` is what was written so far; without one it is the source itself."""
        given = as_text(input)
        source = tokenize(source_of(given), config.encoder, tokenizer, self.n_ctx(config))
        target = target_of(given, config, tokenizer)
        tensors = {
            "input_ids": torch.from_numpy(source.ids)[None],
            "decoder_input_ids": torch.from_numpy(target.ids)[None],
        }
        return Encoded(tensors, {"source": source, "target": target})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=True, use_cache=False)


class CaptionFamily(ComposedFamily, ReadsImages, GivesImageFeatures, ReadsJointly, WritesCaptions):
    """TrOCR (Li et al. 2021) and captions: a ViT reads, a text decoder writes."""

    name = "captions"
    reads = ("text", "image")
    heads = frozenset({"VisionEncoderDecoderModel"})
    axis_units = {"patches": "patch"}
    source_axis = "patches"
    text_tensor = "decoder_input_ids"
    text_axis = "target"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_so = config.model_type == "vision-encoder-decoder"
        return is_so and config.encoder.model_type in _IMAGES and _writes(config.decoder)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return max(0, longest(config.decoder) - 1)

    def lacks(self, opened: Opened) -> dict[str, str]:
        return super().lacks(opened) | {"caption": ""}

    def caption_writing(self, config: PreTrainedConfig) -> CaptionWriting:
        group = next(
            group for group in self.groups(config) if (group.query_axis, group.key_axis) == ("target", "patches")
        )
        return CaptionWriting(group.name, start_token(config))

    def levels(self, config: PreTrainedConfig) -> tuple[JointLevel, ...]:
        """See `ReadsJointly.levels`: what a decoder reads of its own words and of the image, then the encoder."""
        groups = {group.name: group for group in self.groups(config)}
        crossing = [group for group in groups.values() if group.query_axis != group.key_axis]
        levels = [
            JointLevel(f"{own.title}, layer {i}", ((own.name, i), (cross.name, i)))
            for cross in crossing
            for own in groups.values()
            if own.query_axis == own.key_axis == cross.query_axis
            for i in cross.layers
        ]
        of_image = (group for group in groups.values() if group.query_axis == group.key_axis == "patches")
        return (*levels, *(JointLevel(f"{g.title}, layer {i}", ((g.name, i),)) for g in of_image for i in g.layers))

    def stretches(self, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared) -> dict[str, list[OfKind]]:
        """See `ReadsJointly.stretches`."""
        found = {}
        for axis, tokens in encoded.sequences.items():
            first = int(tokens.is_special.sum()) if axis == "patches" else 0
            kind = "patch" if axis == "patches" else "word"
            rest = [OfKind("other", tuple(range(first)))] if first else []
            found[axis] = [*rest, OfKind(kind, tuple(range(first, len(tokens))))]
        return found

    def takes(self, config: PreTrainedConfig) -> Takes:
        return Takes(pair(config.encoder.image_size), (config.encoder.patch_size,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        side = config.encoder.patch_size
        n_special = len(_IMAGES[config.encoder.model_type])
        return PatchGrid.over(shape, side, n_special)

    def image_features(self, net: PreTrainedModel, pixel_values: torch.Tensor) -> torch.Tensor:
        states = net.get_encoder()(pixel_values).last_hidden_state
        shape = (pixel_values.shape[-2], pixel_values.shape[-1])
        return states[:, self.grid("", net.config, shape).n_special :].mean(1)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. The text is what was written so far."""
        assert prepared is not None
        target = _caption_of(input, config, tokenizer)
        patches = self.grid("", config, prepared.shape).tokens(_IMAGES[config.encoder.model_type])
        tensors = {
            "pixel_values": torch.from_numpy(prepared.values)[None],
            "decoder_input_ids": torch.from_numpy(target.ids)[None],
        }
        return Encoded(tensors, {"patches": patches, "target": target})


class VirTexFamily(CaptionFamily):
    """VirTex (Desai and Johnson 2021): a residual network reads, two decoders write, one of them from the end."""

    name = "virtex"
    heads = frozenset({"VirTex"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "virtex"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.decoder_layers, config.decoder_attention_heads
        found: list[AttentionPart] = []
        ways = (("Caption", "textual", "target"), ("Caption from its end", "backward_textual", "turned"))
        for title, module, axis in ways[: 1 + config.has_backward]:
            found += [
                part(title, rf"^{module}\..*self_attn", n, heads, axis, is_causal=True),
                part(f"{title} to image", rf"^{module}\..*multihead_attn", n, heads, (axis, "patches")),
            ]
        return tuple(found)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings - 1

    def caption_writing_from_end(self, config: PreTrainedConfig) -> CaptionWriting:
        found = [group for group in self.groups(config) if (group.query_axis, group.key_axis) == ("turned", "patches")]
        if not found:
            return super().caption_writing_from_end(config)
        end, start = config.eos_token_id, start_token(config)
        return CaptionWriting(found[0].name, end, start, {"backward": True})

    def takes(self, config: PreTrainedConfig) -> Takes:
        return Takes((config.image_size,) * 2, (config.stride,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.stride)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. The text is what was written so far; the second decoder has it from its end."""
        assert prepared is not None
        target = _caption_of(input, config, tokenizer)
        turned = exact_target((config.eos_token_id, *target.ids[:0:-1].tolist()), config, tokenizer)
        tensors = {
            "pixel_values": torch.from_numpy(prepared.values)[None],
            "decoder_input_ids": torch.from_numpy(target.ids)[None],
            "turned_input_ids": torch.from_numpy(turned.ids)[None],
        }
        patches = self.grid("", config, prepared.shape).tokens(())
        return Encoded(tensors, {"target": target, "patches": patches, "turned": turned})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        pixels = {"pixel_values": encoded.tensors["pixel_values"]}
        asked = {"with_head": True, "use_cache": False}
        self.output(net, pixels | {"decoder_input_ids": encoded.tensors["decoder_input_ids"]}, **asked)
        if net.config.has_backward:
            turned = {"decoder_input_ids": encoded.tensors["turned_input_ids"]}
            self.output(net, pixels | turned, backward=True, **asked)


def _caption_of(input: Input, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """What a decoder has written of an image: its tokens, or those of the text; nothing yet where there is none."""
    if input.text is None:
        return exact_target((start_token(config),), config, tokenizer)
    given = as_text(input)
    if given.target_ids is not None:
        return exact_target(given.target_ids, config, tokenizer)
    return written_so_far(given, config, tokenizer)


def _writes(config: PreTrainedConfig) -> bool:
    """Whether it reads what the encoder has made; BERT and GPT-2 do where their configuration says so."""
    if config.model_type in _BART_LIKE:
        return True
    return config.model_type in _BERT_LIKE | _GPT2 and bool(getattr(config, "add_cross_attention", False))


def decoder_parts(config: PreTrainedConfig, source: str) -> tuple[AttentionPart, AttentionPart]:
    """Of a decoder that reads what an encoder has made: its own attention, and that to the encoder."""
    n, heads = config.num_hidden_layers, config.num_attention_heads
    if config.model_type in _BART_LIKE:
        n, heads = config.decoder_layers, config.decoder_attention_heads
    cross = r"^decoder\..*(encoder_attn|crossattention)"
    own = r"^decoder\.(?!.*(encoder_attn|crossattention))"
    return (
        part("Decoder", own, n, heads, "target", is_causal=True),
        part("Decoder to encoder", cross, n, heads, ("target", source)),
    )
