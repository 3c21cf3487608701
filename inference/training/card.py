"""The card of a trained checkpoint: what was done, in words and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.results.counts import count_of, noun
from inference.results.schedule import SCHEDULES
from inference.results.training import TASKS

if TYPE_CHECKING:
    from inference.results.training import TrainingRequest, TrainingResult


def card(request: TrainingRequest, result: TrainingResult, n_parameters: int) -> str:
    """README.md of a run."""
    plan, sizes = request.plan, request.sizes
    heads = count_of(sizes.n_heads, "heads")
    steps = noun(plan.n_steps, "steps")
    layers = count_of(sizes.n_layers, "layers")
    if request.base:
        model = f"Fine-tuned from {request.base} ({request.tuned})."
    elif sizes.architecture == "lstm":
        model = f"LSTM{' with additive attention' * (request.task == 'reversal')}"
        model += f", {layers}, {sizes.d_model} wide, dropout {sizes.dropout:g}; {n_parameters:,} parameters."
    else:
        norms = "before" if sizes.norm == "pre" else "behind"
        model = (
            f"{layers}, {sizes.d_model} wide, {heads}, norms {norms} the sublayers, "
            f"dropout {sizes.dropout:g}; {n_parameters:,} parameters."
        )
    state = "done" if result.n_done >= plan.n_steps else f"stopped after {count_of(result.n_done, 'steps')}"
    seconds = count_of(round(result.seconds), "seconds")
    lines = [
        f"# {request.name}",
        "",
        f"Trained in Headlight's lab: {TASKS[request.task]}. {model}",
        "",
        "## Data",
        *result.facts,
        "",
        "## Training",
        f"{plan.n_steps:,} {steps} of {plan.batch}, {state}; {seconds}. AdamW (0.9, 0.98, 1e-9), "
        f"{SCHEDULES[plan.schedule]}, {count_of(plan.warm_up, 'steps')} of warm-up, highest rate "
        f"{request.schedule.highest:.3g}, label smoothing {plan.smoothing:g}, gradients clipped to "
        f"{plan.clip:g}, seed {plan.seed}.",
        "",
        *([f"Compared under the name {request.comparison}.", ""] if request.comparison else []),
        f"## On what it was not trained on ({result.measure})",
        "",
        "| step | loss in nats | right | what it makes of the example |",
        "|---|---|---|---|",
    ]
    chosen = result.validations[:: max(1, len(result.validations) // 8)]
    if result.validations and chosen[-1].step != result.validations[-1].step:
        chosen = (*chosen, result.validations[-1])
    for one in chosen:
        said = " ".join(one.said.split()).replace("|", "\\|")
        lines.append(f"| {one.step:,} | {one.loss:.4f} | {one.measure:.3f} | {said[:120]} |")
    lines += ["", *(f"{name}: {value:.3f}." for name, value in result.baselines)]
    lines += [f"The example: {result.example}", ""]
    return "\n".join(lines)
