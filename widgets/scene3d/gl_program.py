"""Shaders on the graphics card."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QMatrix4x4, QVector2D, QVector3D, QVector4D
from PySide6.QtOpenGL import QOpenGLShader, QOpenGLShaderProgram
from shiboken6 import VoidPtr

_VECTORS = {2: QVector2D, 3: QVector3D, 4: QVector4D}


class NoOpenGL(Exception):
    """OpenGL cannot be used; the message says why."""


class Program:
    """A pair of shaders. Raises NoOpenGL where the driver refuses them."""

    def __init__(self, vertex: str, fragment: str) -> None:
        self.shaders = QOpenGLShaderProgram()
        kinds = QOpenGLShader.ShaderTypeBit
        is_good = (
            self.shaders.addShaderFromSourceCode(kinds.Vertex, vertex)
            and self.shaders.addShaderFromSourceCode(kinds.Fragment, fragment)
            and self.shaders.link()
        )
        if not is_good:
            raise NoOpenGL(f"OpenGL refused a shader: {self.shaders.log().strip().partition(chr(10))[0]}")

    def use(self, **values: QMatrix4x4 | np.ndarray | tuple[float, ...] | float) -> None:
        """Draw with it from now on; set its uniforms. Vectors have 2 to 4 numbers."""
        self.shaders.bind()
        for name, value in values.items():
            place = self.shaders.uniformLocation(name)
            if place < 0:
                raise ValueError(f"There is no uniform {name!r}.")
            if isinstance(value, QMatrix4x4):
                self.shaders.setUniformValue(place, value)
            elif isinstance(value, (float, int)):
                self.shaders.setUniformValue1f(place, float(value))
            else:
                vector: Any = _VECTORS[len(value)](*map(float, value))
                self.shaders.setUniformValue(place, vector)


def pointer(memory: Any) -> Any:
    """The address of an array or of a picture's bits, as Qt's OpenGL functions take it (their stubs say int)."""
    return VoidPtr(memory)
