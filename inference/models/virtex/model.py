"""VirTex: a network that reads images is trained by writing their captions, from both ends.

A residual network gives a grid of places; a Transformer decoder writes the caption word by word and attends to them.
Its twin writes it from the last word to the first; both share the embedding, the output and the projection of places.
Parameters have the names of the published weights (`kdexd/virtex`).

References
----------
Desai and Johnson 2021, "VirTex: Learning Visual Representations from Textual Annotations" (arXiv 2006.06666).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, GenerationMixin, PreTrainedModel
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

from inference.models.published import load_published, n_layers
from inference.models.virtex.layers import CaptionAttention, CaptionEmbedding, CaptionHead, VirTexConfig
from inference.models.virtex.resnet import Bottleneck, ResNet

_D_HEAD = 64  # of all published heads
_SHARED = ("visual_projection", "embedding", "output")  # by both directions


class VisualBackbone(nn.Module):
    """Reads the image; what is kept of VirTex for other tasks."""

    main_input_name = "pixel_values"

    def __init__(self, config: VirTexConfig) -> None:
        super().__init__()
        self.cnn = ResNet(
            config.resnet_depths, config.resnet_strides, config.resnet_width, is_small=config.resnet_is_small
        )
        self.knows_places = config.knows_places

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutput:
        """Places [batch, row * column, d_image], row by row."""
        found = self.cnn(pixel_values)
        places = found.flatten(2).mT
        if self.knows_places:
            places = places + place_positions(*found.shape[1:]).to(places)
        return BaseModelOutput(last_hidden_state=cast("Any", places))


def place_positions(d: int, n_rows: int, n_columns: int) -> Tensor:
    """Sines and cosines of the row in one half of the numbers, of the column in the other: [row * column, d].

    As in Vaswani et al. 2017, section 3.5, for each of the two directions; `d` is a multiple of four.
    """
    rates = 10_000.0 ** (-torch.arange(d // 4) / (d // 4))
    halves = []
    for n in (n_rows, n_columns):
        angles = torch.arange(n)[:, None] * rates
        halves.append(torch.cat([angles.sin(), angles.cos()], -1))
    of_rows, of_columns = halves
    whole = torch.cat([of_rows[:, None].expand(-1, n_columns, -1), of_columns[None].expand(n_rows, -1, -1)], -1)
    return whole.flatten(0, 1)


class VirTex(PreTrainedModel, GenerationMixin):
    """Writes captions of images, from either end."""

    config_class = VirTexConfig
    config: VirTexConfig
    base_model_prefix = "virtex"
    main_input_name = "pixel_values"
    _supports_sdpa = True
    _supports_attention_backend = True
    _tied_weights_keys = {"textual.output.weight": "textual.embedding.words.weight"}

    def __init__(self, config: VirTexConfig) -> None:
        super().__init__(config)
        self.visual = VisualBackbone(config)
        self.textual = CaptionHead(config, self.visual.cnn.d_out)
        if config.has_backward:
            self.backward_textual = CaptionHead(config, self.visual.cnn.d_out)
            for name in _SHARED:
                setattr(self.backward_textual, name, getattr(self.textual, name))
            shared = [name for name, _ in self.textual.named_parameters() if name.split(".")[0] in _SHARED]
            self._tied_weights_keys = self._tied_weights_keys | {
                "backward_textual.output.weight": "textual.embedding.words.weight",
                **{f"backward_textual.{name}": f"textual.{name}" for name in shared if name != "output.weight"},
            }
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
        elif isinstance(module, CaptionAttention):
            nn.init.normal_(module.in_proj_weight, std=0.02)
            nn.init.zeros_(module.in_proj_bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        elif isinstance(module, CaptionEmbedding):
            nn.init.zeros_(module.words.weight[module.pad])
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.LayerNorm | nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, Bottleneck):
            nn.init.zeros_(module.bn3.weight)  # a block begins as what comes in

    def get_encoder(self, modality: str | None = None) -> nn.Module:
        return self.visual

    def get_decoder(self) -> nn.Module:
        return self.textual

    def get_input_embeddings(self) -> nn.Module:
        return self.textual.embedding.words

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.textual.embedding.words = cast("nn.Embedding", value)

    def get_output_embeddings(self) -> nn.Module:
        return self.textual.output

    def forward(
        self,
        pixel_values: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: BaseModelOutput | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        backward: bool = False,
        **_: Any,
    ) -> Seq2SeqLMOutput:
        """Logits [batch, n, vocab] of the next word behind each.

        Parameters
        ----------
        decoder_input_ids
            [batch, n], from the sign of the beginning on; written from the end, from the sign of the end on.
        labels
            [batch, n] whole captions with both signs, padded behind with `pad_token_id`: the loss, in nats a word, is
            that of both directions added up, and the logits are those of the forward one.
        backward
            Whether `decoder_input_ids` are written from the end, by the second head.

        Raises
        ------
        ValueError
            There is no second head.
        """
        if encoder_outputs is None:
            encoder_outputs = self.visual(pixel_values)
        places = cast("Tensor", cast("BaseModelOutput", encoder_outputs)[0])
        if labels is not None:
            return self._learn(places, labels)
        if backward and not self.config.has_backward:
            raise ValueError("This VirTex writes from the beginning only.")
        keeps = self.config.use_cache if use_cache is None else use_cache
        if keeps and past_key_values is None:
            past_key_values = EncoderDecoderCache(DynamicCache(), DynamicCache())
        head = self.backward_textual if backward else self.textual
        logits, states = head(decoder_input_ids, places, decoder_attention_mask, past_key_values)
        return Seq2SeqLMOutput(
            logits=logits,
            past_key_values=past_key_values if keeps else None,
            decoder_hidden_states=cast("Any", states if output_hidden_states else None),
            encoder_last_hidden_state=cast("Any", places),
        )

    def _learn(self, places: Tensor, captions: Tensor) -> Seq2SeqLMOutput:
        pad = cast("int", self.config.pad_token_id)
        losses, first = [], None
        for head, written in self._both(captions, pad):
            logits, _ = head(written[:, :-1], places, written[:, :-1] != pad)
            losses.append(F.cross_entropy(logits.flatten(0, 1), written[:, 1:].flatten(), ignore_index=pad))
            first = logits if first is None else first
        return Seq2SeqLMOutput(loss=torch.stack(losses).sum(), logits=first)

    def _both(self, captions: Tensor, pad: int) -> list[tuple[CaptionHead, Tensor]]:
        both = [(self.textual, captions)]
        if self.config.has_backward:
            both.append((self.backward_textual, turned(captions, pad)))
        return both


def turned(captions: Tensor, pad: int) -> Tensor:
    """Captions [batch, n] from their last word to the first; what is padded stays behind."""
    lengths = (captions != pad).sum(1, keepdim=True)
    places = torch.arange(captions.shape[1], device=captions.device)[None]
    return captions.gather(1, torch.where(places < lengths, lengths - 1 - places, places))


def from_published(state: Mapping[str, Tensor]) -> VirTex:
    """A model of the published weights of a bicaptioning or forward captioning network: all of them, and no others.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    model = VirTex(VirTexConfig(**_sizes(state)))
    load_published(model, state, "a VirTex")
    return model


def _sizes(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """What the shapes of weights tell of a configuration; strides are those of every published network."""
    try:
        vocab_size, d = state["textual.embedding.words.weight"].shape
        return {
            "vocab_size": vocab_size,
            "hidden_size": d,
            "decoder_layers": n_layers(state, "textual.transformer.layers."),
            "decoder_attention_heads": d // _D_HEAD,
            "decoder_ffn_dim": len(state["textual.transformer.layers.0.linear1.weight"]),
            "max_position_embeddings": len(state["textual.embedding.positions.weight"]),
            "resnet_depths": [n_layers(state, f"visual.cnn.layer{i}.") for i in range(1, 5)],
            "resnet_width": len(state["visual.cnn.conv1.weight"]),
            "has_backward": any(name.startswith("backward_textual.") for name in state),
        }
    except KeyError as missing:
        raise ValueError(f"These are not the weights of a VirTex: {missing.args[0]} is missing.") from None


AutoConfig.register("virtex", VirTexConfig)
AutoModel.register(VirTexConfig, VirTex)
AutoModelForImageTextToText.register(VirTexConfig, VirTex)
