"""What would hold up the first picture, and is not needed for it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

# OpenBLAS makes a thread for every core when NumPy is imported, unless this says otherwise.
BLAS_THREADS = "OPENBLAS_DEFAULT_NUM_THREADS"
# Those that pyqtgraph imports.
QT_MODULES = ("QtCore", "QtGui", "QtWidgets", "QtSvg", "QtOpenGL", "QtOpenGLWidgets", "QtTest")


def begin() -> None:
    """Save a quarter of the time until the first maps are on screen; call it before the window is imported.

    The window multiplies no large matrices, and its NumPy needs no threads; the engine does, and gets an environment
    without that wish. Imports leave nothing behind that the collector of cycles could free: from `end` on the window
    has it work, see `app.link.collector`.
    """
    gc.disable()
    os.environ.setdefault(BLAS_THREADS, "1")
    _skip_source_inspection()


def end() -> None:
    """All is imported: to look through that for what can go would hold the window up for many frames, so it stays."""
    gc.freeze()


def each_qt_type() -> Iterator[str]:
    """Make one type of Qt after the other, of those that are not there yet; their names.

    PySide makes a type when it is first asked for, and hands it to another thread before it is whole: whoever makes an
    object of it then ends the process. So what is imported in a thread beside the window needs them all to be there.
    """
    for name in QT_MODULES:
        with suppress(ImportError):  # a library of the system is missing
            module = import_module(f"PySide6.{name}")
            for of_type in sorted(set(dir(module)) - set(vars(module))):
                getattr(module, of_type, None)
                yield of_type


def _skip_source_inspection() -> None:
    """Let PySide take every module that is imported from now on for one without `from __feature__ import ...`.

    It reads the sources to learn whether a module may ask for other names of Qt's methods (snake case); none here does.
    That is a fifth of a start. A PySide that does this in another way keeps it.
    """
    import PySide6.QtCore  # noqa: F401 - it installs what is changed here; not before the collector rests

    with suppress(ImportError, AttributeError):
        feature = import_module("shibokensupport.feature")
        if callable(feature._mod_uses_pyside):
            setattr(feature, "_mod_uses_pyside", _never)  # noqa: B010 - a module has no such attribute to pyright


def _never(_module: object) -> bool:
    return False
