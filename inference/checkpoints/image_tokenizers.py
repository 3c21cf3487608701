"""The tokenizer of images that a checkpoint brings along, in the sub-folder `tokenizer`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from inference.checkpoints.weights_header import StoredTensor, read_weights
from inference.checkpoints.weights_reading import MisfitError, WeightsReading, read_net
from inference.context import Refused
from inference.files.config_file import CONFIG, build_config, read_config
from inference.files.regular_files import is_inside, is_there
from inference.results.counts import count_of

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from inference.models.image_tokenizer import ImageTokenizer

FOLDER = "tokenizer"
_TYPE = "image_tokenizer"
_MOST = {"hidden_size": 4096, "code_size": 4096, "patch_size": 64}  # far above what a tokenizer of patches needs


def load_image_tokenizer(folder: Path, config: PreTrainedConfig) -> ImageTokenizer | None:
    """What names the visual tokens of an image, or None where the checkpoint has none.

    Raises
    ------
    Refused
        Its files cannot be read, it is of a kind that is not known, or it has another number of tokens than the model.
    """
    place = folder / FOLDER
    if not is_there(place / CONFIG):
        return None
    try:
        if not is_inside(place.resolve(), folder.resolve()):
            raise Refused("it is a link to a folder elsewhere.")
        raw = read_config(place)
        stored = read_weights(place)
        if raw["model_type"] != _TYPE:
            raise Refused(f"it is a {raw['model_type']}, only a {_TYPE} can be read.")
        return _read(place, stored, build_config(raw), config.vocab_size)
    except Refused as refused:
        raise Refused(f"The image tokenizer in {FOLDER}/ cannot be used: {refused}") from refused


def _read(place: Path, stored: dict[str, StoredTensor], config: PreTrainedConfig, n_tokens: int) -> ImageTokenizer:
    from inference.models.image_tokenizer import ImageTokenizer

    for name, most in _MOST.items():
        size = getattr(config, name)
        if not isinstance(size, int) or not 2 <= size <= most:
            raise Refused(f"{CONFIG} says {name} is {size!r}; 2 to {most:,} are allowed.")
    if config.vocab_size != n_tokens:
        raise Refused(f"it has {config.vocab_size:,} tokens, the model {n_tokens:,}.")
    try:
        with WeightsReading(place, stored) as reading:
            net, report = read_net(ImageTokenizer, config, reading)
    except MisfitError as misfit:
        raise Refused(f"its weights do not fit: {misfit}") from misfit
    if missing := sorted(report["missing_keys"]):
        raise Refused(f"its weights lack {count_of(len(missing), 'tensors')}, the first is {missing[0]}.")
    if not all(torch.isfinite(tensor).all() for tensor in net.state_dict().values()):
        raise Refused("its weights are damaged: some are NaN or infinite.")
    return net.eval()
