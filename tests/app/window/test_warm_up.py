"""Modules of the views are imported in the pauses of the event loop."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from PySide6.QtCore import QCoreApplication
from app.window import application as of_window
from app.window.application import WarmUp
from widgets.registry import VIEWS

of_window.DELAY = of_window.PAUSE = 0  # nobody looks at a window here
application = QCoreApplication([])
warm_up = WarmUp(application)
wanted = {entry.cls.partition(":")[0] for entry in VIEWS}
assert not wanted & set(sys.modules)
warm_up.start()
while not wanted <= set(sys.modules) or warm_up._timer.isActive():
    application.processEvents()
"""


def test_every_view_is_there_at_the_end():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=100)
