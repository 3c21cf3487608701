"""The painted image: what is in front is seen, from anywhere, on the screen and in files."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from tests.widgets.mesh_scenes import boxes, chair, face_numbers_as_colors, random_boxes
from tests.widgets.svg import texts_of
from widgets.look.theme import DARK, LIGHT, FigureStyle
from widgets.scene3d import pieces, shading
from widgets.scene3d.camera import FRONT, TOP, Camera
from widgets.scene3d.marks import framing
from widgets.scene3d.painter_renderer import PainterRenderer
from widgets.scene3d.picking import along
from widgets.scene3d.polygons import polygons_of
from widgets.scene3d.scene import Guide, Links, MeshScene, in_grid
from widgets.scene3d.scene_figure import MeshFigure

SIZE = (320, 240)


@pytest.fixture(autouse=True)
def _application(qapp):
    pass


def bare(*meshes):
    return MeshScene(tuple(replace(mesh, show_vertices=False) for mesh in meshes), show_axes=False, show_grid=False)


def painted(scene, camera, style="solid", theme=LIGHT, renderer=None):
    """uint8 [row, column, red green blue]."""
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    image.fill(theme.paper)
    painter = QPainter(image)
    (renderer or PainterRenderer()).paint(painter, QRectF(0, 0, *SIZE), scene, camera, FigureStyle(theme), style)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(SIZE[1], SIZE[0], 4)
    return pixels[:, :, 2::-1].copy()


def foremost(scene, camera, at):
    """The nearest face under a pixel, None where there is none, and how far behind it the next one is."""
    mesh = scene.objects[0]
    faces = polygons_of(mesh)
    distances = along(faces.vertices[faces.corners[faces.triangles]], *camera.ray(at, SIZE))
    order = np.argsort(distances)
    others = distances[faces.triangle_faces() != faces.triangle_faces()[order[0]]]
    if not np.isfinite(distances[order[0]]):
        return None, np.inf
    return int(faces.triangle_faces()[order[0]]), others.min() - distances[order[0]]


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
@pytest.mark.parametrize("seed", range(8))
def test_every_pixel_has_the_colour_of_its_foremost_face(seed, projection):
    mesh = random_boxes(9, seed)
    scene = bare(replace(mesh, face_colors=face_numbers_as_colors(len(mesh.faces))))
    random = np.random.default_rng(seed)
    camera = Camera(azimuth=random.uniform(-180, 180), elevation=random.uniform(-80, 80), projection=projection)
    camera = camera.fitted(framing(scene), SIZE)
    image = painted(scene, camera).astype(int)
    colors = shading.face_colors(scene.objects[0], shading.colors_of(LIGHT))
    lit = shading.lit(colors, polygons_of(mesh).normals, camera)[:, :3].astype(int)
    n_checked = 0
    for column, row in random.integers((70, 40), (250, 200), (250, 2)):
        around = image[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)
        face, gap = foremost(scene, camera, (column + 0.5, row + 0.5))
        if np.ptp(around, 0).max() or gap < 0.01:
            continue  # an edge, or two faces in one place
        np.testing.assert_array_equal(image[row, column], [255, 255, 255] if face is None else lit[face])
        n_checked += face is not None
    assert n_checked > 25


def test_a_pinwheel_that_no_sorting_solves_is_painted_right():
    """Four bars, each over the next and under the one before."""
    bars = boxes(((0, 0, 0), (3, 1, 1)), ((2, 0, 1), (3, 3, 2)), ((0, 2, 2), (3, 3, 3)), ((0, 0.2, 1.0), (1, 3, 1.9)))
    scene = bare(replace(bars, face_colors=face_numbers_as_colors(24)))
    for azimuth in range(-180, 180, 45):
        camera = Camera(azimuth=azimuth, elevation=35).fitted(framing(scene), SIZE)
        image = painted(scene, camera).astype(int)
        colors = shading.face_colors(scene.objects[0], shading.colors_of(LIGHT))
        lit = shading.lit(colors, polygons_of(bars).normals, camera)[:, :3]
        for row in range(40, 200, 12):
            for column in range(60, 260, 12):
                around = image[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)
                face, gap = foremost(scene, camera, (column + 0.5, row + 0.5))
                if face is not None and not np.ptp(around, 0).max() and gap > 0.02:
                    np.testing.assert_array_equal(image[row, column], lit[face])


def test_a_growing_mesh_shows_what_is_there_and_nothing_else():
    mesh, renderer = chair(), PainterRenderer()
    camera = Camera().fitted(framing(bare(mesh)), SIZE)
    for n in (0, 1, 17, 36, 5):
        counted = painted(bare(replace(mesh, n_visible_faces=n)), camera, renderer=renderer)
        cut = painted(bare(replace(mesh, faces=mesh.faces[:n])), camera)
        assert np.abs(counted.astype(int) - cut).max(-1).astype(bool).mean() < 0.01  # ties may fall otherwise
        assert (counted != 255).any() == (n > 0)
    # The same by lengthening the mesh itself, so that one tree takes it all in.
    growing = PainterRenderer()
    for n in range(0, 37, 6):
        image = painted(bare(replace(mesh, faces=mesh.faces[:n])), camera, renderer=growing)
    assert (image != painted(bare(mesh), camera)).any(-1).mean() < 0.01


def test_many_faces_are_sorted_by_depth(monkeypatch):
    monkeypatch.setattr(pieces, "EXACT", 3)
    mesh = boxes(((0, 0, 0), (1, 1, 1)), face_colors=face_numbers_as_colors(6))
    image = painted(bare(mesh), Camera().looking(*TOP).fitted(framing(bare(mesh)), SIZE))
    colors = shading.lit(
        shading.face_colors(mesh, shading.colors_of(LIGHT)), polygons_of(mesh).normals, Camera().looking(*TOP)
    )
    np.testing.assert_array_equal(image[SIZE[1] // 2, SIZE[0] // 2], colors[1, :3])


def count(image, color):
    return int((image == [color.red(), color.green(), color.blue()]).all(-1).sum())


def test_ring_links_guides_and_selection_are_painted():
    mesh = chair()
    camera = Camera(elevation=35).fitted(framing(bare(mesh)), SIZE)
    plain = painted(bare(mesh), camera)
    pairs = np.array([[32, 45], [36, 47]])
    marked = {
        "ring": (replace(mesh, ring=(36, 37, 39)), LIGHT.warning),
        "links": (replace(mesh, links=Links(pairs, 4.0)), LIGHT.series[6]),
        "line": (replace(mesh, guides=(Guide((1.3, -0.4), 1.0),)), LIGHT.accent),
        "point": (replace(mesh, guides=(Guide((0.9, -0.3, 0.0), 1.0, 0x00FF00),)), QColor(0, 255, 0)),
        "vertex": (replace(mesh, selected_vertices=(36,)), LIGHT.accent),
    }
    for name, (changed, color) in marked.items():
        image = painted(bare(changed), camera)
        assert count(image, color) > 10 >= count(plain, color), name
    face = replace(mesh, selected_faces=(25,))  # the seat
    assert (painted(bare(face), camera) != plain).any(-1).sum() > 500


def test_a_plane_is_seen_through_and_lies_among_the_faces():
    mesh = boxes(((-0.2, -0.2, 0), (0.2, 0.2, 2)), guides=(Guide((1.0,), 1.0),), extent=((-1, -1, 0), (1, 1, 2)))
    scene = bare(mesh)
    camera = Camera(azimuth=-90, elevation=20).fitted(framing(scene), SIZE)
    plain, image = painted(bare(replace(mesh, guides=())), camera), painted(scene, camera)

    def at(*point):
        column, row = np.floor(camera.project(np.array([point]), SIZE)[0][0]).astype(int)
        return plain[row, column].tolist(), image[row, column].tolist()

    before, after = at(0, -0.7, 1.0)  # the plane before the post
    assert before != after
    before, after = at(0, -0.2, 1.5)  # the post above it, with the plane's rest behind
    assert before == after
    before, after = at(0.7, 0.5, 1.0)  # the plane beside the post, on paper
    assert before == [255, 255, 255] != after


def test_hidden_marks_are_hidden_and_xrays_show_them():
    mesh = boxes(((0, 0, 0), (1, 1, 1)))
    scene = MeshScene((mesh,), show_axes=False, show_grid=False)
    camera = Camera().fitted(framing(scene), SIZE)
    places = camera.project(mesh.vertices, SIZE)[0]
    hidden = int(np.argmax(camera.project(mesh.vertices, SIZE)[1]))  # of a cube, the farthest corner
    column, row = np.floor(places[hidden]).astype(int)
    ink = [LIGHT.ink.red(), LIGHT.ink.green(), LIGHT.ink.blue()]
    assert painted(scene, camera)[row, column].tolist() != ink
    assert painted(scene, camera, "xray")[row, column].tolist() == ink
    assert painted(scene, camera, "wireframe")[row, column].tolist() == ink


def test_styles_and_themes_give_different_pictures():
    scene = MeshScene(in_grid([chair(title="left"), chair(title="right")]))
    camera = Camera().fitted(framing(scene), SIZE)
    images = [
        painted(scene, camera, style, theme) for style in ("solid", "wireframe", "xray") for theme in (LIGHT, DARK)
    ]
    for number, one in enumerate(images):
        assert all((one != other).any(-1).mean() > 0.02 for other in images[:number])


def test_from_inside_a_box_its_walls_are_seen_and_nothing_breaks():
    scene = bare(boxes(((0, 0, 0), (4, 4, 4))))
    camera = Camera(target=(2, 2, 2), distance=1.0, azimuth=30, elevation=10)
    assert (painted(scene, camera) != 255).any(-1).mean() > 0.9


# Files


def svg_of(figure):
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    painter = QPainter(generator)
    figure.paint(painter, QRectF(0, 0, 400, 300), FigureStyle())
    painter.end()
    return bytes(buffer.data().data()).decode()


def test_a_vector_file_has_the_seen_faces_only_and_text_as_text():
    scene = MeshScene((boxes(((0, 0, 0), (1, 1, 1)), title="a box", show_vertices=False),), show_grid=False)
    camera = Camera().looking(*FRONT).fitted(framing(scene), (400, 300))
    figure = MeshFigure(scene, camera)
    assert sorted(texts_of(figure)) == ["a box", "x", "y", "z"]
    assert svg_of(figure).count("<polygon") + svg_of(figure).count("<path") == 1
    assert "<image" not in svg_of(figure)


def test_a_figure_says_what_it_shows_in_words_and_numbers():
    mesh = chair(n_visible_faces=2, n_visible_vertices=9)
    figure = MeshFigure(MeshScene((mesh,), "a chair"), Camera())
    assert figure.caption == "a chair; 9 vertices, 2 faces"
    numbers = figure.numbers()
    np.testing.assert_array_equal(numbers.arrays["vertices_0"], mesh.vertices[:9])
    assert numbers.arrays["face_starts_0"].tolist() == [0, 4, 8]
    assert tuple(numbers.arrays["face_vertices_0"][:4]) == mesh.faces[0]
    assert numbers.rows[8] == ("0", 8, *mesh.vertices[8])
    size = figure.natural_size(FigureStyle())
    assert size.width() / size.height() == pytest.approx(4 / 3)


def test_an_empty_scene_is_an_empty_picture():
    assert (painted(bare(), Camera()) == 255).all()


def test_bent_faces_are_painted_too():
    """Quads that are not flat, as a model may draw them: each by its triangles, with its own edges only."""
    random = np.random.default_rng(2)
    mesh = random_boxes(6, 5)
    bent = replace(mesh, vertices=mesh.vertices + random.normal(0, 0.03, mesh.vertices.shape))
    scene = bare(replace(bent, face_colors=face_numbers_as_colors(36)))
    camera = Camera().fitted(framing(scene), SIZE)
    image = painted(scene, camera).astype(int)
    lit = shading.lit(
        shading.face_colors(scene.objects[0], shading.colors_of(LIGHT)), polygons_of(bent).normals, camera
    )
    n_checked = 0
    for column, row in random.integers((80, 50), (240, 190), (200, 2)):
        around = image[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)
        face, gap = foremost(scene, camera, (column + 0.5, row + 0.5))
        if face is not None and not np.ptp(around, 0).max() and gap > 0.02:
            np.testing.assert_array_equal(image[row, column], lit[face, :3])
            n_checked += 1
    assert n_checked > 20
