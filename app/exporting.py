"""Export and copy, as the window offers them: a dialog, and a sentence about how it went."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog

from app.export_dialog import ExportDialog
from inference.results import PictureInput, TextInput
from widgets.theme import LIGHT

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from inference.results.inputs import Input
    from widgets.figures.figure import Figure
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
    if isinstance(input, TextInput):
        return textwrap.shorten(input.text, _MOST_LETTERS, placeholder=" …")
    return Path(input.path).name if isinstance(input, PictureInput) else ""


def export(window: MainWindow, view: View | None) -> None:
    """Ask where to and how, and save what the view shows."""
    from app import export as exporter  # with all it needs, not before it is needed

    figure = _figure(window, view)
    if figure is None or view is None:
        return
    dialog = ExportDialog(view.objectName(), window.export_folder, has_caption=window.settings.caption, parent=window)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    path = dialog.path()
    window.export_folder = path.parent
    # Figures go onto white paper in the letters of the screen, whatever the theme of the window.
    style = replace(view.style_now(), theme=LIGHT)
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


def copy(window: MainWindow, view: View | None) -> None:
    """Put what the view shows on the clipboard, as picture and as vectors."""
    from app import export as exporter

    figure = _figure(window, view)
    if figure is None or view is None:
        return
    try:
        exporter.copy(figure, replace(view.style_now(), theme=LIGHT), QGuiApplication.clipboard())
    except exporter.ExportError as error:
        window.status_line.show_message(str(error))
    else:
        window.status_line.show_message(_tr("The picture is on the clipboard."), is_warning=False)
