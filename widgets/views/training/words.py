"""A run in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inference.results.schedule import SCHEDULES
from inference.results.training import TASKS
from widgets.kit.clean import clean
from widgets.views.training.record import RunRecord


def step_text(step: float) -> str:
    """A step beside an axis."""
    return f"{step:,.0f}" if step == round(step) else f"{step:g}"


def about_run(record: RunRecord) -> str:
    """What was asked for and what came of it, a line each."""
    request = record.request
    sizes, plan = request.sizes, request.plan
    norms = _tr("before") if sizes.norm == "pre" else _tr("behind")
    lines = [_tr(TASKS[request.task])]
    if request.base:
        lines.append(_tr("fine-tuned: {} ({})").format(clean(request.base), request.tuned))
    else:
        if sizes.architecture == "lstm":
            network = _tr("LSTM with attention") if request.task == "reversal" else _tr("LSTM")
            text = _tr("{}: {} layers, {} wide, dropout {:g}")
            lines.append(text.format(network, sizes.n_layers, sizes.d_model, sizes.dropout))
        else:
            text = _tr("{} layers, {} wide, {} heads, norms {} the sublayers, dropout {:g}")
            lines.append(text.format(sizes.n_layers, sizes.d_model, sizes.n_heads, norms, sizes.dropout))
    text = _tr("{:,} of {:,} steps of {}; {}, warm-up {:,}, highest rate {:.3g}; smoothing {:g}, clip {:g}, seed {}")
    lines.append(
        text.format(
            record.n_done, plan.n_steps, plan.batch, _tr(SCHEDULES[plan.schedule]), plan.warm_up,
            request.schedule.highest, plan.smoothing, plan.clip, plan.seed,
        )
    )  # fmt: skip
    if record.result is not None:
        lines += [clean(fact) for fact in record.result.facts]
    lines.append(clean(request.folder))
    return "\n".join(lines)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingWords", text)
