"""Whether what a request names is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from inference.context import Refused
from inference.results.checkpoint import without_attention

if TYPE_CHECKING:
    from inference.results.checkpoint import AttentionGroup, CheckpointInfo


class Owner(Protocol):
    """A model, as far as it is asked what it has."""

    info: CheckpointInfo


def group_of(model: Owner, name: str) -> AttentionGroup:
    """The attention group of that name.

    Raises
    ------
    Refused
        The model has none such.
    """
    for group in model.info.groups:
        if group.name == name:
            return group
    names = ", ".join(group.name for group in model.info.groups)
    raise Refused(f"The attention group {name!r} was asked for; {model.info.name} has {names}.")


def check_layers(layers: Iterable[int], group: AttentionGroup, model: Owner) -> None:
    """Raise `Refused` unless the group has all these layers, and attends in them."""
    layers = tuple(layers)
    _check("Layer", "layers", layers, group.n_layers, model.info.name)
    for layer in layers:
        if not group.n_heads[layer]:
            raise Refused(without_attention(layer, group, model.info.name))


def check_heads(heads: Iterable[int], layer: int, group: AttentionGroup, model: Owner) -> None:
    """Raise `Refused` unless that layer has all these heads."""
    _check("Head", "heads", heads, group.n_heads[layer], f"layer {layer} of {model.info.name}")


def check_query(query_pos: int, n_queries: int) -> None:
    """Raise `Refused` unless there is such a query."""
    _check("Position", "positions", [query_pos], n_queries, "the text")


def _check(what: str, plural: str, indices: Iterable[int], n: int, owner: str) -> None:
    for index in indices:
        if not 0 <= index < n:
            raise Refused(f"{what} {index} was asked for; {owner} has {plural} 0 to {n - 1}.")
