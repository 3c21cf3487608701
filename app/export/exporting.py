"""Export and copy, as the window offers them: a dialog, and a sentence about how it went."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QWidget

from app.export.export_dialog import ExportDialog
from widgets.look.theme import LIGHT

if TYPE_CHECKING:
    from inference.results.inputs import Input
    from inference.results.mesh import MeshSample
    from widgets.figures.figure import Figure
    from widgets.look.theme import FigureStyle
    from widgets.scene3d.camera import Camera
    from widgets.view import View
    from widgets.views.complete_image.figure import CompleteImageFigure


_MOST_LETTERS = 300  # of the text in a caption


class Exporting(QObject):
    """Saves and copies what a view shows. What a file needs is imported when the first one is written.

    Attributes
    ----------
    folder
        Where the last file was saved.
    has_caption
        Whether the dialog proposes a line under the figure that says what it is.

    Signals
    -------
    said(str, bool)
        One sentence for the user, and whether it is a warning.
    """

    said = Signal(str, bool)

    def __init__(self, dialog_parent: QWidget) -> None:
        super().__init__(dialog_parent)
        self._dialog_parent = dialog_parent
        self.folder = Path.home()
        self.has_caption = False

    def export(self, view: View | None) -> None:
        """Ask where to and how, and save what the view shows."""
        from app.export import export as exporter
        from app.export import figure_film
        from widgets.views.complete_image.figure import CompleteImageFigure

        figure = self._figure(view)
        if figure is None or view is None:
            return
        dialog = ExportDialog(
            view.objectName(),
            self.folder,
            has_caption=self.has_caption,
            has_film=figure_film.grows(figure),
            parent=self._dialog_parent,
        )
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        path = dialog.path()
        self.folder = path.parent
        # Figures go onto white paper in the letters of the screen, whatever the theme of the window.
        style = replace(view.style_now(), theme=LIGHT)
        if figure_film.is_film(path) and isinstance(figure, CompleteImageFigure):
            self._save_film(figure, path.expanduser().absolute(), style, dialog.width_wanted())
            return
        try:
            exporter.save(
                figure,
                path,
                style=style,
                width=dialog.width_wanted(),
                dpi=dialog.dpi_wanted(),
                transparent=dialog.is_transparent(),
                caption=_caption(view, figure) if dialog.has_caption() else "",
            )
        except exporter.ExportError as error:
            self._warn(str(error))
        else:
            self._on_saving_done(str(path))

    def copy(self, view: View | None) -> None:
        """Put what the view shows on the clipboard, as image and as vectors."""
        from app.export import export as exporter

        figure = self._figure(view)
        if figure is None or view is None:
            return
        try:
            exporter.copy(figure, replace(view.style_now(), theme=LIGHT), QGuiApplication.clipboard())
        except exporter.ExportError as error:
            self._warn(str(error))
        else:
            self.said.emit(self.tr("The picture is on the clipboard."), False)

    def save_mesh(self, sample: MeshSample, classes: tuple[str, ...] = (), camera: Camera | None = None) -> None:
        """Ask where to and as what, and save a mesh, its picture, its growth or its numbers.

        Parameters
        ----------
        classes
            Names of the checkpoint's classes, after which the file is called.
        camera
            What pictures and films are seen through; None shows the whole mesh from the front.
        """
        from app.export.mesh_dialog import MeshDialog
        from app.export.mesh_export import MeshSaving

        label = classes[sample.label] if sample.label is not None and sample.label < len(classes) else "mesh"
        name = f"{label}-{sample.seed}".replace(" ", "-")
        dialog = MeshDialog(name, self.folder, parent=self._dialog_parent)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        path, look = dialog.path(), dialog.look()
        self.folder = path.parent
        saving = MeshSaving(self._dialog_parent)
        saving.done.connect(self._on_saving_done)
        saving.failed.connect(self._warn)
        saving.start(sample, path, dialog.kind(), look if camera is None else replace(look, camera=camera))

    def _figure(self, view: View | None) -> Figure | None:
        figure = view.figure() if view else None
        if figure is None:
            self._warn(self.tr("There is nothing to export in this view yet."))
        return figure

    def _save_film(self, figure: CompleteImageFigure, place: Path, style: FigureStyle, width: int | None) -> None:
        """A film takes seconds: a process of its own paints and encodes it."""
        from app.export.export import ExportError, check
        from app.export.figure_film import FILM_ENDINGS, packed
        from app.export.film_worker import message
        from app.export.saving import Saving

        try:
            check(place, FILM_ENDINGS)
        except ExportError as error:
            self._warn(str(error))
            return
        saving = Saving(self._dialog_parent, self.tr("Save the film"))
        saving.done.connect(self._on_saving_done)
        saving.failed.connect(self._warn)
        saving.begin("app.export.film_worker", place, message(figure, str(place), packed(style), width))

    @Slot(str)
    def _on_saving_done(self, place: str) -> None:
        self.said.emit(self.tr("Saved {}").format(place), False)

    @Slot(str)
    def _warn(self, sentence: str) -> None:
        self.said.emit(sentence, True)


def _caption(view: View, figure: Figure) -> str:
    subject = view.subject
    texts = [subject.checkpoint.name, figure.caption, _named(subject.input)] if subject else [figure.caption]
    return "  ·  ".join(filter(None, texts))


def _named(input: Input) -> str:
    """What was looked at, as far as a line can say it."""
    parts = (
        textwrap.shorten(input.text.text, _MOST_LETTERS, placeholder=" …") if input.text else "",
        Path(input.image.path).name if input.image else "",
    )
    return "  ·  ".join(filter(None, parts))
