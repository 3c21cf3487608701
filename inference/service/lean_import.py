"""transformers without what it imports for others: a quarter of the time until a first figure, and 110 MB.

Its modules mark functions for `torch.compile`, which imports the compiler; they import SciPy for losses of detectors,
and torch's tensors across machines. Nothing here compiles, trains a detector or computes on several
machines, and transformers itself runs where these are missing: for the time of one import it is told that they are.
`tests/inference/service/test_lean_import.py` sees whether another version imports them again.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

COMPILER = "torch._dynamo"


class _Marks(ModuleType):
    """Stands for the compiler: what marks a function for it returns the function. Modules of its package are real."""

    def __init__(self, path: str) -> None:
        super().__init__(COMPILER)
        self.__path__ = [path]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda function=None, *_given, **_named: function if callable(function) else lambda other: other


@functools.cache
def import_transformers() -> None:
    """Import what all models of transformers share; does nothing where that was imported before."""
    if "transformers.modeling_utils" in sys.modules or COMPILER in sys.modules:
        return
    import torch
    from transformers.utils import import_utils as found

    with patch.object(torch.distributed, "is_available", lambda: False):
        found.is_torch_distributed_available.cache_clear()
        found.is_torch_distributed_available()  # and so from now on: what was not imported is not asked for
    with _without_scipy(found), _without_compiler(torch):
        import transformers.generation.utils
        import transformers.modeling_utils  # noqa: F401


@contextmanager
def _without_scipy(found: ModuleType) -> Iterator[None]:
    found.is_scipy_available.cache_clear()
    with patch.object(found, "_is_package_available", lambda *_given, **_named: (False, "")):
        found.is_scipy_available()
    try:
        yield
    finally:
        found.is_scipy_available.cache_clear()  # some models prepare their images with it


@contextmanager
def _without_compiler(torch: ModuleType) -> Iterator[None]:
    marks = _Marks(f"{torch.__path__[0]}/_dynamo")
    sys.modules[COMPILER] = marks
    try:
        with patch.object(torch, "_dynamo", marks, create=True):
            yield
    finally:
        del sys.modules[COMPILER]
