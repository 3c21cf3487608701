"""State dicts of TransformerLens (`HookedTransformer`), whose names and shapes are known, as those of GPT-2.

Heads have an axis of their own there, and matrices stand as `x @ W`: [head, d_model, d_head] for queries, keys and
values, [head, d_head, d_model] for the output. Where LayerNorms were folded into the weights behind them, what is left
of one has a weight of 1 and a bias of 0: it only centres and scales.

References
----------
TransformerLens, `HookedTransformer` and `utilities/fold` (`center_writing_weights`, `fold_layer_norm`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch

from inference.context import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

# Its state dicts of GPT-2, of toy models with ReLU and of those whose positions are added to queries and keys alone
# have the same names and shapes: which it is, its configuration says, and that is in no state dict.
CARD = """# From a state dict of TransformerLens

A state dict of TransformerLens holds weights and not how they are used. These were taken for a GPT-2: the activation is
GELU (`gelu_new`), layer norms stand before the sublayers, with an epsilon of 1e-5, and positions are added to the
embeddings. A model with another activation (such as ReLU), without layer norms, or with `shortformer` positions
computes something else.
"""
_BLOCK = re.compile(r"blocks\.(\d{1,4})\.(.+)")
_NEEDED = ("embed.W_E", "pos_embed.W_pos", "unembed.W_U", "blocks.0.attn.W_Q", "blocks.0.mlp.W_in")


def is_transformer_lens(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of a `HookedTransformer`."""
    return {"embed.W_E", "unembed.W_U"} <= tensors.keys()


def as_gpt2(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and tensors of a GPT-2 that computes the same.

    The activation is taken for GPT-2's (`gelu_new`): a state dict does not say it.

    Raises
    ------
    Refused
        It is another kind of model (rotary positions, no MLP, gated MLP), or shapes do not fit each other.
    """
    if lacking := [name for name in _NEEDED if name not in tensors]:
        raise Refused(
            f"These weights are of TransformerLens, but lack {lacking[0]}: only models built like GPT-2 are read."
        )
    try:
        return _converted(tensors)
    except (RuntimeError, ValueError, KeyError) as error:
        raise Refused(f"These weights of TransformerLens do not make a GPT-2: {str(error)[:120]}.") from error


def _converted(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    d_vocab, d_model = tensors["embed.W_E"].shape
    n_heads, _, d_head = tensors["blocks.0.attn.W_Q"].shape
    numbers = [int(found[1]) for name in tensors if (found := _BLOCK.fullmatch(name))]
    n_layers = max(numbers) + 1
    if n_heads * d_head != d_model:
        raise ValueError(f"{n_heads} heads of {d_head} are not its width of {d_model}")
    made = {"transformer.wte.weight": tensors["embed.W_E"], "transformer.wpe.weight": tensors["pos_embed.W_pos"]}
    made |= _norm("transformer.ln_f", "ln_final", tensors, d_model)
    head = tensors["unembed.W_U"].T
    if (bias := tensors.get("unembed.b_U")) is not None and bias.abs().max() > 0:
        raise ValueError("its unembedding has a bias (unembed.b_U), which a GPT-2 has not")
    is_tied = torch.equal(head, tensors["embed.W_E"])
    if not is_tied:
        made["lm_head.weight"] = head
    for layer in range(n_layers):
        made |= _block(layer, tensors, n_heads, d_head, d_model)
    config = {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": d_vocab, "n_embd": d_model,
        "n_layer": n_layers, "n_head": n_heads, "n_positions": tensors["pos_embed.W_pos"].shape[0],
        "n_inner": tensors["blocks.0.mlp.W_in"].shape[1], "tie_word_embeddings": is_tied,
        "bos_token_id": None, "eos_token_id": None,
    }  # fmt: skip
    return config, {name: tensor.detach().clone().contiguous() for name, tensor in made.items()}


def _block(layer: int, tensors: Mapping[str, Tensor], n_heads: int, d_head: int, d_model: int) -> dict[str, Tensor]:
    old, new = f"blocks.{layer}", f"transformer.h.{layer}"
    of_heads = [tensors[f"{old}.attn.W_{part}"] for part in "QKV"]
    biases = [tensors.get(f"{old}.attn.b_{part}", torch.zeros(n_heads, d_head)) for part in "QKV"]
    flat = [weight.permute(1, 0, 2).reshape(d_model, n_heads * d_head) for weight in of_heads]
    n_inner = tensors[f"{old}.mlp.W_in"].shape[1]
    return {
        **_norm(f"{new}.ln_1", f"{old}.ln1", tensors, d_model),
        **_norm(f"{new}.ln_2", f"{old}.ln2", tensors, d_model),
        f"{new}.attn.c_attn.weight": torch.cat(flat, dim=1),
        f"{new}.attn.c_attn.bias": torch.cat([bias.reshape(-1) for bias in biases]),
        f"{new}.attn.c_proj.weight": tensors[f"{old}.attn.W_O"].reshape(n_heads * d_head, d_model),
        f"{new}.attn.c_proj.bias": tensors.get(f"{old}.attn.b_O", torch.zeros(d_model)),
        f"{new}.mlp.c_fc.weight": tensors[f"{old}.mlp.W_in"],
        f"{new}.mlp.c_fc.bias": tensors.get(f"{old}.mlp.b_in", torch.zeros(n_inner)),
        f"{new}.mlp.c_proj.weight": tensors[f"{old}.mlp.W_out"],
        f"{new}.mlp.c_proj.bias": tensors.get(f"{old}.mlp.b_out", torch.zeros(d_model)),
    }


def _norm(new: str, old: str, tensors: Mapping[str, Tensor], d_model: int) -> dict[str, Tensor]:
    return {
        f"{new}.weight": tensors.get(f"{old}.w", torch.ones(d_model)),
        f"{new}.bias": tensors.get(f"{old}.b", torch.zeros(d_model)),
    }
