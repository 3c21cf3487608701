"""Modules that stand in for torch, and for the parts of transformers that run models, while a checkpoint is told.

transformers' configurations and the classes of its models are its own files, run as they stand; what they import to
compute with is not there. Whatever of that would be needed to tell a name or a shape raises `NotKnownError`.
"""

from __future__ import annotations

import importlib
import re
from enum import IntEnum
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from inference.checkpoints.outlines import modules, tensors
from inference.checkpoints.outlines.layers import LAYERS, unknown_layer
from inference.checkpoints.outlines.models import OutlineModel
from inference.checkpoints.outlines.modules import NotHeld, OutlineModule
from inference.checkpoints.outlines.tensors import NotKnownError, OutlineBuffer, OutlineParameter, OutlineTensor
from inference.registry import OWN_MODELS

# Files of transformers that say how models are built; all else there is for running, reading or publishing them.
_ITS_OWN = re.compile(
    r"transformers\.(configuration_utils|modeling_rope_utils|activations|modeling_layers|pytorch_utils|backbone_utils"
    r"|conversion_mapping|core_model_loading|integrations\.heterogeneity(\.\w+)?|generation\.configuration_utils"
    r"|utils\.type_validators"
    r"|models\.\w+\.((configuration|modeling)_\w+|auto_mappings|auto_factory))"
)
_PACKAGES = re.compile(r"transformers(\.(models|generation|integrations)(\.[a-z]\w*)?)?|huggingface_hub")
_HUB_OWN = "huggingface_hub.dataclasses"
_ALONG = {"numpy", "packaging", "PIL", "safetensors", "typing_extensions"}  # which compute, read and compare versions
_PARTS = {"torch.nn", "torch.nn.modules", "torch.nn.modules.module", "PIL.Image", "PIL.features"}  # modules of others
_DECORATORS = {"use_kernelized_func", "use_experts_implementation", "use_kernel_func_from_hub"}
_KEEPING_THE_SHAPE = (
    "clamp", "cos", "empty_like", "exp", "expm1", "log", "ones_like", "rand_like", "randn_like", "rsqrt", "sigmoid",
    "sin", "sqrt", "tanh", "tril", "triu", "zeros_like",
)  # fmt: skip
_DTYPES = ("float16", "bfloat16", "float32", "float64")


