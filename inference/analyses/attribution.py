"""Of what the logit of a word is made: direct logit attribution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from inference.context import Refused
from inference.forward.direct_effects import DirectEffects, direct_effects
from inference.forward.residual_parts import ResidualParts, residual_parts
from inference.inputs.tokens import piece
from inference.results.attribution import MOST_WORDS, AttributionRequest, AttributionResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.tokens import Tokens

_ADDED = ("learned", "sinusoidal")  # kinds of positions that are added to the embedding


def attribution(request: AttributionRequest, model: Model, context: Context) -> AttributionResult:
    """What each part adds to a logit by the direct way, with every norm on it held at its scale.

    The state behind the last layer is a sum of what was added to it, and what follows is linear but for the norm, which
    divides by a number. With that number held, a logit is the sum of what each part adds; heads are told apart by the
    rows of their output projection.

    Parameters
    ----------
    context
        One checkpoint a layer, then one a word.

    Raises
    ------
    Refused
        There is no such position; the sum of the parts is not the logit, as something between them is not followed;
        else as `Family.encode`.

    References
    ----------
    Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; nostalgebraist 2020; TransformerLens,
    `ActivationCache.logit_attrs`.
    """
    components = model.components
    group = model.info.group(components.of_head)
    blocks = components.stacks[components.of_head].blocks
    encoded = model.encode(request.input)
    tokens = encoded.sequences[group.query_axis]
    position = _last_word(tokens) if request.position is None else request.position
    if not 0 <= position < len(tokens):
        raise Refused(f"There is no position {position}; the text has positions 0 to {len(tokens) - 1}.")
    found = residual_parts(model, blocks, encoded.tensors, position, context)
    with torch.inference_mode():
        normed = components.norm(model.net, found.last)
        probs = components.unembed(model.net, normed)[0, 0].float().softmax(-1)
    predicts: Literal["next", "own"] = "next" if group.is_causal else "own"
    whole = model.encode(request.input.unmasked()).sequences[group.query_axis]
    ids = probs.topk(min(MOST_WORDS, len(probs))).indices.tolist()
    true = _true(model, whole, position, predicts)
    if true >= 0 and true not in ids:
        ids.append(true)
    effects = direct_effects(model, blocks, found, ids, context.checkpoint)
    logits = _logits(model, normed)[ids].double().cpu().numpy()
    names = tuple(name for name in (group.name, "cross") if name in [each.name for each in model.info.groups])
    attn, heads, mlp = _by_layer(model, names, found, effects, len(blocks), len(ids))
    token = effects.embed
    if model.info.position_kind in _ADDED and found.token is not None:
        token = effects.token
    result = AttributionResult(
        tokens=tokens,
        axis=group.query_axis,
        position=position,
        predicts=predicts,
        words=tuple(piece(each, model.tokenizer) for each in ids),
        ids=np.array(ids),
        target=ids.index(true) if true >= 0 else -1,
        probs=probs[ids].cpu().numpy(),
        logits=logits.astype(np.float32),
        groups=names,
        embed=token.astype(np.float32),
        positions=(effects.embed - token).astype(np.float32),
        attn=attn.astype(np.float32),
        heads=heads.astype(np.float32),
        mlp=mlp.astype(np.float32),
        bias=effects.bias.astype(np.float32),
        cap=components.cap,
    )
    _check_sum(result, model)
    return result


def _last_word(tokens: Tokens) -> int:
    """The last token that is no special one; the very last if all are special, as in a target that has just begun."""
    words = np.flatnonzero(~tokens.is_special)
    return int(words[-1]) if len(words) else len(tokens) - 1


def _true(model: Model, tokens: Tokens, position: int, predicts: str) -> int:
    """The token that stands where the words are told of; -1 where the text does not say."""
    if predicts == "next":
        return int(tokens.ids[position + 1]) if position + 1 < len(tokens) else -1
    token = int(tokens.ids[position])
    return -1 if model.tokenizer is not None and token == model.tokenizer.mask_token_id else token


def _logits(model: Model, normed: Tensor) -> Tensor:
    """[vocabulary], before a cap."""
    with torch.inference_mode():
        return replace(model.components, cap=None).unembed(model.net, normed)[0, 0]


def _by_layer(
    model: Model, names: tuple[str, ...], found: ResidualParts, effects: DirectEffects, n_layers: int, n_words: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What attention, heads and MLPs add, as in `AttributionResult`."""
    n_heads = [model.info.group(name).n_heads for name in names]
    attn = np.zeros((n_words, len(names), n_layers))
    heads = np.full((n_words, len(names), n_layers, max(max(each) for each in n_heads)), np.nan)
    mlp = np.zeros((n_words, n_layers))
    for part, effect, by_feature in zip(found.parts, effects.parts, effects.heads, strict=True):
        if part.kind == "mlp":
            mlp[:, part.layer] += effect
            continue
        at = int(part.kind == "cross")
        attn[:, at, part.layer] += effect
        n = n_heads[at][part.layer]
        if by_feature is not None and n and by_feature.shape[1] % n == 0:
            heads[:, at, part.layer, :n] = by_feature.reshape(n_words, n, -1).sum(-1)
    return attn, heads, mlp


def _check_sum(result: AttributionResult, model: Model) -> None:
    """Refuse what is no sum, so that no number is told that means nothing."""
    parts = (result.embed, result.positions, result.bias)
    size = sum(np.abs(each) for each in parts) + np.abs(result.mlp).sum(1) + np.abs(result.attn).sum((1, 2))
    eps = max(torch.finfo(dtype).eps for dtype in (model.net.dtype, torch.float32))
    allowed = eps**0.5 * np.maximum(size, 1)
    if (wrong := np.abs(result.remainder) > allowed).any() or not np.isfinite(result.logits).all():
        word = int(wrong.argmax())
        raise Refused(
            f"The parts of {model.info.name} add up to {result.logits[word] - result.remainder[word]:.3g} where its "
            f"logit is {result.logits[word]:.3g}: something between its layers is not followed."
        )
