"""Views are tabs, beside each other, or windows of their own; what is offered follows the checkpoint."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QTabBar, QToolButton, QVBoxLayout, QWidget

from app.window.offered_views import OfferedViews
from app.window.placement import ViewLayout
from app.window.view_area import ViewArea
from app.window.view_pane import Tab, ViewPane
from inference.results.checkpoint import Missing
from inference.results.inputs import Input
from inference.results.request import Capability
from tests.factories import make_checkpoint_info
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.registry import VIEWS
from widgets.subject import Subject
from widgets.view import View
from widgets.view_entry import ViewEntry
from widgets.views.mesh.view import MeshView
from widgets.writing.view import GrowingTextView


def entry(name: str, *needs: Capability) -> ViewEntry:
    return ViewEntry(name, name.title(), "", frozenset(needs), f"About {name}.")


ENTRIES = (
    entry("heads", Capability.ATTENTION),
    entry("attention", Capability.ATTENTION),
    entry("sparse"),
    entry("masked", Capability.MASKED_LM),
    entry("patches", Capability.PATCHES),
    entry("mesh", Capability.MESH),
)


class PlainView(View):
    """Has one field, and writes down what it is told."""

    def __init__(self, context: ViewContext) -> None:
        super().__init__(context)
        self.files: list[str] = []
        self.colors: list[str] = []
        self.field = QLineEdit(self)
        QVBoxLayout(self).addWidget(self.field)
        self.setFocusProxy(self.field)
        self.setMinimumWidth(900)

    def requests(self):
        return ()

    def figure(self):
        return None

    def open_file(self, path):
        self.files.append(path)

    def restyle(self):
        self.colors.append(self.style_now().color_map)


TEXT = make_checkpoint_info()
GPT = replace(
    TEXT, name="gpt", capabilities=(Capability.ATTENTION,), missing=(Missing(Capability.MASKED_LM, "it reads on"),)
)
IMAGE = replace(TEXT, name="vit", reads=("image",), capabilities=(Capability.ATTENTION, Capability.PATCHES))
MESH = replace(TEXT, name="polygen", reads=("mesh",), capabilities=(Capability.ATTENTION, Capability.MESH))


@pytest.fixture
def context(qapp):
    return ViewContext()


@pytest.fixture
def make_area(qtbot, context):
    made = []

    def create(entry):
        view = PlainView(context)
        view.setObjectName(entry.name)
        return view

    def make(entries=ENTRIES) -> ViewArea:
        window = QWidget()
        area = ViewArea(create, entries=entries, parent=window)
        QVBoxLayout(window).addWidget(area)
        window.setGeometry(50, 50, 500, 400)
        qtbot.addWidget(window)
        made.append((window, area))
        window.show()
        qtbot.waitExposed(window)
        return area

    yield make
    for _, area in made:
        area.close_windows()


@pytest.fixture
def area(make_area):
    area = make_area()
    area.set_subject(Subject(TEXT, text_input("a cat")))
    return area


def tabs(area, pane="views_main"):
    bar = area.findChild(QTabBar, f"{pane}_tabs")
    return [bar.tabText(index) for index in range(bar.count())]


def front(area, pane="views_main"):
    bar = area.findChild(QTabBar, f"{pane}_tabs")
    return bar.tabText(bar.currentIndex())


def click_tab(area, title, pane="views_main"):
    bar = area.findChild(QTabBar, f"{pane}_tabs")
    index = tabs(area, pane).index(title)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(index).center())


def click(area, name):
    windows = [area, *area.windows.values()]
    (button,) = (found for window in windows for found in window.findChildren(QToolButton, name))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


# What is offered


def test_what_only_some_models_have_has_no_tab_with_the_others():
    special = replace(entry("prediction", Capability.PREDICTION), is_special=True)
    offered = OfferedViews((*ENTRIES, special))
    assert "prediction" not in offered.names
    offered.follow(TEXT, "heads")
    assert "prediction" not in offered.names
    assert "masked" in offered.names
    offered.follow(replace(TEXT, capabilities=(*TEXT.capabilities, Capability.PREDICTION)), "heads")
    assert "prediction" in offered.names


def test_what_comes_to_the_front_by_itself_is_never_off():
    """A model of text and images without the view in front, and one of text after a mesh."""
    joint = replace(entry("joint", Capability.JOINT))
    segments = replace(entry("segments", Capability.SEGMENTS))
    offered = OfferedViews((*ENTRIES, joint, segments))
    both = replace(TEXT, reads=("text", "image"))
    of_words = replace(both, capabilities=(Capability.ATTENTION, Capability.JOINT))
    of_classes = replace(both, capabilities=(Capability.ATTENTION, Capability.SEGMENTS))
    offered.follow(of_words, "joint", is_restored=True)
    assert offered.follow(of_classes, "joint") == "segments"
    assert offered.follow(of_words, "segments") == "joint"
    offered.follow(TEXT, "masked")
    offered.follow(MESH, "masked")
    offered.follow(GPT, "mesh")
    assert offered.follow(GPT, "mesh") == ""
    assert offered.away_from_home("mesh") == "mesh"
    offered.follow(MESH, "masked")
    assert offered.follow(GPT, "mesh") == "heads"  # Masked was used last of text


def test_a_view_is_built_when_it_is_first_shown(area):
    assert list(area.views) == ["heads"]
    click_tab(area, "Attention")
    assert list(area.views) == ["heads", "attention"]
    assert area.current == "attention"
    assert area.views["attention"].subject.checkpoint is TEXT


def test_without_a_checkpoint_the_page_says_what_to_do(make_area):
    area = make_area()
    area.set_hint("Opening bert…")
    assert area.findChild(QLabel, "heads_why").text() == "Opening bert…"
    assert area.views == {}


def test_a_view_that_is_off_says_why(area):
    area.set_subject(Subject(GPT, text_input("a cat")))
    area.show_view("masked")
    assert area.findChild(QLabel, "masked_why").text() == "Masked is off for gpt: it reads on."
    assert "masked" not in area.views
    area.set_subject(Subject(TEXT, text_input("a cat")))
    assert area.views["masked"].isVisible()


def test_while_the_first_input_is_refused_what_needs_none_is_there(make_area):
    """After a restart with a text that is too long Home still opens another card."""
    entries = (*ENTRIES, replace(entry("home"), is_home=True, reads_input=False))
    area = make_area(entries)
    area.set_hint("Opening bert…")
    area.show_view("home")
    assert "home" not in area.views
    area.refuse(TEXT, "The text is too long.")
    assert area.views["home"].subject == Subject(TEXT, Input())
    area.show_view("sparse")
    assert area.findChild(QLabel, "sparse_why").text() == "The text is too long."
    assert "sparse" not in area.views
    area.set_subject(Subject(TEXT, text_input("a cat")))
    assert area.views["home"].subject == area.views["sparse"].subject == Subject(TEXT, text_input("a cat"))


def test_what_is_lacking_is_said_of_the_checkpoint_not_of_its_class(area):
    missing = (Missing(Capability.MASKED_LM, "GPT2LMHeadModel predicts the next word"),)
    area.set_subject(Subject(replace(GPT, architecture="GPT2LMHeadModel", missing=missing), text_input("a cat")))
    area.show_view("masked")
    assert area.findChild(QLabel, "masked_why").text() == "Masked is off for gpt: it predicts the next word."


def test_foreign_names_are_shown_as_text(area):
    area.set_subject(Subject(replace(GPT, name="<b>x</b>"), text_input("a cat")))
    area.show_view("masked")
    assert area.findChild(QLabel, "masked_why").textFormat() == Qt.TextFormat.PlainText


def shown_tabs(area):
    bar = area.findChild(QTabBar, "views_main_tabs")
    return [bar.tabText(index) for index in range(bar.count()) if bar.isTabVisible(index)]


def more(area):
    """What the menu at the end of the row offers, and whether it can be chosen."""
    button = area.findChild(QToolButton, "views_main_more")
    assert button.isVisible() == bool(button.menu().actions())
    return {action.text(): action.isEnabled() for action in button.menu().actions()}


def test_views_that_are_off_wait_in_a_menu_and_say_why(area):
    assert more(area) == {}
    area.set_subject(Subject(GPT, text_input("a cat")))
    assert shown_tabs(area) == ["Heads", "Attention", "Sparse"]
    assert more(area) == {"Masked": False}
    (action,) = area.findChild(QToolButton, "views_main_more").menu().actions()
    assert "Masked is off for" in action.toolTip()
    area.show_view("masked")  # such as by the arrow keys
    assert shown_tabs(area)[-1] == "Masked"


def test_tabs_without_room_wait_in_the_menu_and_the_one_in_front_never_does(area, qtbot):
    bar = area.findChild(QTabBar, "views_main_tabs")
    area.parentWidget().resize(1000, 400)
    qtbot.waitUntil(lambda: more(area) == {})
    area.parentWidget().resize(sum(bar.widths()[:2]) + 60, 400)
    qtbot.waitUntil(lambda: "Masked" in more(area))
    assert sorted((*shown_tabs(area), *more(area))) == ["Attention", "Heads", "Masked", "Sparse"]
    assert sum(bar.widths()[tabs(area).index(title)] for title in shown_tabs(area)) <= bar.width()
    area.findChild(QToolButton, "views_main_more").menu().actions()[-1].trigger()
    assert front(area) == "Masked"
    assert "Masked" in shown_tabs(area)
    assert area.views["masked"].isVisible()


def test_arrow_keys_go_through_all_tabs(area):
    bar = area.findChild(QTabBar, "views_main_tabs")
    area.parentWidget().resize(200, 400)
    seen = [front(area)]
    for _ in range(5):
        QTest.keyClick(bar, Qt.Key.Key_Right)
        if front(area) != seen[-1]:
            seen.append(front(area))
    assert seen == ["Heads", "Attention", "Sparse", "Masked"]
    QTest.keyClick(bar, Qt.Key.Key_Left)
    assert front(area) == "Sparse"


def test_tabs_follow_the_kind_of_model_and_come_back(area):
    assert tabs(area) == ["Heads", "Attention", "Sparse", "Masked"]
    area.show_view("attention")
    offered = []
    area.offered_changed.connect(lambda why, names: offered.append(names))
    area.set_subject(Subject(IMAGE, text_input("")))
    assert tabs(area) == ["Heads", "Attention", "Sparse", "Patches"]
    assert front(area) == "Patches"
    area.show_view("sparse")
    area.set_subject(Subject(MESH, text_input("")))
    assert front(area) == "Mesh"
    area.set_subject(Subject(IMAGE, text_input("")))
    assert front(area) == "Sparse"
    area.set_subject(Subject(TEXT, text_input("")))
    assert front(area) == "Attention"
    assert offered[0] == ("heads", "attention", "sparse", "patches")
    assert len(offered) == 4


def test_another_checkpoint_that_cannot_be_shown_takes_the_old_one_away(area):
    area.refuse(TEXT, "")
    assert area.views["heads"].subject is not None
    area.refuse(GPT, "The text is too long.")
    assert area.views["heads"].subject is None
    assert area.findChild(QLabel, "heads_why").text() == "The text is too long."
    assert area.why_off("heads") == "The text is too long."


def test_of_a_checkpoint_that_refuses_its_input_the_tabs_are_offered_too(area):
    area.set_subject(Subject(IMAGE, text_input("x")))
    assert area.has_tab("patches")
    area.refuse(TEXT, "The text is too long.")
    assert not area.has_tab("patches")
    assert area.has_tab("masked")
    area.refuse(GPT, "The text is far too long.")
    assert area.findChild(QLabel, "heads_why").text() == "The text is far too long."


def test_a_view_wider_than_the_window_can_be_scrolled_to_its_end(area):
    assert area.minimumSizeHint().width() < 400
    assert area.width() < area.views["heads"].width()


# Windows of their own


def test_torn_off_twice_is_put_back(area):
    area.show_view("attention")
    area.toggle_window(area.current)
    assert tabs(area) == ["Heads", "Sparse", "Masked"]
    assert front(area) == "Sparse"
    assert area.current == "attention"
    assert area.windows["attention"].isVisible()
    assert area.views["sparse"].isVisible()
    area.toggle_window(area.current)
    assert tabs(area) == ["Heads", "Attention", "Sparse", "Masked"]
    assert front(area) == "Attention"
    assert area.windows == {}
    assert area.views["attention"].isVisible()


def test_a_torn_off_view_is_a_window_with_a_title_and_a_frame(area):
    area.toggle_window("attention")
    window = area.windows["attention"]
    assert window.windowTitle() == "Attention – bert-test"
    flags = window.windowFlags()
    assert window.isWindow()
    assert flags & Qt.WindowType.WindowMinimizeButtonHint
    assert not flags & Qt.WindowType.FramelessWindowHint
    assert window.parentWidget() is None
    area.set_subject(Subject(GPT, text_input("")))
    assert window.windowTitle() == "Attention – gpt"


def test_closing_it_puts_it_back(area):
    area.toggle_window("attention")
    area.windows["attention"].close()
    assert front(area) == "Attention"
    assert area.views["attention"].isVisible()


def test_the_place_of_a_window_is_remembered_by_view(area):
    area.toggle_window("attention")
    area.windows["attention"].setGeometry(120, 130, 330, 340)
    area.windows["attention"].close()
    area.toggle_window("attention")
    assert area.windows["attention"].geometry().getRect() == (120, 130, 330, 340)


def test_all_views_but_none_can_be_torn_off(area):
    for name in ("heads", "attention", "sparse", "masked"):
        area.toggle_window(name)
    assert tabs(area) == []
    assert len(area.windows) == 4
    area.windows["sparse"].close()
    assert tabs(area) == ["Sparse"]


def test_a_window_goes_and_comes_with_what_the_checkpoint_offers(area):
    area.toggle_window("masked")
    area.set_subject(Subject(IMAGE, text_input("")))
    assert not area.windows["masked"].isVisible()
    area.set_subject(Subject(TEXT, text_input("")))
    assert area.windows["masked"].isVisible()


def test_the_one_that_is_used_is_the_current_one(area, qtbot):
    area.toggle_window("attention")
    area.show_view("heads")
    assert area.current == "heads"
    window = area.windows["attention"]
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert area.current == "attention"
    area.window().activateWindow()
    area.views["heads"].field.setFocus()
    qtbot.waitUntil(lambda: area.current == "heads")


def test_a_view_that_comes_by_itself_leaves_the_keyboard_to_who_is_typing(area, qtbot):
    sentence = QLineEdit(area.parentWidget())
    sentence.show()
    sentence.setFocus()
    area.lead_to("attention", GPT.checkpoint)
    area.set_subject(Subject(GPT, text_input("a cat")))
    assert area.current == "attention"
    assert QApplication.focusWidget() is sentence
    area.show_view("heads")
    assert QApplication.focusWidget() is area.views["heads"].field


def test_colours_reach_windows_and_tabs(area, context, qtbot):
    area.toggle_window("attention")
    context.looks.set_color_map("magma")
    views = area.views["heads"], area.views["attention"]
    area.show_view("heads")
    qtbot.waitUntil(lambda: all("magma" in view.colors for view in views))
    area.toggle_window("sparse")
    assert area.views["sparse"].style_now().color_map == "magma"


def test_a_tab_is_dragged_to_a_place_of_the_screen_and_the_whole_window_is_there(area, qtbot):
    bar = area.findChild(QTabBar, "views_main_tabs")
    start = bar.tabRect(1).center()
    screen = QGuiApplication.primaryScreen().availableGeometry()
    end = screen.bottomRight() - QPoint(40, 40)
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(bar, bar.mapFromGlobal(end))
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=bar.mapFromGlobal(end))
    assert list(area.windows) == ["attention"]
    window = area.windows["attention"]
    assert screen.contains(window.frameGeometry())
    assert window.frameGeometry().bottomRight() == screen.bottomRight()  # as near as it can be
    area._windows.move("attention", QPoint(30, 40))
    assert window.geometry().topLeft() == QPoint(30, 40)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    assert len(area.windows) == 1


def test_a_torn_off_window_has_the_commands_and_takes_files(area):
    shared = SimpleNamespace(actions=(QAction("Ask again"),), watched=[])
    shared.watch = shared.watched.append
    area.toggle_window("heads")
    area.set_window_actions(shared, shared)
    area.toggle_window("attention")
    windows = list(area.windows.values())
    assert shared.watched == [windows[0], windows[0], windows[1], windows[1]]
    assert all(shared.actions[0] in window.actions() for window in windows)


def test_the_buttons_name_the_view(area, qtbot):
    for button, signal in (("heads_copy", area.copy_requested), ("heads_export", area.export_requested)):
        with qtbot.waitSignal(signal) as blocker:
            click(area, button)
        assert blocker.args == ["heads"]
    click(area, "heads_window")
    assert list(area.windows) == ["heads"]
    with qtbot.waitSignal(area.export_requested) as blocker:
        click(area, "heads_export")
    assert blocker.args == ["heads"]
    click(area, "heads_window")
    assert area.windows == {}


# Beside each other


def test_a_view_stands_beside_the_others(area):
    area.show_view("attention")
    area.toggle_beside("attention")
    assert tabs(area, "views_beside") == ["Attention"]
    assert front(area) == "Sparse"
    assert area.views["attention"].isVisible()
    assert area.views["sparse"].isVisible()
    area.toggle_beside("attention")
    assert tabs(area, "views_beside") == []
    assert front(area) == "Attention"


def test_where_a_view_went_away_its_neighbour_that_is_on_comes_to_the_front(qtbot):
    pane = ViewPane("some")
    qtbot.addWidget(pane)
    tabs = [Tab(name, name, "", name != "off") for name in ("first", "gone", "off", "last")]
    pane.set_tabs(tuple(tabs))
    pane.set_current("gone")
    pane.set_tabs(tuple(tab for tab in tabs if tab.name != "gone"))
    assert pane.current == "last"


def test_no_view_that_changes_the_input_comes_to_the_front_as_another_one_left(qtbot):
    """The text of all views would be another one, as a model writes it, and nobody asked for that."""
    pane = ViewPane("some")
    qtbot.addWidget(pane)
    tabs = [Tab(name, name, "", name != "off", name == "writes") for name in ("first", "gone", "writes", "off", "last")]
    for n, wanted in ((5, "last"), (4, "first")):
        pane.set_tabs(tuple(tabs[:n]))
        pane.set_current("gone")
        pane.set_tabs(tuple(tab for tab in tabs[:n] if tab.name != "gone"))
        assert pane.current == wanted


def test_views_in_which_a_model_writes_or_draws_say_that_they_change_the_input():
    classes = {entry: getattr(import_module(entry.cls.split(":")[0]), entry.cls.split(":")[1]) for entry in VIEWS}
    assert [entry.name for entry in VIEWS if entry.changes_input] == [
        entry.name for entry, cls in classes.items() if issubclass(cls, GrowingTextView | MeshView)
    ]


def test_a_tab_dropped_on_the_views_goes_beside_them(area):
    bar = area.findChild(QTabBar, "views_main_tabs")
    end = bar.mapFrom(area, area.rect().center())
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(0).center())
    QTest.mouseMove(bar, end)
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=end)
    assert tabs(area, "views_beside") == ["Heads"]


def test_the_last_tab_is_not_put_beside_nothing(area):
    for name in ("heads", "attention", "sparse"):
        area.toggle_window(name)
    area.toggle_beside("masked")
    assert tabs(area) == ["Masked"]


# Another session


def test_the_layout_comes_back(area, make_area):
    area.toggle_beside("sparse")
    area.toggle_window("attention")
    area.windows["attention"].setGeometry(120, 130, 330, 340)
    area.show_view("masked")
    layout = area.layout_now()
    again = make_area()
    again.restore_layout(layout)
    assert again.windows == {}  # not before there is something to show
    again.set_subject(Subject(TEXT, text_input("a cat")))
    assert tabs(again) == ["Heads", "Masked"]
    assert front(again) == "Masked"
    assert tabs(again, "views_beside") == ["Sparse"]
    assert again.windows["attention"].geometry().getRect() == (120, 130, 330, 340)
    assert replace(again.layout_now(), widths=()) == replace(layout, widths=())
    assert again.layout_now().widths == pytest.approx(layout.widths, abs=2)
    assert min(layout.widths) > 200


def test_a_restored_view_is_shown_whatever_it_is_about(make_area):
    area = make_area()
    area.restore_layout(ViewLayout("attention"))
    area.set_subject(Subject(IMAGE, text_input("")))
    assert front(area) == "Attention"


def test_a_layout_of_another_version_does_no_harm(make_area):
    area = make_area()
    area.restore_layout(
        ViewLayout("none", ("none", "heads"), ("gone",), {"none": "x", "sparse": "\ud800"}, (-5, 10**6))
    )
    area.set_subject(Subject(TEXT, text_input("a cat")))
    area.toggle_window("sparse")
    assert tabs(area) == ["Attention", "Masked"]
    assert tabs(area, "views_beside") == ["Heads"]


# Files


def test_a_file_waits_for_its_view(make_area):
    area = make_area()
    area.open_file("mesh", "/a.obj", MESH)  # the checkpoint is open, what it looks at is not yet known
    area.set_subject(Subject(MESH, text_input("")))
    assert area.views["mesh"].files == ["/a.obj"]
    area.open_file("mesh", "/b.obj", MESH)
    assert area.views["mesh"].files == ["/a.obj", "/b.obj"]


def test_is_collected_after_closing(assert_collected, context):
    def make():
        area = ViewArea(lambda entry: PlainView(context), entries=ENTRIES)
        area.show()
        area.set_subject(Subject(TEXT, text_input("a cat")))
        area.toggle_window("sparse")
        area.close_windows()
        return area

    assert_collected(make)


def stops(area):
    """Where Tab goes in the window of the area, from the tabs on."""
    bar = area.findChild(QTabBar, "views_main_tabs")
    bar.setFocus()
    found = []
    while (now := QApplication.focusWidget()) not in found:
        found.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    assert now is found[0], "it goes round without coming back to the tabs"
    return [stop.objectName() or type(stop).__name__ for stop in found]


def test_tab_goes_from_the_tabs_into_their_view_and_does_so_when_it_was_put_back(area):
    last = QLineEdit()
    area.parentWidget().layout().addWidget(last)
    last.setObjectName("behind")
    last.show()
    buttons = [f"heads_{name}" for name in ("help", "copy", "export", "beside", "window")]
    area.parentWidget().resize(1000, 400)
    in_order = ["views_main_tabs", *buttons, "QLineEdit", "behind"]
    assert stops(area) == in_order
    area.show_view("attention")
    area.show_view("heads")
    area.toggle_window("heads")
    assert "heads_copy" not in stops(area)
    area.toggle_window("heads")
    area.parentWidget().activateWindow()
    assert stops(area) == in_order
    area.toggle_beside("heads")
    area.toggle_beside("heads")
    assert stops(area) == in_order


def test_where_the_sentence_of_a_view_needs_the_room_its_buttons_are_icons(area):
    """Nothing is cut as long as the icons have room; what they do is said on hover, and to screen readers."""
    header = area.header_of("heads")
    button = area.findChild(QToolButton, "heads_export")
    styles = Qt.ToolButtonStyle
    wide = header.about.fontMetrics().horizontalAdvance(header.about.text()) + 500
    seen = set()
    letter = area.fontMetrics().averageCharWidth()
    for width in range(wide, 5 * letter, -letter):
        header.resize(width, header.height())
        QApplication.processEvents()
        seen.add(button.toolButtonStyle())
        text = header.about.text()
        if button.toolButtonStyle() == styles.ToolButtonTextBesideIcon:
            assert header.about.fontMetrics().horizontalAdvance(text) <= header.about.width()
    assert seen == {styles.ToolButtonTextBesideIcon, styles.ToolButtonIconOnly}


def test_buttons_of_a_page_that_was_behind_have_their_words_again_after_a_presentation(area):
    """Letters were too large for them while nobody saw the page; when it comes to the front it has its old size."""
    area.window().setFixedSize(1000, 400)
    area.show_view("heads")
    QApplication.processEvents()
    button = area.findChild(QToolButton, "heads_export")
    assert button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    area.show_view("attention")
    usual, large = QApplication.font(), QApplication.font()
    large.setPointSizeF(4 * usual.pointSizeF())
    for font in (large, usual):
        QApplication.setFont(font)
        QApplication.processEvents()
    area.show_view("heads")
    QApplication.processEvents()
    assert button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    assert button.toolTip()
    assert button.accessibleName().startswith("Export")
