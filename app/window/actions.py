"""Every command once: menus, shortcuts and the list of shortcuts are made of this table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from app.window.settings import CHECKPOINTS_MB, MEMORY_MB, Settings
from resources import bundled_checkpoints
from widgets.kit.plain import plain_tip
from widgets.look.icons import line_icon
from widgets.registry import VIEWS
from widgets.view_entry import ViewEntry
from widgets.views.home.cards import BY_NAME, LECTURE

MOST_NUMBERS = 9
CLOSE_KEY = "Ctrl+W"  # of a view's own window and of the help; the main window, which all of them end with, has another


class Command(NamedTuple):
    """`slot` is a method of the window, called with `value` if any; `choice` names a group of exclusive ones.

    `menu` is such as "&View" or, of a menu within that, "&View/The&me". The slot of a part of the window has that
    part before it, such as `editing.undo`; of several shortcuts, parted by "; ", a menu shows the first. One that
    `begins_group` is parted from what stands above it.
    The shortcut of one that `is_last` is a key that fields, lists and popups use themselves: they have it first.
    """

    menu: str
    text: str
    slot: str
    shortcut: str = ""
    value: str | int | None = None
    choice: str = ""
    is_checkable: bool = False
    is_last: bool = False
    begins_group: bool = False

    @property
    def name(self) -> str:
        """What its action is known by."""
        return self.slot if self.value is None else f"{self.slot}:{self.value}"


def _show_menu(view: ViewEntry) -> str:
    """All in one menu would be taller than a small screen."""
    return "&View/Show i&mages and meshes" if view.about_model in ("image", "mesh") else "&View/Sho&w"


def _shortcut(view: ViewEntry) -> str:
    """Home has one of its own; others are numbered as their tabs are."""
    return "Alt+Home" if view.is_home else ""


def _size(megabytes: int) -> str:
    return f"{megabytes} MB" if megabytes < 1024 else f"{megabytes // 1024} GB"


COMMANDS: tuple[Command, ...] = (
    Command("&File", "&Open folder…", "opening.browse", "Ctrl+O"),
    Command("&File", "Open from the &hub…", "hub.show_hub", "Ctrl+Shift+O"),
    Command("&File", "Checkpoints on this &machine…", "hub.show_machine", "Ctrl+Alt+O"),
    Command("&File", "Con&vert weights…", "hub.convert_file"),
    Command("&File", "About this &checkpoint…", "hub.show_open"),
    Command("&File", "&Keep this checkpoint at hand", "running.set_pinned", "", None, "", True),
    Command("&File", "Open &image…", "filing.open_image", "Ctrl+I"),
    Command("&File", "Open &text…", "going.open_text", "Ctrl+T"),
    Command("&File/Open &recent", "&Forget these", "filing.forget_recent"),
    Command("&File", "&New window", "filing.new_window", "Ctrl+N"),
    Command("&File", "&Export…", "filing.export_current", "Ctrl+E", begins_group=True),
    Command("&File", "Export &all views…", "filing.export_all", "Ctrl+Shift+E"),
    Command("&File", "Export all &heads of the layer…", "filing.export_heads", "Ctrl+Alt+E"),
    Command("&File", "Caption &line in exports", "set_caption", "", None, "", True),
    Command("&File", "&Print…", "filing.print_current", "Ctrl+P"),
    Command("&File", "&Close", "leaving.close", "Ctrl+Q", begins_group=True),
    Command("&Edit", "&Undo", "editing.undo", "Ctrl+Z"),
    Command("&Edit", "&Redo", "editing.redo", "Ctrl+Shift+Z; Ctrl+Y"),
    Command("&Edit", "&Copy picture", "editing.copy_picture", "Ctrl+Shift+C", begins_group=True),
    Command("&Edit", "Copy &numbers", "editing.copy_numbers", "Ctrl+Alt+C"),
    Command("&Edit", "&Select nothing", "editing.select_nothing", "Ctrl+Shift+A", begins_group=True),
    Command("&Edit", "&Find action…", "finding.find", "Ctrl+Shift+P", begins_group=True),
    *(Command(_show_menu(view), view.title, "show_view", _shortcut(view), view.name) for view in VIEWS),
    Command("&View", "&Tear off or put back", "tear_current", "Ctrl+Shift+T"),
    Command("&View", "Show &beside or put back", "show_beside", "Ctrl+Shift+B"),
    Command("&View", "&Checkpoints panel", "panels.show_left", "Ctrl+Shift+G", None, "", True),
    Command("&View", "&Details panel", "panels.show_right", "Ctrl+Shift+D", None, "", True),
    Command("&View", "&Presentation", "presentation.set_on", "F11", None, "", True),
    Command("&View", "Presentation on the &other screen", "presentation.go_to_other_screen", "Shift+F11"),
    Command("&View", "&Larger letters", "scale_font", "Ctrl++", 1),
    Command("&View", "&Smaller letters", "scale_font", "Ctrl+-", -1),
    Command("&View", "&Normal letters", "scale_font", "Ctrl+0", 0),
    Command("&View/The&me", "Theme of the s&ystem", "set_theme", "", "system", "theme", True),
    Command("&View/The&me", "&Light theme", "set_theme", "", "light", "theme", True),
    Command("&View/The&me", "&Dark theme", "set_theme", "", "dark", "theme", True),
    Command("&View/C&olours", "ci&vidis", "set_color_map", "", "cividis", "colors", True),
    Command("&View/C&olours", "viri&dis", "set_color_map", "", "viridis", "colors", True),
    Command("&View/C&olours", "&magma", "set_color_map", "", "magma", "colors", True),
    Command("&View/C&olours", "&gray", "set_color_map", "", "gray", "colors", True),
    Command("&Go", "&Previous head", "going.step_head", "Alt+Left", -1),
    Command("&Go", "&Next head", "going.step_head", "Alt+Right", 1),
    Command("&Go", "&Layer above", "going.step_layer", "Alt+Up", -1),
    Command("&Go", "Layer &below", "going.step_layer", "Alt+Down", 1),
    Command("&Go", "Step of training bef&ore", "hub.step", "Alt+PgUp", -1),
    Command("&Go", "Step of training a&fter", "hub.step", "Alt+PgDown", 1),
    Command("&Go", "&Mask or show the selected token", "going.toggle_selected_mask", "Ctrl+M"),
    Command("&Go", "Show &all tokens", "going.clear_masks", "Ctrl+Shift+M"),
    Command("&Go", "&Swap the sentences", "going.swap_sentences", "Ctrl+Shift+S"),
    Command("&Go", "Type a s&entence", "going.focus_sentence", "Ctrl+L"),
    Command("&Go", "Ne&xt panel", "round.go", "F6", 1, begins_group=True),
    Command("&Go", "Pre&vious panel", "round.go", "Shift+F6", -1),
    Command("&Run", "Ask &again", "ask_again", "F5"),
    Command("&Run", "&Cancel", "cancel", "Esc", is_last=True),
    Command("&Run", "&Messages…", "show_messages"),
    *(
        Command("&Run/Memory for &attention", _size(megabytes), "running.set_memory", "", megabytes, "memory", True)
        for megabytes in MEMORY_MB
    ),
    *(
        Command(
            "&Run/Memory for c&heckpoints",
            _size(megabytes) if megabytes else "A &quarter of this machine's",
            "running.set_checkpoint_memory",
            "",
            megabytes,
            "checkpoints",
            True,
        )
        for megabytes in CHECKPOINTS_MB
    ),
    Command("&Run/Compute &on", "&Look again", "running.look_for_devices"),
    Command("&Run", "Compute on ano&ther machine…", "reaching.show_dialog"),
    Command("&Run", "Run in the &precision of the file", "running.set_own_precision", "", None, "", True),
    *(
        Command(f"&Help/&Lecture/&{number} {part.title}", card.title, "open_card", "", card.name)
        for number, part in enumerate(LECTURE, 1)
        for card in part.cards
    ),
    Command("&Help", "&What is this?", "helping.show_page", "F1"),
    Command("&Help", "&Guided tour", "helping.begin_tour"),
    Command("&Help", "Lecture: &contents…", "helping.show_lecture"),
    Command("&Help", "Wo&rds…", "helping.show_words"),
    Command("&Help", "&Keyboard shortcuts…", "show_shortcuts", "Ctrl+F1"),
    Command("&Help", "&About Headlight…", "show_about"),
)


ICONS = {
    "opening.browse": "folder",
    "filing.open_image": "image",
    "going.open_text": "text",
    "filing.new_window": "window",
    "filing.export_current": "export",
    "filing.export_all": "keep",
    "filing.export_heads": "keep",
    "filing.print_current": "print",
    "leaving.close": "close",
    "editing.undo": "undo",
    "editing.redo": "redo",
    "editing.copy_picture": "copy",
    "editing.copy_numbers": "numbers",
    "finding.find": "find",
    "tear_current": "tear-off",
    "show_beside": "beside",
    "going.toggle_selected_mask": "mask",
    "ask_again": "again",
    "helping.show_page": "help",
    "show_shortcuts": "keys",
}


def build_menus(window: QMainWindow) -> dict[str, QAction]:
    """Add all commands to the window; actions by `slot` or `slot:value`."""
    menus: dict[str, QMenu] = {}
    choices: dict[str, QActionGroup] = {}
    actions: dict[str, QAction] = {}
    bundled = bundled_checkpoints()
    for command in COMMANDS:
        menu = _menu(window, menus, command.menu)
        if command.choice and command.choice not in choices:
            choices[command.choice] = QActionGroup(window)
        if command.begins_group:
            menu.addSeparator()
        action = menu.addAction(command.text)
        action.setShortcuts(_keys(command.shortcut))
        if command.is_last:  # the menu shows the key, and `LastKeys` acts on it
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setCheckable(command.is_checkable)
        action.setData(command.value)
        slot = attrgetter(command.slot)(window)
        if command.value is not None:
            action.triggered.connect(_Call(slot, command.value))
        else:
            action.triggered.connect(slot)
        if command.choice:
            choices[command.choice].addAction(action)
        action.setObjectName(command.name)
        if command.slot in ICONS:
            action.setIcon(line_icon(ICONS[command.slot]))
        if command.slot == "open_card":
            card = BY_NAME[str(command.value)]
            action.setToolTip(plain_tip(card.about))
            action.setVisible(card.example.checkpoint in bundled)
        actions[command.name] = action
    return actions


def _keys(shortcuts: str) -> list[QKeySequence]:
    return QKeySequence.listFromString(shortcuts, QKeySequence.SequenceFormat.PortableText)


def _menu(window: QMainWindow, menus: dict[str, QMenu], path: str) -> QMenu:
    """The menu of a path, made where there is none yet."""
    if path not in menus:
        above, _, title = path.rpartition("/")
        menus[path] = (_menu(window, menus, above) if above else window.menuBar()).addMenu(title)
        menus[path].setToolTipsVisible(True)
    return menus[path]


def set_view_shortcuts(actions: dict[str, QAction], why: dict[str, str], offered: tuple[str, ...]) -> None:
    """Ctrl+1 to Ctrl+9 for the first views that show something; those that are off are greyed and say why (by name)."""
    numbered = [view for view in VIEWS if not view.is_home]
    shown = [view.name for view in numbered if view.name in offered and not why.get(view.name)]
    for view in numbered:
        number = shown.index(view.name) + 1 if view.name in shown else 0
        action = actions[f"show_view:{view.name}"]
        action.setShortcut(QKeySequence(f"Ctrl+{number}") if 1 <= number <= MOST_NUMBERS else QKeySequence())
        action.setEnabled(number > 0)
        action.setToolTip(plain_tip(why.get(view.name) or view.about))


def check_actions(actions: Mapping[str, QAction], settings: Settings) -> None:
    """Let the menus show what is set."""
    for name, is_on in (
        ("set_caption", settings.caption),
        (f"set_theme:{settings.theme}", True),
        (f"set_color_map:{settings.color_map}", True),
        (f"running.set_memory:{settings.memory_mb}", True),
        (f"running.set_checkpoint_memory:{settings.checkpoints_mb}", True),
    ):
        if name in actions:
            actions[name].setChecked(is_on)


class LastKeys(QObject):
    """Runs a command by its key where nothing that has the focus wanted that key, or says why the command is off.

    A shortcut of a window would be taken before the widget with the focus, and any popup over it, saw the key.

    Parameters
    ----------
    actions
        Commands of the menus.
    refuse
        Called with the reason that a command has for being off, when its key is pressed.
    """

    def __init__(self, actions: Iterable[QAction], refuse: Callable[[str], object], parent: QObject) -> None:
        super().__init__(parent)
        self.actions, self._refuse = tuple(actions), refuse

    def watch(self, *windows: QWidget) -> None:
        """Act on the keys that come to these; a dock that floats is a window, too."""
        for window in windows:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of a window: what comes here went through all widgets from the one with the focus on."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        keys = QKeySequence(event.keyCombination())
        # Shortcuts of views move from one to another with the checkpoint.
        action = next((action for action in self.actions if keys in action.shortcuts()), None)
        if action is None:
            return False
        if action.isEnabled():
            if is_last := action.shortcutContext() == Qt.ShortcutContext.WidgetShortcut:
                action.trigger()
            return is_last
        if reason := reason_off(action):
            self._refuse(reason)
        return bool(reason)


def plain_title(action: QAction) -> str:
    """What an action is called, without the letter that is underlined and the dots."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def reason_off(action: QAction) -> str:
    """Why an action is off, as its tool tip says; empty where it is on, or gives no reason."""
    # Without a tool tip Qt gives the text.
    has_reason = not action.isEnabled() and action.toolTip().rstrip("…") != plain_title(action)
    return action.toolTip() if has_reason else ""


class _Call:
    """A slot with its value bound, and without the `checked` that Qt adds."""

    def __init__(self, slot: object, value: str | int) -> None:
        self._slot, self._value = slot, value

    def __call__(self, _checked: bool = False) -> None:
        self._slot(self._value)  # type: ignore[operator]
