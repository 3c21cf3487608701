"""A file is as wide as was asked for, and its letters as large."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QFont
from PySide6.QtPrintSupport import QPrinter

from app.commands.figures import FIGURES
from app.export.export import save
from app.export.page.lengths import BadLength, Length, length_of, points_of
from app.export.page.look import ExportLook, look_of
from app.export.page.sheet import Sheet
from app.export.printing import paint_page
from tests.factories import make_attention_result
from tests.pdf_letters import letter_sizes
from widgets.look.theme import FigureStyle
from widgets.views.attention.figure import AttentionFigure
from widgets.views.attention.options import AttentionOptions

FIGURE = AttentionFigure(make_attention_result(), 0, 0, AttentionOptions())


def style(points):
    return FigureStyle(font=QFont("DejaVu Sans", points))


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("85mm", 240.94),
        (" 8.5 CM ", 240.94),
        ("3.5in", 252),
        ("640px", 480),
        ("300", 300),
        ("column", 240.94),
        ("two-columns", 504.57),
        ("slide", 960),
        ("slide-half", 480),
        ("slide-third", 320),
    ],
)
def test_a_width_can_be_said_in_many_ways(text, points):
    assert length_of(text).points() == pytest.approx(points, abs=0.01)


@pytest.mark.parametrize("text", ["", "mm", "85 bananas", "-3mm", "1mm", "9m", "999in", "30000px", "nan"])
def test_what_is_no_width_is_refused_in_a_sentence(text):
    with pytest.raises(BadLength, match=r"\.$"):
        length_of(text)


def test_letters_are_said_in_points():
    assert (points_of("8pt"), points_of("7.5")) == (8.0, 7.5)
    for text in ("8mm", "3pt", "100", "big"):
        with pytest.raises(BadLength):
            points_of(text)


def test_pixels_of_an_image_follow_its_dots_per_inch():
    assert Length(85, "mm").pixels(300) == 1004
    assert Length(640, "px").pixels(300) == 640


def test_a_pdf_has_the_width_and_the_letters_that_were_asked_for(qapp, tmp_path):
    save(FIGURE, tmp_path / "a.pdf", style=style(8), width=length_of("85mm"), keep_letters=True)
    content = (tmp_path / "a.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)", content)
    assert float(box[1]) / 72 * 25.4 == pytest.approx(85, abs=0.2)  # Qt writes whole points
    assert set(letter_sizes(content)) == {8.0}


def test_letters_of_an_svg_keep_their_size_at_any_width(qapp, tmp_path):
    sizes = {}
    for width in ("85mm", "178mm"):
        place = tmp_path / f"{width}.svg"
        save(FIGURE, place, style=style(8), width=length_of(width), keep_letters=True)
        text = place.read_text()
        head = re.search(r'width="([\d.]+)pt" .*?viewBox="0 0 ([\d.]+)', text, re.DOTALL)
        scale = float(head[1]) / float(head[2])
        sizes[width] = {float(size) * scale for size in re.findall(r'<text[^>]*font-size="([\d.]+)"', text)}
        assert float(head[1]) / 72 * 25.4 == pytest.approx(float(width[:-2]), abs=0.01)
    assert max(sizes["85mm"]) == pytest.approx(8, abs=0.05)
    assert max(sizes["178mm"]) == pytest.approx(8, abs=0.05)


def test_an_image_has_the_pixels_of_its_width(qapp, tmp_path):
    save(FIGURE, tmp_path / "a.png", style=style(8), width=length_of("85mm"), dpi=300, keep_letters=True)
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == 1004
        assert image.info["dpi"][0] == pytest.approx(300, abs=1)


def test_paper_holds_the_whole_figure(qapp, tmp_path):
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "paper.pdf"))
    paint_page(Sheet.of(FIGURE), printer)
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")
    assert QSizeF(Sheet.of(FIGURE).size()).isValid()


def test_what_was_chosen_last_is_read_again_and_what_is_damaged_is_not():
    look = ExportLook("pdf", "85mm", 8.0, "dark", True)
    assert look_of(look.to_json()) == look
    assert look_of({"width": "wide", "font_size": 8.0}) == ExportLook(font_size=8.0)
    assert look_of([1]) == ExportLook()


class _Wide:
    """Letters over each other in less than 400 points."""

    caption = "wide"

    def least_width(self, style):
        return 400.0

    def natural_size(self, style):
        return QSizeF(500, 100)

    def paint(self, painter, rect, style):
        assert rect.width() >= 400
        painter.setFont(style.font)
        painter.drawText(rect, "letters")

    def numbers(self):
        raise NotImplementedError


def test_what_needs_more_room_becomes_smaller_as_a_whole_and_says_so(qapp, tmp_path):
    said = save(_Wide(), tmp_path / "a.svg", style=style(8), width=length_of("85mm"), keep_letters=True)
    text = (tmp_path / "a.svg").read_text()
    assert float(re.search(r'width="([\d.]+)pt"', text)[1]) / 72 * 25.4 == pytest.approx(85, abs=0.2)
    assert said == "Letters are of 4.5 pt: with those of 8 pt the figure needs 147 mm."
    save(_Wide(), tmp_path / "a.pdf", style=style(8), width=length_of("85mm"), keep_letters=True)
    assert set(letter_sizes((tmp_path / "a.pdf").read_bytes())) == {4.5}
    assert save(_Wide(), tmp_path / "b.svg", style=style(8), width=length_of("178mm"), keep_letters=True) == ""


def test_no_option_of_a_figure_takes_the_place_of_one_of_its_file():
    shared = {"out", "force", "width", "dpi", "transparent", "theme", "color_map", "font_size", "caption"}
    taken = {name: shared & set(command.options.declared()) for name, command in FIGURES.items() if command.options}
    assert not {name: options for name, options in taken.items() if options - {"color_map"}}
