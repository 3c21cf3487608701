"""What the model is given: sentences, a picture or a mesh, each with a bar of its own."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import Input
from widgets.context import ViewContext
from widgets.panels.input_bar import InputBar
from widgets.panels.mesh_bar import MeshBar
from widgets.view import View


class InputPanel(QWidget):
    """The bar for what the open checkpoint reads. The others keep what they hold.

    Signals
    -------
    input_changed(Input)
        Another input; of a text without masks.
    bar_created(View)
        A bar that asks the engine was built and wants to be served.
    """

    input_changed = Signal(object)
    bar_created = Signal(object)

    def __init__(self, context: ViewContext, samples: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.text = InputBar(context.selection, samples, self)
        self.text.input_changed.connect(self._on_bar_input_changed)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.text)
        self._bars: dict[str, QWidget] = {"text": self.text}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    @property
    def kind(self) -> str:
        """`text`, `picture` or `mesh`: which bar is shown."""
        return next(kind for kind, bar in self._bars.items() if bar is self._pages.currentWidget())

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Show the bar for what it reads."""
        kind = info.reads[0]
        bar = self._bar(kind)
        bar.set_checkpoint(info)  # type: ignore[attr-defined]
        for other in self._bars.values():
            # A stack is as high as its highest page, unless the others have no say.
            policy = QSizePolicy.Policy.Preferred if other is bar else QSizePolicy.Policy.Ignored
            other.setSizePolicy(QSizePolicy.Policy.Preferred, policy)
        self._pages.setCurrentWidget(bar)
        self._pages.updateGeometry()

    def input(self) -> Input:
        """What is to be looked at now."""
        return Input(**{self.kind: self._bar(self.kind).input()})  # type: ignore[attr-defined]

    def set_input(self, input: Input) -> None:
        """Show an input that came from elsewhere, such as a view; `input_changed` is emitted."""
        if self.kind not in input.kinds:
            return
        bar = self._bar(self.kind)
        if bar is not self.text:
            bar.set_input(getattr(input, self.kind))  # type: ignore[attr-defined]
        self.input_changed.emit(input)

    def open_image(self, path: str) -> None:
        """Look at a picture file; only where the checkpoint reads pictures."""
        self._bar("image").open_file(path)  # type: ignore[attr-defined]

    def _bar(self, kind: str) -> QWidget:
        if kind not in self._bars:
            bar = self._build(kind)
            self._bars[kind] = bar
            self._pages.addWidget(bar)
            bar.input_changed.connect(self._on_bar_input_changed)  # type: ignore[attr-defined]
            if isinstance(bar, View):
                self.bar_created.emit(bar)
        return self._bars[kind]

    def _build(self, kind: str) -> QWidget:
        if kind == "mesh":
            return MeshBar(self)
        from widgets.panels.image_bar import ImageBar  # not before a picture is wanted

        return ImageBar(self._context, self)

    @Slot(object)
    def _on_bar_input_changed(self, _part: object) -> None:
        if self.sender() is self._pages.currentWidget():
            self.input_changed.emit(self.input())
