"""Figures that grow as films: from the first step to the whole, in every format, from the window too."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageChops
from PySide6.QtWidgets import QWidget

from app.export import worker
from app.export.film_files import ENDINGS, save
from app.export.films import FRAMES_A_SECOND, HOLD, film_of, grows
from app.export.saving import ExportError
from app.export.saving_process import Saving
from app.export.worker import film_message, packed, unpacked
from inference.service import wire
from tests.image_factories import make_complete_image_result, make_probe_result
from tests.views.translation.samples import make_translation
from widgets.look.theme import DARK, FigureStyle
from widgets.views.complete_image.figure import CompleteImageFigure
from widgets.views.complete_image.probe import ProbeFigure
from widgets.views.translation.figure import TranslationFigure
from widgets.views.translation.options import TranslationOptions

pytestmark = pytest.mark.usefixtures("qapp")
LONG = 120_000


@pytest.fixture
def figure():
    return CompleteImageFigure(make_complete_image_result(grid=(6, 6), n_given=18, count=2), 18)


def frames_of(path):
    """uint8 [frame, row, column, 3], and how long each stays in ms."""
    with Image.open(path) as film:
        images, durations = [], []
        for number in range(film.n_frames):
            film.seek(number)
            images.append(np.asarray(film.convert("RGB")))
            durations.append(film.info["duration"])
    return np.stack(images).astype(int), durations


def test_only_what_grows_is_a_film(figure):
    assert grows(figure)
    assert not grows(ProbeFigure(make_probe_result()))


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_it_grows_and_then_stands(figure, tmp_path, ending):
    save(figure, tmp_path / f"film{ending}", width=200)
    images, durations = frames_of(tmp_path / f"film{ending}")
    assert len(images) == 36 - 18 + 1
    assert images.shape[2] == 200
    changed = [np.abs(images[i + 1] - images[i]).max(-1) > 8 for i in range(len(images) - 1)]
    assert all(0 < change.mean() < 0.12 for change in changed)
    assert durations[-1] >= 1500
    assert 4000 <= sum(durations) <= 7000


@pytest.mark.parametrize(("ending", "tolerance"), [(".gif", 64), (".webp", 0)])
def test_notes_stand_under_every_image(figure, tmp_path, ending, tolerance):
    save(figure, tmp_path / f"plain{ending}", width=200)
    save(figure, tmp_path / f"noted{ending}", width=200, notes=("Its colours are assumed.",))
    plain, noted = (frames_of(tmp_path / f"{name}{ending}")[0] for name in ("plain", "noted"))
    below = plain.shape[1] - 8  # the margin moves down
    assert noted.shape[1] > plain.shape[1]
    assert np.abs(plain[:, :below] - noted[:, :below]).max() <= tolerance
    assert all(np.ptp(image[below:]) > 60 for image in noted)


def test_the_same_film_gives_the_same_bytes(figure, tmp_path):
    for name in ("one.webp", "two.webp"):
        save(figure, tmp_path / name, width=120)
    assert (tmp_path / "one.webp").read_bytes() == (tmp_path / "two.webp").read_bytes()


def test_it_is_a_video_too(figure, tmp_path):
    av = pytest.importorskip("av")
    save(figure, tmp_path / "film.mp4", width=200)
    with av.open(str(tmp_path / "film.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    film = film_of(figure, width=200)
    assert len(frames) == film.n_frames
    last = np.asarray(list(film.images())[-1])[: frames[-1].shape[0], : frames[-1].shape[1]]
    assert np.abs(frames[-1] - last).mean() < 6


def test_every_frame_is_a_numbered_png(figure, tmp_path):
    save(figure, tmp_path / "film", "frames", width=100)
    names = sorted(path.name for path in (tmp_path / "film").iterdir())
    film = film_of(figure, width=100)
    assert names == [f"{number:04}.png" for number in range(1, film.n_frames + 1)]
    with Image.open(tmp_path / "film" / names[-1]) as last:
        assert not ImageChops.difference(last.convert("RGB"), list(film.images())[-1]).getbbox()


def test_twice_the_speed_takes_half_the_time(figure):
    held = round(HOLD * FRAMES_A_SECOND)
    lengths = [film_of(figure, speed=speed).n_frames - held for speed in (0.5, 1.0, 2.0)]
    assert lengths == [200, 100, 50]


def test_what_is_whole_from_the_start_is_one_frame(tmp_path):
    figure = CompleteImageFigure(make_complete_image_result(n_given=64), 64)
    assert [shot.n_frames > 30 for shot in film_of(figure).shots] == [True]


def test_other_endings_and_missing_folders_are_refused(figure, tmp_path):
    with pytest.raises(ExportError, match=r"\.avi is not among"):
        save(figure, tmp_path / "film.avi")
    with pytest.raises(ExportError, match="does not exist"):
        save(figure, tmp_path / "none" / "film.gif")
    assert ENDINGS == (".gif", ".webp", ".mp4", ".webm")


def test_a_style_goes_to_another_process_and_back(qapp):
    style = FigureStyle(DARK, color_map="magma")
    style.font.setPointSizeF(13)
    back = unpacked(packed(style))
    assert (back.theme, back.color_map, back.font.pointSizeF()) == (DARK, "magma", 13)


def test_another_process_writes_the_film(figure, qtbot, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    saving = Saving(parent, "Save the film")
    path = tmp_path / "film.webp"
    with qtbot.waitSignal(saving.done, timeout=LONG) as blocker:
        saving.begin(path, film_message(figure, str(path), "webp", FigureStyle(), 120, 2.0))
    assert blocker.args == [str(path)]
    save(figure, tmp_path / "here.webp", style=FigureStyle(), width=120, speed=2.0)
    assert path.read_bytes() == (tmp_path / "here.webp").read_bytes()


def test_a_figure_with_options_reaches_the_other_process(tmp_path):
    figure = TranslationFigure(make_translation(4), TranslationOptions(show="map", attention="layer"), 4)
    path = tmp_path / "text.gif"
    message = film_message(figure, str(path), "gif", FigureStyle(), 300, 2.0)
    asked, _ = wire.read(io.BytesIO(message))
    worker._write_film(asked)
    assert path.read_bytes().startswith(b"GIF")
    with pytest.raises(wire.BadMessage):
        worker._write_film(asked | {"options": {"options": {"class": "os:system", "values": {}}}})
