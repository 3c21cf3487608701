"""What is dropped onto the window: a checkpoint, an image, a film, a sound, a mesh, word vectors, or a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from app.commands.text_files import ENDINGS as TEXTS
from app.commands.text_files import TextFileError, read_text
from inference.files.vector_kinds import holds_vectors
from inference.results.inputs import FILM_ENDINGS, MESH_ENDINGS, SOUND_ENDINGS

_DROPS = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)
IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}


@dataclass(frozen=True)
class DropTargets:
    """Where each kind of file goes; `refuse` is told a sentence instead."""

    open_checkpoint: Callable[[str], None]
    open_images: Callable[[list[str]], None]
    open_sound: Callable[[str], None]
    open_film: Callable[[str], None]
    open_mesh: Callable[[str], None]
    open_vectors: Callable[[str], None]
    look_at_text: Callable[[str], None]
    refuse: Callable[[str], None]


class Drops(QObject):
    """Lets files be dropped onto a window, also where a field would take their paths for text."""

    def __init__(self, window: QWidget, reads: Callable[[], Sequence[str]], targets: DropTargets) -> None:
        super().__init__(window)
        self._reads, self._targets = reads, targets
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the window, and once it is shown of its handle, which is told before the field under the mouse."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            watched.windowHandle().installEventFilter(self)
        if event.type() not in _DROPS or not isinstance(event, QDropEvent) or not event.mimeData().hasUrls():
            return False
        if event.source() is not None:  # a figure on its way out is no file to open here
            event.ignore()
            return True
        paths = dropped_files(event.mimeData())
        if not paths:
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            take(paths, self._reads(), self._targets)
        return True


def dropped_files(data: QMimeData) -> list[Path]:
    """The files and folders among what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def take(paths: Sequence[Path], reads: Sequence[str], targets: DropTargets) -> None:
    """Open what was dropped, or say what is missing for it: images together, of other things the first.

    Parameters
    ----------
    reads
        What the open checkpoint is given: `text`, `image`, `mesh`, `sound`, `clip`.
    """
    path = paths[0]
    suffix = path.suffix.lower()
    if "clip" in reads and (suffix in FILM_ENDINGS or _holds_frames(path)):
        targets.open_film(str(path))
    elif suffix in FILM_ENDINGS and suffix not in IMAGES:
        targets.refuse(_tr("{} is a film; open a checkpoint that reads films first.").format(path.name))
    elif suffix in IMAGES:
        if "image" in reads:
            targets.open_images([str(one) for one in paths if one.suffix.lower() in IMAGES])
        else:
            targets.refuse(_tr("{} is an image; open a checkpoint that reads images first.").format(path.name))
    elif suffix in SOUND_ENDINGS:
        if "sound" in reads:
            targets.open_sound(str(path))
        else:
            targets.refuse(_tr("{} is a sound; open a checkpoint that reads sounds first.").format(path.name))
    elif suffix in MESH_ENDINGS:
        if "mesh" in reads:
            targets.open_mesh(str(path))
        else:
            targets.refuse(_tr("{} is a mesh; open a checkpoint that reads meshes first.").format(path.name))
    elif holds_vectors(path):  # before texts: word2vec's have their ending
        targets.open_vectors(str(path))
    elif suffix in TEXTS:
        _take_text(path, reads, targets)
    else:
        targets.open_checkpoint(str(path))


def _holds_frames(path: Path) -> bool:
    """Whether it is a folder of images, and no checkpoint."""
    try:
        return (
            path.is_dir()
            and not (path / "config.json").exists()
            and any(file.suffix.lower() in IMAGES for file in path.iterdir())
        )
    except OSError:
        return False


def _take_text(path: Path, reads: Sequence[str], targets: DropTargets) -> None:
    if "text" not in reads:
        targets.refuse(_tr("This checkpoint reads no text; open another one first."))
        return
    try:
        text = read_text(path)
    except TextFileError as error:
        targets.refuse(str(error))
    else:
        targets.look_at_text(text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Drops", text)
