"""The camera: what is projected comes back, and what the user does moves what it should."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.mesh_scenes import chair
from widgets.look.theme import LIGHT
from widgets.scene3d.camera import FRONT, SIDE, TOP, Camera
from widgets.scene3d.marks import framing, marks_of
from widgets.scene3d.scene import MeshScene
from widgets.scene3d.shading import colors_of

SIZE = (640.0, 480.0)
numbers = st.floats(-3, 3)
cameras = st.builds(
    Camera,
    target=st.tuples(numbers, numbers, numbers),
    distance=st.floats(0.5, 20),
    azimuth=st.floats(-180, 180),
    elevation=st.floats(-90, 90),
    projection=st.sampled_from(["perspective", "orthographic"]),
)
pixels = st.tuples(st.floats(0, SIZE[0]), st.floats(0, SIZE[1]))


@given(cameras, pixels, st.floats(0.3, 3))
def test_a_point_on_the_line_of_sight_of_a_pixel_is_projected_onto_it(camera, at, share):
    start, direction = camera.ray(at, SIZE)
    places, depths = camera.project((start + share * camera.distance * direction)[None], SIZE)
    np.testing.assert_allclose(places[0], at, atol=1e-6)
    assert depths[0] > 0


@given(cameras, pixels)
def test_the_projection_is_what_the_matrices_say(camera, at):
    start, direction = camera.ray(at, SIZE)
    point = start + 0.7 * camera.distance * direction
    x, y, z, w = camera.clip(SIZE) @ camera.view() @ [*point, 1]
    np.testing.assert_allclose([(x / w + 1) * SIZE[0] / 2, (1 - y / w) * SIZE[1] / 2], at, atol=1e-6)
    assert -1 < z / w < 1


@given(cameras, pixels, st.floats(0.2, 5))
def test_zooming_keeps_what_is_under_the_pointer(camera, at, factor):
    point = camera.under(at, SIZE)
    near = camera.zoomed(factor, at, SIZE)
    np.testing.assert_allclose(near.project(point[None], SIZE)[0][0], at, atol=1e-6)
    assert near.distance == pytest.approx(camera.distance / factor)


@given(cameras, st.tuples(st.floats(-200, 200), st.floats(-200, 200)))
def test_panning_moves_the_target_by_pixels(camera, by):
    places, _ = camera.panned(*by, SIZE).project(np.array([camera.target]), SIZE)
    np.testing.assert_allclose(places[0], np.add(np.divide(SIZE, 2), by), atol=1e-6)


@given(cameras, st.lists(st.tuples(numbers, numbers, numbers), min_size=2, max_size=9, unique=True))
def test_what_is_fitted_is_in_the_picture_and_fills_it(camera, points):
    points = np.array(points) + np.arange(len(points))[:, None] * 0.1
    camera = camera.fitted(points, SIZE)
    places, depths = camera.project(points, SIZE)
    shares = np.abs(places - np.divide(SIZE, 2)) / np.divide(SIZE, 2)
    assert (depths > camera.near).all()
    assert 0.4 < shares.max() <= 1


@pytest.mark.parametrize("has_axes", [True, False])
def test_the_ground_is_whole_where_a_mesh_is_fitted(has_axes):
    mesh = chair()
    scene = MeshScene((replace(mesh, vertices=mesh.vertices * [0.9, 0.9, 1]),), show_axes=has_axes)
    lines = marks_of(scene, colors_of(LIGHT)).segments.reshape(-1, 3)
    for azimuth in range(0, 360, 10):
        camera = Camera(azimuth=azimuth, elevation=50).fitted(framing(scene), SIZE)
        places, _ = camera.project(lines, SIZE)
        assert (places >= 0).all()
        assert (places <= SIZE).all()


@pytest.mark.parametrize(
    ("view", "seen"), [(FRONT, (0, -1, 0)), (SIDE, (1, 0, 0)), (TOP, (0, 0, 1))], ids=["front", "side", "top"]
)
def test_the_three_views_look_along_the_axes(view, seen):
    np.testing.assert_allclose(Camera().looking(*view).axes()[2], seen, atol=1e-12)


def test_the_projections_agree_on_what_is_at_the_target():
    camera = Camera()
    right, up, _ = camera.axes()
    points = np.array([right, up, -right + up]) * 0.3
    flat = Camera(projection="orthographic").project(points, SIZE)[0]
    np.testing.assert_allclose(camera.project(points, SIZE)[0], flat)
