"""How a checkpoint wants its images: what `preprocessor_config.json` says, or what its architecture is used to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inference.context import Refused
from inference.files.config_file import CONFIG
from inference.files.json_file import read_object
from inference.files.regular_files import is_there
from inference.inputs.images import Preparation

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from inference.inputs.tiling.tiling import Tiling

PREPROCESSOR = "preprocessor_config.json"
PROCESSOR = "processor_config.json"  # of transformers 5: the same inside, under image_processor
_MAX_FILE = 5 * 2**20
_MOST_SIDE = 2048
_MOST_NUMBER = 1e30
_MOST_NAMED = 6
# Keys that are followed, and those that say nothing of how an image is made ready.
_FOLLOWED = (
    {"image_processor_type", "feature_extractor_type", "processor_class", "size", "crop_size", "do_center_crop"}
    | {"do_resize", "do_rescale", "rescale_factor", "do_normalize", "image_mean", "image_std", "resample", "clusters"}
    | {"do_convert_rgb", "do_color_quantize", "auto_map", "data_format", "input_data_format", "return_tensors"}
    | {"device", "default_to_square", "_valid_processor_keys"}
)
# Those that an image in tiles is made ready by, too.
_OF_COLOURS = {"image_processor_type", "feature_extractor_type", "do_rescale", "rescale_factor", "do_normalize"} | {
    "image_mean", "image_std", "resample",
}  # fmt: skip
_RESAMPLES = {int(resample) for resample in Image.Resampling}

_HALF = (0.5, 0.5, 0.5)
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class _Usual:
    """What a processor of transformers does unless its file says otherwise; `size` 0: what the model takes."""

    size: tuple[int, int] | int = (224, 224)
    crop: tuple[int, int] | None = None
    resample: int = Image.Resampling.BICUBIC
    mean: tuple[float, ...] = _HALF
    std: tuple[float, ...] = _HALF
    is_square: bool = True  # whether a single number as size is both sides, or the shorter one


_PROCESSORS = {
    "vit": _Usual(resample=Image.Resampling.BILINEAR),
    "deit": _Usual((256, 256), (224, 224)),
    "beit": _Usual(),
    "clip": _Usual(224, (224, 224), Image.Resampling.BICUBIC, *_CLIP, is_square=False),
    "bit": _Usual(224, (224, 224), Image.Resampling.BICUBIC, *_CLIP, is_square=False),
    "imagegpt": _Usual((256, 256), None, Image.Resampling.BILINEAR),
    "blip": _Usual((384, 384), None, Image.Resampling.BICUBIC, *_CLIP),
    "siglip": _Usual(),
    "gemma3": _Usual(resample=Image.Resampling.BILINEAR),
    "qwen2vl": _Usual(0, None, Image.Resampling.BICUBIC, *_CLIP),
    "llavanext": _Usual(0, None, Image.Resampling.BICUBIC, *_CLIP),
    "gotocr2": _Usual(0, None, Image.Resampling.BICUBIC, *_CLIP),
    **dict.fromkeys(("idefics3", "smolvlm"), _Usual(0, None, Image.Resampling.LANCZOS)),
}
_LIKE_CLIP = (
    "altclip", "blip", "blip-2", "bridgetower", "chinese_clip", "clip", "clip_vision_model", "llava", "llava_next",
    "metaclip_2", "qwen2_5_vl", "qwen2_vl",
)  # fmt: skip
# What published models of a type are used to, where the checkpoint does not say: mean and standard deviation.
_USUAL_COLOURS = {
    **dict.fromkeys(_LIKE_CLIP, _CLIP),
    **dict.fromkeys(("detr", "dinov3_vit", "segformer", "videomae", "xclip", "yolos"), _IMAGENET),
    "dinov2": _IMAGENET,
    "dinov2_with_registers": _IMAGENET,
    "swin": _IMAGENET,
    "swinv2": _IMAGENET,
    "vit_mae": _IMAGENET,
    "internvl": _IMAGENET,
    "pixel_bert": _IMAGENET,
}
_BILINEAR = {"vit", "vit_mae", "imagegpt", "masked_imagegpt"}


@dataclass(frozen=True)
class Takes:
    """What sizes of images a model takes.

    Attributes
    ----------
    size
        Rows and columns of pixels that it was made for.
    unit
        Rows and columns of a patch.
    is_free
        Whether other sizes will do, positions being interpolated.
    has_palette
        Whether it reads colours of a palette instead of patches, and how many these are.
    kind
        What the generator draws for it.
    tiling
        How an image becomes several tiles, as far as the configuration says; None where it stays one.
    """

    size: tuple[int, int]
    unit: tuple[int, int] = (1, 1)
    is_free: bool = False
    n_colours: int = 0
    kind: str = "scene"
    tiling: Tiling | None = None


def read_preparation(
    folder: Path, config: PreTrainedConfig, takes: Takes, says_instead: tuple[str, dict[str, Any]] | None = None
) -> Preparation:
    """How images are made ready for a checkpoint.

    Parameters
    ----------
    says_instead
        Name of another file that describes it, and what that says in the words of `PREPROCESSOR`, which counts where it
        is there all the same.

    Raises
    ------
    Refused
        The file that describes them is no JSON object, is too large, or a value in it is of the wrong kind; or the
        configuration describes images that are too large, or smaller than a patch.
    """
    if not all(1 <= unit <= side <= _MOST_SIDE for side, unit in zip(takes.size, takes.unit, strict=True)):
        raise Refused(
            f"{CONFIG} describes images of {takes.size[1]:,} × {takes.size[0]:,} pixels in patches of "
            f"{takes.unit[1]:,} × {takes.unit[0]:,}; a patch to {_MOST_SIDE:,} pixels a side are possible."
        )
    file, says, notes = _says(folder)
    if says is None and says_instead is not None:
        file, says = says_instead
    if says is None:
        return _usual(config.model_type, takes)
    tiling = takes.tiling
    if tiling is not None:  # which sees to all sizes
        tiling = tiling.told(says, file)
        says = {key: says[key] for key in _OF_COLOURS & says.keys()}
        says |= {"size": list(takes.size), "do_center_crop": False}
    name = str(says.get("image_processor_type") or says.get("feature_extractor_type") or "")
    for end in ("Fast", "Pil", "ImageProcessor", "FeatureExtractor"):
        name = name.removesuffix(end)
    usual = _PROCESSORS.get(name.lower(), _PROCESSORS["vit"])
    if name and name.lower() not in _PROCESSORS:
        notes.append(f"Its {name} processor is read as one of ViT.")
    notes += _assumed(file, says, usual, name)

    size = (
        usual.size if says.get("size") is None else _size(says["size"], f"{file} says size", is_square=usual.is_square)
    )
    crops = says.get("do_center_crop", usual.crop is not None)
    crop = _size(says["crop_size"], f"{file} says crop_size") if says.get("crop_size") is not None else usual.crop
    if not says.get("do_resize", True):
        size, crops = takes.size, False
        notes.append(f"{file} does not resize images; they are resized to what the model takes.")
    is_scaled, is_normalised = says.get("do_rescale", True), says.get("do_normalize", True)
    preparation = Preparation(
        size=size,
        crop=crop if crops and isinstance(crop, tuple) else None,
        resample=_resample(says.get("resample", usual.resample), f"{file} says resample"),
        factor=_number(says.get("rescale_factor", 1 / 255), f"{file} says rescale_factor") if is_scaled else 1.0,
        mean=_colour(says.get("image_mean", usual.mean), f"{file} says image_mean") if is_normalised else (0.0,) * 3,
        std=_colour(says.get("image_std", usual.std), f"{file} says image_std") if is_normalised else (1.0,) * 3,
        unit=takes.unit,
        palette=_palette(says.get("clusters"), takes.n_colours, file),
        kind=takes.kind,
        notes=tuple(notes),
        is_free=takes.is_free,
        tiling=tiling,
    )
    if not all(preparation.std):
        raise Refused(f"{file} says image_std is {list(preparation.std)}; none of it may be 0.")
    return _settled(preparation, takes, file)


def _says(folder: Path) -> tuple[str, dict[str, Any] | None, list[str]]:
    """Name and content of the file that describes images, and notes; as transformers 5 chooses it."""
    if is_there(folder / PROCESSOR):
        inside = read_object(folder / PROCESSOR, _MAX_FILE).get("image_processor")
        if isinstance(inside, dict):
            is_other = is_there(folder / PREPROCESSOR) and read_object(folder / PREPROCESSOR, _MAX_FILE) != inside
            return PROCESSOR, inside, [f"{PREPROCESSOR} says otherwise than {PROCESSOR}, which counts."] * is_other
        if inside is not None:
            raise Refused(f"{PROCESSOR} says image_processor is {str(inside)[:40]!r}; an object is needed.")
    if is_there(folder / PREPROCESSOR):
        return PREPROCESSOR, read_object(folder / PREPROCESSOR, _MAX_FILE), []
    return "", None, []


def _assumed(file: str, says: dict[str, Any], usual: _Usual, name: str) -> list[str]:
    """What the file leaves open, and what it says that is not followed."""
    notes = []
    values: dict[str, object] = {}
    if says.get("do_resize", True):
        size = usual.size if isinstance(usual.size, int) else f"{usual.size[1]} × {usual.size[0]}"
        values |= {"size": size, "resample": int(usual.resample)}
    if says.get("do_normalize", True):
        values |= {"image_mean": _text(usual.mean), "image_std": _text(usual.std)}
    if left_open := [f"{key} {value}" for key, value in values.items() if says.get(key) is None]:
        kind = name if name.lower() in _PROCESSORS else "ViT"
        notes.append(f"{file} leaves open what is assumed as {kind} has it: {', '.join(left_open)}.")
    if ignored := sorted(key for key, value in says.items() if value and key not in _FOLLOWED):
        notes.append(f"{file} says what is not followed: {', '.join(key[:40] for key in ignored[:_MOST_NAMED])}.")
    return notes


def _usual(model_type: str, takes: Takes) -> Preparation:
    mean, std = _USUAL_COLOURS.get(model_type, (_HALF, _HALF))
    resample = Image.Resampling.BILINEAR if model_type in _BILINEAR else Image.Resampling.BICUBIC
    note = (
        f"The checkpoint holds no {PREPROCESSOR} with the palette of its colours, so it can be shown no images."
        if takes.n_colours
        else f"The checkpoint holds no {PREPROCESSOR}, so this is assumed: images are resized to {takes.size[1]} × "
        f"{takes.size[0]} and normalised by the mean {_text(mean)} and the deviation "
        f"{_text(std)}, as is usual for its architecture."
    )
    return Preparation(
        size=takes.size,
        crop=None,
        resample=resample,
        factor=1 / 255,
        mean=mean,
        std=std,
        unit=takes.unit,
        kind=takes.kind,
        notes=(note,),
        is_free=takes.is_free,
        tiling=takes.tiling,
    )


def _settled(preparation: Preparation, takes: Takes, file: str) -> Preparation:
    """The same, in a size that the model takes."""
    made = preparation.crop or preparation.size
    if made == takes.size:
        return preparation
    if takes.is_free and (isinstance(made, int) or all(a >= b for a, b in zip(made, takes.unit, strict=True))):
        return preparation
    shape = f"of {made} at the shorter side" if isinstance(made, int) else f"of {made[1]} × {made[0]}"
    note = (
        f"{file} makes images {shape}, but the model takes {takes.size[1]} × {takes.size[0]} only: they are "
        "resized to that."
    )
    return replace(preparation, size=takes.size, crop=None, notes=(*preparation.notes, note))


def _size(says: Any, name: str, *, is_square: bool = True) -> tuple[int, int] | int:
    """Rows and columns, or the shorter side."""
    if isinstance(says, dict):
        if {"height", "width"} <= says.keys():
            return _side(says["height"], name), _side(says["width"], name)
        if "shortest_edge" in says:
            return _side(says["shortest_edge"], name)
        raise Refused(f"{name} is {str(says)[:80]}; height and width or shortest_edge are understood.")
    if isinstance(says, list) and len(says) == 2:
        return _side(says[0], name), _side(says[1], name)
    side = _side(says, name)
    return (side, side) if is_square else side


def _side(says: Any, name: str) -> int:
    if type(says) is not int or not 1 <= says <= _MOST_SIDE:
        raise Refused(f"{name} is {str(says)[:40]}; whole numbers from 1 to {_MOST_SIDE:,} are allowed.")
    return says


def _resample(says: Any, name: str) -> int:
    if not isinstance(says, int) or isinstance(says, bool) or says not in _RESAMPLES:
        raise Refused(f"{name} is {str(says)[:40]}; Pillow's filters are 0 to 5.")
    return int(says)


def _number(says: Any, name: str) -> float:
    if not _is_number(says) or not says:
        raise Refused(f"{name} is {str(says)[:40]}; a number other than 0 is needed.")
    return float(says)


def _is_number(says: Any) -> bool:
    """Whether it is a finite number that float32 can hold; whole numbers of any length are in JSON, too."""
    return isinstance(says, int | float) and not isinstance(says, bool) and abs(says) < _MOST_NUMBER


def _colour(says: Any, name: str) -> tuple[float, ...]:
    values = list(says) if isinstance(says, list | tuple) else [says] * 3
    if len(values) != 3 or not all(map(_is_number, values)):
        raise Refused(f"{name} is {str(says)[:80]}; a number for each of three colours is needed.")
    return tuple(float(value) for value in values)


def _palette(says: Any, n_colours: int, file: str) -> np.ndarray | None:
    """float32 [colour, 3]; None where there is none, or none is wanted."""
    if not n_colours or says is None:
        return None
    rows = says if isinstance(says, list | tuple) else []
    lengths = {len(row) if isinstance(row, list | tuple) and all(map(_is_number, row)) else 0 for row in rows}
    if len(rows) != n_colours or lengths != {3}:
        raise Refused(
            f"{file} holds a palette (clusters) that does not fit; the model has {n_colours} colours of three numbers."
        )
    return np.array(rows, np.float32)


def _text(numbers: tuple[float, ...]) -> str:
    return f"{numbers[0]:g}" if len(set(numbers)) == 1 else ", ".join(f"{number:.3g}" for number in numbers)
