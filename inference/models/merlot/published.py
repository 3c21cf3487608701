"""Published weights of MERLOT, as arrays by their names in TensorFlow, and the model that they are of.

The checkpoint that was published is one of TensorFlow 1, which nothing here reads. Whoever has TensorFlow writes it as
an NPZ file: `np.savez(file, **{n: r.get_tensor(n) for n in r.get_variable_to_shape_map()})` of a
`tf.train.load_checkpoint`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from inference.models.merlot.layers import MerlotConfig
from inference.models.merlot.model import Merlot
from inference.models.published import load_published

_D_HEAD = 64  # of all published heads
# What training keeps beside the weights.
_UNUSED = (r"global_step", r".*[./](adam_[mv]|Adam(_1)?|beta[12]_power)", r"(beta[12]_power)")
_LEAVES = {"kernel": "weight", "gamma": "weight", "beta": "bias"}


def from_published(
    arrays: Mapping[str, np.ndarray], image_size: tuple[int, int] = (192, 352), num_frames: int = 4
) -> Merlot:
    """A model of published weights: all of them, and no others but what training keeps beside them.

    Parameters
    ----------
    arrays
        By their names in TensorFlow, such as `encoder/layer00/query_layer/kernel`.
    image_size, num_frames
        Which the weights do not tell: 192 x 352 and 4, or 384 x 384 and 5 of those for stories.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    state = {_renamed(name): _turned(name, array) for name, array in arrays.items()}
    try:
        vocab_size, d = state["word_embeddings.word_embeddings"].shape
        stem = "vision_backbone.vision_transformer.resnet50lite."
        config = MerlotConfig(
            vocab_size=vocab_size,
            hidden_size=d,
            contrastive_size=len(state["contrastive.lang_proj.weight"]),
            num_attention_heads=max(1, d // _D_HEAD),
            intermediate_size=len(state["encoder.layer00.intermediate.weight"]),
            num_hidden_layers=_count(state, r"encoder\.layer(\d+)\."),
            num_vision_transformer_hidden_layers=_count(state, r"vision_backbone\.vision_transformer\.layer(\d+)\."),
            num_frames=num_frames,
            image_size=image_size,
            resnet_layers=_blocks(state, stem),
            resnet_width=len(state[f"{stem}stem.conv2d_2.weight"]),
            max_position_embeddings=len(state["position_embeddings.position_embeddings"]),
            max_side_patches=state["vision_backbone.vision_transformer.pos_embs.pos_embs"].shape[1],
            max_frame_places=len(state["vision_backbone.img_idx_pe"]),
        )
    except KeyError as missing:
        raise ValueError(f"These are not the weights of a MERLOT: {missing.args[0]} is missing.") from None
    model = Merlot(config)
    load_published(model, state, "a MERLOT", _UNUSED)
    return model


def _renamed(name: str) -> str:
    """What a tensor is called here: scopes are parted by points, and leaves are called as torch does."""
    *scopes, leaf = name.split("/")
    return ".".join((*scopes, _LEAVES.get(leaf, leaf)))


def _turned(name: str, array: np.ndarray) -> Tensor:
    """Kernels with the output in front: [row, column, in, out] and [in, out] in TensorFlow."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if not name.endswith("/kernel"):
        return tensor
    return (tensor.permute(3, 2, 0, 1) if tensor.ndim == 4 else tensor.T).contiguous()


def _count(state: Mapping[str, Tensor], pattern: str) -> int:
    return 1 + max((int(found[1]) for name in state if (found := re.match(pattern, name))), default=-1)


def _blocks(state: Mapping[str, Tensor], stem: str) -> list[int]:
    """Of each stage: it has a projection, and three convolutions a block."""
    n_stages = _count(state, rf"{re.escape(stem)}block_group(\d+)\.") - 1
    stages = (re.escape(f"{stem}block_group{i + 1}.") for i in range(n_stages))
    return [sum(bool(re.match(rf"{stage}conv2d(_\d+)?\.weight", name)) for name in state) // 3 for stage in stages]
