"""Images from the clipboard, as files: the engine reads files only."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

LONGEST_SIDE = 1024  # models see some hundred pixels a side; a whole screen would take a second to write


class PastedImages:
    """A temporary folder, made when the first image is pasted and removed when the program ends."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def save(self, image: QImage) -> str:
        """Write an image as PNG, named by its content: the same image is the same file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        if max(image.width(), image.height()) > LONGEST_SIDE:
            image = image.scaled(
                LONGEST_SIDE,
                LONGEST_SIDE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        image = image.convertToFormat(QImage.Format.Format_RGBA8888)
        content = f"{image.width()} {image.height()} ".encode() + bytes(image.constBits())
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="headlight-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)  # at exit too
        path = self._folder / f"pasted-{hashlib.sha256(content).hexdigest()[:16]}.png"
        if not path.exists() and not image.save(str(path), "PNG", 90):  # type: ignore[call-overload]
            raise OSError(f"The pasted image could not be written to {path.parent}.")
        return str(path)
