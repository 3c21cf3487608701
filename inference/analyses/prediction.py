"""What a fine-tuned model predicts of a text: the answer of its own class and head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from inference.context import Refused
from inference.family.text_heads import PREDICTORS, last_token
from inference.forward.entities import entities, marks
from inference.inputs.tokens import typed_at
from inference.results.prediction import (
    MOST_ANSWER_TOKENS,
    MOST_ANSWERS,
    Activation,
    PredictionRequest,
    PredictionResult,
    Span,
)

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model

_RANDOM_BLOCKS = (
    "The prediction is that of transformers in evaluation, without random blocks; the attention is shown with them."
)


def prediction(request: PredictionRequest, model: Model, context: Context) -> PredictionResult:
    """Run the model with its head on what its attention is shown of, and read the answer as it was trained.

    Classes of a text exclude each other (softmax), unless the checkpoint's problem type says that each is by itself
    (sigmoid) or that they are numbers; a single class is a number. Tokens have a softmax each, and entities are made of
    the labels of the first piece of each word. An answer is a part of the context: the probability of its first token
    times that of its last.

    Parameters
    ----------
    context
        One checkpoint a layer.

    Raises
    ------
    Refused
        A question without a context; more answers, or longer ones, than can be asked for; an encoder-decoder is given
        ids without the end token; else as `Model.encode`.

    References
    ----------
    Devlin et al. 2019, "BERT", sections 4.1 to 4.3 and 5.3: what each head reads, [CLS] for no answer, and the first
    piece of a word.
    """
    predicts = PREDICTORS[type(model.net).__name__]
    if predicts == "answer":
        _check_answers(request)
    encoded = model.encode(request.input)
    if predicts == "text":
        _check_end(model, encoded)
    with torch.inference_mode(), _checked(model.net, context):
        output = model.family.output(model.net, encoded.tensors, return_dict=True)
    notes = (_RANDOM_BLOCKS,) if _has_random_blocks(model, encoded) else ()
    axis = next(iter(encoded.sequences))
    if predicts == "answer":
        result = _answer(request, model, encoded, axis, output)
    else:
        labels = model.family.classes(model.net.config)
        logits = _numbers(output["logits"][0])
        activation = _activation(model, predicts)
        probs = _probs(logits, activation)
        result = PredictionResult(predicts, encoded.tokens, axis, labels, logits, probs, activation)
        if predicts == "text":
            result = replace(result, read_pos=_read_pos(model, encoded))
        else:
            named = marks(labels)
            has_entities = activation != "none" and any(name for _, name in named)
            spans = _entities(request, model, result, named) if has_entities else ()
            result = replace(result, has_entities=has_entities, spans=spans)
        if all(label == f"LABEL_{i}" for i, label in enumerate(labels)):
            notes += ("The checkpoint does not name its labels: LABEL_0 and its like are their numbers.",)
    return replace(result, notes=(*notes, *result.notes))


def _check_end(model: Model, encoded: Encoded) -> None:
    """Classifiers among the encoder-decoders read the place of the end token, and fail where there is none."""
    if not model.net.config.is_encoder_decoder:
        return
    end = model.net.config.eos_token_id
    if end not in encoded.tokens.ids:
        raise Refused(f"This classifier reads its answer at the end token, whose id is {end}; it is not in the input.")


def _numbers(logits: Tensor) -> np.ndarray:
    return logits.float().cpu().numpy()


def _activation(model: Model, predicts: str) -> Activation:
    """How the head was trained; see `transformers.PreTrainedConfig.problem_type`."""
    config = model.net.config
    problem = config.problem_type if predicts == "text" else None
    if problem == "multi_label_classification":
        return "sigmoid"
    return "none" if problem == "regression" or config.num_labels == 1 else "softmax"


def _probs(logits: np.ndarray, activation: Activation) -> np.ndarray:
    """float32, by the last axis."""
    if activation == "none":
        return logits
    values = torch.from_numpy(logits)
    return (values.sigmoid() if activation == "sigmoid" else values.softmax(-1)).numpy()


def _read_pos(model: Model, encoded: Encoded) -> int | None:
    """Of decoders the last token that is no padding, by the rule of transformers."""
    if not any(group.is_causal for group in model.info.groups) or len(encoded.sequences) > 1:
        return None
    return last_token(model.net.config, encoded.tokens.ids)


def _has_random_blocks(model: Model, encoded: Encoded) -> bool:
    config = model.net.config
    if getattr(config, "attention_type", None) != "block_sparse":
        return False
    return len(encoded.tokens) > (5 + 2 * config.num_random_blocks) * config.block_size


@contextmanager
def _checked(net: nn.Module, context: Context) -> Iterator[None]:
    """Within it, a pass ends before its next layer when it was cancelled."""
    layers = [layer for part in net.modules() if isinstance(part, nn.ModuleList) for layer in part]
    handles = [layer.register_forward_pre_hook(lambda *_: context.checkpoint()) for layer in layers]
    try:
        context.checkpoint()
        yield
    finally:
        for handle in handles:
            handle.remove()


# Labels of tokens


def _entities(
    request: PredictionRequest, model: Model, result: PredictionResult, named: tuple[tuple[str, str], ...]
) -> tuple[Span, ...]:
    """Of whole words: only the first piece of a word was labelled in training."""
    tokens = result.tokens
    best = result.probs.argmax(-1)
    starts = np.flatnonzero(tokens.starts_word | tokens.is_special)
    stops = np.append(starts[1:], len(tokens))
    marked = [("", "") if tokens.is_special[start] else named[best[start]] for start in starts.tolist()]
    typed = typed_at(request.input, tokens, model.tokenizer)
    return tuple(
        Span(
            int(starts[found.start]),
            int(stops[found.stop - 1]),
            found.label,
            float(result.probs[words, best[words]].mean(dtype=np.float64)),
            typed(int(starts[found.start]), int(stops[found.stop - 1])),
        )
        for found in entities(marked)
        for words in [starts[found.start : found.stop]]
    )


# Answers


def _check_answers(request: PredictionRequest) -> None:
    text = request.input.text
    if text is not None and text.token_ids is None and not (text.text_pair or "").strip():
        raise Refused("Type the text that is asked about as the second sentence: the first one is the question.")
    for number, most, what in (
        (request.n_answers, MOST_ANSWERS, "answers"),
        (request.longest_answer, MOST_ANSWER_TOKENS, "tokens of an answer"),
    ):
        if not 1 <= number <= most:
            raise Refused(f"{number} {what} were asked for; 1 to {most} are possible.")


def _answer(
    request: PredictionRequest, model: Model, encoded: Encoded, axis: str, output: dict[str, Any]
) -> PredictionResult:
    tokens, notes = encoded.tokens, ()
    logits = np.stack([_numbers(output[f"{side}_logits"][0]) for side in ("start", "end")], axis=1)
    is_context = (tokens.segment == 1) & ~tokens.is_special
    if not is_context.any():
        is_context = ~tokens.is_special
        notes = ("Which tokens are the question is not known, so the answer may lie in any of them.",)
    if not is_context.any():
        raise Refused("There is no word in which an answer could lie.")
    cls = np.flatnonzero(tokens.ids == getattr(model.tokenizer, "cls_token_id", None))
    is_allowed = is_context.copy()
    is_allowed[cls[:1]] = True
    probs = np.full_like(logits, np.nan)
    probs[is_allowed] = torch.from_numpy(logits[is_allowed]).softmax(0).numpy()
    typed = typed_at(request.input, tokens, model.tokenizer)
    found = _best(np.where(is_context[:, None], probs, 0.0), request.n_answers, request.longest_answer)
    return PredictionResult(
        "answer",
        tokens,
        axis,
        ("start", "end"),
        logits,
        probs,
        "softmax",
        spans=tuple(Span(start, stop, "", prob, typed(start, stop)) for start, stop, prob in found),
        no_answer=float(probs[cls[0]].prod(dtype=np.float64)) if len(cls) else float("nan"),
        notes=notes,
    )


def _best(probs: np.ndarray, n_answers: int, longest: int) -> list[tuple[int, int, float]]:
    """First token, the one after the last, and probability, the most probable first.

    Parameters
    ----------
    probs
        float32 [pos, 2]; 0 where an answer neither begins nor ends.
    """
    start, end = probs.astype(np.float64).T
    n = len(start)
    products = np.zeros((min(longest, n), n))  # [tokens - 1, first token]
    for more in range(len(products)):
        products[more, : n - more] = start[: n - more] * end[more:]
    order = np.argsort(-products, axis=None, kind="stable")[:n_answers]
    places = zip(*np.unravel_index(order, products.shape), strict=True)
    best = [(int(first), int(first + more) + 1, float(products[more, first])) for more, first in places]
    return [answer for answer in best if answer[2] > 0] or best[:1]
