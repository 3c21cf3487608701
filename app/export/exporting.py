"""Export and copy, as the window offers them: a dialog, and a sentence about how it went."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog

from app.export.export_dialog import ExportDialog
from widgets.look.theme import LIGHT

if TYPE_CHECKING:
    from app.export.films import GrowingFigure
    from app.export.mesh_look import MeshLook
    from app.window.main_window import MainWindow
    from inference.results.inputs import Input
    from inference.results.mesh import MeshSample
    from widgets.figures.figure import Figure
    from widgets.look.theme import FigureStyle
    from widgets.panels.status_line import StatusLine
    from widgets.view import View


_MOST_LETTERS = 300  # of the text in a caption


def _tr(text: str) -> str:
    return QCoreApplication.translate("Exporting", text)


def _figure(window: MainWindow, view: View | None) -> Figure | None:
    figure = view.figure() if view else None
    if figure is None:
        window.status_line.show_message(_tr("There is nothing to export in this view yet."))
    return figure


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


def export(window: MainWindow, view: View | None, first: str = "svg") -> None:
    """Ask where to and how, and save what the view shows; `first` is the kind of file that is offered first."""
    # With all they need, not before they are needed
    from app.export import export as exporter
    from app.export.films import grows
    from app.export.formats import FORMATS, OF_FIGURES, OF_FILMS, OF_MESHES
    from app.export.mesh_look import MeshLook

    figure = _figure(window, view)
    if figure is None or view is None:
        return
    sample = _whole_mesh(figure)
    formats = (
        *OF_FIGURES,
        *(OF_MESHES if sample else ()),
        *(OF_FILMS if sample or grows(figure) else ()),
    )
    name = view.objectName() if sample is None else _mesh_name(view, sample)
    dialog = ExportDialog(
        name,
        window.export_folder,
        formats,
        first=first if first in formats else "svg",
        has_caption=window.settings.caption,
        is_scene=sample is not None,
        parent=window,
    )
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    path, kind = dialog.path(), dialog.kind()
    window.export_folder = path.parent
    # Figures go onto white paper in the letters of the screen, whatever the theme of the window.
    style = replace(view.style_now(), theme=LIGHT)
    try:
        if FORMATS[kind].holds in ("image", "numbers"):
            exporter.save(
                figure,
                path,
                style=style,
                width=dialog.width_wanted(),
                dpi=dialog.dpi_wanted(),
                transparent=dialog.is_transparent(),
                caption=_caption(view, figure) if dialog.has_caption() else "",
            )
        elif sample is not None:
            look = MeshLook(dialog.size_wanted(), dialog.theme(), dialog.color_by(), speed=dialog.speed())
            _save_mesh(window, sample, path, kind, look)
            return
        elif grows(figure):
            _save_film(window, figure, path, kind, style, dialog)
            return
    except exporter.ExportError as error:
        window.status_line.show_message(str(error))
    else:
        window.status_line.show_message(_tr("Saved {}").format(path), is_warning=False)


def _whole_mesh(figure: Figure) -> MeshSample | None:
    """The mesh that is looked at, if it can be saved as one."""
    from widgets.views.mesh.figures.sample import MeshSampleFigure

    growth = figure.growth if isinstance(figure, MeshSampleFigure) else None
    return None if growth is None or growth.is_growing or not growth.faces else growth.sample


def _mesh_name(view: View, sample: MeshSample) -> str:
    classes = view.subject.checkpoint.classes if view.subject else ()
    label = classes[sample.label] if sample.label is not None and sample.label < len(classes) else "mesh"
    return f"{label}-{sample.seed}".replace(" ", "-")


# What takes seconds is painted and encoded by a process of its own.


def _save_mesh(window: MainWindow, sample: MeshSample, path: Path, kind: str, look: MeshLook) -> None:
    from app.export.mesh_files import check
    from app.export.worker import mesh_message

    place, kind = check(path.expanduser().absolute(), kind)
    _begin(window, _tr("Save the mesh"), place, mesh_message(sample, str(place), kind, look))


def _save_film(
    window: MainWindow, figure: GrowingFigure, path: Path, kind: str, style: FigureStyle, dialog: ExportDialog
) -> None:
    from app.export.film_files import check
    from app.export.worker import film_message

    place, kind = check(path.expanduser().absolute(), kind)
    message = film_message(figure, str(place), kind, style, dialog.width_wanted(), dialog.speed())
    _begin(window, _tr("Save the film"), place, message)


def _begin(window: MainWindow, title: str, place: Path, message: bytes) -> None:
    from app.export.saving import Saving

    saving = Saving(window, title)
    saving.done.connect(partial(_tell_saved, window.status_line))
    saving.failed.connect(window.status_line.show_message)
    saving.begin(place, message)


def _tell_saved(status_line: StatusLine, place: str) -> None:
    status_line.show_message(_tr("Saved {}").format(place), is_warning=False)


def copy(window: MainWindow, view: View | None) -> None:
    """Put what the view shows on the clipboard, as image and as vectors."""
    from app.export import export as exporter

    figure = _figure(window, view)
    if figure is None or view is None:
        return
    try:
        exporter.copy(figure, replace(view.style_now(), theme=LIGHT), QGuiApplication.clipboard())
    except exporter.ExportError as error:
        window.status_line.show_message(str(error))
    else:
        window.status_line.show_message(_tr("The picture is on the clipboard."), is_warning=False)
