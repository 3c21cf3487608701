"""What the model is given where it reads images: a file, what was pasted, or a generated scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFileDialog, QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.image import ImageRequest, ImageResult
from inference.results.inputs import MOST_IMAGE_SIDE, ImageInput, Input
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.layouts import FlowLayout, direction_of, labelled
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import plain_tip
from widgets.panels.media.media_bar import MediaBar
from widgets.panels.media.pasted_images import PastedImages
from widgets.panels.media.thumbnails import Thumbnails

ENDINGS = "*.png *.jpg *.jpeg *.webp *.gif *.bmp *.tif *.tiff *.avif"


def _tr(text: str) -> str:
    return QCoreApplication.translate("ImageBar", text)


class ImageBar(MediaBar[ImageInput]):
    """The image that all views look at. Another one replaces it once the engine has read it; else a sentence says
    why not, and the old one stays.

    Signals
    -------
    input_changed(ImageInput)
        What the user chose, once it was read.
    several_given(list[str])
        Image files, where several are looked at.
    described(str)
        The image is shown, and this sentence of its generator is true of it; empty for files.
    """

    several_given = Signal(list)

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        self._thumbnails = Thumbnails()
        titles = _tr("What was done to the image"), _tr("Message about the image")
        super().__init__(context, "image", ImageInput(), self._thumbnails, titles, parent)
        self._result: ImageResult | None = None
        self._pasted = PastedImages()
        self._takes_several = False
        self._open = self._button("image_open", self.tr("Open…"), self.tr("Open an image file"))
        self._paste = self._button("image_paste", self.tr("Paste"), self.tr("Take the image on the clipboard"))
        self._next = self._button("image_next", self.tr("New scene"), self.tr("Generate another image: the next seed"))
        self._kind = QComboBox()
        for text, kind in (
            (self.tr("As trained"), ""),
            (self.tr("Scene"), "scene"),
            (self.tr("Portrait"), "portrait"),
        ):
            self._kind.addItem(text, kind)
        self._kind.setToolTip(self.tr("Scenes show several things, portraits one that fills the image"))
        self._side = NumberBox()
        self._side.setRange(0, MOST_IMAGE_SIDE)
        self._side.setSpecialValueText(self.tr("As trained"))
        self._side.setSuffix(self.tr(" px"))
        self._truth = self._button("image_truth", self.tr("Names"), self.tr("Name the thing under the pointer"))
        self._truth.setCheckable(True)
        self._truth.hide()
        controls = self._controls = FlowLayout()  # a narrow window hides none of them
        controls.setContentsMargins(8, 0, 0, 0)
        controls.setSpacing(8)
        for button in (self._open, self._paste, self._next):
            controls.addWidget(button)
        controls.addWidget(labelled(self._seed, "image_seed", self.tr("Seed")))
        controls.addWidget(labelled(self._kind, "image_kind", self.tr("Kind")))
        self._size = labelled(self._side, "image_side", self.tr("Size"))
        controls.addWidget(self._size)
        controls.addWidget(self._truth)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addLayout(controls)
        lines.addWidget(self._about)
        lines.addWidget(self._message)
        lines.addStretch(1)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._sides.setContentsMargins(8, 4, 8, 4)
        self._sides.addWidget(self._thumbnails, 0, Qt.AlignmentFlag.AlignTop)
        self._sides.addLayout(lines, 1)
        self.setFocusProxy(self._open)
        self.restyle()

        self._truth.toggled.connect(self._thumbnails.show_truth)
        self._open.clicked.connect(self._on_open_clicked)
        self._paste.clicked.connect(self.paste)
        # Wherever the focus is, unless it is where text is pasted.
        QShortcut(QKeySequence.StandardKey.Paste, self, self.paste)
        self._next.clicked.connect(self._on_next_clicked)
        self._seed.valueChanged.connect(self._on_generator_changed)
        self._kind.activated.connect(self._on_generator_changed)
        self._side.valueChanged.connect(self._on_side_changed)

    # What the window does

    def set_checkpoint(self, info: CheckpointInfo | None) -> None:
        """Show how another checkpoint sees the same image, in the size asked for if it takes others than its own."""
        self._takes_several = info is not None and "image" in info.compares
        step = info.image_step if info else 0
        # Where images or texts are compared, these stand above, and the room below is for what comes of them.
        is_low = info is not None and bool(info.compares)
        self._thumbnails.set_low(is_low)
        self._size.setVisible(step > 0)  # others take one size, which the line beneath says
        self._side.setEnabled(step > 0)
        self._side.setSingleStep(max(1, step))
        tip = self.tr("The shorter side of what the model sees; its positions are interpolated")
        self._side.setToolTip(plain_tip(tip if step else self.tr("This model takes images of one size only")))
        if not step:
            self._input, self._wanted = replace(self._input, side=0), replace(self._wanted, side=0)
            self._show_controls(self._input)
        self._look(info)

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self._sides.setDirection(direction_of(is_narrow))
        self._controls.setContentsMargins(0 if is_narrow else 8, 0, 0, 0)
        self._thumbnails.set_narrow(is_narrow)

    def open_file(self, path: str) -> None:
        """Look at an image file."""
        self._folder = str(Path(path).parent)
        self._want(ImageInput(path=path, side=self._side.value()))

    def open_files(self, paths: list[str]) -> None:
        """Look at image files: at the first one, unless this checkpoint compares several."""
        if self._takes_several and len(paths) > 1:
            self.several_given.emit(paths)
        else:
            self.open_file(paths[0])

    def open_mime(self, data: QMimeData) -> None:
        """Look at what was pasted: image files, or an image itself."""
        paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if paths:
            self.open_files(paths)
            return
        image = data.imageData() if data.hasImage() else None
        if not isinstance(image, QImage) or image.isNull():
            self._show_message(self.tr("There is no image on the clipboard."))
            return
        try:
            self._want(ImageInput(path=self._pasted.save(image), side=self._side.value()))
        except OSError as error:
            self._show_message(str(error))

    @property
    def seen(self) -> ImageResult | None:
        """How the checkpoint sees the image, where that is known and not asked for again."""
        return self._result if self.subject is not None and self._described[0] in self.requests() else None

    @Slot()
    def paste(self) -> None:
        """Look at the image on the clipboard."""
        self.open_mime(QGuiApplication.clipboard().mimeData())

    # As a view

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        return (ImageRequest(self.subject.checkpoint.checkpoint, Input(image=self._wanted)),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, ImageResult)
        assert isinstance(request, ImageRequest)
        assert request.input.image is not None
        is_new = self._take(request.input.image)
        self._result = result
        self._thumbnails.show_result(result)
        self._truth.setVisible(bool(result.things))  # of files nobody knows what is in them
        name = Path(self._input.path).name
        if name.startswith("pasted-"):
            name = self.tr("from the clipboard")
        self._about.show_text("  ·  ".join(filter(None, (name, result.about, result.caption, *result.notes))))
        if is_new:
            self.input_changed.emit(self._input)
        self._describe(request, result.sentence)

    # What the user does

    @Slot()
    def _on_open_clicked(self) -> None:
        filters = self.tr("Images ({})").format(ENDINGS)
        if self._takes_several:
            paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Open images"), self._folder, filters)
        else:
            path, _ = QFileDialog.getOpenFileName(self, self.tr("Open an image"), self._folder, filters)
            paths = [path] if path else []
        if paths:
            self.open_files(paths)

    @Slot()
    def _on_next_clicked(self) -> None:
        self._want(self._generated(self._next_seed()))

    @Slot()
    def _on_generator_changed(self) -> None:
        wanted = self._generated(self._seed.value())
        if wanted != self._wanted:
            self._want(wanted)

    @Slot()
    def _on_side_changed(self) -> None:
        self._want(replace(self._wanted, side=self._side.value()))

    def _generated(self, seed: int) -> ImageInput:
        return ImageInput(seed=seed, kind=self._kind.currentData(), side=self._side.value())

    def _show_controls(self, input: ImageInput) -> None:
        """Size, and seed and kind of the generated image; a file leaves these as they are."""
        with QSignalBlocker(self._side):
            self._side.setValue(input.side)
        if input.path:
            return
        with QSignalBlocker(self._seed), QSignalBlocker(self._kind):
            self._seed.setValue(input.seed)
            self._kind.setCurrentIndex(max(0, self._kind.findData(input.kind)))

    def restyle(self) -> None:
        self._about.setMinimumHeight(int(1.3 * QFontMetricsF(self.font()).height()))
