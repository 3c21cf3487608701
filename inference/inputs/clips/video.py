"""Frames of MP4 and WebM, by PyAV, which is optional: `pip install headlight[video]`.

The file is handed over open, and as the container that its ending names: a list of other files or of addresses that
pretends to be a video is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.regular_files import open_regular

if TYPE_CHECKING:
    from PIL import Image

VIDEO_ENDINGS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".webm": "webm", ".mkv": "matroska"}
_USUAL_RATE = 25.0
_MOST_RATE = 1_000.0


def video_of(file: Path) -> tuple[int, int, float]:
    """Width, height, and frames a second, from the head of a file: nothing is decoded.

    Raises
    ------
    Refused
        It is no such video, or PyAV is not installed.
    """
    with _stream(file) as (_, stream):
        rate = float(stream.average_rate or _USUAL_RATE)
        return stream.width, stream.height, rate if 0 < rate <= _MOST_RATE else _USUAL_RATE


def video_frames(file: Path) -> Iterator[Image.Image]:
    """Its frames in order, RGB.

    Raises
    ------
    Refused
        As `video_of`; or a frame is damaged, or of another size than the first.
    """
    with _stream(file) as (container, stream):
        size = stream.width, stream.height
        for number, frame in enumerate(container.decode(stream)):
            if (frame.width, frame.height) != size:
                raise Refused(
                    f"Frame {number} of {file.name} has {frame.width} × {frame.height} pixels, the film "
                    f"{size[0]} × {size[1]}; films of one size are read."
                )
            yield frame.to_image()


@contextmanager
def _stream(file: Path) -> Iterator[tuple[Any, Any]]:
    if find_spec("av") is None:
        raise Refused(f"{file.name} is a video; it takes PyAV to read it: pip install headlight[video].")
    import av
    from av.error import FFmpegError

    with open_regular(file) as content:
        try:
            with av.open(content, "r", format=VIDEO_ENDINGS[file.suffix.lower()]) as container:
                stream = next(iter(container.streams.video), None)
                if stream is None or not stream.width or not stream.height:
                    raise Refused(f"{file.name} holds no moving image.")
                yield container, stream
        except (FFmpegError, ValueError, EOFError) as error:
            raise Refused(f"{file.name} is no video that can be read, or it is damaged: {_why(error)}.") from error


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).partition("\n")[0][:120]
