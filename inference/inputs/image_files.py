"""Images from files: read with bounded memory, turned upright, or refused with a sentence."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError, features

from inference.context import Refused
from inference.results.counts import noun, verb

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", *(("AVIF",) if features.check("avif") else ()))
MOST_BYTES = 64 * 2**20
MOST_PIXELS = 50_000_000
# Models look at some hundred pixels a side; what is larger is made smaller while it is decoded.
LONGEST_SIDE = 2048

_ORIENTATION = 0x0112  # of EXIF
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DEEP = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}
_MOST_16 = 257  # 65,535 is 255 then
_N_HEAD = 32  # bytes that tell a format
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}


@dataclass(frozen=True)
class FileImage:
    """What was read of a file.

    Attributes
    ----------
    image
        RGB, at most `LONGEST_SIDE` pixels a side.
    notes
        What was left aside or changed, as sentences.
    """

    image: Image.Image
    notes: tuple[str, ...] = ()


def read_image(path: str) -> FileImage:
    """The first frame of an image file, in RGB, upright, on white where it is transparent.

    Numbers of 16 bits are divided by 257; of 32 bits and floats the range from the least to the greatest is shown
    from black to white.

    Raises
    ------
    Refused
        No such file, too large a file or too many pixels, a format that is not read, or a damaged file.
    """
    file = Path(path).expanduser()
    name = file.name or str(path)
    try:
        if not file.is_file():
            raise Refused(f"{name} is no file; choose an image ({', '.join(FORMATS)}).")
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise Refused(f"{name} has {size / 2**20:,.0f} MB; images of up to {MOST_BYTES // 2**20} MB are read.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes, which are checked here
            with Image.open(file, formats=FORMATS) as opened:
                return _decoded(opened, name)
    except UnidentifiedImageError as error:
        raise Refused(_why_unknown(file, name)) from error
    except Image.DecompressionBombError as error:
        raise Refused(f"{name} has far too many pixels; up to {MOST_PIXELS:,} are read.") from error
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror or str(error).splitlines()[0]}.") from error
    except (Refused, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever they stumble over: SyntaxError, struct.error, ValueError ...
        raise Refused(f"{name} is damaged: {type(error).__name__}.") from error


def _why_unknown(file: Path, name: str) -> str:
    with file.open("rb") as content:
        head = content.read(_N_HEAD)
    kind = _BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None
    if kind is not None and kind not in FORMATS:
        return f"{name} is {kind}, which cannot be decoded here; save it as one of {', '.join(FORMATS)}."
    return f"{name} is no image that can be read; these can: {', '.join(FORMATS)}."


def _decoded(opened: Image.Image, name: str) -> FileImage:
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise Refused(f"{name} has {width:,} × {height:,} pixels; up to {MOST_PIXELS:,} in all are read.")
    notes = _about_file(opened)
    orientation = 1
    with suppress(Exception):  # whatever a camera wrote beside it
        orientation = opened.getexif().get(_ORIENTATION, 1)
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEGs are decoded at an eighth, a quarter or half
    opened.load()
    image, more = _in_bytes(opened)
    notes += more
    # The tag alone: rewriting all of EXIF, as ImageOps does, fails where another tag of it is odd.
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() != (255, 255):
            notes.append("Where it is transparent, white is shown.")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if max(width, height) > LONGEST_SIDE:
        notes.append(f"Its {width:,} × {height:,} pixels are first made smaller to {image.width:,} × {image.height:,}.")
    return FileImage(image, tuple(notes))


def _about_file(opened: Image.Image) -> list[str]:
    """What it holds that is not decoded."""
    notes = []
    n_frames = 1
    with suppress(Exception):  # of a damaged second frame nothing is needed
        n_frames = getattr(opened, "n_frames", 1)
        opened.seek(0)
    if n_frames > 1:
        notes.append(f"The first of its {n_frames:,} frames is shown.")
    if opened.mode not in _DEEP and any(";16" in str(tile.args) for tile in getattr(opened, "tile", ())):
        notes.append("Its colours have 16 bits; the upper 8 of them are read.")
    if opened.mode == "CMYK":
        notes.append("Its colours are CMYK; they are converted without a colour profile.")
    elif profile := _profile(opened):
        notes.append(f"Its colour profile ({profile}) is not applied.")
    return notes


def _profile(opened: Image.Image) -> str:
    """Name of a colour profile that is not that of usual screens; empty for none."""
    content = opened.info.get("icc_profile")
    if not content:
        return ""
    name = "unknown"
    with suppress(Exception):  # a damaged one is not applied either
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(content))).strip()[:40] or name
    return "" if "srgb" in name.lower() else name


def _in_bytes(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """The same with values of 0 to 255, and what was done; Pillow itself would cut off what is above."""
    if image.mode not in _DEEP:
        return image, []
    values = np.asarray(image).astype(np.float64)
    if image.mode.startswith("I;16"):
        shown = np.rint(values / _MOST_16)
        return Image.fromarray(shown.astype(np.uint8)), ["Its values of 16 bits are divided by 257, to 0 to 255."]
    is_number = np.isfinite(values)
    low, high = (float(end(values[is_number])) for end in (np.min, np.max)) if is_number.any() else (0.0, 0.0)
    shown = np.where(is_number, (values - low) / ((high - low) or 1.0) * 255, 0.0)
    kind = "floats" if image.mode == "F" else "whole numbers of 32 bits"
    notes = [f"Its values are {kind}; their range, {low:g} to {high:g}, is shown as 0 to 255."]
    if n_bad := int((~is_number).sum()):
        notes.append(f"{n_bad:,} of its values {verb(n_bad)} no {noun(n_bad, 'numbers')} and shown as black.")
    return Image.fromarray(np.rint(shown).astype(np.uint8)), notes
