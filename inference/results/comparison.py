"""Runs of the training lab that differ in one thing, to see what it is good for: warm-up, and where norms stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Literal

from inference.results.training import LIMITS, NormOrder, TrainingRequest

Compared = Literal["warm-up", "norms", "both"]
COMPARED: dict[Compared, str] = {
    "warm-up": "With and without warm-up",
    "norms": "Norms after and before the sublayers",
    "both": "Both: four runs",
}
_NORMS: dict[NormOrder, str] = {"post": "norms-behind", "pre": "norms-before"}


class NotComparable(ValueError):
    """Why such runs cannot be compared, and what helps; one sentence."""


def compared_runs(request: TrainingRequest, compared: Compared) -> tuple[TrainingRequest, ...]:
    """Requests that differ from each other in nothing but what is compared; their folders are named by it.

    Parameters
    ----------
    request
        Its folder begins their names; all else is taken over.

    Raises
    ------
    NotComparable
        The request has no warm-up to leave out, or its model has norms in one place only, or none.
    """
    if compared != "norms" and not request.plan.warm_up:
        most = LIMITS["warm_up"][1]
        raise NotComparable(f"Warm-up is 0 steps, so there is none to leave out; choose 1 to {most:,.0f}.")
    if compared != "warm-up" and request.task != "reversal":
        raise NotComparable("Norms can be moved for string reversal only: BERT has them after, GPT-2 and CLIP before.")
    if compared != "warm-up" and request.sizes.architecture != "transformer":
        raise NotComparable("An LSTM has no norms that could be moved; choose a Transformer.")
    orders: tuple[NormOrder, ...] = (request.sizes.norm,) if compared == "warm-up" else ("post", "pre")
    warm_ups = (request.plan.warm_up,) if compared == "norms" else (request.plan.warm_up, 0)
    found = []
    for norm in orders:
        for warm_up in warm_ups:
            name = [request.name]
            name += [_NORMS[norm]] if len(orders) > 1 else []
            name += [f"warm-up-{warm_up}" if warm_up else "no-warm-up"] if len(warm_ups) > 1 else []
            found.append(
                replace(
                    request,
                    folder=str(PurePath(request.folder).with_name("-".join(name))),
                    sizes=replace(request.sizes, norm=norm),
                    plan=replace(request.plan, warm_up=warm_up),
                    comparison=request.name,
                )
            )
    return tuple(found)
