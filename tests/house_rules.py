"""Rules of the house that no import contract can say, read from the sources. Each returns the places that break it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

THREADS = {"QTimer", "QThread", "QThreadPool", "QProcess", "threading", "subprocess", "multiprocessing", "asyncio"}
WALKS = {"findChild", "findChildren", "window", "parent", "parentWidget", "property", "topLevelWidget"}
PAINTERS = {"QPainter"}
LONGEST_MODULE = 400
# Qt takes what looks like HTML in them for HTML; `widgets.kit.plain` makes them so that they do not.
RICH = {"QLabel", "QMessageBox", "QProgressDialog", "QInputDialog", "QErrorMessage", "QTextEdit", "QTextBrowser"}
RICH |= {"QGraphicsTextItem", "QTextDocument", "QWhatsThis"}
TIPS = {"setToolTip": 0, "setTabToolTip": 1, "setItemToolTip": 1, "setWhatsThis": 0, "setStatusTip": 0, "showText": 1}
PLAIN = "plain.py"
MUTE = {"QSpinBox", "QDoubleSpinBox"}
ANSWERING = "number_box.py"
DRESSERS = {"appearance.py", "labels.py"}  # of the whole program; of a field in a label, anew with every theme


def sources(*folders: str, root: Path = ROOT) -> list[Path]:
    """All modules below these folders."""
    return [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _place(path: Path, node: ast.AST, what: str) -> str:
    return f"{path.name}:{getattr(node, 'lineno', 0)} {what}"


def threads_in_views(paths: list[Path]) -> Iterator[str]:
    """A view is data in, pixels and signals out: clocks and processes belong to `kit`, `player` and `app.link`."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name.partition(".")[0] for alias in node.names}
                names |= {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()
                for name in sorted(names & THREADS):
                    yield _place(path, node, name)


def walks_to_other_widgets(paths: list[Path]) -> Iterator[str]:
    """A view gets what it needs handed to its constructor; it does not look for it in the tree of widgets."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in WALKS:
                yield _place(path, node, called.attr)


def results_that_can_change(paths: list[Path]) -> Iterator[str]:
    """Requests and results cross the boundary, are compared and kept: every dataclass is frozen."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                options = decorator.keywords if isinstance(decorator, ast.Call) else []
                is_frozen = any(
                    option.arg == "frozen" and getattr(option.value, "value", False) is True for option in options
                )
                if getattr(called, "id", "") == "dataclass" and not is_frozen:
                    yield _place(path, node, node.name)


def mute_numbers(paths: list[Path]) -> Iterator[str]:
    """Qt's own fields for numbers swallow what is not allowed; those of `widgets.kit.number_box` say what is."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "id", "") or getattr(called, "attr", "")
            bases = {getattr(base, "id", "") for base in node.bases} if isinstance(node, ast.ClassDef) else set()
            if (name in MUTE or bases & MUTE) and path.name != ANSWERING:
                yield _place(path, node, name or next(iter(bases & MUTE)))


def borrowed_neighbours(paths: list[Path]) -> Iterator[str]:
    """PySide makes what these give a Python child of whom is asked: with that one it ends, a menu bar for example."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            if getattr(node, "attr", "") in ("nextInFocusChain", "previousInFocusChain"):
                yield _place(path, node, node.attr)


def unknown_capabilities(paths: list[Path]) -> Iterator[str]:
    """What is needed is one of `Capability`: any other name would grey a view out for ever."""
    from inference.results.request import Capability

    for path in paths:
        for node in ast.walk(_tree(path)):
            is_member = isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Capability"
            if is_member and node.attr not in Capability.__members__:
                yield _place(path, node, node.attr)


def unknown_signals(paths: list[Path]) -> Iterator[str]:
    """What is connected or emitted is declared somewhere: a renamed signal takes its connections with it."""
    trees = {path: _tree(path) for path in paths}
    own = {
        target.id
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for names in [node.targets]
        if getattr(node.value.func, "id", "") == "Signal"
        for target in names
        if isinstance(target, ast.Name)
    }
    # `opened, failed = Signal(object), Signal(object)`
    own |= {
        target.id
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
        if all(isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Signal" for call in node.value.elts)
        for targets in node.targets
        if isinstance(targets, ast.Tuple)
        for target in targets.elts
        if isinstance(target, ast.Name)
    }
    for path, tree in trees.items():
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if not (isinstance(called, ast.Attribute) and called.attr in ("connect", "emit", "disconnect")):
                continue
            signal = called.value
            if isinstance(signal, ast.Attribute) and signal.attr not in own and signal.attr not in qt_signals():
                yield _place(path, node, signal.attr)


@cache
def qt_signals() -> frozenset[str]:
    """Names of all signals that Qt's own classes have, and pyqtgraph's view box."""
    from pyqtgraph import ViewBox
    from PySide6 import QtCore, QtGui, QtOpenGLWidgets, QtPrintSupport, QtWidgets

    return frozenset(
        name
        for module in (QtCore, QtGui, QtWidgets, QtOpenGLWidgets, QtPrintSupport)
        for cls in [ViewBox, *(getattr(module, name) for name in dir(module))]  # modules, too, fill themselves in
        if isinstance(cls, type)
        for name in list(dir(cls))  # fills them in: they are made when they are first looked up
        if isinstance(getattr(cls, name, None), QtCore.Signal)
    )


def painters_left_open(paths: list[Path]) -> Iterator[str]:
    """A painter ends with its `with`: one that an exception leaves open outlives what it paints on, and Qt crashes."""
    for path in paths:
        tree = _tree(path)
        within = {id(item.context_expr) for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items}
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "id", getattr(called, "attr", ""))
            if name in PAINTERS and id(node) not in within:
                yield _place(path, node, name)


def colours_of_one_theme(paths: list[Path]) -> Iterator[str]:
    """A widget with a palette of its own keeps its colours when the theme changes; a `foregroundRole` follows it."""
    for path in paths:
        if path.name in DRESSERS:
            continue
        for node in ast.walk(_tree(path)):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr == "setPalette":
                yield _place(path, node, "setPalette")


def sizes_of_their_own(paths: list[Path]) -> Iterator[str]:
    """Letters have three sizes (`widgets.look.letters`), and layouts lie on a grid of 4 pixels."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            numbers = [
                part.value
                for part in node.args
                if isinstance(part, ast.Constant) and isinstance(part.value, int | float)
            ]
            if name == "resized" and numbers:
                yield _place(path, node, name)
            is_list = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "self"  # on either side
            if name in ("setSpacing", "setContentsMargins") and not is_list and any(number % 4 for number in numbers):
                yield _place(path, node, name)


def long_modules(paths: list[Path]) -> Iterator[str]:
    """A module is one idea; of more than 400 lines it is hardly ever one."""
    for path in paths:
        n_lines = len(path.read_text(encoding="utf-8").splitlines())
        if n_lines > LONGEST_MODULE:
            yield f"{path.name} has {n_lines} lines"


def names_for_two_things(paths: list[Path]) -> Iterator[str]:
    """A class, or a type with a name, is called as no other one is: who reads the name knows which is meant."""
    known: dict[str, Path] = {}
    for path in paths:
        for name, node in _named_types(_tree(path)):
            if name in known:
                yield _place(path, node, f"{name}, as in {known[name].name}")
            known.setdefault(name, path)


def _named_types(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Classes wherever they stand, and types such as `Side = Literal["query", "key"]` of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            is_type = isinstance(target, ast.Name) and re.fullmatch(r"_?[A-Z]\w*[a-z]\w*", target.id)
            if is_type and isinstance(node.value, ast.Subscript | ast.BinOp):
                yield target.id, node


def foreign_rich_text(paths: list[Path]) -> Iterator[str]:
    """Text on screen is plain: names, labels, tokens and errors are foreign, and HTML in them would be obeyed."""
    for path in paths:
        if path.name == PLAIN:
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in sorted({alias.name for alias in node.names} & RICH):
                    yield _place(path, node, name)
            if isinstance(node, ast.Attribute) and node.attr in RICH:  # QtWidgets.QLabel
                yield _place(path, node, node.attr)
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in TIPS and isinstance(node, ast.Call):
                is_tip_of_qt = called.attr != "showText" or getattr(called.value, "id", "") == "QToolTip"
                text = node.args[TIPS[called.attr]] if len(node.args) > TIPS[called.attr] else None
                if is_tip_of_qt and not _is_plain(text):
                    yield _place(path, node, called.attr)


def _is_plain(text: ast.expr | None) -> bool:
    """Whether it is a text of our own, word by word, or went through `plain_tip` or `tip_with_terms`."""
    if isinstance(text, ast.Constant):
        return True
    if isinstance(text, ast.IfExp):
        return _is_plain(text.body) and _is_plain(text.orelse)
    if not isinstance(text, ast.Call):
        return False
    name = getattr(text.func, "attr", getattr(text.func, "id", ""))
    is_ours = name in ("tr", "_tr") and all(isinstance(part, ast.Constant) for part in text.args)
    return is_ours or name in ("plain_tip", "tip_with_terms")
