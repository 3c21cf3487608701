"""Figures about meshes: what was expected of a token, what a head looks at, what a mesh costs; and their numbers."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from inference.results.mesh import MeshStepResult
from tests.views.mesh.mesh_samples import make_furniture_sample, make_sample
from tests.views.mesh.test_growth import CORNERS, TRIANGLES
from tests.widgets.svg import texts_of
from widgets.look.surprisal_colors import heat
from widgets.look.theme import DARK, LIGHT, FigureStyle
from widgets.plots.data import PlotSpot
from widgets.scene3d.camera import Camera
from widgets.scene3d.scene_figure import MeshFigure
from widgets.views.mesh.coloring import colors_of, legend_of, scale_of
from widgets.views.mesh.figures.attention import attended_vertices, attention_figure
from widgets.views.mesh.figures.bits import MeshBits, told_of_parts
from widgets.views.mesh.figures.expected import MeshExpected, hatch, runs
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.overlay import Overlay
from widgets.views.mesh.scene import ShownMeshes, in_rows, mesh_object

STYLE = FigureStyle()
RECT = QRectF(0, 0, 400, 300)


@pytest.fixture
def growth(qapp):
    return Growth(make_furniture_sample("chair"))


def test_a_coordinate_is_told_with_its_probability(growth):
    expected = MeshExpected.of(growth, 4)
    token = int(growth.sample.vertices.tokens[4])
    p = float(growth.sample.vertices.probabilities[4, token])
    texts = texts_of(expected)
    assert "Vertex 1: y" in texts
    assert f"taken: y {token - 1}, {100 * p:.1f} %, {-np.log2(p):.2f} bits" in texts
    assert [text for text in texts if text.startswith("stop")]
    assert [text for text in texts if text.startswith("hatched: forbidden")]


def test_the_bar_under_the_pointer_is_found_and_read_out(growth):
    expected = MeshExpected.of(growth, 4)
    plot = expected._plot(RECT, STYLE)
    for value in (0, 77, 255):
        at = QPointF(plot.left() + (value + 0.5) / 256 * plot.width(), plot.center().y())
        assert expected.spot_at(at, RECT, STYLE) == value + 1
        assert expected.read_out(value + 1).startswith(f"y {value}: ")
    assert expected.spot_at(QPointF(1, 1), RECT, STYLE) is None
    assert expected.step(100, 1, 0, RECT, STYLE) == 101
    assert expected.step(256, 1, 0, RECT, STYLE) == 256
    forbidden = int(np.flatnonzero(expected.is_forbidden)[-1])
    assert expected.read_out(forbidden).endswith("(forbidden)")


def test_a_face_token_lists_vertices_and_the_two_others(growth):
    step = growth.n_coordinates + 1
    expected = MeshExpected.of(growth, step)
    texts = texts_of(expected)
    assert "Face 0: token 2" in texts
    assert any(text.startswith("new face") for text in texts)
    assert any(text.endswith(f"v{growth.vertex_at(step)}") for text in texts)
    rows = dict(expected._rows(RECT, STYLE))
    assert expected.spot_at(rows[expected.token].center(), RECT, STYLE) == expected.token
    chip = dict(expected._chips(RECT, STYLE))[1]
    assert expected.spot_at(chip.center(), RECT, STYLE) == 1


def test_hatching_stays_within_its_rectangle(qapp):
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    hatch(painter, QRectF(20, 10, 20, 20), LIGHT.ink, 5)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(40, 60) != 0xFFFFFFFF
    assert 0.1 < pixels[11:29, 21:39].mean() < 0.6
    pixels[9:31, 19:41] = False
    assert not pixels.any()
    assert runs([True, True, False, True]) == [(0, 2), (3, 4)]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_more_surprisal_lies_further_from_the_paper(theme):
    colors = heat(theme.name).astype(float) @ (0.2126, 0.7152, 0.0722)
    steps = np.diff(colors[::16])
    assert (steps < 0).all() if theme is LIGHT else (steps > 0).all()


def test_colours_have_a_legend(growth):
    scale = scale_of([growth])
    for by in ("bits", "order", "part"):
        colors, legend = colors_of(growth, by, scale, STYLE), legend_of(growth, by, scale)
        assert len(colors.faces) == len(growth.faces)
        assert len(colors.vertices) == growth.n_vertices
        assert legend.ticks or legend.swatches
    assert legend_of(growth, "plain", scale) is None
    assert colors_of(growth, "plain", scale, STYLE).faces is None
    places = [place for place, _ in scale.ticks()]
    assert places == sorted(places)
    assert scale.places(np.array([0, scale.top, 10 * scale.top])).tolist() == [0, 1, 1]


def test_what_was_expected_stands_in_space(growth):
    """A plane for z, a line for y, a point for x; what was taken is the last, in a colour of its own."""
    plain = colors_of(growth, "plain", scale_of([growth]), STYLE)
    tokens = growth.sample.vertices.tokens
    for axis in range(3):
        mesh = mesh_object(growth, 6 + axis, plain, Overlay("expected"), LIGHT)
        taken = mesh.guides[-1]
        assert len(taken.at) == axis + 1
        np.testing.assert_allclose(taken.at, (tokens[6 : 7 + axis] - 1) / 255 - 0.5)
        assert taken.color is not None
        others = [guide for guide in mesh.guides if guide.color is None]
        assert all(len(guide.at) == axis + 1 for guide in others)
    assert mesh_object(growth, 6, plain, Overlay(), LIGHT).guides == ()


def test_pointers_make_probable_vertices_large(growth):
    plain = colors_of(growth, "plain", scale_of([growth]), STYLE)
    step = growth.n_coordinates + 2
    mesh = mesh_object(growth, step, plain, Overlay("expected"), LIGHT)
    probabilities = growth.sample.faces.probabilities[2, 2:].astype(float)
    assert int(mesh.vertex_sizes.argmax()) == int(probabilities.argmax())
    assert mesh.ring == growth.at(step).ring
    whole = mesh_object(growth, growth.n_steps - 1, plain, Overlay("expected"), LIGHT)
    assert whole.vertex_sizes is None  # nothing is expected of a whole mesh


def test_attention_is_told_of_vertices(qapp):
    growth = Growth(make_sample(CORNERS, TRIANGLES))
    pattern = np.array([0.1, 0.1, 0.2, 0.3, 0.05, 0.05, 0.2], np.float32)
    attended = attended_vertices(growth, MeshStepResult("vertices", 0, 1, 6, pattern))
    np.testing.assert_allclose(attended.weights, [0.6, 0.3, 0, 0], atol=1e-6)
    assert attended.origin == 2
    assert dict(attended.others) == pytest.approx({"start": 0.1})
    # Pointers: start, v0, v2, v1, new face, v0.
    pattern = np.array([0.1, 0.2, 0.1, 0.3, 0.25, 0.05], np.float32)
    attended = attended_vertices(growth, MeshStepResult("faces", 0, 1, 5, pattern))
    np.testing.assert_allclose(attended.weights, [0.25, 0.3, 0.1, 0], atol=1e-6)
    assert dict(attended.others) == pytest.approx({"start": 0.1, "new face": 0.25})
    assert attended.origin == 1
    attended = attended_vertices(
        growth, MeshStepResult("encoder", 0, 1, 4, np.array([0.1, 0.2, 0.3, 0.1, 0.1, 0.2], np.float32))
    )
    np.testing.assert_allclose(attended.weights, [0.3, 0.1, 0.1, 0.2], atol=1e-6)
    assert attended.origin == 2
    figure = attention_figure(growth, MeshStepResult("faces", 0, 1, 5, pattern))
    assert texts_of(figure)[0] == "Layer 0, head 1: token 6, v1"
    assert figure.ranked()[0] == ("v1", pytest.approx(0.3))


def test_yardsticks_are_those_of_the_paper(growth):
    """Every token alike: 3 log2 257 bits a vertex and the stop, log2(n + 2) a pointer; less where masks forbid."""
    bits, n = MeshBits.of(growth, 8 * 100), growth.n_vertices
    assert bits.uniform[0] == pytest.approx((3 * n + 1) / n * np.log2(257))
    assert bits.uniform[1] == pytest.approx(growth.n_pointers / n * np.log2(n + 2))
    assert bits.allowed[0] < bits.uniform[0]
    assert bits.allowed[1] < bits.uniform[1]
    assert bits.compressed == pytest.approx(800 / n)
    assert f"{800 / n:.2f}" in texts_of(bits)


def test_bars_are_stacked_and_the_first_stands_on_top(growth):
    bits = MeshBits.of(growth, 8 * 100)
    coordinates, faces, both = bits.plots[0].series
    assert [bars.name for bars in (coordinates, faces, both)] == ["coordinates", "faces", "both"]
    names = bits.plots[0].y.labels
    assert names[-1] == "this model"
    assert (coordinates.end[-1], faces.end[-1]) == pytest.approx(np.cumsum(bits.model))
    np.testing.assert_allclose(faces.start, coordinates.end)
    assert both.end[names.index("LZMA")] == bits.compressed
    assert both.texts[-1] == f"{sum(bits.model):.2f}"
    told = bits.describe(PlotSpot(0, 1, len(names) - 1))
    assert told == f"this model: {bits.model[1]:.2f} bits per vertex for faces; {sum(bits.model):.2f} together"


def test_parts_that_are_told_add_up_to_their_sum():
    bits = MeshBits((0.5840, 0.0249), (1.0, 1.0), (2.0, 2.0), 1.25)  # 0.58, 0.02 and 0.61 by themselves
    assert bits.caption == "bits per vertex: 0.58 for coordinates, 0.03 for faces"
    at = bits.plots[0].y.labels.index("this model")
    assert bits.describe(PlotSpot(0, 1, at)) == "this model: 0.03 bits per vertex for faces; 0.61 together"
    assert told_of_parts((0.58, 0.02)) == ["0.58", "0.02"]
    assert told_of_parts((0.006, 0.006, 0.006)) == ["0.01", "0.01", "0.00"]


def test_numbers_are_all_tokens(growth):
    meshes = ShownMeshes()
    meshes.show([growth.sample, make_furniture_sample("table", seed=4, n_given=(6, 0))])
    scene = meshes.scene(10_000, "bits", Overlay(), STYLE, is_still=True)
    figure = MeshSampleFigure(MeshFigure(scene, Camera()), meshes.growths, meshes.legend("bits"))
    numbers = figure.numbers()
    assert len(numbers.rows) == sum(one.n_steps for one in meshes.growths)
    first = dict(zip(numbers.header, numbers.rows[0], strict=True))
    assert first["meaning"] == growth.word(0)
    assert first["bits"] == pytest.approx(growth.bits(0))
    assert 2 ** -first["bits"] == pytest.approx(first["probability"], rel=1e-2)
    last = dict(zip(numbers.header, numbers.rows[-1], strict=True))
    assert (last["mesh"], last["seed"], last["meaning"]) == (1, 4, "stop")
    np.testing.assert_array_equal(numbers.arrays["face_tokens_0"], growth.sample.faces.tokens)
    assert numbers.arrays["vertex_probabilities_1"].shape[1] == 257
    alone = MeshSampleFigure(MeshFigure(scene, Camera()), (growth,), None, MeshExpected.of(growth, 3))
    assert "face_probabilities" in alone.numbers().arrays
    assert "Vertex 1: z" in texts_of(alone)


def test_none_of_several_hides_another(qapp):
    meshes = ShownMeshes()
    meshes.show([make_furniture_sample("chair", seed=seed) for seed in range(6)])
    objects = meshes.scene(10_000, "plain", Overlay(), STYLE, is_still=True).objects
    assert [mesh.title.startswith("▸") for mesh in objects] == [True, *[False] * 5]
    camera = Camera(azimuth=-82.0, elevation=34.0, projection="orthographic", distance=5)
    boxes = []
    for mesh in in_rows(objects):
        places, _ = camera.project(mesh.vertices + np.asarray(mesh.offset), (900, 700))
        boxes.append(QRectF(QPointF(*places.min(0)), QPointF(*places.max(0))))
    for i, one in enumerate(boxes):
        assert not any(one.adjusted(2, 2, -2, -2).intersects(other) for other in boxes[i + 1 :])
