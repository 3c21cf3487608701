"""Where models are run: the processor, or a card beside it, and the memory that each has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inference.results.request import Request

WISH = "HEADLIGHT_DEVICE"  # in the environment of a process: the name of the device that its engine begins with
_NAME = re.compile(r"cpu|mps|cuda(?::\d{1,3})?")


def device_name(text: str) -> str:
    """What a device is called here, such as `cuda:0`; `cuda` is the first of these.

    Raises
    ------
    ValueError
        It is no name of a device; the text is half a sentence.
    """
    name = text.strip().lower()
    if not is_device(name):
        raise ValueError(f"{text[:40]!r} is no device; it can be cpu, cuda (the first), cuda:1 and so on, or mps")
    return f"cuda:{int(name.partition(':')[2] or 0)}" if name.startswith("cuda") else name


def is_device(name: str) -> bool:
    """Whether a text is the name of a device, of this machine or another."""
    return bool(_NAME.fullmatch(name))


@dataclass(frozen=True, slots=True)
class DevicesRequest(Request["DevicesResult"]):
    """Which devices there are, and where models are run from now on.

    Attributes
    ----------
    device
        Name of the device that open checkpoints move to; empty leaves that as it is.
    """

    device: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A processor or a card.

    Attributes
    ----------
    name
        As torch calls it: `cpu`, `cuda:0`, `mps`.
    title
        For the user: `CPU`, `NVIDIA H200`.
    n_bytes, n_free
        Memory that it has, and that can be had now.
    """

    name: str
    title: str
    n_bytes: int
    n_free: int

    @property
    def about(self) -> str:
        """Its name and memory, for the user."""
        return f"{self.title}: {self.n_free / 2**30:,.1f} of {self.n_bytes / 2**30:,.1f} GB free"


@dataclass(frozen=True, slots=True)
class DevicesResult:
    """All devices, the processor first.

    Attributes
    ----------
    chosen
        Name of the one that models are run on.
    """

    devices: tuple[Device, ...]
    chosen: str

    @property
    def current(self) -> Device:
        """The one that models are run on."""
        return next(device for device in self.devices if device.name == self.chosen)
