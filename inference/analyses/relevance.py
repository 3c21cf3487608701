"""Where in an image a text is found: the attention of both towers, weighted by the gradient of their logit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from inference.capture.capture import capture
from inference.capture.head_changes import WatchedOutputs
from inference.context import Refused
from inference.inputs.read_alike import notes_of_unknown_words
from inference.inputs.seen import seen_image
from inference.results.relevance import RelevanceRequest, RelevanceResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model


def relevance(request: RelevanceRequest, model: Model, context: Context) -> RelevanceResult:
    """Relevance of patches and of words for the logit of one image and one text.

    In each tower, layer by layer, `R += mean over the heads of relu(G * A) @ R`, with R the identity at first, A the
    pattern and G the gradient of the logit with respect to it. The gradient comes from that of the attention's output
    O = A V, `G = dO V^T`, so no pattern is held in the graph. The row that is read is that of the token whose state
    becomes the vector; where a pooling head reads the patches instead, its own row times R.

    Parameters
    ----------
    context
        One checkpoint an attention, and one before the pass backward.

    Raises
    ------
    Refused
        A text or an image is missing; else as `Family.encode`.

    References
    ----------
    Chefer, Gur and Wolf 2021, "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder
    Transformers", section 3.1 and equations 5 and 6.
    """
    if request.input.text is None or not request.input.text.text.strip():
        raise Refused("An image and a text are needed; add a text.")
    pairs, config = model.pairs, model.net.config
    prepared, encoded = model.prepare(request.input), model.encode(request.input)
    calls, gradients, output = _passes(model, encoded, context)
    grid = model.images.grid("", config, prepared.shape)
    by_axes = {(group.query_axis, group.key_axis): calls[group.name] for group in model.family.groups(config)}
    of_image = _rolled(by_axes["patches", "patches"], gradients)
    pooling = by_axes.get(("probe", "patches"))
    row = _weighted(pooling[0], gradients)[0] @ of_image if pooling else of_image[0]
    of_text = _rolled(by_axes["text", "text"], gradients)
    pooled = pairs.pooled_text_row(config, encoded.tensors["input_ids"][0])
    words = of_text[pooled].clone()
    words[pooled] -= 1  # the identity that it began with
    with torch.no_grad():
        states = output.vision_model_output.last_hidden_state[0].detach()
        similarity = (pairs.patch_vectors(model.net, states) @ output.text_embeds[0].detach()).float()
        cosine = float(output.image_embeds[0].detach() @ output.text_embeds[0].detach())
    return RelevanceResult(
        relevance=row[grid.n_special :].reshape(grid.shape).cpu().numpy(),
        text_relevance=words.cpu().numpy(),
        patch_similarity=similarity.reshape(grid.shape).cpu().numpy(),
        tokens=encoded.sequences["text"],
        pooled_token=pooled,
        pooled_from="the pooling head" if pooling else "[CLS]",
        cosine=cosine,
        logit=float(output.logits_per_image[0, 0].detach()),
        picture=seen_image(prepared, grid),
        notes=(*encoded.notes, *notes_of_unknown_words(model.info.name, model.tokenizer, [request.input.text.text])),
    )


def _passes(
    model: Model, encoded: Encoded, context: Context
) -> tuple[dict[str, list[AttentionCall]], dict[int, Tensor], Any]:
    """Forward and backward: calls by group, the gradients of the outputs by the number of a call, and the answer."""
    watched = WatchedOutputs()
    n_calls = sum(len(group.layers) for group in model.family.groups(model.net.config))
    with torch.enable_grad(), capture(model.net, context, n_calls, heads=watched) as received:
        output = model.family.output(model.net, encoded.tensors)
        context.checkpoint(n_calls, n_calls, "Gradients of the maps")
        numbers = list(watched.outputs)
        found = torch.autograd.grad(output.logits_per_image[0, 0], [watched.outputs[n] for n in numbers])
    calls = model.family.sort_calls(received, model.net, encoded)
    return calls, dict(zip(numbers, found, strict=True)), output


def _weighted(call: AttentionCall, gradients: dict[int, Tensor]) -> Tensor:
    """Mean over the heads of relu(G * A), float32 [query_pos, key_pos]."""
    (number,) = call.parts
    assert call.v is not None
    gradient = gradients[number][0].float() @ call.v.float().transpose(-1, -2)  # [head, query_pos, key_pos]
    return (gradient * call.patterns().float()).clamp(min=0).mean(0)


def _rolled(calls: list[AttentionCall], gradients: dict[int, Tensor]) -> Tensor:
    """R of a tower, float32 [token, token], its identity included."""
    rolled = None
    for call in calls:
        weighted = _weighted(call, gradients)
        rolled = torch.eye(len(weighted), device=weighted.device) if rolled is None else rolled
        rolled = rolled + weighted @ rolled
    assert rolled is not None
    return rolled
