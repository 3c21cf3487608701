"""A run in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from inference.results.schedule import SCHEDULES
from inference.results.training import TASKS, RowToken, TrainingRequest, TrainingResult
from widgets.figures.counts import number_of
from widgets.kit.clean import clean
from widgets.views.training.record import RunRecord

_NO_NAME = set('/\\:*?"<>|')
_RESERVED = {"con", "prn", "aux", "nul"}  # of Windows


def is_folder_name(name: str) -> bool:
    """Whether a run can be called so: a folder with its name can be made on every system."""
    is_odd = name.startswith(".") or name.endswith(".") or name.lower() in _RESERVED
    return bool(name) and not is_odd and not set(name) & _NO_NAME and name.isprintable()


def step_text(step: float) -> str:
    """A step beside an axis."""
    return f"{step:,.0f}" if step == round(step) else f"{step:g}"


def about_run(record: RunRecord) -> str:
    """What was asked for and what came of it, a line each."""
    request = record.request
    sizes, plan = request.sizes, request.plan
    norms = _tr("before") if sizes.norm == "pre" else _tr("after")
    layers = number_of(sizes.n_layers, "layers")
    lines = [_tr(TASKS[request.task])]
    if request.base:
        lines.append(_tr("fine-tuned: {} ({})").format(clean(request.base), request.tuned))
    else:
        if sizes.architecture == "lstm":
            network = _tr("LSTM with attention") if request.task == "reversal" else _tr("LSTM")
            text = _tr("{}: {}, {} wide, dropout {:g}")
            lines.append(text.format(network, layers, sizes.d_model, sizes.dropout))
        else:
            text = _tr("{}, {} wide, {}, norms {} the sublayers, dropout {:g}")
            lines.append(text.format(layers, sizes.d_model, number_of(sizes.n_heads, "heads"), norms, sizes.dropout))
    text = _tr("{:,} of {} of {}; {}, warm-up {:,}, highest rate {:.3g}; smoothing {:g}, clip {:g}, seed {}")
    lines.append(
        text.format(
            record.n_done, number_of(plan.n_steps, "steps"), plan.batch, _tr(SCHEDULES[plan.schedule]), plan.warm_up,
            request.schedule.highest, plan.smoothing, plan.clip, plan.seed,
        )
    )  # fmt: skip
    if request.comparison:
        lines.append(_tr("of the comparison {}").format(clean(request.comparison)))
    if record.result is not None:
        lines += [clean(fact) for fact in record.result.facts]
    lines.append(clean(request.folder))
    return "\n".join(lines)


def room_text(n_bytes: int) -> str:
    """What runs take on the disk."""
    if n_bytes < 1e6:
        return _tr("{:,.0f} kB on disk").format(n_bytes / 1e3)
    return _tr("{:,.0f} MB on disk").format(n_bytes / 1e6)


def why_no_attention(result: TrainingResult) -> str:
    """Why there is no attention of a run to be watched, in one sentence."""
    if result.watched:
        return _tr("Its network has no attention from each token to the others, as LSTMs have none: nothing to watch.")
    return _tr("An earlier version of Headlight trained it and kept no attention; a new run like it can be watched.")


def run_labels(requests: Sequence[TrainingRequest]) -> list[str]:
    """Names of runs that are shown together; of one comparison what differs between them."""
    if len(requests) < 2 or not requests[0].comparison or len({one.comparison for one in requests}) > 1:
        return [request.name for request in requests]
    norms = {"pre": _tr("norms before"), "post": _tr("norms after")}
    parts: list[list[str]] = [[] for _ in requests]
    if len({request.sizes.norm for request in requests}) > 1:
        for told, request in zip(parts, requests, strict=True):
            told.append(norms[request.sizes.norm])
    if len({request.plan.warm_up for request in requests}) > 1:
        for told, request in zip(parts, requests, strict=True):
            n = request.plan.warm_up
            told.append(_tr("warm-up of {}").format(number_of(n, "steps")) if n else _tr("no warm-up"))
    labels = [", ".join(told) for told in parts]
    return labels if len(set(labels)) == len(labels) else [request.name for request in requests]


def row_text(row: Sequence[RowToken]) -> str:
    """A row, and what became of the words that are asked for; empty without one."""
    if not row:
        return ""
    fates = {"masked": "{0} → {1}", "random": _tr("{0} → {1}, any word"), "unchanged": _tr("{0}, stays")}
    words = [
        f"[{fates[one.fate].format(clean(one.token), clean(one.read))}]" if one.fate else clean(one.token)
        for one in row
    ]
    return _tr("A row of the validation, what is asked for in brackets: {}").format(" ".join(words))


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingWords", text)
