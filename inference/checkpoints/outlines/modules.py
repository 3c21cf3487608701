"""Modules that hold the names and the shapes of their parameters, and hand them out in torch's order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from inference.checkpoints.outlines.tensors import NotKnownError, OutlineBuffer, OutlineParameter, OutlineTensor

# Called with (module, name, what is registered), as those that torch's own hooks of the same purpose hold.
ON_PARAMETER: dict[int, Callable[[Any, str, Any], None]] = {}
ON_BUFFER: dict[int, Callable[[Any, str, Any], None]] = {}
ON_MODULE: dict[int, Callable[[Any, str, Any], None]] = {}


class NotHeld:
    """What may be a module or a parameter, and is not known to be none."""


class _Handle:
    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self._hooks = hooks
        hooks[id(self)] = hook

    def remove(self) -> None:
        """No longer call it."""
        self._hooks.pop(id(self), None)


def register_module_parameter_registration_hook(hook: Any) -> _Handle:
    """As torch's."""
    return _Handle(ON_PARAMETER, hook)


def register_module_buffer_registration_hook(hook: Any) -> _Handle:
    """As torch's."""
    return _Handle(ON_BUFFER, hook)


def register_module_module_registration_hook(hook: Any) -> _Handle:
    """As torch's."""
    return _Handle(ON_MODULE, hook)


