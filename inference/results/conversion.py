"""Weights of other formats made into safetensors, once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inference.results.checkpoint import folder_name
from inference.results.job import JobRequest


@dataclass(frozen=True, slots=True)
class ConvertRequest(JobRequest["ConvertResult"]):
    """Read pickled weights as tensors and nothing else, and write them as safetensors beside copies of the other files.

    The user was asked: a pickle is a program, and what keeps it from running has had holes. GGUF is no pickle.

    Attributes
    ----------
    folder
        With config.json and pytorch_model.bin, or its parts and their index; or one file: of weights beside
        config.json, a state dict of TransformerLens, or a GGUF file.
    place
        Folder into which a folder of the result is written; one that is there already is not made again.
    """

    folder: str
    place: str

    @property
    def title(self) -> str:
        return f"Conversion of {folder_name(self.folder)}"

    @property
    def queue(self) -> str:
        return str(Path(self.place))


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """A folder that can be opened.

    Attributes
    ----------
    n_tensors, n_bytes
        Of its weights.
    """

    folder: str
    n_tensors: int
    n_bytes: int
