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


BROUGHT = """
import sys
from PySide6.QtCore import QCoreApplication
from app.window import application as of_window

def importing(name):
    before = set(sys.modules)
    usual_import(name)
    brought = [one for one in set(sys.modules) - before if one.startswith(("widgets.", "inference."))]
    most.append((len(brought), name))

of_window.DELAY = of_window.PAUSE = 0
usual_import, of_window._import, most = of_window._import, importing, []
application = QCoreApplication([])
warm_up = of_window.WarmUp(application)
warm_up.start()
while not most or warm_up._timer.isActive():
    application.processEvents()
print(*max(most))
"""


def test_no_module_brings_many_others_with_it():
    """One that does holds up a window in which nothing happens."""
    done = subprocess.run([sys.executable, "-c", BROUGHT], check=True, timeout=100, capture_output=True, text=True)
    n, name = done.stdout.split()
    assert int(n) <= 10, name


def test_every_view_is_there_at_the_end():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=100)


THREAD = """
import sys, threading
from importlib.abc import MetaPathFinder
from PySide6.QtCore import QCoreApplication
from app.window import application as of_window

class Finder(MetaPathFinder):
    found = {}
    def find_spec(self, name, path=None, target=None):
        self.found[name] = threading.current_thread() is threading.main_thread()

of_window.DELAY = of_window.PAUSE = 0
sys.meta_path.insert(0, Finder())
application = QCoreApplication([])
warm_up = of_window.WarmUp(application)
warm_up.start()
while "widgets.plots.plot_view" not in sys.modules:
    application.processEvents()
print(Finder.found["pyqtgraph"], Finder.found["widgets.plots.plot_view"])
"""


def test_pyqtgraph_is_imported_beside_the_window_and_our_own_modules_by_it():
    done = subprocess.run([sys.executable, "-c", THREAD], check=True, timeout=100, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]


TYPES = """
import sys
from PySide6 import QtCore, QtWidgets
from app import quick_start
from app.window import application as of_window

def unmade():
    modules = [sys.modules["PySide6." + name] for name in quick_start.QT_MODULES if "PySide6." + name in sys.modules]
    return sum(len(set(dir(module)) - set(vars(module))) for module in modules)

def importing(name):
    if name == "pyqtgraph":
        print(unmade())
    usual_import(name)

of_window.DELAY = of_window.PAUSE = 0
usual_import, of_window._import = of_window._import, importing
application = QtCore.QCoreApplication([])
print(unmade() > 300)
warm_up = of_window.WarmUp(application)
warm_up.start()
while "widgets.plots.plot_view" not in sys.modules:
    application.processEvents()
known = {"PySide6." + name for name in quick_start.QT_MODULES}
print(sorted(name for name in sys.modules if name.startswith("PySide6.Qt") and name not in known))
"""


def test_all_types_of_qt_are_there_before_another_thread_asks_for_one():
    """PySide hands a type to another thread before it is whole, and an object of it ends the process."""
    done = subprocess.run([sys.executable, "-c", TYPES], check=True, timeout=100, capture_output=True, text=True)
    assert done.stdout.split("\n")[:3] == ["True", "0", "[]"]