class OutlineModule:
    """As `torch.nn.Module`, as far as a network is built and its parts are listed."""

    training = False

    def __init__(self, *_args: Any, **_named: Any) -> None:
        self.__dict__.update(_parameters={}, _buffers={}, _modules={}, _fleeting=set())

    def __init_subclass__(cls, **_named: Any) -> None:
        super().__init_subclass__()

    def __setattr__(self, name: str, value: Any) -> None:
        held = self.__dict__
        if isinstance(value, NotHeld):
            raise NotKnownError(name)
        if isinstance(value, OutlineParameter):
            self._forget(name)
            self.register_parameter(name, value)
        elif isinstance(value, OutlineBuffer):
            self._forget(name)
            self.register_buffer(name, value, value.persistent)
        elif isinstance(value, OutlineModule):
            self._forget(name)
            self.add_module(name, value)
        elif "_modules" in held and name in held["_modules"]:
            self.add_module(name, value)
        elif "_parameters" in held and name in held["_parameters"]:
            self.register_parameter(name, value)
        elif "_buffers" in held and name in held["_buffers"]:
            held["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str) -> None:
        self.__dict__.pop(name, None)
        for kind in ("_parameters", "_buffers", "_modules"):
            self.__dict__[kind].pop(name, None)

    def __getattr__(self, name: str) -> Any:
        for kind in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(kind, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for kind in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__[kind]:
                del self.__dict__[kind][name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: OutlineParameter | None) -> None:
        """Hold it under that name."""
        for hook in ON_PARAMETER.values():
            hook(self, name, parameter)
        self.__dict__["_parameters"][name] = parameter

    def register_buffer(self, name: str, tensor: OutlineTensor | None, persistent: bool = True) -> None:
        """Hold a tensor that is not learned, and stored only where it is persistent."""
        for hook in ON_BUFFER.values():
            hook(self, name, tensor)
        self.__dict__["_buffers"][name] = tensor
        self.__dict__["_fleeting"].discard(name)
        if not persistent:
            self.__dict__["_fleeting"].add(name)

    def add_module(self, name: str, module: OutlineModule | None) -> None:
        """Hold a part under that name."""
        if not isinstance(module, OutlineModule | None):
            raise NotKnownError(name)
        for hook in ON_MODULE.values():
            hook(self, name, module)
        self.__dict__["_modules"][name] = module

    register_module = add_module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """Its own parts."""
        return ((name, part) for name, part in self._modules.items() if part is not None)

    def children(self) -> Iterator[Any]:
        """Its own parts."""
        return (part for _, part in self.named_children())

    def named_modules(
        self, memo: set[int] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Itself and all below, by their paths."""
        memo = set() if memo is None else memo
        if id(self) in memo:
            return
        if remove_duplicate:
            memo.add(id(self))
        yield prefix, self
        for name, part in self._modules.items():
            if part is not None:
                yield from part.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Any]:
        """Itself and all below."""
        return (part for _, part in self.named_modules())

    def _named(self, kind: str, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(remove_duplicate=remove_duplicate):
            for name, tensor in module.__dict__[kind].items():
                if tensor is None or id(tensor) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(tensor))
                yield f"{path}.{name}" if path else name, tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Parameters by their paths, shared ones once."""
        if prefix or not recurse:
            raise NotKnownError("parameters of a part")
        return self._named("_parameters", remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Tensors that are not learned, by their paths."""
        if prefix or not recurse:
            raise NotKnownError("buffers of a part")
        return self._named("_buffers", remove_duplicate)

    def parameters(self) -> Iterator[Any]:
        """Parameters, shared ones once."""
        return (parameter for _, parameter in self.named_parameters())

    def state_dict(self) -> dict[str, Any]:
        """What is stored, by its paths: shared parameters under all their names."""
        found: dict[str, Any] = {}
        for path, module in self.named_modules(remove_duplicate=False):
            held = module.__dict__
            kept = {name: tensor for name, tensor in held["_buffers"].items() if name not in held["_fleeting"]}
            for name, tensor in (held["_parameters"] | kept).items():
                if tensor is not None:
                    found[f"{path}.{name}" if path else name] = tensor
        return found

    def get_submodule(self, path: str) -> Any:
        """The part at a path."""
        found: Any = self
        for name in filter(None, path.split(".")):
            found = getattr(found, name)
        return found

    def get_parameter(self, path: str) -> Any:
        """The parameter at a path."""
        where, _, name = path.rpartition(".")
        return getattr(self.get_submodule(where), name)

    get_parameter_or_buffer = get_parameter

    def _itself(self, *_args: Any, **_named: Any) -> Any:
        return self

    apply = to = float = half = eval = train = requires_grad_ = cuda = cpu = _itself

    def register_forward_hook(self, *_args: Any, **_named: Any) -> None:
        """Nothing is run."""

    register_forward_pre_hook = register_full_backward_hook = register_load_state_dict_post_hook = register_forward_hook
    _register_load_state_dict_pre_hook = register_load_state_dict_pre_hook = register_forward_hook
    _register_state_dict_hook = register_forward_hook

    def __call__(self, *_args: Any, **_named: Any) -> Any:
        raise NotKnownError("what a module makes of a tensor")


class OutlineList(OutlineModule):
    """As `torch.nn.ModuleList`, and `Sequential` under the name below."""

    def __init__(self, parts: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(parts)

    def append(self, part: Any) -> OutlineList:
        """One more."""
        self.add_module(str(len(self)), part)
        return self

    def extend(self, parts: Iterable[Any]) -> OutlineList:
        """Some more."""
        for part in parts:
            self.append(part)
        return self

    __iadd__ = extend

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, at: Any) -> Any:
        parts = list(self._modules.values())
        return type(self)(parts[at]) if isinstance(at, slice) else parts[at]

    def __setitem__(self, at: int, part: Any) -> None:
        self.add_module(list(self._modules)[at], part)


class OutlineSequential(OutlineList):
    """As `torch.nn.Sequential`."""

    def __init__(self, *parts: Any) -> None:
        if len(parts) == 1 and isinstance(parts[0], dict):
            OutlineModule.__init__(self)
            for name, part in parts[0].items():
                self.add_module(name, part)
        else:
            super().__init__(parts)

    def __getitem__(self, at: Any) -> Any:
        parts = list(self._modules.values())
        return type(self)(*parts[at]) if isinstance(at, slice) else parts[at]


class OutlineDict(OutlineModule):
    """As `torch.nn.ModuleDict`."""

    def __init__(self, parts: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.update(parts or {})

    def update(self, parts: Any) -> None:
        """Some more, or others in their place."""
        for name, part in dict(parts).items():
            self.add_module(name, part)
