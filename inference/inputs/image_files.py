"""Images from files: read with bounded memory, turned upright, or refused with a sentence."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from inference.context import Refused

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MOST_BYTES = 64 * 2**20
MOST_PIXELS = 50_000_000
# Models look at some hundred pixels a side; what is larger is made smaller while it is decoded.
LONGEST_SIDE = 2048


def read_image(path: str) -> Image.Image:
    """The first frame of an image file, in RGB, upright, on white where it is transparent.

    Returns
    -------
    At most `LONGEST_SIDE` pixels a side.

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
        raise Refused(f"{name} is no image that can be read; these can: {', '.join(FORMATS)}.") from error
    except Image.DecompressionBombError as error:
        raise Refused(f"{name} has far too many pixels; up to {MOST_PIXELS:,} are read.") from error
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror or str(error).splitlines()[0]}.") from error
    except (Refused, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever they stumble over: SyntaxError, struct.error, ValueError ...
        raise Refused(f"{name} is damaged: {type(error).__name__}.") from error


def _decoded(opened: Image.Image, name: str) -> Image.Image:
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise Refused(f"{name} has {width:,} × {height:,} pixels; up to {MOST_PIXELS:,} in all are read.")
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEGs are decoded at an eighth, a quarter or half
    image = ImageOps.exif_transpose(opened)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image
