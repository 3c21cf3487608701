"""Sounds: WAV files, and ones that are made up."""

from __future__ import annotations

import wave
from math import gcd
from pathlib import Path

import numpy as np

from inference.context import Refused
from inference.results.inputs import SoundInput

RATE = 16_000  # samples a second, of all models that are read
_LONGEST = 30  # seconds
_MADE = 2  # seconds
_FULL_SCALE = {1: 2**7, 2: 2**15, 3: 2**23, 4: 2**31}


def read_sound(input: SoundInput) -> np.ndarray:
    """float32 [sample] from -1 to 1, 16,000 a second, both channels as one.

    Raises
    ------
    Refused
        The file is no WAV file with whole numbers, is empty, or is longer than 30 s.
    """
    if not input.path:
        return _made(input.seed)
    name = Path(input.path).name
    try:
        with wave.open(input.path, "rb") as file:
            rate, n_channels, width, n = (
                file.getframerate(),
                file.getnchannels(),
                file.getsampwidth(),
                file.getnframes(),
            )
            if n > _LONGEST * rate:
                raise Refused(f"{name} lasts {n / rate:.0f} s; at most {_LONGEST} s are read.")
            data = file.readframes(n)
    except FileNotFoundError as error:
        raise Refused(f"{name} is not there.") from error
    except (wave.Error, EOFError, OSError) as error:
        raise Refused(f"{name} is no WAV file that can be read: {error or 'it is cut off'}.") from error
    samples = _numbers(data, width)
    samples = samples[: len(samples) // n_channels * n_channels].reshape(-1, n_channels).mean(1)
    if not len(samples):
        raise Refused(f"{name} holds no sound.")
    return _resampled(samples, rate)


def _numbers(data: bytes, width: int) -> np.ndarray:
    data = data[: len(data) // width * width]
    if width == 1:  # without a sign
        whole = np.frombuffer(data, np.uint8).astype(np.float32) - 2**7
    elif width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = (padded.view("<i4")[:, 0] >> 8).astype(np.float32)
    else:
        whole = np.frombuffer(data, f"<i{width}").astype(np.float32)
    return whole / _FULL_SCALE[width]


def _resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    if rate == RATE:
        return samples.astype(np.float32)
    from scipy.signal import resample_poly

    common = gcd(rate, RATE)
    return resample_poly(samples, RATE // common, rate // common).astype(np.float32)


def _made(seed: int) -> np.ndarray:
    """Four tones, one after the other, that rise and fall."""
    generator = np.random.default_rng(seed)
    time = np.arange(_MADE * RATE // 4) / RATE
    swell = np.sin(np.pi * time / time[-1])
    tones = [swell * np.sin(2 * np.pi * pitch * time) for pitch in generator.uniform(150, 900, 4)]
    return (0.5 * np.concatenate(tones)).astype(np.float32)
