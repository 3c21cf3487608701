"""The least that such a program can be: a QMainWindow with menus and three docks, until it is on screen."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QListWidget, QMainWindow

from benchmarks.ours.first_paint import PaintWatcher, seconds_since_start


def main() -> int:
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.setWindowTitle("Bare")
    for title in ("File", "View", "Help"):
        menu = window.menuBar().addMenu(title)
        for entry in range(5):
            menu.addAction(f"{title} {entry}")
    sides = (
        Qt.DockWidgetArea.LeftDockWidgetArea,
        Qt.DockWidgetArea.RightDockWidgetArea,
        Qt.DockWidgetArea.BottomDockWidgetArea,
    )
    for side in sides:
        dock = QDockWidget(side.name, window)
        dock.setWidget(QListWidget())
        window.addDockWidget(side, dock)
    window.setCentralWidget(QLabel("A window"))
    window.statusBar().showMessage("Ready")
    window.resize(1280, 800)
    PaintWatcher(window, lambda: _report(window))
    window.show()
    return application.exec()


def _report(window: QMainWindow) -> None:
    seconds, n_modules = seconds_since_start(), len(sys.modules)
    import json

    from benchmarks.ours.window import n_colors, screenshot

    found = {"seconds": seconds, "n_modules": n_modules}
    print(json.dumps(found | {"n_colors": n_colors(screenshot(window))}))
    window.close()


sys.exit(main())
