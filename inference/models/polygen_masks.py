"""Which tokens cannot lead to a mesh (Nash et al. 2020, appendix F)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.meshes.tokens import FIRST_VERTEX, N_VALUES, NEW_FACE, STOP

FEWEST_CORNERS = 3


def forbidden_coordinates(tokens: Sequence[int], most_vertices: int) -> np.ndarray:
    """What may not follow these vertex tokens, bool [257].

    Vertices come in strictly rising order of z, y, x, so none comes twice. The stop stands behind a whole vertex, and
    at least three are needed. Coordinates that leave no room for those still to come are forbidden, too.

    Parameters
    ----------
    tokens
        1-256 each.
    most_vertices
        Behind so many only the stop is left.
    """
    n_whole, axis = divmod(len(tokens), 3)
    forbidden = np.ones(N_VALUES + 1, bool)
    forbidden[STOP] = axis != 0 or n_whole < FEWEST_CORNERS
    if axis == 0 and n_whole >= most_vertices:
        return forbidden
    lowest = _code(tokens[3 * n_whole - 3 : 3 * n_whole]) + 1 if n_whole else 0
    still_needed = max(0, FEWEST_CORNERS - n_whole - 1)
    highest = N_VALUES**3 - 1 - still_needed
    # All vertices that begin with what is there and a value lie between two codes.
    width = N_VALUES ** (2 - axis)
    begun = _code(tokens[3 * n_whole :]) * N_VALUES * width
    first = begun + np.arange(N_VALUES) * width
    forbidden[1:] = (first + width - 1 < lowest) | (first > highest)
    return forbidden


def _code(tokens: Sequence[int]) -> int:
    """The number whose digits to the base of 256 the values are."""
    code = 0
    for token in tokens:
        code = code * N_VALUES + int(token) - 1
    return code


def forbidden_pointers(tokens: Sequence[int], n_vertices: int) -> np.ndarray:
    """What may not follow these face tokens, bool [2 + n_vertices].

    A face has three corners or more, all different, the lowest first. Faces come in the order of their first corner,
    and none begins behind the lowest vertex that no face has yet: all vertices get one before the stop.
    """
    forbidden = np.ones(FIRST_VERTEX + n_vertices, bool)
    starts = [i for i, token in enumerate(tokens) if token == NEW_FACE]
    face = [int(token) - FIRST_VERTEX for token in tokens[starts[-1] + 1 if starts else 0 :]]
    used = {int(token) - FIRST_VERTEX for token in tokens if token >= FIRST_VERTEX}
    lowest_unused = next((vertex for vertex in range(n_vertices) if vertex not in used), n_vertices)
    vertices = forbidden[FIRST_VERTEX:]
    if not face:
        before = starts[-2] + 1 if len(starts) > 1 else 0
        first = int(tokens[before]) - FIRST_VERTEX if starts else 0
        vertices[max(first, 0) : min(lowest_unused, n_vertices - FEWEST_CORNERS) + 1] = False
        return forbidden
    vertices[face[0] + 1 :] = False
    vertices[[corner for corner in face if 0 <= corner < n_vertices]] = True
    if len(face) >= FEWEST_CORNERS:
        forbidden[NEW_FACE] = False
        forbidden[STOP] = lowest_unused < n_vertices
    return forbidden
