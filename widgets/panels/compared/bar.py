"""What a model that compares is given: several images and several texts, of which one pair is looked at."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import ImageInput, Input
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.kit.layouts import direction_of
from widgets.panels.compared.image_strip import ImageStrip
from widgets.panels.compared.text_chips import TextChips


class ComparedBar(QWidget):
    """A strip of small images and chips of texts. The chosen image and the chosen text are what other views look at.

    Signals
    -------
    changed()
        Other images or texts are compared, or in another order; or another text is looked at.
    image_chosen(ImageInput)
        Another image is looked at.
    """

    changed = Signal()
    image_chosen = Signal(object)

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compared_bar")
        self._info: CheckpointInfo | None = None
        self._compares: tuple[str, ...] = ()
        self._first_text = ""
        self._begun: tuple[str, tuple[str, ...]] = "", ()  # what nobody typed: captions or labels, and which
        self.strip = ImageStrip(context, self)
        self.chips = TextChips(self)
        self._message = LineLabel(self.tr("Message about what is compared"), self)
        self._message.setObjectName("compared_message")
        self._message.setForegroundRole(QPalette.ColorRole.BrightText)
        self._message.hide()
        sides = self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        sides.setSpacing(8)
        sides.addWidget(self.strip, 2)
        sides.addWidget(self.chips, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 0)
        column.setSpacing(4)
        column.addLayout(sides)
        column.addWidget(self._message)
        self.setFocusProxy(self.chips)
        self.strip.changed.connect(self.changed)
        self.strip.chosen.connect(self.image_chosen)
        self.strip.captions_known.connect(self._begin_with_texts)
        self.chips.changed.connect(self.changed)
        self.chips.chosen.connect(self._on_chips_chosen)
        self.chips.wanted.connect(self._on_chips_wanted)
        for side in (self.strip, self.chips):
            side.said.connect(self._say)

    def set_checkpoint(self, info: CheckpointInfo, image: ImageInput | None, text: str) -> None:
        """Show what this checkpoint compares: what there was, with the image that is looked at.

        Parameters
        ----------
        image
            What is looked at, also where images are not compared; None where none is read.
        text
            To begin with where the images have no captions.
        """
        self._info, self._compares, self._first_text = info, info.compares, text
        self.strip.setVisible("image" in info.compares or image is not None)
        self.chips.setVisible("text" in info.compares)
        self._say("")
        if image is not None and "image" in info.compares:
            self.strip.set_checkpoint(info, image)
        elif image is not None:
            self.strip.know(info, image)
        else:
            self._begin_with_texts()

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column, or above the views."""
        for part in (self.strip, self.chips):
            part.set_narrow(is_narrow)
        self._sides.setDirection(direction_of(is_narrow))

    def look_at(self, image: ImageInput) -> None:
        """Another image is looked at; the signals are silent."""
        if "image" in self._compares:
            self.strip.look_at(image)
        elif self._compares and self._info is not None:
            self.strip.know(self._info, image)

    def set_input(self, input: Input) -> None:
        """Compare what an input says, and look at its pair, which becomes a part of it; the signals are silent."""
        if "image" in self._compares and input.images:
            self.strip.set_images(input.images, input.image)
        if input.image is not None:
            self.look_at(input.image)
        if "text" in self._compares:
            if input.texts:
                self.chips.set_texts(input.texts, input.text.text if input.text is not None else None)
            if input.text is not None:
                self.chips.look_at(input.text.text)

    @Slot()
    def _begin_with_texts(self) -> None:
        """As long as nobody chose any: captions of the scenes, labels of the one scene whose pixels are told apart, or
        the sentence that other models read.

        Captions are poor labels, as nearly all pixels take one of them, and labels of one scene are poor ones of
        another: with those that nobody touched is begun anew. Captions stay when images are added.
        """
        if "text" not in self._compares:
            return
        is_of_pixels = "image" not in self._compares and bool(self.strip.images)
        which, there = "labels" if is_of_pixels else "captions", self.chips.texts
        if there and (there != self._begun[1] or which == self._begun[0] == "captions"):
            return
        texts = self.strip.texts(which)
        if not there and not is_of_pixels:  # the sentence is no label: of a file none is known
            texts = texts or tuple(filter(None, (self._first_text.strip(),)))
        if texts and texts != there:
            self.chips.set_texts(texts, texts[0])
            self._begun = which, self.chips.texts
            self.changed.emit()

    @Slot(str)
    def _on_chips_chosen(self, _text: str) -> None:
        self.changed.emit()

    @Slot(str)
    def _on_chips_wanted(self, which: str) -> None:
        texts = self.strip.texts(which)
        if not texts:
            self._say(self.tr("Only of generated scenes is known what is in them; add one of them."))
        elif which in ("captions", "labels"):
            self.chips.set_texts(texts, texts[0])
            self._begun = which, self.chips.texts
            self.changed.emit()
        else:
            self.chips.add(texts)

    @Slot(str)
    def _say(self, text: str) -> None:
        self._message.show_text(text)
        self._message.setVisible(bool(text))
