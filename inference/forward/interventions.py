"""Interventions as the capture applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.capture.head_changes import HeadChange, HeadChanges
from inference.forward.checks import check_heads, check_layers, group_of
from inference.results.intervention import AblateHead, Intervention, ReplaceHead, ScaleHead

if TYPE_CHECKING:
    from inference.forward.checks import Owner
    from inference.forward.run import Run


def head_changes(interventions: tuple[Intervention, ...], run: Run, model: Owner) -> HeadChanges:
    """The same by number in the forward pass, one behind another.

    Parameters
    ----------
    run
        Of the same input without interventions: it tells which attentions a layer is made of.

    Raises
    ------
    Refused
        There is no such group, layer or head.
    """
    by_number: dict[int, tuple[HeadChange, ...]] = {}
    for intervention in interventions:
        group = group_of(model, intervention.group)
        check_layers([intervention.layer], group, model)
        check_heads([intervention.head], intervention.layer, group, model)
        for number in run.parts(run.calls[group.name][group.layers.index(intervention.layer)]):
            by_number[number] = (*by_number.get(number, ()), _change(intervention))
    return HeadChanges(by_number)


def _change(intervention: Intervention) -> HeadChange:
    match intervention:
        case AblateHead(head=head):
            return HeadChange(head)
        case ScaleHead(head=head, factor=factor):
            return HeadChange(head, factor)
        case ReplaceHead(head=head, output=output):
            return HeadChange(head, output=output)