class Passive:
    """Whatever is named and not needed: a decorator leaves what it decorates as it is, a base class adds nothing.

    What one makes may be anything, so that no module may hold it.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = ""

    def __call__(self, *args: Any, **named: Any) -> Any:
        if any(isinstance(each, OutlineModule) for each in (*args, *named.values())):
            raise NotKnownError(self.__name__)  # which may change a module, as weight_norm does
        if len(args) == 1 and not named and isinstance(args[0], type | FunctionType | property):
            return args[0]
        return PassivelyMade(self.__name__)

    def __mro_entries__(self, _bases: Any) -> tuple[type, ...]:
        return (type(self.__name__.rpartition(".")[2], (_Nothing,), {}),)  # one of its own: none stands twice

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Passive(f"{self.__name__}.{name}")

    def __getitem__(self, _key: Any) -> Passive:
        return self

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def __or__(self, _other: Any) -> Passive:
        return self

    __ror__ = __or__

    def __enter__(self) -> Passive:
        return self

    def __exit__(self, *_fault: object) -> None:
        pass

    def __hash__(self) -> int:
        return id(self)

    def _refuse(self, *_args: Any) -> Any:
        raise NotKnownError(self.__name__)

    def __eq__(self, other: object) -> bool:
        if other is None or isinstance(other, str | int | float | list | tuple | dict):
            self._refuse()
        return self is other  # annotations are compared with each other

    __bool__ = __iter__ = __contains__ = __len__ = __int__ = __float__ = __index__ = _refuse


class PassivelyMade(Passive, NotHeld):
    """What a stand-in has made."""


def _absent(*_args: Any, **_named: Any) -> bool:
    return False


class _Nothing:
    push_to_hub = _absent  # looked for in the class when the base of all configurations is made

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Passive):  # a configuration that names a number format which is none
            raise NotKnownError(name)
        super().__setattr__(name, value)

    def __init_subclass__(cls, **_named: Any) -> None:
        super().__init_subclass__()


class _Function(Passive):
    """One of torch's: what it makes of tensors is not known, but that it is one."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        if any(isinstance(each, OutlineTensor) for each in (*args, *named.values())):
            return OutlineTensor(None)
        return super().__call__(*args, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Function(f"{self.__name__}.{name}")


def _copied(function: Any) -> Any:
    """As `transformers.utils.copy_func`: the classes that choose a class have methods of their own."""
    code, names = function.__code__, function.__globals__
    copy = FunctionType(code, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _present() -> bool:
    return True


def _decorator(*args: Any, **_named: Any) -> Any:
    """One that is given a class, or a function and such first, and the class then."""
    return args[0] if args and isinstance(args[0], type) else lambda decorated: decorated


_FUNCTIONS = {
    "torch_int": int,
    "copy_func": _copied,
    "is_torch_available": _present,
    "is_flash_attention_requested": _absent,
}


class _StandIn(ModuleType):
    """A module in which everything is that is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        whole = f"{self.__name__}.{name}"
        found = importlib.import_module(whole) if whole in _PARTS else self._made(name)
        setattr(self, name, found)
        return found

    def _made(self, name: str) -> Any:
        return _made(self.__name__, name)


class _Resampling(IntEnum):
    """As Pillow's, which preprocessor_config.json names by their numbers."""

    NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = range(6)


def _made(where: str, name: str) -> Any:
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if name == "GenerationConfig":
        return importlib.import_module("transformers.generation.configuration_utils").GenerationConfig
    if re.fullmatch(r"is_\w+_available|is_torch\w*", name):
        return _absent
    if where == "PIL.features":
        return _absent
    if where == "PIL.Image" and name == "Resampling":
        return _Resampling
    if where == "huggingface_hub.errors":
        return type(name, (Exception,), {"__init__": lambda self, *_args, **_named: None})
    if name in _DECORATORS:
        return _decorator
    return Passive(f"{where}.{name}")


class _Torch(_StandIn):
    def _made(self, name: str) -> Any:
        if self.__name__ == "torch.nn" and name[:1].isupper():
            return unknown_layer(name)
        return _Function(f"{self.__name__}.{name}")


class _Package(ModuleType):
    """A package of transformers', whose names are looked up where they are defined, without its long list of them."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _defined(self, name)
        setattr(self, name, found)
        return found


def _defined(package: ModuleType, name: str) -> Any:
    where = package.__name__
    if where == "transformers":
        return _on_top(name)
    if not where.startswith("transformers.models."):
        return _made(where, name)
    kind = "configuration" if name.endswith("Config") or name.startswith("CONFIG_") else "modeling"
    for file in sorted(Path(package.__path__[0]).glob(f"{kind}_*.py")):
        module = importlib.import_module(f"{where}.{file.stem}")
        if name in getattr(module, "__all__", vars(module)):  # what is not for others is nothing of the package's
            return vars(module)[name]
    raise AttributeError(f"{where} has no {name}")


_OURS = {where.partition(":")[2] for where in OWN_MODELS.values()}  # which transformers has none of


def _on_top(name: str) -> Any:
    auto = "transformers.models.auto"
    if name in ("CONFIG_MAPPING", "AutoConfig"):
        return getattr(importlib.import_module(f"{auto}.configuration_auto"), name)
    if name.startswith("Auto"):
        return getattr(importlib.import_module(f"{auto}.modeling_auto"), name)
    if name == "PreTrainedModel":
        return OutlineModel
    if name.startswith("Generation"):
        return _made("transformers.generation", name)
    if name in _OURS or not name or name.islower():  # in small letters it is a module, which is looked for next
        raise AttributeError(name)
    if name in ("PreTrainedConfig", "PretrainedConfig"):
        return importlib.import_module("transformers.configuration_utils").PreTrainedConfig
    if (package := _package_of(name)) and (found := getattr(importlib.import_module(package), name, None)) is not None:
        return found
    raise NotKnownError(f"transformers.{name}")


def _package_of(name: str) -> str:
    """Where a configuration or a class of models is at home, by the configuration whose name it begins with."""
    auto = importlib.import_module("transformers.models.auto.configuration_auto")
    types = {config.removesuffix("Config"): kind for kind, config in auto.CONFIG_MAPPING_NAMES.items()}
    longest = max((stem for stem in types if name.startswith(stem)), key=len, default="")
    return f"transformers.models.{auto.model_type_to_module_name(types[longest])}" if longest else ""


_TOPS = {"torch", "transformers", "huggingface_hub", *_ALONG}


class _Loader:
    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        """The module."""
        return self._module

    def exec_module(self, _module: ModuleType) -> None:
        """Nothing is run."""


class StandInFinder:
    """Hands out stand-ins; first on `sys.meta_path`."""

    @staticmethod
    def stands_in(name: str) -> bool:
        """Whether it is what hands out a module of that name."""
        return name.partition(".")[0] in _TOPS

    def __init__(self) -> None:
        self._places = {name: _place(name) for name in ("transformers", "huggingface_hub")}

    def find_spec(self, name: str, path: Any = None, _target: Any = None) -> ModuleSpec | None:
        """Of torch, transformers and what they bring along; None for all else, and for transformers' own files."""
        top = name.partition(".")[0]
        if top == "torch":
            return self._spec(name, _torch(name))
        if top in _ALONG:
            return self._spec(name, _StandIn(name))
        if top not in self._places or name == _HUB_OWN:
            return None
        folder = self._places[top].joinpath(*name.split(".")[1:])
        if _ITS_OWN.fullmatch(name):
            return PathFinder.find_spec(name, [str(folder.parent)])
        if _PACKAGES.fullmatch(name) and folder.is_dir():
            package = _Package(name)
            package.__path__ = [str(folder)]
            if name == "transformers":
                package.__dict__["__version__"] = _version(folder)
            return self._spec(name, package)
        if not folder.is_dir() and not folder.with_suffix(".py").is_file():
            return None
        module = _StandIn(name)
        if name == "transformers.modeling_utils":
            module.__dict__["PreTrainedModel"] = OutlineModel
        return self._spec(name, module)

    @staticmethod
    def _spec(name: str, module: ModuleType) -> ModuleSpec:
        return ModuleSpec(name, _Loader(module), is_package=True)  # pyright: ignore[reportArgumentType]


def _place(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NotKnownError(f"where {package} lies")
    return Path(spec.origin).parent


def _version(folder: Path) -> str:
    found = re.search(r'^__version__ = "(.+)"$', (folder / "__init__.py").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise NotKnownError("the version of transformers")
    return found[1]


class _Dtype:
    def __init__(self, name: str) -> None:
        self.name = name
        self.is_floating_point = True

    def __repr__(self) -> str:
        return f"torch.{self.name}"


def _torch(name: str) -> ModuleType:
    module = _Torch(name)
    held = module.__dict__
    if name == "torch":
        held |= {dtype: _Dtype(dtype) for dtype in _DTYPES}
        held |= dict.fromkeys(("empty", "zeros", "ones", "rand", "randn"), tensors.sized)
        held |= dict.fromkeys(_KEEPING_THE_SHAPE, tensors.like)
        held |= {
            "Tensor": tensors.MadeTensor,
            "FloatTensor": tensors.MadeTensor,
            "Size": tuple,
            "arange": tensors.arange,
            "bitwise_xor": tensors.broadcast,
            "cat": tensors.cat,
            "flatten": tensors.flatten,
            "meshgrid": tensors.meshgrid,
            "stack": tensors.stack,
            "where": tensors.broadcast,
            "device": tensors.OutlineDevice,
            "full": tensors.full,
            "linspace": tensors.linspace,
            "tensor": tensors.of_values,
            "__version__": "0",
        }
    elif name == "torch.nn":
        held |= LAYERS
        held |= {"Parameter": OutlineParameter, "Buffer": OutlineBuffer}
    elif name == "torch.nn.modules.module":
        held |= {key: value for key, value in vars(modules).items() if key.startswith("register_module_")}
    return module
