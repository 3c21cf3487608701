"""LSeg: every pixel has a vector, every label has one, and a pixel takes the label whose vector is the nearest.

Parameters have the names of the published weights (`isl-org/lang-seg`), without the prefix `net.` of Lightning.

References
----------
Li, Weinberger, Belongie, Koltun and Ranftl 2022, "Language-driven Semantic Segmentation" (arXiv 2201.03546).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils.generic import ModelOutput

from inference.models.lseg.decoder import Decoder, reassemble
from inference.models.lseg.towers import ImageTower, LSegConfig, TextAttention, TextTower
from inference.models.published import load_published, n_layers

PREFIX = "net."
_D_HEAD = 64  # of all published towers
_FINEST = 4  # pixels, in each direction, of a place of the finest map, whatever the size of patches
# Of the published weights: CLIP's own image tower and scale, which LSeg does not ask, the end of a ViT whose states
# are taken before it, and a part of the first fusion block for a finer map that the coarsest one does not have.
UNUSED = (
    r"clip_pretrained\.visual\..+",
    r"clip_pretrained\.logit_scale",
    r"pretrained\.model\.(norm|head)\.(weight|bias)",
    r"scratch\.refinenet4\.resConfUnit1\..+",
)


@dataclass
class LSegOutput(ModelOutput):
    """What there is to see.

    Attributes
    ----------
    logits
        float [batch, label, row, column].
    pixel_embeds
        float [batch, projection_dim, row, column] of norm 1, `output_scale` times as coarse.
    text_embeds
        float [label, projection_dim] of norm 1.
    """

    logits: Tensor | None = None
    pixel_embeds: Tensor | None = None
    text_embeds: Tensor | None = None


class LSeg(PreTrainedModel):
    """Maps of labels that are given as texts."""

    config_class = LSegConfig
    config: LSegConfig
    base_model_prefix = "lseg"
    main_input_name = "pixel_values"
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: LSegConfig) -> None:
        super().__init__(config)
        self.clip_pretrained = TextTower(config)
        self.pretrained = _Pretrained(config)
        self.scratch = Decoder(config)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        elif isinstance(module, nn.LayerNorm | nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, TextAttention):
            nn.init.xavier_uniform_(module.in_proj_weight)
            nn.init.zeros_(module.in_proj_bias)
        elif isinstance(module, ImageTower):
            nn.init.trunc_normal_(module.cls_token, std=0.02)
            nn.init.trunc_normal_(module.pos_embed, std=0.02)
        elif isinstance(module, TextTower):
            nn.init.normal_(module.positional_embedding, std=0.01)
            nn.init.normal_(module.text_projection, std=module.config.text_hidden_size**-0.5)

    def encode_texts(self, input_ids: Tensor) -> Tensor:
        """[label, projection_dim] of norm 1, of ids [label, pos]."""
        return F.normalize(self.clip_pretrained(input_ids), dim=-1)

    def features(self, pixel_values: Tensor) -> Tensor:
        """[batch, fusion_hidden_size, row, column]: pixels before they become vectors of the space of labels."""
        return self.scratch.fuse(self.pretrained(pixel_values))

    def encode_pixels(self, pixel_values: Tensor) -> Tensor:
        """[batch, projection_dim, row, column] of norm 1, of images [batch, 3, row, column]."""
        return F.normalize(self.scratch.head1(self.features(pixel_values)), dim=1)

    def compare(self, pixel_embeds: Tensor, text_embeds: Tensor) -> Tensor:
        """Logits [batch, label, row, column] of pixels and labels that are encoded."""
        cosines = torch.einsum("bdyx,ld->blyx", pixel_embeds, text_embeds)
        logits = self.scratch.smooth(cosines / self.config.cosine_temperature)
        scale = self.config.output_scale
        if scale == 1:
            return logits
        return F.interpolate(logits, scale_factor=scale, mode="bilinear", align_corners=True)

    def forward(self, input_ids: Tensor, pixel_values: Tensor, **_: Any) -> LSegOutput:
        """Maps of images for labels.

        Parameters
        ----------
        input_ids
            int64 [label, pos], each with its end token.
        pixel_values
            float [batch, 3, row, column], sides that `patch_size` divides.
        """
        pixels, texts = self.encode_pixels(pixel_values), self.encode_texts(input_ids)
        return LSegOutput(logits=self.compare(pixels, texts), pixel_embeds=pixels, text_embeds=texts)


class _Pretrained(nn.Module):
    """`pretrained` of the published weights: the image tower, and what makes maps of its states."""

    def __init__(self, config: LSegConfig) -> None:
        super().__init__()
        self.side = config.patch_size
        self.model = ImageTower(config)
        sizes = zip(config.neck_hidden_sizes, config.reassemble_factors, strict=True)
        for i, (channels, factor) in enumerate(sizes, 1):
            setattr(self, f"act_postprocess{i}", reassemble(config.hidden_size, channels, factor))

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """A map for each hook: [batch, channel, row, column]."""
        grid = tuple(length // self.side for length in pixels.shape[2:])
        maps = []
        for i, state in enumerate(self.model(pixels), 1):
            layers: Any = self.get_submodule(f"act_postprocess{i}")
            maps.append(layers[3:](layers[:3](state).unflatten(2, grid)))
        return maps


def from_published(state: Mapping[str, Tensor], **config: Any) -> LSeg:
    """A model of published weights: every tensor of it must be there, and all others be known to be of no use.

    Parameters
    ----------
    state
        `state_dict` of a Lightning checkpoint; names begin with `net.`, or do not.
    config
        What the shapes do not tell, where it is not as published: numbers of heads, hooks, activations.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    state = {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}
    model = LSeg(LSegConfig(**_sizes(state) | config))
    load_published(model, state, "an LSeg", UNUSED)
    return model


