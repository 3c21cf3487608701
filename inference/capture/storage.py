"""The tensors in a thing, and the memory that they keep occupied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from torch import Tensor


def tensors_in(thing: object) -> Iterator[Tensor]:
    """All tensors of a dataclass or a collection, at any depth."""
    if isinstance(thing, Tensor):
        yield thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from tensors_in(getattr(thing, field.name))
    elif isinstance(thing, dict):
        yield from tensors_in(list(thing.values()))
    elif isinstance(thing, (list, tuple)):
        for item in thing:
            yield from tensors_in(item)


def storage_bytes(tensors: Iterator[Tensor]) -> dict[int, int]:
    """Bytes of the memory behind tensors by its address, each counted once: tensors may share it."""
    storages = (tensor.untyped_storage() for tensor in tensors if not tensor.is_meta)
    return {storage.data_ptr(): storage.nbytes() for storage in storages}
