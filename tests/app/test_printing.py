"""The page is seen before it is printed or saved, and what became of it is told."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPageLayout
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from app.export.page.sheet import Sheet
from app.export.printing import PrintPreview
from tests.factories import make_heads_result
from widgets.views.heads.figure import HeadsFigure

WIDE, HIGH = QPageLayout.Orientation.Landscape, QPageLayout.Orientation.Portrait


@pytest.fixture
def parent(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


@pytest.fixture
def preview(parent, tmp_path):
    preview = PrintPreview(Sheet.of(HeadsFigure(make_heads_result())), tmp_path, "bert_heads", parent)
    preview.show()
    return preview


def press(preview, name):
    preview.findChild(QPushButton, f"print_{name}").click()


def test_every_button_is_seen_and_the_page_can_be_turned(preview):
    buttons = preview.findChildren(QPushButton)
    assert [button.text().replace("&", "") for button in buttons] == [
        "Turn the page", "Page setup…", "Save as PDF…", "Print…", "Close",
    ]  # fmt: skip
    assert all(button.visibleRegion().boundingRect() == button.rect() for button in buttons)
    before = preview._page.orientation()
    press(preview, "turn")
    assert {before, preview._page.orientation()} == {WIDE, HIGH}


def test_the_page_is_saved_as_pdf_under_the_name_of_the_figure(preview, tmp_path, monkeypatch):
    proposed = []

    def choose(_parent, _title, start, _filters):
        proposed.append(start)
        return str(tmp_path / "page"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    press(preview, "pdf")
    assert proposed == [str(tmp_path / "bert_heads.pdf")]
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    assert preview.told == f"Saved {tmp_path / 'page.pdf'}"
    assert not preview.isVisible()


def test_a_page_that_cannot_be_written_is_told(preview, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "a.pdf"), ""))
    press(preview, "pdf")
    assert "the folder" in preview.why_not
    assert preview.told == ""


@pytest.mark.parametrize("answer", [0, 1])
def test_it_is_told_to_have_been_printed_only_where_that_was_wanted(preview, tmp_path, monkeypatch, answer):
    preview._printer.setOutputFileName(str(tmp_path / "out.pdf"))
    monkeypatch.setattr(QPrintDialog, "exec", lambda _dialog: answer)
    press(preview, "print")
    assert (tmp_path / "out.pdf").exists() == bool(answer)
    assert preview.told == (f"Saved {tmp_path / 'out.pdf'}" if answer else "")
    assert preview.isVisible() == (not answer)
