"""Films as bytes: GIF and WebP by Pillow, MP4 and WebM by PyAV, PNG for whatever else makes films of images.

The same film gives the same bytes each time, but for MP4 and WebM, whose encoders and containers have minds of their
own.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image, ImageChops
from PySide6.QtGui import QImage

from app.export.films import FRAMES_A_SECOND, Film, as_pillow
from app.export.saving import ExportError

ReportFrames = Callable[[int, int], None]  # images done, and of how many

_MS = 1000 // FRAMES_A_SECOND
# Container, encoders in order of preference, their options.
_VIDEO: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "mp4": ("mp4", ("libx264", "h264", "mpeg4"), {"crf": "18", "preset": "medium"}),
    "webm": ("webm", ("libvpx-vp9", "libvpx"), {"crf": "24", "b": "0", "cpu-used": "4"}),
}


class NoVideo(ExportError):
    """This kind of video cannot be made here; the text is one sentence for the user."""


def check_video(kind: str) -> None:
    """Raise `NoVideo` where a kind of film needs what is not installed."""
    if kind in _VIDEO and find_spec("av") is None:
        raise NoVideo(f"{kind.upper()} needs PyAV, which is not installed: pip install headlight[video]")


def encode(film: Film, kind: str, report: ReportFrames) -> bytes:
    """`gif`, `webp`, `mp4` or `webm`; raises `NoVideo`."""
    if kind == "gif":
        return gif(film, report)
    return webp(film, report) if kind == "webp" else video(film, kind, report)


def gif(film: Film, report: ReportFrames) -> bytes:
    """Endless; 256 colours, chosen from the middle and the end of the film."""
    palette = _Palette([film.image(shot.step) for shot in (film.shots[len(film.shots) // 2], film.shots[-1])])
    images = (palette.indexed(image) for image in _reported(film, report))
    content = io.BytesIO()
    durations = [shot.n_frames * _MS for shot in film.shots]
    next(images).save(
        content, "GIF", save_all=True, append_images=images, duration=durations, loop=0, disposal=1, optimize=False
    )
    return content.getvalue()


class _Palette:
    """256 colours for a film. The first is the paper's: Pillow's own way to the nearest colour would miss it."""

    def __init__(self, images: list[QImage]) -> None:
        pixels = np.concatenate([np.asarray(as_pillow(image)) for image in images])
        self._paper = pixels[0, 0]
        chosen = Image.fromarray(pixels).quantize(255, Image.Quantize.MEDIANCUT).getpalette() or []
        self._colors = np.concatenate([self._paper, chosen]).astype(np.int64).reshape(-1, 3)
        steps = np.arange(32) * 8 + 4
        middles = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 1, 3)
        # The nearest of every cube of 8 x 8 x 8 colours
        nearest = [((part - self._colors) ** 2).sum(-1).argmin(-1) for part in np.array_split(middles, 64)]
        self._nearest = np.concatenate(nearest).astype(np.uint8)

    def indexed(self, image: Image.Image) -> Image.Image:
        """The same in these colours."""
        pixels = np.asarray(image)
        red, green, blue = (pixels[..., i].astype(np.uint16) >> 3 for i in range(3))
        numbers = self._nearest[red << 10 | green << 5 | blue]
        numbers[(pixels == self._paper).all(-1)] = 0
        indexed = Image.fromarray(numbers)
        indexed.putpalette(self._colors.astype(np.uint8).tobytes())
        return indexed


def webp(film: Film, report: ReportFrames) -> bytes:
    """Endless and lossless. Of each image only the rectangle that is new is held.

    References
    ----------
    https://developers.google.com/speed/webp/docs/riff_container: a still WebP of every rectangle, put into frames.
    """
    chunks: list[bytes] = []
    before: Image.Image | None = None
    size = (0, 0)
    for shot, image in zip(film.shots, _reported(film, report), strict=True):
        size = image.size
        changed = (0, 0, *size) if before is None else ImageChops.difference(before, image).getbbox()
        # Frames begin at even places.
        left, top, right, bottom = changed or (0, 0, 1, 1)
        left, top = left // 2 * 2, top // 2 * 2
        still = io.BytesIO()
        image.crop((left, top, right, bottom)).save(still, "WEBP", lossless=True, quality=60, method=2)
        place = b"".join(map(_three, (left // 2, top // 2, right - left - 1, bottom - top - 1, shot.n_frames * _MS)))
        blend_none, keep = 0b10, 0
        chunks.append(_chunk(b"ANMF", place + bytes([blend_none | keep]) + still.getvalue()[12:]))
        before = image
    is_animation = 0b10
    head = _chunk(b"VP8X", bytes([is_animation, 0, 0, 0]) + _three(size[0] - 1) + _three(size[1] - 1))
    loop = _chunk(b"ANIM", bytes(4) + struct.pack("<H", 0))
    body = b"WEBP" + head + loop + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def video(film: Film, kind: str, report: ReportFrames) -> bytes:
    """`mp4` (H.264) or `webm` (VP9).

    Raises
    ------
    NoVideo
        PyAV is not installed, or knows no encoder for it.
    """
    check_video(kind)
    import av

    container_kind, names, options = _VIDEO[kind]
    encoder = next((name for name in names if name in av.codecs_available), None)
    if encoder is None:
        raise NoVideo(f"PyAV is installed without an encoder for {kind.upper()} ({', '.join(names)}).")
    content = io.BytesIO()
    with av.open(content, "w", format=container_kind) as container:
        stream: Any = container.add_stream(encoder, rate=FRAMES_A_SECOND, options=options)
        stream.pix_fmt = "yuv420p"
        # Colours are held for two by two pixels: an odd last row or column is left out.
        stream.width, stream.height = (side // 2 * 2 for side in film.size)
        n_written = 0
        for shot, image in zip(film.shots, _reported(film, report), strict=True):
            even = image.crop((0, 0, stream.width, stream.height))
            for _ in range(shot.n_frames):
                frame: Any = av.VideoFrame.from_image(even)
                frame.pts, frame.time_base = n_written, Fraction(1, FRAMES_A_SECOND)
                container.mux(stream.encode(frame))
                n_written += 1
        container.mux(stream.encode(None))
    return content.getvalue()


def pngs(film: Film, report: ReportFrames) -> dict[str, bytes]:
    """Every frame by its file name, `0001.png` and on."""
    files: dict[str, bytes] = {}
    digits = max(4, len(str(film.n_frames)))
    for shot, image in zip(film.shots, _reported(film, report), strict=True):
        content = io.BytesIO()
        image.save(content, "PNG")
        for _ in range(shot.n_frames):
            files[f"{len(files) + 1:0{digits}}.png"] = content.getvalue()
    return files


def _reported(film: Film, report: ReportFrames) -> Iterator[Image.Image]:
    for number, image in enumerate(film.images()):
        report(number, len(film.shots))
        yield image
