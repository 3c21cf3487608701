"""Another window is another process of this program, with an engine of its own."""

from __future__ import annotations

import os
import sys

from app.link.engine_link import ROOT


def open_another(arguments: list[str]) -> bool:
    """Start the program once more; whether it could be started.

    What one computes, or a fault in it, keeps the other one neither waiting nor from going on.
    """
    from PySide6.QtCore import QProcess, QProcessEnvironment  # with a dozen enumerations: not before it is wanted

    process = QProcess()
    process.setProgram(sys.executable)
    process.setArguments(["-P", "-m", "app", *arguments])
    process.setWorkingDirectory(str(ROOT))
    environment = QProcessEnvironment.systemEnvironment()
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join([str(ROOT), *(place for place in others if os.path.isabs(place))])
    environment.insert("PYTHONPATH", path)
    process.setProcessEnvironment(environment)
    started: object = process.startDetached()  # versions of Qt for Python differ: with or without its number
    return bool(started[0] if isinstance(started, tuple) else started)
