"""Building a model without storage, from a configuration that may describe one that no machine could hold.

What is built is counted while it is built, and building stops where it has become far more than the weights hold: a
configuration of a few bytes can ask for ten thousand layers, experts or groups, under names that differ from model to
model, or for a table of a million positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module as registration
from transformers.initialization import no_init_weights

from inference.context import Refused
from inference.files.config_file import CONFIG
from inference.files.reasons import first_line

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.checkpoints.weights_header import StoredTensor

# A file may hold less than its configuration describes: position tables that are computed, a head that was dropped.
# Less than a third is another model's configuration, or one made to exhaust memory, and is not built.
MOST_TIMES_STORED = 3
FREE_ELEMENTS = 10_000_000
_FREE_PARAMETERS = 1_000
_FREE_BUFFER_ELEMENTS = 50_000_000  # masks and tables of positions, which are in no file
_MODULES_A_PARAMETER = 4  # dropout, activations and lists have none; they have been at most half of all


def build_skeleton(build: Any, config: PreTrainedConfig, stored: dict[str, StoredTensor]) -> PreTrainedModel:
    """A model on torch's meta device, by a class or a function that takes its configuration.

    Raises
    ------
    Refused
        It cannot be built, or is far larger than what is stored.
    """
    try:
        with bounded(stored), torch.device("meta"), no_init_weights():
            skeleton = build(config)
        skeleton.tie_weights()
        return skeleton
    except (Refused, MemoryError):
        raise
    except Exception as error:  # whatever foreign code makes of a foreign file
        raise Refused(f"{CONFIG} does not describe a working model: {first_line(error)}") from error


@contextmanager
def bounded(stored: dict[str, StoredTensor]) -> Iterator[None]:
    """Within it, modules can be built that are not much larger than what is stored; else `Refused` is raised."""
    n_stored = sum(tensor.n_elements for tensor in stored.values())
    most_parameters = MOST_TIMES_STORED * len(stored) + _FREE_PARAMETERS
    most_elements = MOST_TIMES_STORED * n_stored + FREE_ELEMENTS
    most_buffer_elements = n_stored + _FREE_BUFFER_ELEMENTS
    n_parameters = n_elements = n_buffer_elements = n_modules = 0

    def count_parameter(_module: nn.Module, _name: str, parameter: Tensor | None) -> None:
        nonlocal n_parameters, n_elements
        if parameter is None:
            return
        n_parameters, n_elements = n_parameters + 1, n_elements + parameter.numel()
        if n_elements > most_elements:
            raise Refused(_too_large(f"{n_elements:,} parameters or more", f"{n_stored:,}"))
        if n_parameters > most_parameters:
            raise Refused(_too_large(f"{n_parameters:,} tensors or more", f"{len(stored):,}"))

    def count_buffer(_module: nn.Module, name: str, buffer: Tensor | None) -> None:
        nonlocal n_buffer_elements
        n_buffer_elements += 0 if buffer is None else buffer.numel()
        if n_buffer_elements > most_buffer_elements:
            raise Refused(
                f"{CONFIG} describes a model with tables ({name}) of {n_buffer_elements:,} numbers or more; up to "
                f"{most_buffer_elements:,} are possible beside weights of {n_stored:,}."
            )

    def count_module(_module: nn.Module, _name: str, _child: nn.Module | None) -> None:
        nonlocal n_modules
        n_modules += 1
        if n_modules > _MODULES_A_PARAMETER * most_parameters:
            raise Refused(_too_large(f"{n_modules:,} parts or more", f"{len(stored):,} tensors"))

    handles = [
        registration.register_module_parameter_registration_hook(count_parameter),
        registration.register_module_buffer_registration_hook(count_buffer),
        registration.register_module_module_registration_hook(count_module),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _too_large(described: str, stored: str) -> str:
    return f"{CONFIG} describes a model of {described}, but the weights hold only {stored}."
