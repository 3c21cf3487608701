"""Sounds: every WAV file is read with its right numbers, or refused in one sentence."""

from __future__ import annotations

import io
import os
import struct
import wave

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.inputs.sounds import RATE, read_sound
from inference.results.inputs import SoundInput

VALUES = np.array([0.0, 0.5, -0.5, 0.25, -1.0], np.float32)


def wav(samples: bytes, *, rate: int = RATE, width: int = 2, channels: int = 1) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(samples)
    return content.getvalue()


def as_bytes(values: np.ndarray, width: int) -> bytes:
    whole = np.clip(values.astype(np.float64) * 2 ** (8 * width - 1), None, 2 ** (8 * width - 1) - 1).astype("<i8")
    if width == 1:
        return (whole + 128).astype(np.uint8).tobytes()
    return whole.view(np.uint8).reshape(-1, 8)[:, :width].tobytes()


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, rate: int = RATE) -> np.ndarray:
        (tmp_path / "a.wav").write_bytes(content)
        return read_sound(SoundInput(str(tmp_path / "a.wav")), rate)

    return read


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_of_every_width_are_scaled_to_one(read, width):
    np.testing.assert_allclose(read(wav(as_bytes(VALUES, width), width=width)), VALUES, atol=1e-6)


def test_two_channels_are_one(read):
    both = np.stack([VALUES, -VALUES], 1).reshape(-1)
    np.testing.assert_allclose(read(wav(as_bytes(both, 2), channels=2)), 0, atol=1e-4)


@pytest.mark.parametrize(("stored", "wanted"), [(8_000, 16_000), (44_100, 16_000), (16_000, 32_000), (1_000, 16_000)])
def test_another_rate_keeps_pitch_and_length(read, stored, wanted):
    tone = np.sin(2 * np.pi * 100 * np.arange(stored) / stored) / 2
    samples = read(wav(as_bytes(tone, 2), rate=stored), wanted)
    assert len(samples) == wanted
    strongest = int(np.abs(np.fft.rfft(samples)).argmax())
    assert strongest == 100


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a.wav is no WAV file that can be read: it is cut off."),
        (b"RIFF", "it is cut off"),
        (b"\x89PNG\r\n" + bytes(40), "file does not start with RIFF id"),
        (wav(bytes(8)).replace(b"\x01\x00\x01\x00", b"\x03\x00\x01\x00"), "its samples are floats; whole numbers are"),
        (wav(b""), "a.wav holds no sound."),
        (wav(bytes(4 * 31 * RATE), rate=2 * RATE), "lasts 31 s; at most 30 s are read."),
        (wav(bytes(8), rate=999), "a.wav has 999 samples a second; 1,000 to 384,000 are read."),
        (wav(bytes(8), rate=2**29), "a.wav has 536,870,912 samples a second"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(read, content, said):
    with pytest.raises(Refused) as caught:
        read(content)
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for name, said in (("pipe.wav", "is a FIFO, not a file"), ("none.wav", "cannot be read"), (".", "a folder")):
        with pytest.raises(Refused, match=said):
            read_sound(SoundInput(str(tmp_path / name)))


CHUNKS = st.tuples(st.sampled_from([b"fmt ", b"data", b"LIST", b"JUNK"]), st.binary(max_size=40), st.integers(-4, 4))
FORMATS = st.tuples(
    st.sampled_from([1, 3, 0xFFFE]),  # kind
    st.integers(0, 3),  # channels
    st.sampled_from([0, 1, 999, RATE, 2**31]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 9),  # bytes of a frame
    st.integers(0, 80),  # bits
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=FORMATS, chunks=st.lists(CHUNKS, max_size=4), data=st.binary(max_size=200), cut=st.integers(0, 60))
def test_any_bytes_are_a_sound_or_a_sentence(read, form, chunks, data, cut):
    parts = [(b"fmt ", struct.pack("<HHLLHH", *form), 0), *chunks, (b"data", data, 0)]
    body = b"".join(name + struct.pack("<L", max(0, len(held) + more)) + held for name, held, more in parts)
    content = b"RIFF" + struct.pack("<L", len(body) + 4) + b"WAVE" + body
    sentence, samples = "", None
    try:
        samples = read(content[: len(content) - cut])
    except Refused as refused:
        sentence = str(refused)
    if samples is None:
        assert sentence.endswith(".")
        assert "\n" not in sentence
    else:
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert len(samples)
