"""What the menu File does: open images and what was open before, another window, files and paper."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QDrag, QPixmap
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QWidget

from app.export.exporting import Exporting
from app.link.controller import Controller
from app.window.drops import IMAGES
from app.window.menus.another_window import open_another
from app.window.menus.export_all import ExportAll, ExportStop, FolderDialog
from app.window.opening import Opening
from app.window.telling import Telling
from app.window.view_area import ViewArea
from inference.results.checkpoint import folder_name
from inference.results.inputs import Input
from widgets.kit.head_steps import layer_and_head
from widgets.kit.plain import plain_tip
from widgets.panels.input_panel import InputPanel
from widgets.registry import VIEWS
from widgets.view import View

if TYPE_CHECKING:
    from app.export.dragging import DraggedFigure

_CHECKPOINT, _IMAGE = "checkpoint", "image"


class Filing(QObject):
    """Opens images and what was open before, opens another window, exports and prints.

    Two windows write their settings so that the last change of each stays.

    Attributes
    ----------
    keep_looks
        Writes how this window looks, for the other one; may raise OSError.

    Signals
    -------
    forget_requested()
        No list is wanted of what was open before.
    """

    forget_requested = Signal()

    def __init__(
        self,
        controller: Controller,
        opening: Opening,
        input_panel: InputPanel,
        exporting: Exporting,
        telling: Telling,
        area: ViewArea,
        dialog_parent: QWidget,
    ) -> None:
        super().__init__(dialog_parent)
        self._controller, self._opening, self._input_panel = controller, opening, input_panel
        self._exporting, self._telling, self._area = exporting, telling, area
        self._dialog_parent = dialog_parent
        self._menu: QMenu | None = None
        self._last: QAction | None = None
        self._recent: tuple[QAction, ...] = ()
        self._folder = str(Path.home())
        self.keep_looks: Callable[[], None] = lambda: None

    # What was open before

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Fill the menu of what was open before, above the command that forgets it."""
        last = actions["filing.forget_recent"]
        menu = last.parent()
        assert isinstance(menu, QMenu)
        self._menu, self._last = menu, last
        menu.triggered.connect(self._on_menu_triggered)
        menu.insertSeparator(last)

    def show_recent(self, checkpoints: Sequence[str], images: Sequence[str]) -> None:
        """Offer folders of checkpoints and files of images, each the latest first."""
        if self._menu is None or self._last is None:
            return
        for action in self._recent:
            self._menu.removeAction(action)
            action.deleteLater()
        made = []
        first = self._menu.actions()[0]
        for kind, paths in ((_CHECKPOINT, checkpoints), (_IMAGE, images)):
            for path in paths:
                text = self.tr("Image {}") if kind == _IMAGE else "{}"
                action = QAction(text.format(folder_name(path)).replace("&", "&&"), self._menu)
                action.setData((kind, path))
                action.setToolTip(plain_tip(path))
                self._menu.insertAction(first, action)
                made.append(action)
        self._recent = tuple(made)
        self._last.setEnabled(bool(made))
        self._last.setToolTip("" if made else self.tr("Nothing was opened from a folder so far."))

    def forget_recent(self) -> None:
        """Keep no list of what was open before."""
        self.forget_requested.emit()

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        if action not in self._recent:
            return
        kind, path = action.data()
        if kind == _IMAGE:
            self._look_at_image(path)
        else:
            self._opening.open(path)

    # Images

    def open_image(self) -> None:
        """Let the user choose image files, and look at them."""
        if self._refuses_images():
            return
        title, endings = self.tr("Open an image"), " ".join(f"*{ending}" for ending in sorted(IMAGES))
        filters = self.tr("Images ({})").format(endings)
        paths, _ = QFileDialog.getOpenFileNames(self._dialog_parent, title, self._folder, filters)
        if paths:
            self._folder = str(Path(paths[0]).parent)
            self._input_panel.open_images(paths)

    def _look_at_image(self, path: str) -> None:
        if not self._refuses_images():
            self._input_panel.open_images([path])

    def _refuses_images(self) -> bool:
        is_refused = "image" not in self._input_panel.kinds
        why = self.tr("This checkpoint reads no images; open one that does, such as vit-scenes.")
        self._telling.refuse(why if is_refused else "")
        return is_refused

    # Another window

    def new_window(self) -> None:
        """Start the program once more, on the same machine and with the checkpoint that is open here."""
        info, elsewhere = self._controller.checkpoint, self._controller.elsewhere
        with suppress(OSError):  # that nothing can be written there was told at the start
            self.keep_looks()
        engine = ["--engine", elsewhere.address.text] if elsewhere is not None else []
        is_started = open_another([*engine, *([info.checkpoint] if info else [])])
        why = self.tr("Another window could not be opened: no process could be started.")
        self._telling.refuse("" if is_started else why)

    # Files and paper

    def export_current(self) -> None:
        """Ask where to, and save what the view shows that was used last."""
        self.export(self._area.current)

    def export(self, name: str) -> None:
        """Ask where to, and save what a view shows."""
        self._exporting.export(self._area.views.get(name), why_none=self._area.why_off(name))

    def copy(self, name: str) -> None:
        """Put what a view shows on the clipboard."""
        self._exporting.copy(self._area.views.get(name), why_none=self._area.why_off(name))

    def export_all(self) -> None:
        """Save what all views of the open checkpoint show, in one folder."""
        views = [(entry.name, entry.title) for entry in VIEWS if not entry.is_home and self._is_offered(entry.name)]
        if not views:
            self._telling.refuse(self.tr("There is no view to export yet; open a checkpoint first."))
            return
        about = self.tr(
            "The {} views of this checkpoint are shown one after the other; each is saved as soon as it is computed."
        )
        stops = [ExportStop(title, partial(self._shown, name)) for name, title in views]
        go_back = partial(self._area.show_view, self._area.current)
        self._export_each(stops, self.tr("Export all views"), about.format(len(stops)), self.tr("views"), go_back)

    def export_heads(self) -> None:
        """Save what the view that was used last shows of each head of the layer, in one folder."""
        from app.export.saving import head_parts

        view, info = self._area.views.get(self._area.current), self._controller.checkpoint
        figure = view.figure() if view is not None else None
        if view is None or info is None or figure is None or len(head_parts(figure.caption)) < len("LH"):
            self._telling.refuse(self.tr("What is in front shows no single head; go to Attention, say."))
            return
        self._telling.refuse("")
        selection = view.selection
        group, layer, head = layer_and_head(info, selection)
        n = info.group(group).n_heads[layer]
        about = self.tr("The {} heads of layer {} are selected one after the other; what {} shows of each is saved.")
        stops = [ExportStop(self.tr("Head {}").format(each), partial(_with_head, view, each)) for each in range(n)]
        title = self.tr("Export all heads of the layer")
        go_back = partial(selection.update, head=head)
        self._export_each(stops, title, about.format(n, layer, self._title(view)), self.tr("heads"), go_back)

    def _export_each(
        self, stops: Sequence[ExportStop], title: str, about: str, many: str, go_back: Callable[[], object]
    ) -> None:
        dialog = FolderDialog(self._exporting.folder, title, about, self._dialog_parent)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._exporting.folder = dialog.folder()
            task = ExportAll(self._exporting, title, many, self._dialog_parent)
            task.done.connect(self._exporting.tell_done)
            task.begin(stops, dialog.folder(), dialog.kind(), go_back)

    def _shown(self, name: str) -> View | None:
        self._area.show_view(name)
        return self._area.views.get(name)

    def _title(self, view: View) -> str:
        return next(entry.title for entry in VIEWS if entry.name == view.objectName())

    def _is_offered(self, name: str) -> bool:
        is_shown = self._area.has_tab(name) or name in self._area.windows
        return is_shown and not self._area.why_off(name)

    def drag(self, name: str) -> None:
        """Let what a view shows be dragged into another program."""
        self._exporting.drag(self._area.views.get(name), self._start_drag, why_none=self._area.why_off(name))

    def _start_drag(self, data: DraggedFigure) -> None:
        drag = QDrag(self._dialog_parent)
        drag.setMimeData(data)
        drag.setPixmap(QPixmap.fromImage(data.thumbnail(12 * self._dialog_parent.fontMetrics().height())))
        drag.exec(Qt.DropAction.CopyAction)

    def print_current(self) -> None:
        """Show how the figure of the view that was used last comes onto paper, and print it or save it as PDF."""
        name = self._area.current
        self._exporting.print(self._area.views.get(name), why_none=self._area.why_off(name))


def kept_image(input: Input) -> str:
    """The file of an image that is worth to be offered again; empty for what was generated or pasted."""
    path = input.image.path if input.image is not None else ""
    return "" if not path or Path(path).is_relative_to(tempfile.gettempdir()) else path


def _with_head(view: View, head: int) -> View:
    view.selection.update(head=head)
    return view
