"""A bar that says how far something is, and holds nothing up."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar


class QuietProgressBar(QProgressBar):
    """Is painted with all else, when the window next is.

    Qt's own paints itself at each new value, at once, and with it all that waits for the next frame: as often as
    something tells how far it is, which is at each token and each layer.
    """

    def show_part(self, done: int, total: int) -> None:
        """So much of so much is done; of nothing, that it is not known how much there is to do."""
        self.setUpdatesEnabled(False)
        self.setRange(0, total)
        self.setValue(done)
        self.setUpdatesEnabled(True)
