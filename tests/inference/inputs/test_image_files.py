"""Images from files: every format, upright, and a sentence for what is no image."""

from __future__ import annotations

import contextlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from inference.context import Refused
from inference.inputs import image_files
from inference.inputs.image_files import LONGEST_SIDE
from tests.places import CASES


def read_image(path: str) -> Image.Image:
    return image_files.read_image(path).image


def quadrants(mode="RGB") -> Image.Image:
    """24 x 16: red, green over blue, white."""
    image = Image.new("RGB", (24, 16), "white")
    for box, colour in (((0, 0, 12, 8), "red"), ((12, 0, 24, 8), "lime"), ((0, 8, 12, 16), "blue")):
        image.paste(colour, box)
    return image.convert(mode)


def corner(image: Image.Image, right: bool, below: bool) -> str:
    pixel = np.array(image.getpixel((image.width - 3 if right else 2, image.height - 3 if below else 2)), int)
    names = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    return min(names, key=lambda name: int(np.abs(pixel - names[name]).sum()))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
def test_every_format_is_read(tmp_path, suffix):
    file = tmp_path / f"image.{suffix}"
    quadrants().save(file)
    image = read_image(str(file))
    assert (image.mode, image.size) == ("RGB", (24, 16))
    assert [corner(image, x, y) for y in (False, True) for x in (False, True)] == ["red", "green", "blue", "white"]


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "1", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    file = tmp_path / ("image.tiff" if mode == "CMYK" else "image.png")
    quadrants().convert("L").convert("I;16").save(file) if mode == "I;16" else quadrants(mode).save(file)
    assert read_image(str(file)).mode == "RGB"


def test_an_image_stands_upright_as_its_camera_says(tmp_path):
    file = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    quadrants().save(file, exif=exif, quality=95)
    image = read_image(str(file))
    assert image.size == (16, 24)
    assert [corner(image, x, y) for y in (False, True) for x in (False, True)] == ["blue", "red", "white", "green"]


def test_transparency_is_white_and_the_first_frame_counts(tmp_path):
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (9, 9), (255, 0, 0, 0)).save(clear)
    assert read_image(str(clear)).getpixel((4, 4)) == (255, 255, 255)
    moving = tmp_path / "moving.gif"
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    assert read_image(str(moving)).getpixel((4, 4))[0] > 200


def test_a_large_image_is_made_smaller(tmp_path):
    file = tmp_path / "large.png"
    Image.new("RGB", (4 * LONGEST_SIDE, 8)).save(file)
    assert read_image(str(file)).size == (LONGEST_SIDE, 2)


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no image that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no image that can be read"),
        (png_of(60_000, 60_000), "pixels"),
        (png_of(9_000, 9_000), "9,000 × 9,000 pixels"),
        (png_of(64, 64), "cannot be read"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, content, sentence):
    file = tmp_path / "file.png"
    file.write_bytes(content)
    with pytest.raises(Refused, match=sentence):
        read_image(str(file))


def test_missing_large_and_unreadable_files_are_refused(tmp_path, monkeypatch):
    with pytest.raises(Refused, match="is no file"):
        read_image(str(tmp_path / "none.png"))
    with pytest.raises(Refused, match="is no file"):
        read_image(str(tmp_path))
    monkeypatch.setattr(image_files, "MOST_BYTES", 10)
    (tmp_path / "large.png").write_bytes(b"x" * 11)
    with pytest.raises(Refused, match="images of up to"):
        read_image(str(tmp_path / "large.png"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), suffix=st.sampled_from(["png", "jpg", "webp", "gif", "bmp", "tiff"]))
def test_damage_is_answered_with_an_image_or_a_sentence(tmp_path, data, suffix):
    file = tmp_path / f"damaged.{suffix}"
    quadrants().save(file)
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(Refused):
        assert read_image(str(file)).mode == "RGB"


# Values of more than eight bits, and what else is said


def notes_of(path) -> str:
    return " ".join(image_files.read_image(str(path)).notes)


def test_sixteen_bits_are_the_same_image_as_eight():
    deep, plain = (CASES / "images" / name for name in ("gray16.png", "gray8.png"))
    np.testing.assert_array_equal(np.asarray(read_image(str(deep))), np.asarray(read_image(str(plain))))
    assert notes_of(deep) == "Its values of 16 bits are divided by 257, to 0 to 255."
    assert notes_of(plain) == ""


@pytest.mark.parametrize("kind", ["uint16", ">u2", "int32", "float32", "float32 of large numbers"])
def test_deep_values_are_scaled(tmp_path, kind):
    small = np.asarray(quadrants().convert("L")).astype(np.float64)
    small = (small - small.min()) / np.ptp(small)
    most = {"uint16": 65_535, ">u2": 65_535, "int32": 3_000_000, "float32": 1, "float32 of large numbers": 1e6}[kind]
    values = (small * most).astype(kind.partition(" ")[0])
    file = tmp_path / "deep.tiff"
    Image.fromarray(values).save(file)
    shown = np.asarray(read_image(str(file)))[..., 0].astype(float)
    is_short = kind in ("uint16", ">u2")
    assert np.abs(shown - small * 255).max() <= 1
    assert ("divided by 257" in notes_of(file)) == is_short
    assert ("their range, 0 to " in notes_of(file)) != is_short


def test_values_that_are_no_numbers_are_counted(tmp_path):
    file = tmp_path / "deep.tiff"
    Image.fromarray(np.array([[0.0, 1.0, np.nan, np.inf]], np.float32)).save(file)
    assert np.asarray(read_image(str(file)))[0, :, 0].tolist() == [0, 255, 0, 0]
    assert notes_of(file).endswith("2 of its values are no numbers and shown as black.")


def test_the_orientation_is_read_alone():
    """Another tag of its EXIF block is a fraction that is none."""
    read = read_image(str(CASES / "images" / "exif_rational.jpg"))
    with Image.open(CASES / "images" / "exif_rational.jpg") as stored:
        assert read.size == (stored.height, stored.width)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright(tmp_path, orientation):
    file = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    quadrants().save(file, exif=exif)
    with Image.open(file) as stored:
        expected = ImageOps.exif_transpose(stored).convert("RGB")
    np.testing.assert_array_equal(np.asarray(read_image(str(file))), np.asarray(expected))


def test_what_is_left_aside_is_said(tmp_path):
    clear, moving, wide = tmp_path / "clear.png", tmp_path / "moving.gif", tmp_path / "wide.png"
    Image.new("RGBA", (9, 9), (255, 0, 0, 0)).save(clear)
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    Image.new("RGB", (2 * LONGEST_SIDE, 8)).save(wide)
    assert notes_of(clear) == "Where it is transparent, white is shown."
    assert notes_of(moving) == "The first of its 2 frames is shown."
    assert notes_of(wide) == "Its 4,096 × 8 pixels are first made smaller to 2,048 × 4."


def test_avif_is_read_or_named(tmp_path, monkeypatch):
    file = tmp_path / "image.avif"
    quadrants().save(file, quality=100)
    assert corner(read_image(str(file)), False, True) == "blue"
    monkeypatch.setattr(image_files, "FORMATS", ("PNG", "JPEG"))
    with pytest.raises(Refused, match=r"image\.avif is AVIF, which cannot be decoded here; save it as one of PNG"):
        read_image(str(file))
