"""Modules that are imported once something of them is wanted: each class of values costs a start half a millisecond."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Late:
    """Stands for a module from the beginning, and imports it when a name is looked up in it for the first time.

    Not `importlib.util.LazyLoader`: until Python 3.12 a second thread met a module that was half there. To the type
    checker, say `from ... import` under `TYPE_CHECKING`.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        """Raises AttributeError where the module has no such name."""
        value = getattr(import_module(self._module), name)
        setattr(self, name, value)
        return value
