"""The devices that torch can run models on here."""

from __future__ import annotations

import gc

import torch

from inference.checkpoints.free_memory import free_bytes, machine_bytes
from inference.context import Refused
from inference.results.devices import Device

CPU = "cpu"


def devices() -> tuple[Device, ...]:
    """The processor, each card of CUDA, and that of an Apple machine; those that torch finds."""
    return (Device(CPU, "CPU", machine_bytes(), free_bytes()), *_of_cuda(), *_of_apple())


def usual_device() -> str:
    """The first card of CUDA where there is one, else the processor; Apple's only where it is asked for."""
    return "cuda:0" if torch.cuda.is_available() else CPU


def find_device(name: str) -> Device:
    """The device of a name, with the memory that it has now.

    Raises
    ------
    Refused
        There is none of that name.
    """
    there = devices()
    found = next((device for device in there if device.name == name), None)
    if found is None:
        names = ", ".join(device.name for device in there)
        raise Refused(f"There is no device {name} that torch can use on this machine; it has {names}.")
    return found


def check_room(device: Device, n_bytes: int, what: str) -> None:
    """Raise `Refused` where so many bytes do not fit on a device; `what` is what would take them."""
    if n_bytes > device.n_free:
        needed, free, there = (f"{n / 2**30:,.1f} GB" for n in (n_bytes, device.n_free, device.n_bytes))
        raise Refused(f"{what} takes {needed} of the memory of {device.title}; {free} of its {there} are free.")


def free_unused() -> None:
    """Give back what nothing refers to any more, also of the cards."""
    gc.collect()
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _of_cuda() -> list[Device]:
    if not torch.cuda.is_available():
        return []
    found = []
    for number in range(torch.cuda.device_count()):
        name = f"cuda:{number}"
        title = torch.cuda.get_device_name(number)
        free, there = torch.cuda.mem_get_info(number)
        found.append(Device(name, f"{title} ({name})" if torch.cuda.device_count() > 1 else title, there, free))
    return found


def _of_apple() -> list[Device]:
    if not torch.backends.mps.is_available():
        return []
    there = torch.mps.recommended_max_memory()
    return [Device("mps", "Apple GPU", there, max(0, there - torch.mps.driver_allocated_memory()))]