def _sizes(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """What the shapes of weights tell of a configuration.

    Raises
    ------
    ValueError
        A tensor that tells something is missing.
    """
    try:
        d, _, side, _ = state["pretrained.model.patch_embed.proj.weight"].shape
        n_positions = state["pretrained.model.pos_embed"].shape[1] - 1
        vocabulary, d_text = state["clip_pretrained.token_embedding.weight"].shape
        necks = tuple(len(state[f"pretrained.act_postprocess{i}.3.weight"]) for i in range(1, 5))
        head = state["scratch.head1.weight"]
        n_blocks = n_layers(state, "pretrained.model.blocks.")
        return {
            "image_size": round(n_positions**0.5) * side,
            "patch_size": side,
            "hidden_size": d,
            "num_hidden_layers": n_blocks,
            "num_attention_heads": d // _D_HEAD,
            "intermediate_size": len(state["pretrained.model.blocks.0.mlp.fc1.weight"]),
            "hooks": tuple(n_blocks * (i + 1) // 4 - 1 for i in range(4)),
            "neck_hidden_sizes": necks,
            "reassemble_factors": tuple(side / _FINEST / 2**i for i in range(4)),
            "fusion_hidden_size": head.shape[1],
            "projection_dim": head.shape[0],
            "vocab_size": vocabulary,
            "text_hidden_size": d_text,
            "text_num_hidden_layers": n_layers(state, "clip_pretrained.transformer.resblocks."),
            "text_num_attention_heads": d_text // _D_HEAD,
            "text_intermediate_size": len(state["clip_pretrained.transformer.resblocks.0.mlp.c_fc.weight"]),
            "max_position_embeddings": len(state["clip_pretrained.positional_embedding"]),
            "bos_token_id": vocabulary - 2,
            "eos_token_id": vocabulary - 1,
        }
    except KeyError as missing:
        raise ValueError(f"These are not the weights of an LSeg: {missing.args[0]} is missing.") from None


AutoConfig.register("lseg", LSegConfig)
AutoModel.register(LSegConfig, LSeg)
