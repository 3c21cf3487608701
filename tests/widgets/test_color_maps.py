"""Colour maps: complete, rising in lightness, and refused by a sentence when unknown."""

import numpy as np
import pytest

from widgets.figures.heat_panel import ColorScale
from widgets.look import color_maps, diverging
from widgets.look.theme import DARK, LIGHT, FigureStyle


@pytest.mark.parametrize("name", color_maps.NAMES)
def test_has_256_opaque_colours_that_grow_lighter(name):
    colors = color_maps.lookup(name)
    assert colors.shape == (256,)
    assert (colors >> 24 == 255).all()
    luminance = (colors >> 16 & 255) * 0.2126 + (colors >> 8 & 255) * 0.7152 + (colors & 255) * 0.0722
    # In a table of whole numbers a step may be lost, but never a trend.
    assert (np.diff(luminance) > -0.5).all()
    assert luminance[-1] - luminance[0] > 120


def test_starts_and_ends_as_published():
    assert [hex(color_maps.lookup("viridis")[i]) for i in (0, -1)] == ["0xff440154", "0xfffde725"]
    assert [hex(color_maps.lookup("cividis")[i]) for i in (0, -1)] == ["0xff00204d", "0xffffea46"]


def test_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        color_maps.lookup("magma")[0] = 0


def test_names_the_maps_there_are_when_one_is_unknown():
    with pytest.raises(ValueError, match="no colour map 'jet'; there are cividis, viridis, magma, gray"):
        color_maps.lookup("jet")


def luminance(color: int) -> float:
    """Relative luminance (WCAG 2.2) of `0xffrrggbb`."""
    shares = [(color >> shift & 255) / 255 for shift in (16, 8, 0)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("theme", "is_dark"), [(LIGHT, False), (DARK, True)])
def test_zero_is_as_the_ground_and_numbers_of_both_signs_leave_it_alike(theme, is_dark):
    zero = np.zeros((1, 1), np.float32)
    color = int(ColorScale.signed(zero).colors(zero, FigureStyle(theme))[0, 0])
    assert abs(luminance(color) - luminance(theme.paper.rgb())) < 0.02
    lights = np.array([luminance(int(each)) for each in diverging.lookup(is_dark=is_dark)])
    below, above = lights[127::-1], lights[127:]
    assert (np.diff(below if is_dark else -below) >= -0.005).all()
    assert (np.diff(above if is_dark else -above) >= -0.005).all()
    assert np.abs(below - above).max() < 0.09


@pytest.mark.parametrize("name", [*color_maps.NAMES, "signed", "signed on dark"])
def test_values_written_on_cells_can_be_read(name):
    signed = {"signed": diverging.lookup(), "signed on dark": diverging.lookup(is_dark=True)}
    for color in map(int, signed[name] if name in signed else color_maps.lookup(name)):
        low, high = sorted([luminance(color), luminance(color_maps.ink_on(color).rgb())])
        assert (high + 0.05) / (low + 0.05) >= 4.5
