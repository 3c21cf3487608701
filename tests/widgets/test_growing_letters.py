"""Figures made of words fill their room: letters grow, then rows, and never so that something stands elsewhere."""

import pytest
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from widgets.figures import prediction_cards
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.figures.prediction_cards import Card, Guess
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.figure_scroll import FigureScroll
from widgets.look.letters import GROWN, TALL_ROW
from widgets.look.theme import FigureStyle

CANDIDATES = tuple(Candidate(word, 0.2, 0.2) for word in ("the", "a", "it"))
CARD = Card(
    "mat", tuple(Guess(word, 0.2) for word in ("the", "a", "it", "mat")), layers=(("Layer 0", Guess("a", 0.1)),)
)


class Lines:
    """Words as so many lines; one more where they are wider than there is room."""

    caption = ""

    def __init__(self, n_lines, width=10.0):
        self.n_lines, self.width = n_lines, width

    def least_size(self, width, style):
        em = QFontMetricsF(style.font).height()
        n = self.n_lines * (1 if self.width * em <= width else 2)
        return QSizeF(0, n * em)

    def paint(self, painter, rect, style):
        """Nothing."""


def shown(qtbot, figure, n_lines, *, has_growing_letters=True):
    """How many times as large letters are in a room of so many lines."""
    scroll = FigureScroll(FigureCanvas(), has_growing_letters=has_growing_letters)
    qtbot.addWidget(scroll)
    style = FigureStyle()
    em = QFontMetricsF(style.font).height()
    scroll.resize(round(20 * em), round((n_lines + 0.8) * em))
    scroll.show_figure(figure, style)
    scroll.show()
    return scroll.canvas.style_now.font.pointSizeF() / style.font.pointSizeF()


@pytest.mark.parametrize(("n_lines", "factor"), [(10.5, 1.0), (14.0, GROWN[1]), (40.0, GROWN[0])])
def test_letters_grow_with_the_room(qtbot, n_lines, factor):
    assert shown(qtbot, Lines(10), n_lines) == pytest.approx(factor)
    assert shown(qtbot, Lines(10), n_lines, has_growing_letters=False) == 1


def test_letters_do_not_grow_where_a_line_would_be_broken(qtbot):
    assert shown(qtbot, Lines(4, width=14.0), 40.0) == pytest.approx(GROWN[1])
    assert shown(qtbot, Lines(4, width=18.0), 40.0) == 1


def test_letters_follow_the_window(qtbot):
    scroll = FigureScroll(FigureCanvas(), has_growing_letters=True)
    qtbot.addWidget(scroll)
    scroll.resize(400, 600)
    scroll.show_figure(Lines(5), FigureStyle())
    scroll.show()
    large = scroll.canvas.style_now.font.pointSizeF()
    scroll.resize(400, 100)
    assert scroll.canvas.style_now.font.pointSizeF() < large


@pytest.mark.parametrize("n_em", [4.0, 8.0, 100.0])
def test_rows_of_candidates_share_their_room(qapp, n_em):
    style = FigureStyle()
    em = QFontMetricsF(style.font).height()
    bars = CandidateBars("", CANDIDATES, 0)
    area = QRectF(0, 0, 900, n_em * em)
    rows = [bars.row(number, area, style) for number in range(3)]
    assert all(row.width() == area.width() for row in rows)
    assert rows[-1].bottom() <= max(area.height(), bars.height(em)) + 0.01
    assert rows[0].height() <= TALL_ROW * em
    assert (rows[0].height() > bars.height(em) / 4) == (n_em > 4)


def test_rows_of_cards_share_their_room(qapp):
    metrics = QFontMetricsF(FigureStyle().font)
    em = metrics.height()
    least = prediction_cards.lay_out((CARD,), 60 * em, metrics)
    grown = prediction_cards.lay_out((CARD,), 60 * em, metrics, 1.3 * least.height)
    assert grown.height == pytest.approx(1.3 * least.height)
    assert grown.boxes[0].width() == 60 * em
    # Layers beside the guesses reach as far down as these.
    assert grown.layer_row(0, 0).height() == pytest.approx(4 * grown.row)
    assert prediction_cards.lay_out((CARD,), 60 * em, metrics, 1e4).row == TALL_ROW * em
