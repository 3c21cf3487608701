"""Each rule of the house holds, and turns red on a planted violation."""

from __future__ import annotations

import pytest

from tests import house_rules
from tests.house_rules import sources

VIEWS = ("widgets/views",)
RULES = {
    "threads_in_views": (VIEWS, "from PySide6.QtCore import QTimer\n"),
    "walks_to_other_widgets": (VIEWS, "def look(view):\n    return view.window().color_map\n"),
    "results_that_can_change": (
        ("inference/results",),
        "from dataclasses import dataclass\n\n@dataclass(slots=True)\nclass Result:\n    n: int\n",
    ),
    "unknown_capabilities": (("inference", "widgets"), "needs = frozenset({Capability.ATENTION})\n"),
    "unknown_signals": (
        ("app", "widgets"),
        "def connect(view):\n    view.head_was_opened_by_name.connect(print)\n",
    ),
    "painters_left_open": (
        ("app", "widgets"),
        "def paint(image):\n    painter = QPainter(image)\n    painter.end()\n",
    ),
    "names_for_two_things": (
        ("app", "widgets", "inference", "resources"),
        "class Legend:\n    pass\n\n\nclass Marks:\n    class Legend:\n        pass\n",
    ),
    "foreign_rich_text": (("app", "widgets"), "def tell(view, name):\n    view.setToolTip(name)\n"),
    "colours_of_one_theme": (("app", "widgets"), "def tell(line, palette):\n    line.setPalette(palette)\n"),
    "mute_numbers": (("app", "widgets"), "def add(bar):\n    bar.add_widget(QSpinBox())\n"),
    "borrowed_neighbours": (("app", "widgets"), "def walk(view):\n    return view.nextInFocusChain()\n"),
    "sizes_of_their_own": (("app", "widgets"), "def lay(row):\n    row.setSpacing(6)\n"),
    "long_modules": (("app", "widgets", "inference", "resources"), "x = 1\n" * 401),
}
OTHER_PLANTS = {
    "sizes_of_their_own": ("small = resized(style.font, 0.9)\n", "row.setContentsMargins(8, 6, 8, 4)\n"),
    "foreign_rich_text": (
        "from PySide6.QtWidgets import QLabel\n",
        "from PySide6.QtWidgets import QMessageBox, QWidget\n",
        "label = QtWidgets.QLabel(name)\n",
        "view.setToolTip(view.tr('{} heads').format(name))\n",
        "view.setToolTip(f'{name}')\n",
        "bar.setTabToolTip(0, name)\n",
        "QToolTip.showText(place, name, view)\n",
        "view.setToolTip('' if name else name)\n",
    ),
    "painters_left_open": ("painter = QtGui.QPainter()\n", "paint(QPainter(image))\n"),
    "threads_in_views": ("import threading\n", "import subprocess\n", "from PySide6.QtCore import Qt, QThread\n"),
    "walks_to_other_widgets": ("x = view.findChild(object)\n", "x = view.parent()\n", "x = view.parentWidget()\n"),
    "results_that_can_change": (
        "@dataclass\nclass Result:\n    n: int\n",
        "@dataclass(frozen=False)\nclass R:\n    n: int\n",
    ),
    "names_for_two_things": (
        'class Side:\n    pass\n\n\nSide = Literal["query", "key"]\n',
        "Ask = Callable[[int], str]\nAsk = int | str\n",
    ),
    "mute_numbers": ("box = QtWidgets.QDoubleSpinBox(bar)\n", "class Share(QDoubleSpinBox):\n    pass\n"),
    "unknown_signals": ("view.request_changd.emit(1)\n",),
}


@pytest.mark.parametrize("rule", RULES)
def test_it_holds(rule):
    folders, _ = RULES[rule]
    assert list(getattr(house_rules, rule)(sources(*folders))) == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [(rule, planted) for rule, (_, planted) in RULES.items()]
    + [(rule, planted) for rule, plants in OTHER_PLANTS.items() for planted in plants],
)
def test_a_planted_violation_turns_it_red(rule, source, tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text(source, encoding="utf-8")
    assert len(list(getattr(house_rules, rule)([planted]))) == 1
