"""Imports without PySide's look at each module's source, which takes a fifth of the time until the window is there."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import PySide6.QtCore  # noqa: F401 - it installs what is changed here


def skip_source_inspection() -> None:
    """Let PySide take every module that is imported from now on for one without `from __feature__ import ...`.

    It reads the sources to learn whether a module may ask for other names of Qt's methods (snake case); none here does.
    A PySide that does this in another way keeps it.
    """
    with suppress(ImportError, AttributeError):
        feature = import_module("shibokensupport.feature")
        if callable(feature._mod_uses_pyside):
            setattr(feature, "_mod_uses_pyside", _never)  # noqa: B010 - a module has no such attribute to pyright


def _never(_module: object) -> bool:
    return False
