"""Export and copy, as the window offers them: a dialog, and a sentence about how it went."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, QObject, QTemporaryDir, Signal, Slot
from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtWidgets import QDialog, QWidget

from app.export.page.naming import caption_of, stem_of, whole_mesh
from widgets.figures.counts import number_of
from widgets.look.theme import LIGHT

if TYPE_CHECKING:
    from app.export.dialog.export_dialog import ExportDialog
    from app.export.dragging import DraggedFigure
    from app.export.films import GrowingFigure
    from app.export.mesh_look import MeshLook
    from app.export.page.look import ExportLook
    from inference.results.mesh import MeshSample
    from widgets.kit.figure import Figure
    from widgets.look.theme import FigureStyle
    from widgets.view import View


_ABOUT = "export"


class Exporting(QObject):
    """Saves and copies what a view shows. What a file needs is imported when the first one is asked for.

    Attributes
    ----------
    folder
        Where the last file was saved.
    has_caption
        Whether the dialog proposes a line under the figure that says what it is.

    Signals
    -------
    said(str, bool, str)
        One sentence for the user, whether it is a warning, and what it is about: `export`, or `export picture` where
        there is none to be had. Without a sentence what was said before does not hold any more.
    caption_changed(bool)
        Another `has_caption` was chosen in the dialog.
    """

    said = Signal(str, bool, str)
    caption_changed = Signal(bool)

    def __init__(self, dialog_parent: QWidget, settings_file: Path | None = None) -> None:
        """What is chosen is kept beside `settings_file`; None: nowhere."""
        super().__init__(dialog_parent)
        self._settings_file = settings_file
        self._dialog_parent = dialog_parent
        self.folder = Path.home()
        self.has_caption = False
        self._waiting: tuple[View, Callable[[], None]] | None = None
        self._refused: View | None = None  # as its picture was an old one
        self._dragged: QTemporaryDir | None = None  # where files of what is dragged out are
        self._n_dragged = 0
        self._leave: Callable[[QClipboard], None] = lambda _: None  # until a picture was copied

    def export(self, view: View | None, first: str = "svg", *, why_none: str = "") -> None:
        """Ask where to and how, and save what the view shows.

        Parameters
        ----------
        first
            The kind of file that is offered first.
        why_none
            What stands where the picture would be.
        """
        from app.export import export as exporter
        from app.export.dialog.export_dialog import ExportDialog
        from app.export.dialog.exported import Exported
        from app.export.films import grows
        from app.export.formats import FORMATS, OF_FIGURES, OF_FILMS, OF_MESHES
        from app.export.mesh_look import MeshLook
        from app.export.saving import ExportError

        if view is not None and view.is_provisional and not view.is_growing:
            self._wait_for(view, partial(self.export, view, first))
            return
        figure = self._figure(view, self.tr("There is no picture to save: {}"), why_none)
        if figure is None or view is None:
            return
        sample = whole_mesh(figure)
        formats = (
            *OF_FIGURES,
            *(OF_MESHES if sample else ()),
            *(OF_FILMS if sample or grows(figure) else ()),
        )
        look = self._look()
        # A size of its own is for what is drawn; what is asked for by name comes first.
        wanted = first if first != "svg" else look.kind
        shown = Exported(figure, view.style_now(), caption_of(view, figure), view.notes)
        dialog = ExportDialog(
            stem_of(view, figure, sample),
            self.folder,
            formats,
            first=wanted if wanted in formats else "svg",
            shown=shown,
            look=look,
            has_caption=self.has_caption,
            is_scene=sample is not None,
            parent=self._dialog_parent,
        )
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        path, kind, look = dialog.path(), dialog.kind(), dialog.look()
        self.folder = path.parent
        self._keep_look(look, has_caption=dialog.has_caption())
        style = shown.styled(look)
        try:
            if FORMATS[kind].holds in ("image", "numbers"):
                why_smaller = exporter.save(
                    figure,
                    path,
                    style=style,
                    width=look.length,
                    dpi=dialog.dpi_wanted(),
                    keep_letters=look.font_size is not None,
                    transparent=look.transparent,
                    caption=shown.caption if dialog.has_caption() else "",
                    may_replace=dialog.may_replace(),
                    notes=view.notes,
                )
                self._on_saving_done(str(path), why_smaller)
            elif sample is not None:
                scene = MeshLook(dialog.size_wanted(), dialog.theme(), dialog.color_by(), speed=dialog.speed())
                self._save_mesh(sample, path, kind, scene, view.notes, may_replace=dialog.may_replace())
            elif grows(figure):
                self._save_film(figure, path, kind, replace(view.style_now(), theme=LIGHT), dialog, view.notes)
        except ExportError as error:
            self._warn(str(error))

    def _look(self) -> ExportLook:
        """What was chosen last, here or in another window."""
        from app.export.page.look import ExportLook, look_file, look_of
        from app.window.settings import read_entries

        return ExportLook() if self._settings_file is None else look_of(read_entries(look_file(self._settings_file))[0])

    def _keep_look(self, look: ExportLook, *, has_caption: bool) -> None:
        from app.export.page.look import look_file
        from app.window.settings import locked, write_entries

        if has_caption != self.has_caption:
            self.has_caption = has_caption
            self.caption_changed.emit(has_caption)
        if self._settings_file is not None:
            with suppress(OSError):  # the window says at its start where nothing can be kept
                file = look_file(self._settings_file)
                with locked(file):
                    write_entries(file, look.to_json())

    def save_into(self, view: View | None, folder: Path, kind: str) -> tuple[str, str]:
        """Save what a view shows under a name of its own; else half a sentence says why it was left aside.

        The second text says why letters are smaller than they were asked for, and is empty where they are not.

        Parameters
        ----------
        kind
            Of `OF_FIGURES`.
        """
        from app.export import export as exporter
        from app.export.dialog.exported import Exported
        from app.export.formats import ending_of
        from app.export.saving import ExportError, free_place

        figure = view.figure() if view is not None else None
        if figure is None or view is None:
            return self.tr("it shows nothing until something is chosen or begun there"), ""
        if view.why_not_current and not view.is_growing:
            return view.why_not_current, ""
        look = self._look()
        place = free_place(folder, stem_of(view, figure, None), ending_of(kind))
        try:
            why_smaller = exporter.save(
                figure,
                place,
                style=Exported(figure, view.style_now()).styled(look),
                width=look.length,
                keep_letters=look.font_size is not None,
                transparent=look.transparent,
                caption=caption_of(view, figure) if self.has_caption else "",
                may_replace=False,
                notes=view.notes,
            )
        except ExportError as error:
            return str(error), ""
        return "", why_smaller

    @Slot(str, bool)
    def tell_done(self, sentence: str, is_good: bool) -> None:
        """Say how an export went that another part of the window made."""
        self._say(sentence) if is_good else self._warn(sentence)

    def copy(self, view: View | None, *, why_none: str = "") -> None:
        """Put what the view shows on the clipboard, as image and as vectors; `why_none` stands where it would be."""
        from app.export.offered import copy, leave
        from app.export.saving import ExportError

        if view is not None and view.is_provisional and not view.is_growing:
            self._wait_for(view, partial(self.copy, view))
            return
        figure = self._figure(view, self.tr("There is no picture to copy: {}"), why_none)
        if figure is None or view is None:
            return
        try:
            offered = copy(figure, replace(view.style_now(), theme=LIGHT), QGuiApplication.clipboard(), view.notes)
            offered.failed.connect(self._warn)
            self._leave = leave
        except ExportError as error:
            self._warn(str(error))
        else:
            self._say(self.tr("The picture is on the clipboard."))

    def drag(self, view: View | None, start: Callable[[DraggedFigure], None], *, why_none: str = "") -> None:
        """Let what the view shows be dragged out of the window, also as a file of the kind that was saved last.

        Parameters
        ----------
        start
            Lets it be dragged, and returns when it was dropped.
        """
        from app.export.dragging import DraggedFigure
        from app.export.formats import FORMATS, ending_of
        from app.export.page.sheet import Sheet
        from app.export.saving import ExportError

        figure = self._figure(view, self.tr("There is no picture to drag: {}"), why_none)
        if figure is None or view is None:
            return
        kind = self._look().kind
        name = f"{stem_of(view, figure, None)}{ending_of(kind if FORMATS[kind].holds == 'image' else 'svg')}"
        if self._dragged is None:
            self._dragged = QTemporaryDir(f"{QDir.tempPath()}/headlight-XXXXXX")
        self._n_dragged += 1
        file = Path(self._dragged.filePath(str(self._n_dragged))) / name  # the one before may still be looked at
        try:
            sheet = Sheet.of(figure, replace(view.style_now(), theme=LIGHT), notes=view.notes)
            data = DraggedFigure(sheet, file, view.notes)
            data.failed.connect(self._warn)
            start(data)
        except ExportError as error:
            self._warn(str(error))

    def shutdown(self) -> None:
        """Remove the files of what was dragged out; what was copied stays on the clipboard."""
        self._leave(QGuiApplication.clipboard())
        if self._dragged is not None:
            self._dragged.remove()
            self._dragged = None

    def copy_numbers(self, view: View | None, *, why_none: str = "") -> None:
        """Put the numbers of what the view shows on the clipboard; `why_none` stands where the picture would be."""
        from app.export import export as exporter
        from app.export.saving import ExportError

        if view is not None and view.is_provisional and not view.is_growing:
            self._wait_for(view, partial(self.copy_numbers, view))
            return
        figure = self._figure(view, self.tr("There are no numbers to copy: {}"), why_none)
        if figure is None or view is None:
            return
        try:
            n_rows = exporter.copy_numbers(figure, QGuiApplication.clipboard(), view.notes)
        except ExportError as error:
            self._warn(str(error))
        else:
            self._say(
                self.tr("The numbers are on the clipboard: {}, separated by tabs.").format(number_of(n_rows, "rows"))
            )

    def print(self, view: View | None, *, why_none: str = "") -> None:
        """Show how what the view shows comes onto paper, and print it or save it as PDF."""
        from app.export.page.sheet import Sheet
        from app.export.printing import PrintPreview

        if view is not None and view.is_provisional and not view.is_growing:
            self._wait_for(view, partial(self.print, view))
            return
        figure = self._figure(view, self.tr("There is no picture to print: {}"), why_none)
        if figure is None or view is None:
            return
        caption = caption_of(view, figure) if self.has_caption else ""
        sheet = Sheet.of(figure, replace(view.style_now(), theme=LIGHT), caption=caption, notes=view.notes)
        preview = PrintPreview(sheet, self.folder, stem_of(view, figure, None), self._dialog_parent)
        preview.exec()
        if preview.why_not:
            self._warn(preview.why_not)
        elif preview.told:
            self.folder = preview.file.parent
            self._say(preview.told)
        preview.deleteLater()

    def _wait_for(self, view: View, act: Callable[[], None]) -> None:
        """Numbers of a sample are in no file: go on when the picture is exact, or is no longer wanted."""
        self._say(self.tr("The picture is a first look; this goes on when it is exact."))
        if self._waiting is None:
            view.standing_changed.connect(self._on_view_standing_changed)
        self._waiting = (view, act)

    @Slot()
    def _on_view_standing_changed(self) -> None:
        if self._waiting is None or self.sender() is not self._waiting[0]:
            return
        view, act = self._waiting
        if not view.is_provisional:
            self._waiting = None
            view.standing_changed.disconnect(self._on_view_standing_changed)
            act()

    def _figure(self, view: View | None, none: str, why_none: str) -> Figure | None:
        self._say("")  # why it could not be done before is no matter now
        figure = view.figure() if view and not why_none else None
        why_not = ""
        if figure is None or view is None:
            why_not = none.format(why_none or self.tr("this view shows nothing yet."))
        # What grows says itself how far it is; all else waits until it is what was asked for.
        elif view.why_not_current and not view.is_growing:
            why_not, figure = view.why_not_current, None
        if why_not:
            self.said.emit(why_not, True, f"{_ABOUT} picture")
            self._refused = view
            if view is not None:
                view.standing_changed.connect(self._on_refused_standing_changed)
        return figure

    @Slot()
    def _on_refused_standing_changed(self) -> None:
        view = self._refused
        if view is not None and self.sender() is view and not view.why_not_current and view.figure() is not None:
            self._say("")

    # What takes seconds is painted and encoded by a process of its own.

    def _save_mesh(
        self, sample: MeshSample, path: Path, kind: str, look: MeshLook, notes: tuple[str, ...], *, may_replace: bool
    ) -> None:
        from app.export.mesh_files import check
        from app.export.worker import mesh_message

        place, kind = check(path.expanduser().absolute(), kind, may_replace=may_replace)
        message = mesh_message(sample, str(place), kind, look, may_replace=may_replace, notes=notes)
        self._begin(self.tr("Save the mesh"), place, message)

    def _save_film(
        self,
        figure: GrowingFigure,
        path: Path,
        kind: str,
        style: FigureStyle,
        dialog: ExportDialog,
        notes: tuple[str, ...],
    ) -> None:
        from app.export.film_files import check
        from app.export.page.lengths import PIXELS_AN_INCH
        from app.export.worker import film_message

        may_replace, length = dialog.may_replace(), dialog.look().length
        place, kind = check(path.expanduser().absolute(), kind, may_replace=may_replace)
        message = film_message(
            figure, str(place), kind, style, length and length.pixels(PIXELS_AN_INCH), dialog.speed(),
            may_replace=may_replace, notes=notes,
        )  # fmt: skip
        self._begin(self.tr("Save the film"), place, message)

    def _begin(self, title: str, place: Path, message: bytes) -> None:
        from app.export.saving_process import Saving

        saving = Saving(self._dialog_parent, title)
        saving.done.connect(self._on_saving_done)
        saving.failed.connect(self._warn)
        saving.begin(place, message)

    @Slot(str)
    def _on_saving_done(self, place: str, why_smaller: str = "") -> None:
        saved = self.tr("Saved {}").format(place)
        # What is unlike what was asked for comes first: a long path may be cut off behind.
        self._say(f"{why_smaller} {saved}" if why_smaller else saved)

    def _say(self, sentence: str) -> None:
        if self._refused is not None:
            self._refused.standing_changed.disconnect(self._on_refused_standing_changed)
            self._refused = None
        self.said.emit(sentence, False, _ABOUT)

    @Slot(str)
    def _warn(self, sentence: str) -> None:
        self.said.emit(sentence, True, _ABOUT)
