"""What stands above the views when the checkpoint reads words and an image together: its regions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Slot
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QFileDialog, QPushButton, QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import Input, RegionsInput
from inference.results.read_regions import ReadRegionsRequest
from widgets.context import ViewContext
from widgets.kit.availability import set_available
from widgets.kit.layouts import direction_of
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.panels.file_bar import FileBar

_LINES, _NARROW_LINES = 2, 8  # of the message


class RegionsBar(FileBar[RegionsInput]):
    """The regions in a line, and where they come from: the detector, the scene, the pointer, or a file.

    Parameters
    ----------
    whole
        All that is looked at now: regions are read beside their image.
    """

    def __init__(self, context: ViewContext, whole: Callable[[], Input], parent: QWidget | None = None) -> None:
        message = QCoreApplication.translate("RegionsBar", "Message about the regions")
        super().__init__(context, "regions", RegionsInput(of_scene=True), message, parent)
        self._whole = whole
        self._needs_file = False
        self._detector = ""
        self._line = PlainLabel(self)
        self._line.setObjectName("regions_line")
        self._line.setAccessibleName(self.tr("Regions"))
        self._of_scene = QCheckBox(self.tr("Things of the scene"), self)
        self._of_scene.setObjectName("regions_of_scene")
        self._of_scene.setToolTip(plain_tip(self.tr("Frame what the generator painted; files have no such boxes")))
        self._of_detector = QCheckBox(self.tr("Found by the detector"), self)
        self._of_detector.setObjectName("regions_of_detector")
        about = self.tr("Read what a small detector finds in the image, with its errors, in place of what was painted")
        self._of_detector.setToolTip(plain_tip(about))
        self._of_detector.hide()
        self._open = QPushButton(self.tr("Open regions …"), self)
        self._open.setObjectName("regions_open")
        about = self.tr("NPZ with boxes in pixels, and features, labels and scores where there are any; or OSCAR's TSV")
        self._open.setToolTip(plain_tip(about))
        self._clear = QPushButton(self.tr("Clear regions"), self)
        self._clear.setObjectName("regions_clear")
        self._clear.setToolTip(plain_tip(self.tr("Take away the file and the drawn boxes")))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 0, 8, 4)
        rows.setSpacing(0)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        rows.addLayout(self._parts)
        rows.addWidget(self._message)
        self._parts.addWidget(self._line, 1)
        for widget in (self._of_detector, self._of_scene, self._open, self._clear):
            self._parts.addWidget(widget)
        self._of_detector.toggled.connect(self._on_of_detector_toggled)
        self._of_scene.toggled.connect(self._on_of_scene_toggled)
        self._open.clicked.connect(self._on_open_clicked)
        self._clear.clicked.connect(self._on_clear_clicked)
        self.set_input(self._input)

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Say what this checkpoint makes of regions."""
        self._detector = info.detector
        self._line.setToolTip(plain_tip(self.tr("The detector: {}").format(info.detector)) if info.detector else "")
        self._needs_file = "regions" in info.reads and not info.detector
        self._of_detector.setVisible(bool(info.detector))
        super().set_checkpoint(info)

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column, or above the views."""
        self._message.set_most_lines(_NARROW_LINES if is_narrow else _LINES)
        self._parts.setDirection(direction_of(is_narrow))
        self._line.setWordWrap(is_narrow)

    def _show_input(self) -> None:
        input = self._input
        is_found = bool(self._detector) and input.of_detector
        with QSignalBlocker(self._of_scene), QSignalBlocker(self._of_detector):
            self._of_scene.setChecked(input.of_scene)
            self._of_detector.setChecked(input.of_detector)
        set_available(self._of_scene, *self._why_not_of_scene(is_found))
        self._of_detector.setEnabled(not input.path)
        self._clear.setEnabled(bool(input.path or input.boxes))
        self._line.setText(self._told())

    def _why_not_of_scene(self, is_found: bool) -> tuple[bool, str]:
        """Whether it matters if things of a scene are looked at, and why not."""
        if self._input.path:
            return False, self.tr("The regions are those of the file.")
        if is_found:
            return False, self.tr("The regions are those that the detector finds.")
        return not self._needs_file, self.tr("What was painted has no features, which this model reads.")

    def open_file(self, path: str) -> None:
        """Look at the regions of a file, if they can be read."""
        self._want(replace(self._input, path=path))

    def _request(self, wanted: RegionsInput) -> ReadRegionsRequest:
        assert self.subject is not None
        input = replace(self._whole().chosen, regions=wanted)
        return ReadRegionsRequest(self.subject.checkpoint.checkpoint, input)

    def _told(self) -> str:
        if self._input.path:
            return self.tr("Regions: {}").format(Path(self._input.path).name)
        if self._needs_file:
            return self.tr("Regions: none that this model can read; open a file with their features.")
        n = len(self._input.boxes)
        if self._detector and self._input.of_detector:
            found = self.tr("Regions: found by the detector")
            return self.tr("{}, and {} drawn").format(found, n) if n else found
        if self._detector and not n:
            if self._input.of_scene:
                return self.tr("Regions: the things of the scene")
            return self.tr("Regions: none yet; draw a box over the image in Words and image.")
        if n:
            return self.tr("Regions: {} drawn").format(n)
        return self.tr("Regions: drag over the image in Words and image to draw a box.")

    @Slot(bool)
    def _on_of_scene_toggled(self, is_on: bool) -> None:
        self._change(replace(self._input, of_scene=is_on))

    @Slot(bool)
    def _on_of_detector_toggled(self, is_on: bool) -> None:
        self._change(replace(self._input, of_detector=is_on))

    @Slot()
    def _on_open_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Open regions"), "", self.tr("Regions ({})").format("*.npz *.tsv")
        )
        if path:
            self.open_file(path)

    @Slot()
    def _on_clear_clicked(self) -> None:
        self._change(replace(self._input, path="", boxes=()))
