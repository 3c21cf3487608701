"""The language-model head of an encoder, applied to any state of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.context import Refused
from inference.inputs.tokens import piece, word

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model


@dataclass(frozen=True)
class TopWords:
    """The `k` words likeliest at each of `n` places, most probable first.

    Attributes
    ----------
    words, ids, probs
        [n][k] with the marks of their tokenizer, int64 [n, k], float32 [n, k]: `␣he` is another token than `he`.
    """

    words: tuple[tuple[str, ...], ...]
    ids: np.ndarray
    probs: np.ndarray


def check_top_k(top_k: int) -> None:
    """Raise `Refused` unless at least one word is asked for."""
    if top_k < 1:
        raise Refused(f"{top_k} words were asked for; at least 1 is needed.")


def lens_logits(model: Model, tensors: dict[str, Tensor], positions: np.ndarray, context: Context) -> Iterator[Tensor]:
    """Logits of the model's own head on what leaves each layer, as if it were the last.

    Parameters
    ----------
    tensors
        What `forward` takes, batch of one.
    positions
        int64 [n], where logits are wanted.
    context
        One checkpoint a layer.

    Yields
    ------
    float32 [n, d_vocab]; first for the embeddings, then for each layer. The last are the model's real logits.
    """
    output = _run_base(model, tensors, context, output_hidden_states=True)
    last = output.last_hidden_state
    # Funnel's inner layers are pooled: they have no state for each token.
    earlier = [state for state in output.hidden_states[:-1] if state.shape[1] >= last.shape[1]]
    with torch.inference_mode():  # the last one has been through the final norm
        normed = [model.components.norm(model.net, state) for state in earlier]
    for state in (*normed, last):
        context.checkpoint()
        yield _apply_head(model, tensors, output, state, positions)


def masked_logits(model: Model, tensors: dict[str, Tensor], positions: np.ndarray, context: Context) -> Tensor:
    """The model's logits, float32 [n, d_vocab], at `positions` alone."""
    output = _run_base(model, tensors, context)
    return _apply_head(model, tensors, output, output.last_hidden_state, positions)


def _run_base(model: Model, tensors: dict[str, Tensor], context: Context, **wanted: bool) -> Any:
    """What the base model returns: each has a class of its own for that, with `last_hidden_state` in it."""
    context.checkpoint()
    with torch.inference_mode():
        return model.family.output(model.net, tensors, with_head=False, return_dict=True, **wanted)


def _apply_head(model: Model, tensors: dict[str, Tensor], output: Any, state: Tensor, positions: np.ndarray) -> Tensor:
    """Logits, float32 [n, d_vocab], from one layer's state [1, pos, d_model].

    Each model keeps its head elsewhere and under another name, but the `forward` of each hands it what the base model
    returns. So `forward` is called with a base model that returns this state, cut to the wanted positions, which saves
    the logits of all others.
    """
    base = model.net.base_model
    cut = state[:, torch.as_tensor(positions, device=model.device)]
    answer = type(output)(**{**output, "last_hidden_state": cut})
    base.forward = lambda *_, **__: answer
    try:
        with torch.inference_mode():
            head = model.net(**tensors, return_dict=True)
    finally:
        del base.forward  # the method of its class shows again
    return (head["prediction_logits"] if "prediction_logits" in head else head["logits"])[0].float()


def top_words(model: Model, logits: Tensor, top_k: int) -> TopWords:
    """The likeliest words; `top_k` is cut to the vocabulary."""
    probs, ids = logits.softmax(-1).topk(min(top_k, logits.shape[-1]))
    words = tuple(tuple(piece(token, model.tokenizer) for token in row) for row in ids.tolist())
    return TopWords(words, ids.cpu().numpy(), probs.cpu().numpy())


def predicted_word(model: Model, token: int) -> str:
    """A prediction as it would stand in the text; `##` stays, because it says that a word goes on."""
    text = word(token, model.tokenizer)
    if model.tokenizer is None or token >= len(model.tokenizer):
        return text
    piece = str(model.tokenizer.convert_ids_to_tokens(token))
    return f"##{text}" if piece.startswith("##") and not text.startswith("##") else text


def probs_of(logits: Tensor, ids: np.ndarray) -> np.ndarray:
    """Probability of one token at each place: float32 [n] from [n, d_vocab] and int64 [n]."""
    wanted = torch.as_tensor(ids, device=logits.device)[:, None]
    return logits.softmax(-1).gather(-1, wanted)[:, 0].cpu().numpy()
