"""Files hold what was on screen: well-formed, the same each time, and whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QRectF, QSizeF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter

from app.export import render
from app.export.export import ENDINGS, save
from app.export.offered import copy, leave
from app.export.page.sheet import MAX_CAPTION_LINES, Sheet
from app.export.saving import ExportError
from tests.app.word_figures import Words
from widgets.figures.lettering import measure, resized
from widgets.kit.clean import clean
from widgets.look.letters import SMALL
from widgets.look.theme import DARK, FigureStyle

HOSTILE = ("a\x00b", "\x0b", "\ufffe", "x\ud800y", "</script>", "]]>", "\u202eevil", "tab\tnewline\n", "\x9b\u2028")
SVG = "{http://www.w3.org/2000/svg}"
pytestmark = pytest.mark.usefixtures("qapp")


def texts(content: bytes) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(content).iter(f"{SVG}text")]


def exported(tmp_path: Path, ending: str, figure: Words | None = None, **options: object) -> bytes:
    path = tmp_path / f"figure{ending}"
    save(figure or Words(), path, **options)  # type: ignore[arg-type]
    return path.read_bytes()


# Every format


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_figure_gives_the_same_bytes(tmp_path, ending, monkeypatch):
    first = exported(tmp_path, ending, caption="one line")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert exported(tmp_path, ending, caption="one line") == first


def test_another_process_gives_the_same_pdf(tmp_path):
    """Qt's hashes start from another seed in each process, and fonts are embedded in the order of a hash."""
    code = (
        "import sys; from PySide6.QtGui import QGuiApplication; app = QGuiApplication([]);"
        "from tests.app.word_figures import ManyFonts; from app.export.export import save;"
        "save(ManyFonts(), sys.argv[1])"
    )
    paths = [tmp_path / f"{number}.pdf" for number in range(3)]
    started = [subprocess.Popen([sys.executable, "-c", code, path], cwd=Path(__file__).parents[2]) for path in paths]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    assert len({path.read_bytes() for path in paths}) == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_hostile_words_can_be_exported(tmp_path, ending):
    content = exported(tmp_path, ending, Words(HOSTILE), caption=" ".join(HOSTILE))
    if ending == ".svg":
        assert "‹RLO›evil" in texts(content)
        assert "</script>" in texts(content)
    elif ending == ".csv":
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        assert [row[0] for row in rows[1:]] == [clean(word) for word in HOSTILE]
    elif ending == ".npz":
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            assert tuple(arrays["tokens"]) == tuple(map(clean, HOSTILE))
    elif ending == ".png":
        assert not QImage.fromData(content).isNull()
    else:
        assert content.startswith(b"%PDF")
        assert content.rstrip().endswith(b"%%EOF")


# SVG


def test_svg_keeps_text_as_text_and_has_the_figures_size(tmp_path):
    figure = Words(size=QSizeF(184.3, 84))
    content = exported(tmp_path, ".svg", figure, caption="BERT, head 1")
    root = ElementTree.fromstring(content)
    assert root.get("width") == "201pt"
    assert root.get("viewBox", "").split()[2] == "201"
    assert {"the", "cat", "two", "lines", "BERT, head 1"} <= set(texts(content))
    assert root.findtext(f"{SVG}title") == figure.caption
    assert root.findtext(f"{SVG}desc") == "BERT, head 1"


def test_width_scales_a_vector_picture(tmp_path):
    root = ElementTree.fromstring(exported(tmp_path, ".svg", Words(size=QSizeF(184, 84)), width=400))
    assert (root.get("width"), root.get("height")) == ("400pt", "200pt")
    assert root.get("viewBox") == "0 0 200 100"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=st.text(st.characters(), max_size=20))
def test_any_word_gives_a_well_formed_svg_and_a_readable_csv(qapp, word):
    figure = Words((word, "end"))
    ElementTree.fromstring(render.svg(Sheet.of(figure, caption=word)))
    rows = list(csv.reader(io.StringIO(render.csv(figure.numbers()).decode(), newline="")))
    assert rows[1][0].removeprefix("'") == clean(word).removeprefix("'")
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t"))


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)


def test_a_long_caption_is_wrapped_and_at_last_elided(tmp_path):
    lines = texts(exported(tmp_path, ".svg", Words(size=QSizeF(200, 50)), caption="attention " * 60))[4:]
    assert len(lines) == MAX_CAPTION_LINES
    assert lines[-1].endswith("…")
    letters = measure(resized(Sheet.of(Words()).style.font, SMALL))
    assert all(letters.horizontalAdvance(line) <= 200 for line in lines)


# PDF


