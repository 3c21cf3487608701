"""What is picked is what brute force finds."""

import numpy as np
import pytest

from tests.widgets.mesh_scenes import boxes, random_boxes
from widgets.scene3d.camera import TOP, Camera
from widgets.scene3d.marks import framing
from widgets.scene3d.picking import pick
from widgets.scene3d.polygons import polygons_of
from widgets.scene3d.scene import MeshScene

SIZE = (400.0, 300.0)


def first_face(scene, camera, at):
    """The object and face whose plane is met first within its convex outline."""
    start, direction = camera.ray(at, SIZE)
    found = []
    for number, mesh in enumerate(scene.objects):
        for index, face in enumerate(mesh.faces[: mesh.n_faces]):
            points = mesh.vertices[list(face)] + mesh.offset
            normal = np.cross(points[1] - points[0], points[2] - points[0])
            if abs(normal @ direction) < 1e-12:
                continue
            distance = normal @ (points[0] - start) / (normal @ direction)
            turns = np.cross(np.roll(points, -1, 0) - points, start + distance * direction - points) @ normal
            if distance > 0 and (turns > 0).all():
                found.append((distance, number, index))
    return min(found)[1:] if found else None


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
@pytest.mark.parametrize("seed", range(4))
def test_the_foremost_face_is_picked(seed, projection):
    meshes = (
        random_boxes(6, seed, show_vertices=False),
        random_boxes(3, seed + 9, show_vertices=False, offset=(2, 0, 0)),
    )
    scene = MeshScene(meshes)
    camera = Camera(azimuth=77.0 * seed, projection=projection).fitted(framing(scene), SIZE)
    polygons = [polygons_of(mesh) for mesh in meshes]
    picked = []
    for at in np.random.default_rng(seed).uniform((80, 50), (320, 250), (60, 2)):
        hit = pick(scene, polygons, camera, tuple(at), SIZE)
        picked.append(hit and (hit.object, hit.index))
        assert picked[-1] == first_face(scene, camera, at)
    assert sum(hit is not None for hit in picked) > 8


def test_a_vertex_is_picked_before_its_faces_unless_a_face_hides_it():
    mesh = boxes(((0, 0, 0), (1, 1, 1)))
    scene = MeshScene((mesh,))
    camera = Camera().looking(*TOP).fitted(framing(scene), SIZE)
    polygons = [polygons_of(mesh)]
    places = camera.project(mesh.vertices, SIZE)[0]
    top, bottom = 4, 0
    hit = pick(scene, polygons, camera, tuple(places[top] + (2, 1)), SIZE)
    assert (hit.kind, hit.index) == ("vertex", top)
    # In perspective the lower corners lie further inside, under the lid.
    hit = pick(scene, polygons, camera, tuple(places[bottom]), SIZE)
    assert (hit.kind, hit.index) == ("face", 1)
    hit = pick(scene, polygons, camera, tuple(places[bottom]), SIZE, through=True)
    assert (hit.kind, hit.index) == ("vertex", bottom)


def test_what_is_not_there_yet_is_not_picked():
    mesh = boxes(((0, 0, 0), (1, 1, 1)), n_visible_faces=1, n_visible_vertices=4)
    scene = MeshScene((mesh,))
    camera = Camera().looking(*TOP).fitted(framing(scene), SIZE)
    hit = pick(scene, [polygons_of(mesh)], camera, (SIZE[0] / 2, SIZE[1] / 2), SIZE)
    assert (hit.kind, hit.index) == ("face", 0)
    places = camera.project(mesh.vertices, SIZE)[0]
    assert pick(scene, [polygons_of(mesh)], camera, tuple(places[4]), SIZE) is None
