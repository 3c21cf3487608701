"""All letters can be read in both themes, and what the keyboard acts on can be seen."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QPalette

from tests.lettering import LEAST, contrast
from widgets.look.icons import icon_names, line_icon
from widgets.look.theme import DARK, LIGHT
from widgets.views.mesh.class_chips import _style_sheet

SEEN = 3.0  # WCAG 2.2: contrast of what is no text
Role, Group = QPalette.ColorRole, QPalette.ColorGroup


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_has_enough_contrast_wherever_it_stands(theme):
    palette = theme.palette()
    pairs = {
        (group, letters, behind): (palette.color(group, letters), palette.color(group, behind))
        for group in (Group.Active, Group.Inactive, Group.Disabled)
        for letters, behinds in (
            (Role.WindowText, (Role.Window, Role.Base)),
            (Role.Text, (Role.Base, Role.AlternateBase, Role.Window)),
            (Role.ButtonText, (Role.Button,)),
            (Role.PlaceholderText, (Role.Base, Role.Window)),
            (Role.BrightText, (Role.Base, Role.Window)),
            (Role.Link, (Role.Base, Role.Window)),
            (Role.ToolTipText, (Role.ToolTipBase,)),
            (Role.HighlightedText, (Role.Highlight,)),
        )
        for behind in behinds
    }
    assert {where: round(contrast(*pair), 2) for where, pair in pairs.items() if contrast(*pair) < LEAST} == {}


def lab(color: QColor) -> np.ndarray:
    """CIE L*a*b*: in it distances are as large as differences look."""
    shares = np.array(color.getRgbF()[:3])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ linear / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_no_two_colours_of_heads_and_curves_look_alike(theme):
    """Heads 0 and 5 were two blues, 11 apart."""
    pairs = {
        (one.name(), other.name()): np.linalg.norm(lab(one) - lab(other))
        for one, other in combinations(theme.series, 2)
    }
    assert {pair: distance for pair, distance in pairs.items() if distance < 24} == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_ring_of_the_focus_is_seen_on_all_that_it_lies_upon(theme):
    assert contrast(theme.accent, theme.paper) >= SEEN
    assert contrast(theme.accent, theme.panel) >= SEEN


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_style_sheets_take_their_colours_from_the_palette(theme):
    known = {color.name() for color in (theme.palette().color(role) for role in Role if role != Role.NColorRoles)}
    sheet = _style_sheet(theme.palette(), 14)
    used = {word.strip(" ;}") for part in sheet.split(":") for word in part.split() if word.startswith("#")}
    assert used <= known


def test_icons_have_the_colour_of_letters_and_one_that_is_not_there_is_refused(qapp):
    before = qapp.palette()
    try:
        for theme in (LIGHT, DARK):
            qapp.setPalette(theme.palette())
            image = line_icon("copy").pixmap(24, 24).toImage()
            inked = [
                image.pixelColor(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 250
            ]
            assert inked
            assert all(abs(color.lightness() - theme.ink.lightness()) < 12 for color in inked)
    finally:
        qapp.setPalette(before)
    with pytest.raises(KeyError, match="There is no icon 'nonsense'"):
        line_icon("nonsense")
    assert {"copy", "export", "beside", "tear-off", "put-back"} <= set(icon_names())