def test_pdf_embeds_its_fonts(tmp_path):
    content = exported(tmp_path, ".pdf")
    fonts = re.findall(rb"/FontFile2? \d+ 0 R", content)
    assert fonts
    assert len(fonts) == len(re.findall(rb"/Type /FontDescriptor", content))


def test_pdf_is_one_page_of_the_figures_size_with_selectable_text(tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    exported(tmp_path, ".pdf", Words(size=QSizeF(184.3, 83)), caption="BERT, head 1")
    run = [["pdfinfo", "figure.pdf"], ["pdftotext", "-layout", "figure.pdf", "-"], ["pdffonts", "figure.pdf"]]
    info, text, fonts = (subprocess.check_output(command, cwd=tmp_path, text=True) for command in run)
    assert re.search(r"Pages: +1\n", info)
    assert re.search(r"Page size: +201 x \d+ pts", info)
    assert "Date" not in info
    assert {"the", "cat", "BERT,"} <= set(text.split())
    assert all(" yes " in line for line in fonts.splitlines()[2:])


# PNG


def test_png_has_the_chosen_width_and_notes_its_size(tmp_path):
    image = QImage.fromData(exported(tmp_path, ".png", Words(size=QSizeF(184, 84)), width=1000))
    assert (image.width(), image.height()) == (1000, 500)
    assert image.dotsPerMeterX() == round(360 / 0.0254)
    assert image.text("Title") == Words().caption


def test_png_has_the_chosen_dpi(tmp_path):
    image = QImage.fromData(exported(tmp_path, ".png", Words(size=QSizeF(184, 84)), dpi=144))
    assert (image.width(), image.dotsPerMeterX()) == (400, round(144 / 0.0254))


def test_png_is_white_or_transparent(tmp_path):
    white = QImage.fromData(exported(tmp_path, ".png"))
    clear = QImage.fromData(exported(tmp_path, ".png", transparent=True))
    dark = QImage.fromData(exported(tmp_path, ".png", style=FigureStyle(DARK)))
    assert white.pixelColor(0, 0) == QColor("white")
    assert not white.hasAlphaChannel()
    assert clear.pixelColor(0, 0).alpha() == 0
    assert dark.pixelColor(0, 0) == DARK.paper


@pytest.mark.parametrize(("ending", "width"), [(".png", 30_000), (".svg", 20_000), (".pdf", 20_000)])
def test_too_large_a_picture_is_refused_in_a_sentence(tmp_path, ending, width):
    with pytest.raises(ExportError, match=r"^A \w+ of 30,000 x|^A page of 20,000 x") as caught:
        exported(tmp_path, ending, width=width)
    assert str(caught.value).endswith(".")
    assert not list(tmp_path.iterdir())


# Numbers


def test_csv_keeps_numbers_and_disarms_formulas(tmp_path):
    words = ("=cmd()", "+1", "-", "@x", "\tx", "a,b", 'say "hi"', "-3.5")
    rows = list(csv.reader(io.StringIO(exported(tmp_path, ".csv", Words(words)).decode(), newline="")))
    assert rows[0] == ["word", "share", "count"]
    assert [row[0] for row in rows[1:]] == ["'=cmd()", "'+1", "'-", "'@x", "'⇥x", "a,b", 'say "hi"', "'-3.5"]
    assert all(np.float32(row[1]) == np.float32(0.1) and row[2] == "-3" for row in rows[1:])


def test_npz_is_read_without_pickle(tmp_path):
    with np.load(io.BytesIO(exported(tmp_path, ".npz")), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["pattern"], Words().numbers().arrays["pattern"])
        assert arrays["tokens"].tolist() == ["the", "cat"]


# Failures


def test_an_unknown_ending_is_named(tmp_path):
    with pytest.raises(ExportError, match=r"\.bmp is not among \.svg, \.pdf, \.png, \.csv, \.npz\.$"):
        save(Words(), tmp_path / "figure.bmp")


@pytest.mark.parametrize("name", ["missing/figure.svg", "folder.svg", "x" * 300 + ".svg", "nul\0.svg"])
def test_a_bad_place_is_named(tmp_path, name):
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(ExportError) as caught:
        save(Words(), tmp_path / name)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


@pytest.mark.parametrize(
    ("call", "code", "sentence"),
    [
        ("os.fsync", errno.ENOSPC, "the disk is full"),
        ("pathlib.Path.replace", errno.EACCES, "is not permitted"),
        ("pathlib.Path.open", errno.EROFS, "is not permitted"),
        ("os.fsync", errno.EIO, "input/output error"),
    ],
)
def test_what_was_there_survives_a_failure(tmp_path, monkeypatch, call, code, sentence):
    path = tmp_path / "figure.png"
    path.write_bytes(b"old")

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(call, fail)
    with pytest.raises(ExportError, match=sentence):
        save(Words(), path)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_figure_that_fails_leaves_nothing_behind(tmp_path):
    class Broken(Words):
        def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
            raise ZeroDivisionError

    for ending in (".svg", ".pdf", ".png"):
        with pytest.raises(ZeroDivisionError):
            save(Broken(), tmp_path / f"figure{ending}")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    save(Words(), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# Clipboard


@pytest.fixture
def clipboard(qapp):
    """The clipboard, emptied again: the offscreen platform frees what is left on it after Python is gone, and dies."""
    yield QGuiApplication.clipboard()
    QGuiApplication.clipboard().clear()


def test_copy_offers_picture_vectors_and_numbers(clipboard):
    copy(Words(), FigureStyle(), clipboard)
    data = clipboard.mimeData()
    assert bytes(data.data("image/svg+xml").data()).startswith(b"<?xml")
    assert bytes(data.data("application/pdf").data()).startswith(b"%PDF")
    assert data.imageData().width() == round(Sheet.of(Words()).size().width() * 192 / 72)
    assert data.text().splitlines()[1] == "the\t0.1\t-3"


def test_notes_stand_under_the_picture_and_beside_the_numbers(tmp_path):
    note = "Its values of 16 bits are divided by 257."
    for ending in (".svg", ".npz", ".png"):
        save(Words(), tmp_path / f"figure{ending}", notes=(note,))
    save(Words(), tmp_path / "plain.svg")
    drawn, plain = ((tmp_path / name).read_text() for name in ("figure.svg", "plain.svg"))
    words = " ".join(re.sub("<[^>]*>", " ", drawn.partition("</desc>")[2]).split())
    assert note in words  # drawn, not only described
    assert "divided" not in plain
    with np.load(tmp_path / "figure.npz", allow_pickle=False) as arrays:
        assert arrays["notes"].tolist() == [note]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters()), max_size=3))
