"""Meshes of boxes, to look at."""

import numpy as np

from widgets.scene3d.scene import MeshObject


def boxes(*corners, **options):
    """A mesh of boxes, each by its lowest and highest corner; six quads each, normals outwards."""
    vertices, faces = [], []
    for number, (low, high) in enumerate(corners):
        x, y, z = zip(low, high, strict=True)
        vertices += [(a, b, c) for c in z for b in y for a in x]
        quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
        faces += [tuple(8 * number + corner for corner in quad) for quad in quads]
    return MeshObject(np.array(vertices, float).reshape(-1, 3), tuple(faces), **options)


def chair(**options):
    """Four legs, a seat and a back."""
    legs = [((x, y, 0), (x + 0.1, y + 0.1, 0.5)) for x in (-0.4, 0.3) for y in (-0.4, 0.3)]
    return boxes(*legs, ((-0.45, -0.45, 0.5), (0.45, 0.45, 0.58)), ((-0.45, 0.37, 0.58), (0.45, 0.45, 1.2)), **options)


def random_boxes(n, seed, **options):
    """Boxes that pierce each other."""
    random = np.random.default_rng(seed)
    low = random.random((n, 3))
    high = low + random.uniform(0.1, 0.5, (n, 3))
    return boxes(*zip(low.tolist(), high.tolist(), strict=True), **options)


def face_numbers_as_colors(n):
    """A colour for each face, told apart whatever light falls on it: uint8 [n, 3]."""
    random = np.random.default_rng(7)
    return random.integers(60, 255, (n, 3)).astype(np.uint8)
