"""What pre-training buys, and what fine-tuning changes in what [CLS] looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.checkpoints.adapters import find_adapter
from inference.context import Refused
from inference.family.text_heads import last_token
from inference.files.json_file import read_object
from inference.forward.opening import load
from inference.results.checkpoint import split_precision
from inference.results.counts import count_of
from inference.results.fine_tuning import (
    FineTuningRequest,
    FineTuningResult,
    LabelledExamplesRequest,
    LabelledExamplesResult,
    MeasuredRuns,
    MeasuredStudy,
    PublishedTableRequest,
    PublishedTableResult,
    PublishedTask,
)
from resources import PUBLISHED, bundled_checkpoints, checkpoint_path

if TYPE_CHECKING:
    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.results.checkpoint import AttentionGroup

STUDY = "fine_tuning.json"  # beside a checkpoint's weights
_MOST_BYTES = 2**20
_KEPT = "fine_tuning"  # the base, in the store of a model


def labelled_examples(request: LabelledExamplesRequest, context: Context) -> LabelledExamplesResult:
    """Numbers that were measured when a bundled checkpoint was made; nothing is computed.

    Raises
    ------
    Refused
        There are no such numbers, or they cannot be read.
    """
    context.checkpoint()
    names = tuple(name for name in bundled_checkpoints() if (checkpoint_path(name) / STUDY).is_file())
    name = request.study or next(iter(names), "")
    if name not in names:
        raise Refused(f"No numbers come with {name or 'Headlight'}; there are those of {', '.join(names) or 'none'}.")
    told = read_object(checkpoint_path(name) / STUDY, _MOST_BYTES)
    try:
        runs = [MeasuredRuns(row["method"], row["n"], np.array(row["accuracies"], np.float64)) for row in told["runs"]]
        study = MeasuredStudy(
            told["base"],
            told["task"],
            told["n_tested"],
            dict(told["methods"]),
            tuple(sorted(runs, key=lambda one: ([*told["methods"]].index(one.method), one.n_examples))),
            tuple(told["told"]),
            told.get("unit", "sentences"),
        )
        return LabelledExamplesResult(name, names, study)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{STUDY} of {name} is not what it has to be: {str(error)[:80]}.") from error


def published_table(request: PublishedTableRequest, context: Context) -> PublishedTableResult:
    """The table as published.

    Raises
    ------
    Refused
        There is no such table.
    """
    context.checkpoint()
    known = sorted(file.stem for file in PUBLISHED.glob("*.json"))
    if request.table not in known:
        raise Refused(f"No published table is called {request.table!r}; there are {', '.join(known)}.")
    told = read_object(PUBLISHED / f"{request.table}.json", _MOST_BYTES)
    tasks = tuple(
        PublishedTask(task["name"], task["examples"], task["measure"], task["about"]) for task in told["tasks"]
    )
    systems = tuple(system["name"] for system in told["systems"])
    scores = np.array([system["scores"] for system in told["systems"]], np.float64)
    return PublishedTableResult(told["title"], told["source"], tasks, systems, scores)


def fine_tuning(request: FineTuningRequest, model: Model, context: Context) -> FineTuningResult:
    """Run the same text through a fine-tuned checkpoint and through what it was fine-tuned from.

    Parameters
    ----------
    context
        One checkpoint a layer.

    Raises
    ------
    Refused
        It is not known what it was fine-tuned from; that is another architecture, or cuts the text otherwise; no token
        is known to be the one that a class is read at; else as `load` and `Model.run`.

    References
    ----------
    Devlin et al. 2019, "BERT", section 4.1: the class is read at [CLS]; Radford et al. 2018, "Improving Language
    Understanding by Generative Pre-Training", section 3.2: at the last token. Kovaleva et al. 2019, "Revealing the Dark
    Secrets of BERT", section 4.3: attention before and after fine-tuning.
    """
    group = model.info.groups[0]
    if len(model.info.groups) > 1 or "text" not in model.info.reads:
        raise Refused(f"{model.info.name} has no single stack that reads a text, so its [CLS] cannot be compared.")
    base = _base(request.base, model, context)
    if base.info.groups != model.info.groups:
        raise Refused(
            f"{base.info.name} has other layers and heads than {model.info.name} ({_size(base)} and {_size(model)}), "
            "so it is not what that was fine-tuned from."
        )
    rows = []
    encoded = model.encode(request.input)
    if not np.array_equal(base.encode(request.input).tokens.ids, encoded.tokens.ids):
        raise Refused(f"{base.info.name} and {model.info.name} cut this text into different tokens.")
    read_pos, heads = _read_pos(model, encoded, group), list(range(min(group.n_heads[at] for at in group.layers)))
    for each in (base, model):
        run = each.run(request.input, context)
        calls = each.each_call(run, group.name, context)
        rows.append([_row(call, heads, read_pos, each.device, context) for _, call in calls])
    return FineTuningResult(
        (base.info.name, model.info.name), encoded.tokens, read_pos, np.array(rows, np.float32), group.layers
    )


def _row(call: AttentionCall, heads: list[int], read_pos: int, device: torch.device, context: Context) -> np.ndarray:
    """float32 [head, key_pos] of one query."""
    context.checkpoint()
    return call.patterns(heads, torch.tensor([read_pos], device=device))[:, 0].float().cpu().numpy()


def _base(named: str, model: Model, context: Context) -> Model:
    """What a model was fine-tuned from; kept with it while no other is asked for."""
    if not named:
        adapter = find_adapter(checkpoint_path(split_precision(model.info.checkpoint)[0]))
        if adapter is None:
            raise Refused(
                f"{model.info.name} does not say what it was fine-tuned from: choose its base, or open an adapter "
                "such as bert-mini-polarity."
            )
        named = str(adapter.base)
    kept = model.store.get(_KEPT)
    if isinstance(kept, tuple) and kept[0] == named:
        return kept[1]
    model.store.pop(_KEPT, None)
    base = load(named, context)
    if base.info.checkpoint == model.info.checkpoint:
        raise Refused(f"{model.info.name} is what is open; choose the checkpoint that it was fine-tuned from.")
    base.memory = model.memory
    model.store[_KEPT] = (named, base)
    return base


def _size(model: Model) -> str:
    heads = model.info.groups[0].n_heads
    return f"{count_of(len(heads), 'layers')} of {count_of(max(heads), 'heads')}"


def _read_pos(model: Model, encoded: Encoded, group: AttentionGroup) -> int:
    if group.is_causal:
        return last_token(model.net.config, encoded.tokens.ids)
    cls = np.flatnonzero(encoded.tokens.ids == getattr(model.tokenizer, "cls_token_id", None))
    if not len(cls):
        raise Refused(f"This text of {model.info.name} has no [CLS], where a class would be read.")
    return int(cls[0])
