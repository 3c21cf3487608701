"""Films from files as frames that come one after the other: GIF, WebP, PNG, a folder of numbered images, and videos.

What a file says of its size is held to limits before a frame is decoded, and never more than one frame is held here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from inference.context import Refused
from inference.files.regular_files import open_regular
from inference.inputs.clips.video import VIDEO_ENDINGS, video_frames, video_of
from inference.inputs.image_files import read_image
from inference.results.inputs import MOST_FILM_FRAMES

MOST_FILM_BYTES = 512 * 2**20
MOST_FRAME_PIXELS = 9_000_000  # of 4K video there are 8.3 million
IMAGE_RATE = 8.0  # frames a second where nothing says it
_FORMATS = ("GIF", "WEBP", "PNG")
_NUMBERED = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".gif"}
READ = "GIF, WebP, PNG, MP4, WebM and folders of numbered images"


@dataclass(frozen=True)
class FilmSource:
    """A film that can be gone through from its first frame as often as it is needed.

    Attributes
    ----------
    frames
        Begins at the first frame: RGB images, all of `size`.
    size
        Width and height in pixels.
    rate
        Frames a second.
    notes
        What was assumed or left aside, as sentences.
    """

    name: str
    frames: Callable[[], Iterator[Image.Image]]
    size: tuple[int, int]
    rate: float
    notes: tuple[str, ...] = ()


def open_film(path: str) -> FilmSource:
    """A film, seen to be one.

    Raises
    ------
    Refused
        There is nothing of that name, it is no film that is read, it is too large, or PyAV is needed for it and is
        missing. So do its frames while they come, where it is damaged, where it has more than 3,000 of them, or where
        they have different sizes.
    """
    file = Path(path).expanduser()
    name = file.name or str(path)
    try:
        if file.is_dir():
            return _of_folder(file, name)
        if not file.is_file():
            raise Refused(f"{name} is no file; choose a film: {READ}.")
        size = file.stat().st_size
    except (OSError, ValueError) as error:
        raise Refused(f"{name[:200]!r} cannot be read: {_why(error)}.") from error
    if size > MOST_FILM_BYTES:
        raise Refused(f"{name} has {size / 2**20:,.0f} MB; films of up to {MOST_FILM_BYTES // 2**20} MB are read.")
    if file.suffix.lower() in VIDEO_ENDINGS:
        width, height, rate = video_of(file)
        _check_size(name, (width, height))
        return FilmSource(name, lambda: _bounded(name, video_frames(file)), (width, height), rate)
    return _of_image_file(file, name)


def _of_image_file(file: Path, name: str) -> FilmSource:
    with open_regular(file) as stream, _opened(stream, name) as image:
        _check_size(name, image.size)
        try:
            n_frames = getattr(image, "n_frames", 1)
            image.load()  # before which WebP does not tell how long it is shown
            duration = float(image.info.get("duration", 0) or 0)
        except Exception as error:  # decoders raise whatever they stumble over
            raise Refused(f"{name} is damaged.") from error
        size = image.size
    if n_frames > MOST_FILM_FRAMES:
        raise Refused(f"{name} has {n_frames:,} frames; films of up to {MOST_FILM_FRAMES:,} are read.")
    notes = () if n_frames > 1 else ("It is one image: every frame shows it.",)
    return FilmSource(name, lambda: _image_frames(file, name), size, 1000 / duration if duration else IMAGE_RATE, notes)


def _opened(stream: object, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, which are checked here
            return Image.open(stream, formats=_FORMATS)  # type: ignore[arg-type]
    except UnidentifiedImageError as error:
        raise Refused(f"{name} is no film that can be read; these can: {READ}.") from error
    except Image.DecompressionBombError as error:
        raise Refused(f"{name} has far too many pixels; frames of up to {MOST_FRAME_PIXELS:,} are read.") from error
    except Exception as error:
        raise Refused(f"{name} is damaged.") from error


def _image_frames(file: Path, name: str) -> Iterator[Image.Image]:
    with open_regular(file) as stream, _opened(stream, name) as image:
        _check_size(name, image.size)
        for number in range(MOST_FILM_FRAMES):
            try:
                image.seek(number)
                frame = _on_white(image)
            except EOFError:
                return
            except Exception as error:
                raise Refused(f"{name} is damaged in frame {number}.") from error
            yield frame


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return image.convert("RGB")


def _of_folder(folder: Path, name: str) -> FilmSource:
    files = numbered_images(folder)
    if not files:
        raise Refused(f"{name} holds no numbered images, such as 0001.png; they are the frames of a film.")
    if len(files) > MOST_FILM_FRAMES:
        raise Refused(f"{name} holds {len(files):,} images; films of up to {MOST_FILM_FRAMES:,} frames are read.")
    first = read_image(str(files[0])).image
    return FilmSource(
        name,
        lambda: _folder_frames(files, first.size),
        first.size,
        IMAGE_RATE,
        (f"How fast numbered images follow each other is assumed: {IMAGE_RATE:g} a second.",),
    )


def numbered_images(folder: Path) -> list[Path]:
    """The images of a folder that have a number in their name, by the last number in it.

    Raises
    ------
    Refused
        The folder may not be read.
    """
    try:
        found = [file for file in folder.iterdir() if file.suffix.lower() in _NUMBERED and file.is_file()]
    except OSError as error:
        raise Refused(f"{folder.name} cannot be read: {_why(error)}.") from error
    numbered = [(int(numbers[-1]), file) for file in found if (numbers := re.findall(r"\d{1,9}", file.stem))]
    return [file for _, file in sorted(numbered, key=lambda each: (each[0], each[1].name))]


def _folder_frames(files: list[Path], size: tuple[int, int]) -> Iterator[Image.Image]:
    for file in files:
        image = read_image(str(file)).image
        if image.size != size:
            raise Refused(
                f"{file.name} has {image.width} × {image.height} pixels and {files[0].name} {size[0]} × {size[1]}; "
                "the frames of a film have one size."
            )
        yield image


def _bounded(name: str, frames: Iterator[Image.Image]) -> Iterator[Image.Image]:
    for number, frame in enumerate(frames):
        if number == MOST_FILM_FRAMES:
            raise Refused(f"{name} has more than {MOST_FILM_FRAMES:,} frames; films of up to so many are read.")
        yield frame


def _check_size(name: str, size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_FRAME_PIXELS:
        raise Refused(
            f"The frames of {name} have {size[0]:,} × {size[1]:,} pixels; up to {MOST_FRAME_PIXELS:,} in all are read."
        )


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
