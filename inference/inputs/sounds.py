"""Sounds: WAV files, and ones that are made up."""

from __future__ import annotations

import wave
from math import gcd
from pathlib import Path

import numpy as np

from inference.context import Refused
from inference.files.regular_files import open_regular
from inference.results.inputs import SoundInput

RATE = 16_000  # samples a second, of most models
_RATES = 1_000, 384_000  # samples a second of a file
_LONGEST = 30  # seconds
_MADE = 2  # seconds
_FULL_SCALE = {1: 2**7, 2: 2**15, 3: 2**23, 4: 2**31}


def read_sound(input: SoundInput, rate: int = RATE) -> np.ndarray:
    """float32 [sample] from -1 to 1, `rate` of them a second, both channels as one.

    Raises
    ------
    Refused
        The file cannot be read, is no WAV file with whole numbers, is empty, or is longer than 30 s.
    """
    if not input.path:
        return _resampled(_made(input.seed), RATE, rate)
    name = Path(input.path).name
    with open_regular(Path(input.path)) as file:
        try:
            with wave.open(file) as sound:
                stored_rate, n = sound.getframerate(), sound.getnframes()
                n_channels, width = sound.getnchannels(), sound.getsampwidth()
                _check(name, stored_rate, n, width)
                data = sound.readframes(n)
        except Refused:
            raise
        except (wave.Error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise Refused(f"{name} is no WAV file that can be read: {_reason(error)}.") from error
    samples = _numbers(data, width)
    samples = samples[: len(samples) // n_channels * n_channels].reshape(-1, n_channels).mean(1)
    if not len(samples):
        raise Refused(f"{name} holds no sound.")
    return _resampled(samples, stored_rate, rate)


def _reason(error: Exception) -> str:
    """What is said where a file ends too early, or its numbers are of another kind, else as it is."""
    text = str(error) or "it is cut off"
    _, is_kind, kind = text.partition("unknown format: ")
    if is_kind:
        return (
            "its samples are floats; whole numbers are read" if kind == "3" else f"its samples are of the kind {kind}"
        )
    return text


def _check(name: str, rate: int, n: int, width: int) -> None:
    """Raise `Refused` before anything is read that is not wanted, or would take too much room."""
    if not _RATES[0] <= rate <= _RATES[1]:
        raise Refused(f"{name} has {rate:,} samples a second; {_RATES[0]:,} to {_RATES[1]:,} are read.")
    if width not in _FULL_SCALE:
        raise Refused(f"{name} has samples of {8 * width} bits; 8, 16, 24 and 32 are read.")
    if n > _LONGEST * rate:
        raise Refused(f"{name} lasts {n / rate:.0f} s; at most {_LONGEST} s are read.")


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


def _resampled(samples: np.ndarray, stored_rate: int, rate: int) -> np.ndarray:
    if stored_rate == rate:
        return samples.astype(np.float32)
    from scipy.signal import resample_poly

    common = gcd(stored_rate, rate)
    return resample_poly(samples, rate // common, stored_rate // common).astype(np.float32)


def _made(seed: int) -> np.ndarray:
    """Four tones, one after the other, that rise and fall."""
    generator = np.random.default_rng(seed)
    time = np.arange(_MADE * RATE // 4) / RATE
    swell = np.sin(np.pi * time / time[-1])
    tones = [swell * np.sin(2 * np.pi * pitch * time) for pitch in generator.uniform(150, 900, 4)]
    return (0.5 * np.concatenate(tones)).astype(np.float32)
