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
    from app.window.main_window import MainWindow
    from inference.results.inputs import Input
    from widgets.figures.figure import Figure
    from widgets.look.theme import FigureStyle
    from widgets.panels.status_line import StatusLine
    from widgets.view import View
    from widgets.views.complete_image.figure import CompleteImageFigure


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


def export(window: MainWindow, view: View | None) -> None:
    """Ask where to and how, and save what the view shows."""
    # With all they need, not before they are needed
    from app.export import export as exporter
    from app.export import figure_film
    from widgets.views.complete_image.figure import CompleteImageFigure

    figure = _figure(window, view)
    if figure is None or view is None:
        return
    dialog = ExportDialog(
        view.objectName(),
        window.export_folder,
        has_caption=window.settings.caption,
        has_film=figure_film.grows(figure),
        parent=window,
    )
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    path = dialog.path()
    window.export_folder = path.parent
    # Figures go onto white paper in the letters of the screen, whatever the theme of the window.
    style = replace(view.style_now(), theme=LIGHT)
    if figure_film.is_film(path) and isinstance(figure, CompleteImageFigure):
        _save_film(window, figure, path.expanduser().absolute(), style, dialog.width_wanted())
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
        window.status_line.show_message(str(error))
    else:
        window.status_line.show_message(_tr("Saved {}").format(path), is_warning=False)


def _save_film(
    window: MainWindow, figure: CompleteImageFigure, place: Path, style: FigureStyle, width: int | None
) -> None:
    """A film takes seconds: a process of its own paints and encodes it."""
    from app.export.export import ExportError, check
    from app.export.figure_film import FILM_ENDINGS, packed
    from app.export.film_worker import message
    from app.export.saving import Saving

    try:
        check(place, FILM_ENDINGS)
    except ExportError as error:
        window.status_line.show_message(str(error))
        return
    saving = Saving(window, _tr("Save the film"))
    saving.done.connect(partial(_tell_saved, window.status_line))
    saving.failed.connect(window.status_line.show_message)
    saving.begin("app.export.film_worker", place, message(figure, str(place), packed(style), width))


def _tell_saved(status_line: StatusLine, place: str) -> None:
    status_line.show_message(_tr("Saved {}").format(place), is_warning=False)


def copy(window: MainWindow, view: View | None) -> None:
    """Put what the view shows on the clipboard, as picture and as vectors."""
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