def test_notes_are_lines_before_the_table_of_a_csv(notes):
    plain = render.csv(Words().numbers()).decode()
    lines = render.csv(Words().numbers(), notes=tuple(notes)).decode()
    head, table = lines.split("\n")[: len(notes)], lines.split("\n")[len(notes) :]
    assert all(line.startswith("# ") for line in head)
    assert "\n".join(table) == plain
    # What a reader makes of the lines before it leaves the table as it is.
    rows = list(csv.reader(io.StringIO(lines, newline="")))
    assert rows[len(notes) :] == list(csv.reader(io.StringIO(plain, newline="")))


class Painted(Words):
    """Counts how often it is painted."""

    n_painted = 0

    def paint(self, painter, rect, style):
        Painted.n_painted += 1
        super().paint(painter, rect, style)


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(Painted, "n_painted", 0)
    return Painted


def test_what_is_copied_is_painted_when_a_program_takes_it_and_once(clipboard, counted):
    copy(counted(), FigureStyle(), clipboard)
    data = clipboard.mimeData()
    assert {"image/svg+xml", "application/pdf", "image/png", "text/plain"} <= set(data.formats())
    assert counted.n_painted == 0
    assert QImage.fromData(data.data("image/png")).size() == data.imageData().size()
    assert bytes(data.data("image/png").data())
    assert counted.n_painted == 1  # pixels are pixels
    data.data("image/svg+xml")
    assert counted.n_painted == 2


def test_what_is_copied_stays_when_the_program_ends(clipboard, counted):
    copy(counted(), FigureStyle(), clipboard)
    offered = clipboard.mimeData()
    svg = bytes(offered.data("image/svg+xml").data())
    leave(clipboard)
    n_painted, left = counted.n_painted, clipboard.mimeData()
    assert type(left) is QMimeData
    assert bytes(left.data("image/svg+xml").data()) == svg
    assert left.data("application/pdf").startsWith(b"%PDF")
    assert QImage.fromData(left.data("image/png")).size() == left.imageData().size()
    assert left.text()
    assert counted.n_painted == n_painted  # all of it was there
    leave(clipboard)
    assert clipboard.mimeData().text() == left.text()  # another time changes nothing


def test_notes_are_told_in_a_csv_and_on_the_clipboard(tmp_path, clipboard):
    notes = ("2 tensors are not used.", 'An "odd" one.')
    save(Words(), tmp_path / "a.csv", notes=notes)
    text = (tmp_path / "a.csv").read_text()
    assert text.splitlines()[:2] == ["# 2 tensors are not used.", "# An 'odd' one."]
    copy(Words(), FigureStyle(), clipboard, notes)
    assert clipboard.mimeData().text().splitlines()[0] == "# 2 tensors are not used."
