"""The small pictures on the cards, read one after another as they come into sight, so that nothing waits for them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from widgets.kit.delay import Delay


class CardPictures(QObject):
    """What the files `<theme>/<card>.png` hold.

    Signals
    -------
    arrived()
        One that was wanted is there now.
    """

    arrived = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._images: dict[tuple[str, str], QImage] = {}
        self._scaled: dict[tuple[str, str], QImage] = {}
        self._wanted: list[tuple[str, str]] = []
        self._next = Delay(0, self)
        self._next.elapsed.connect(self._on_next_elapsed)

    def at_hand(self, theme: str, card: str) -> QImage | None:
        """A picture, null if there is none; None if it has yet to be read, which is then done soon."""
        key = theme, card
        if key not in self._images and key not in self._wanted:
            self._wanted.append(key)
            self._next.start_unless_waiting()
        return self._images.get(key)

    def scaled(self, theme: str, card: str, size: QSize) -> QImage | None:
        """As `at_hand`, in pixels of the screen: made once a size, for to scale at every repaint takes too long."""
        image, key = self.at_hand(theme, card), (theme, card)
        if image is None or image.isNull():
            return image
        if key not in self._scaled or self._scaled[key].size() != size:
            smooth = Qt.TransformationMode.SmoothTransformation
            self._scaled[key] = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        return self._scaled[key]

    def read(self, theme: str, card: str) -> QImage:
        """A picture, read now unless it is there; null if there is none."""
        key = theme, card
        if key not in self._images:
            # In the format of the screen: the file's own would be converted at every repaint.
            image = QImage(str(self._folder / theme / f"{card}.png"))
            self._images[key] = image.convertToFormat(QImage.Format.Format_RGB32) if not image.isNull() else image
        return self._images[key]

    def _on_next_elapsed(self) -> None:
        self.read(*self._wanted.pop(0))
        if self._wanted:
            self._next.start()
        self.arrived.emit()
