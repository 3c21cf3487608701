"""Solids by hand: as meshes and as tokens."""

from __future__ import annotations

import numpy as np

from inference.meshes.mesh import Mesh

# Coordinates of a cube reach 0.5 / sqrt(3) = 0.28868: (0.21132, 0.78868) * 255 = (53.9, 201.1), cut off.
CUBE = Mesh(
    np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)]),
    ((0, 2, 6, 4), (1, 5, 7, 3), (0, 4, 5, 1), (4, 6, 7, 5), (6, 2, 3, 7), (2, 0, 1, 3)),
)


CUBE_VERTICES = [54, 54, 54, 54, 54, 202, 54, 202, 54, 54, 202, 202, 202, 54, 54, 202, 54, 202, 202, 202, 54]
CUBE_VERTICES += [202, 202, 202, 0]
CUBE_FACES = [2, 4, 5, 3, 1, 2, 3, 7, 6, 1, 2, 6, 8, 4, 1, 3, 5, 9, 7, 1, 4, 8, 9, 5, 1, 6, 7, 9, 8, 0]


# A cone of four corners: the diagonal is sqrt(12), so that its middle lies at 127.5, cut off to 127.
CONE = Mesh(
    np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 2]]),
    ((3, 2, 1, 0), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)),
)


CONE_VERTICES = [54, 54, 128, 54, 128, 54, 54, 128, 202, 54, 202, 128, 202, 128, 128, 0]


CONE_FACES = [2, 3, 5, 4, 1, 2, 6, 3, 1, 2, 4, 6, 1, 3, 6, 5, 1, 4, 5, 6, 0]


# A prism over the triangle of sides 4 and 3, 12 high: the diagonal is 13.
PRISM = Mesh(
    np.array([[0.0, 3, 12], [0, 0, 0], [4, 0, 0], [0, 3, 0], [0, 0, 12], [4, 0, 12]]),
    ((1, 3, 2), (4, 5, 0), (2, 5, 4, 1), (5, 2, 3, 0), (0, 3, 1, 4)),
)


PRISM_VERTICES = [10, 99, 89, 10, 99, 167, 10, 157, 89, 246, 99, 89, 246, 99, 167, 246, 157, 89, 0]


PRISM_FACES = [2, 4, 3, 1, 2, 3, 6, 5, 1, 2, 5, 7, 4, 1, 3, 4, 7, 6, 1, 5, 6, 7, 0]


# A plate like the letter L: its six-cornered sides have a dent.
L_PLATE = Mesh(
    np.array([[x, y, z] for z in (0.0, 1.0) for x, y in ((0, 0), (4, 0), (4, 1), (1, 1), (1, 3), (0, 3))], float),
    ((5, 4, 3, 2, 1, 0), (6, 7, 8, 9, 10, 11), *((i, (i + 1) % 6, 6 + (i + 1) % 6, 6 + i) for i in range(6))),
)
