"""What would hold up the first picture, and is not needed for it."""

from __future__ import annotations

import builtins
import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from types import CodeType
from typing import Any

# OpenBLAS makes a thread for every core when NumPy is imported, unless this says otherwise.
BLAS_THREADS = "OPENBLAS_DEFAULT_NUM_THREADS"


# Modules that lie in PySide's library: they explain wrong calls and write type stubs, which most runs never ask for.
_LATE = frozenset(
    f"shibokensupport/signature/{name}.py"
    for name in ("errorhandler", "layout", "lib/enum_sig", "lib/pyi_generator", "parser")
)
_codes: dict[str, Callable[[], CodeType]] = {}
_running = threading.RLock()


@contextmanager
def _explaining_late() -> Iterator[None]:
    """Run those once a name is looked up in them: PySide compiles their sources at each start, a third of its import.

    Where PySide lies in a folder instead, Python keeps what it compiled under a whole path, and nothing is changed.
    """
    usual = builtins.compile

    def compiled(source: Any, filename: Any, *rest: Any, **named: Any) -> Any:
        if filename not in _LATE:
            return usual(source, filename, *rest, **named)
        _codes[filename] = partial(usual, source, filename, *rest, **named)
        return usual(
            f"from {__name__} import names_of; __getattr__ = names_of({filename!r}, globals())", filename, *rest
        )

    builtins.compile = compiled
    try:
        yield
    finally:
        builtins.compile = usual


def names_of(filename: str, names: dict[str, Any]) -> Callable[[str], object]:
    """The `__getattr__` of a module that has not run yet: runs it when the first name is looked up."""

    def look_up(name: str) -> object:
        with _running:
            if not name.startswith("__") and (code := _codes.pop(filename, None)) is not None:
                exec(code(), names)
                names.pop("__getattr__", None)
            if name not in names:
                raise AttributeError(name)
            return names[name]

    return look_up


with _explaining_late():
    import PySide6.QtCore  # noqa: F401 - it installs what `begin` changes


def begin() -> None:
    """Save a quarter of the time until the first maps are on screen; call it before the window is imported.

    The window multiplies no large matrices, and its NumPy needs no threads; the engine does, and gets an environment
    without that wish. Imports leave nothing behind that the collector of cycles could free: from `end` on the window
    has it work, see `app.link.collector`.
    """
    _skip_source_inspection()
    os.environ.setdefault(BLAS_THREADS, "1")
    gc.disable()


def end() -> None:
    """All is imported: to look through that for what can go would hold the window up for many frames, so it stays."""
    gc.freeze()


def _skip_source_inspection() -> None:
    """Let PySide take every module that is imported from now on for one without `from __feature__ import ...`.

    It reads the sources to learn whether a module may ask for other names of Qt's methods (snake case); none here does.
    That is a fifth of a start. A PySide that does this in another way keeps it.
    """
    with suppress(ImportError, AttributeError):
        feature = import_module("shibokensupport.feature")
        if callable(feature._mod_uses_pyside):
            setattr(feature, "_mod_uses_pyside", _never)  # noqa: B010 - a module has no such attribute to pyright


def _never(_module: object) -> bool:
    return False
