"""Make the small pictures on the cards of Home: open every card in the real program, and paint what it shows.

    python docs/home_pictures.py [CARD ...]

To be run again when a card, a checkpoint or a figure has changed. Needs no display with
QT_QPA_PLATFORM=offscreen. Writes `resources/home/<light or dark>/<card>.png`, of few colours: the files are small.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QEventLoop, QRectF, Qt, QTimer
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.window.application import make_window
from app.window.main_window import MainWindow
from resources import HOME_PICTURES, bundled_checkpoints
from widgets.kit.figure import Figure
from widgets.look.theme import DARK, LIGHT, FigureStyle, Theme
from widgets.views.home.cards import BY_NAME, HomeCard

WIDTH, HEIGHT = 416, 260  # pixels of a file
N_COLORS = 64
# How many times as large as the file a figure is painted before it is made small: less where letters matter more.
SCALE = 1.6
SCALES = {
    "analogy": 2.2,
    "approximation": 2.4,
    "attribution": 2.1,
    "classes": 2.0,
    "complexity": 2.0,
    "family_tree": 3.0,
    "few_shot": 2.2,
    "masked_image": 2.3,
    "masked_pixels": 1.8,
    "measures": 4.2,
    "next_sentence": 2.0,
    "norms": 2.4,
    "order": 2.2,
    "oscar": 2.0,
    "scaled_dot": 2.3,
    "training_stages": 3.0,
    "vilt": 2.3,
    "visual_words": 2.1,
    "vocabulary": 2.0,
    "word2vec": 1.9,
}
WIDGETS = {"mesh": "mesh_viewer", "polygen-furniture": "mesh_viewer"}  # pictures of what is no figure
GROWING = 30  # seconds in which a mesh has grown


def wait(condition, seconds: int = 120) -> bool:
    """Run the event loop until something is true; whether it was in time."""
    loop = QEventLoop()
    poll, limit = QTimer(interval=30), QTimer(singleShot=True, interval=seconds * 1000)
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    limit.timeout.connect(loop.quit)
    poll.start()
    limit.start()
    loop.exec()
    poll.stop()
    return bool(condition())


def show(window: MainWindow, card: HomeCard) -> None:
    """Open a card as a click does, and wait until it is drawn."""
    window.context.open_example(card.example)

    def is_drawn() -> bool:
        info, view = window.controller.checkpoint, window.area.views.get(card.example.view)
        is_there = info is not None and info.checkpoint == card.example.checkpoint and view is not None
        return bool(is_there and not window._runner.is_busy and view.figure() and not view.why_not_current)

    if not wait(lambda: window.area.current == card.example.view) or not wait(is_drawn):
        raise SystemExit(f"{card.name} did not come to rest in time")


def painted(figure: Figure, theme: Theme, scale: float) -> QImage:
    """A figure on paper, painted larger and made small."""
    image = QImage(round(WIDTH * scale), round(HEIGHT * scale), QImage.Format.Format_RGB32)
    image.fill(theme.paper)
    font = QFont("DejaVu Sans")
    font.setPixelSize(15)
    margin = 8 * scale
    with QPainter(image) as painter:
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        rect = QRectF(image.rect()).adjusted(margin, margin, -margin, -margin)
        figure.paint(painter, rect, FigureStyle(theme, font))
    return image


def grabbed(widget: QWidget) -> QImage:
    """What a widget shows, cut to the shape of the cards."""
    image = widget.grab().toImage()
    width = min(image.width(), round(image.height() * WIDTH / HEIGHT))
    height = round(width * HEIGHT / WIDTH)
    return image.copy((image.width() - width) // 2, (image.height() - height) // 2, width, height)


def write(image: QImage, path: Path) -> None:
    """As a file of few colours."""
    small = image.scaled(
        WIDTH, HEIGHT, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    small.save(buffer, "PNG")
    picture = Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(N_COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cards", nargs="*", help="names of cards; all of them unless given")
    names = parser.parse_args().cards
    cards = [card for card in BY_NAME.values() if card.example.checkpoint in bundled_checkpoints()]
    cards.sort(key=lambda card: bundled_checkpoints().index(card.example.checkpoint))  # each is opened once
    with tempfile.TemporaryDirectory() as home:
        os.environ["HEADLIGHT_HOME"] = home
        application = QApplication(sys.argv[:1])
        window = make_window()
        window.resize(1280, 800)
        window.show()
        wait(lambda: window.controller.checkpoint is not None)
        for card in cards:
            if names and card.name not in names:
                continue
            show(window, card)
            for theme in (LIGHT, DARK):
                path = HOME_PICTURES / theme.name / f"{card.name}.png"
                if card.name in WIDGETS:
                    wait(lambda: False, GROWING if theme is LIGHT else 1)
                    window.set_theme(theme.name)
                    application.processEvents()
                    write(grabbed(window.findChild(QWidget, WIDGETS[card.name])), path)
                else:
                    figure = window.area.views[card.example.view].figure()
                    write(painted(figure, theme, SCALES.get(card.name, SCALE)), path)
            print(f"{card.name}: {path.stat().st_size:,} bytes", flush=True)
        window.close()


if __name__ == "__main__":
    main()
