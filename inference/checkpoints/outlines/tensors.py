"""Tensors that have a shape and nothing else.

What is asked of one that its shape does not tell raises `NotKnownError`: nothing is ever guessed.
"""

from __future__ import annotations

import math
from typing import Any


class NotKnownError(BaseException):
    """Only torch itself can say; not an `Exception`, which foreign code may catch and go on."""


class OutlineTensor:
    """A tensor of which only the shape is known, or not even that (None), and whether its numbers are whole ones."""

    is_meta = True
    requires_grad = False
    data_ptr = None

    def __init__(self, shape: tuple[int, ...] | None, *, is_whole: bool = False) -> None:
        self._shape = shape
        self.is_whole = is_whole

    @property
    def shape(self) -> tuple[int, ...]:
        """Raises `NotKnownError` where it is not known."""
        if self._shape is None:
            raise NotKnownError("the shape of a tensor that was worked out")
        return self._shape

    @property
    def data(self) -> OutlineTensor:
        """Itself: there are no numbers to tell apart."""
        return self

    @data.setter
    def data(self, other: OutlineTensor) -> None:
        if shape_of(other) != self._shape:
            raise NotKnownError("numbers of another shape")

    @property
    def ndim(self) -> int:
        """Axes."""
        return len(self.shape)

    @property
    def device(self) -> OutlineDevice:
        """The one without storage."""
        return OutlineDevice("meta")

    def dim(self) -> int:
        """Axes."""
        return len(self.shape)

    def size(self, axis: int | None = None) -> Any:
        """Its shape, or how long an axis is."""
        return self.shape if axis is None else self.shape[axis]

    def numel(self) -> int:
        """Numbers in it."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def view(self, *sizes: Any) -> OutlineTensor:
        """The same numbers in another shape, of which one side may be -1."""
        wanted = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
        if not all(type(side) is int for side in wanted):
            return OutlineTensor(None)
        if -1 in wanted:
            n_others = math.prod(side for side in wanted if side != -1)
            wanted = tuple(self.numel() // n_others if side == -1 else side for side in wanted)
        if math.prod(wanted) != self.numel():
            raise NotKnownError("a shape that does not fit")
        return OutlineTensor(wanted, is_whole=self.is_whole)

    reshape = view

    def expand(self, *sizes: Any) -> OutlineTensor:
        """The same numbers again along new axes, or those of one."""
        wanted = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
        own = (1,) * (len(wanted) - self.ndim) + self.shape
        shape = tuple(had if side == -1 else side for had, side in zip(own, wanted, strict=True))
        return OutlineTensor(shape, is_whole=self.is_whole)

    def unsqueeze(self, axis: int) -> OutlineTensor:
        """The same with an axis of one more."""
        at = axis % (self.ndim + 1)
        return OutlineTensor((*self.shape[:at], 1, *self.shape[at:]), is_whole=self.is_whole)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> OutlineTensor:
        """The same numbers with the axes from one to another as one."""
        first, last = start_dim % self.ndim, end_dim % self.ndim
        sides = self.shape
        return OutlineTensor((*sides[:first], math.prod(sides[first : last + 1]), *sides[last + 1 :]))

    def permute(self, *axes: int) -> OutlineTensor:
        """The same numbers with the axes in another order."""
        if sorted(axes) != list(range(self.ndim)):
            raise NotKnownError("an order of the axes")
        return OutlineTensor(tuple(self.shape[axis] for axis in axes))

    def outer(self, other: OutlineTensor) -> OutlineTensor:
        """Each number of one vector times each of another."""
        return OutlineTensor((self.numel(), other.numel()))

    def sum(self, *axes: int, **named: Any) -> OutlineTensor:
        """Sums along one axis."""
        if len(axes) != 1 or named:
            return OutlineTensor(None)
        at = axes[0] % self.ndim
        return OutlineTensor((*self.shape[:at], *self.shape[at + 1 :]), is_whole=self.is_whole)

    def _same(self, *_args: Any, **_named: Any) -> OutlineTensor:
        return OutlineTensor(self._shape, is_whole=self.is_whole)

    def to(self, *_args: Any, **_named: Any) -> OutlineTensor:
        """In another format, of which nothing is asked."""
        return OutlineTensor(self._shape)

    float = half = bfloat16 = double = to
    bool = int = long = clone = contiguous = detach = cpu = type_as = _same
    fill_ = zero_ = normal_ = uniform_ = mul_ = add_ = copy_ = requires_grad_ = _same
    exp = log = sqrt = abs = sin = cos = tril = triu = log_ = clamp = pow = __neg__ = __invert__ = _same

    def _with(self, other: Any) -> OutlineTensor:
        """What a sum or a product of the two is like."""
        if isinstance(other, OutlineTensor):
            return OutlineTensor(_broadcast(self._shape, other._shape), is_whole=self.is_whole and other.is_whole)
        is_whole = self.is_whole and not isinstance(other, float)
        return OutlineTensor(self._shape, is_whole=is_whole) if isinstance(other, int | float) else OutlineTensor(None)

    def _divided(self, other: Any) -> OutlineTensor:
        return OutlineTensor(self._with(other)._shape)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
    __truediv__ = __rtruediv__ = _divided
    __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = __mod__ = _with
    __and__ = __or__ = __xor__ = __lt__ = __le__ = __gt__ = __ge__ = _with

    def __getitem__(self, key: Any) -> OutlineTensor:
        keys = key if isinstance(key, tuple) else (key,)
        if self._shape is not None and keys.count(...) == 1:
            n_given = sum(each is not None and each is not ... for each in keys)
            at = keys.index(...)
            keys = (*keys[:at], *[slice(None)] * (len(self._shape) - n_given), *keys[at + 1 :])
        if self._shape is None or not all(each is None or type(each) in (int, slice) for each in keys):
            return OutlineTensor(None)
        sides, shape = iter(self._shape), []
        for each in keys:
            if each is None:
                shape.append(1)
            elif isinstance(each, slice):
                shape.append(len(range(*each.indices(next(sides)))))
            else:
                next(sides)
        return OutlineTensor((*shape, *sides), is_whole=self.is_whole)

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def __bool__(self) -> bool:
        raise NotKnownError("a number of a tensor")

    def __iter__(self) -> Any:
        raise NotKnownError("the numbers of a tensor")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("item", "tolist", "numpy", "is_nested"):
            raise AttributeError(name) if name.startswith("__") else NotKnownError(name)
        return lambda *_args, **_named: OutlineTensor(None)


def _broadcast(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if one is None or other is None:
        return None
    n = max(len(one), len(other))
    pairs = zip((1,) * (n - len(one)) + one, (1,) * (n - len(other)) + other, strict=True)
    return tuple(b if a == 1 else a for a, b in pairs)


class OutlineParameter(OutlineTensor):
    """A tensor that is learned."""

    def __init__(self, data: OutlineTensor, requires_grad: bool = True) -> None:
        super().__init__(shape_of(data))
        if data.is_whole and requires_grad:
            raise NotKnownError("whole numbers that would be learned")
        self.requires_grad = requires_grad


class OutlineBuffer(OutlineTensor):
    """A tensor that is not learned, and stored only where it is persistent."""

    def __init__(self, data: OutlineTensor, persistent: bool = True) -> None:
        super().__init__(shape_of(data))
        self.persistent = persistent


class OutlineDevice:
    """Where tensors lie; as a context it says nothing, because none has storage here."""

    def __init__(self, name: str = "meta", _index: int | None = None) -> None:
        self.type = name

    def __enter__(self) -> OutlineDevice:
        return self

    def __exit__(self, *_fault: object) -> None:
        pass


def shape_of(data: Any) -> tuple[int, ...]:
    """Of what is kept in a module; it has to be known."""
    if not isinstance(data, OutlineTensor):
        raise NotKnownError("the shape of what is kept in a module")
    return data.shape


def sized(*sizes: Any, **named: Any) -> OutlineTensor:
    """As `torch.empty`, `zeros`, `ones`, `rand`, `randn`."""
    sides = named.get("size", sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes)
    if not all(type(side) is int and side >= 0 for side in sides):
        raise NotKnownError("sides of a tensor that are no whole numbers")
    return OutlineTensor(tuple(sides))


def full(sizes: Any, value: Any, **named: Any) -> OutlineTensor:
    """As `torch.full`."""
    return OutlineTensor(sized(tuple(sizes))._shape, is_whole=type(value) is not float and "dtype" not in named)


def like(tensor: OutlineTensor, *_args: Any, **_named: Any) -> OutlineTensor:
    """As `torch.zeros_like` and others that keep the shape."""
    return OutlineTensor(tensor._shape)


def of_values(values: Any, *_args: Any, **named: Any) -> OutlineTensor:
    """As `torch.tensor`; of several numbers the first one tells whether all are whole, which then nobody may learn."""
    shape: list[int] = []
    while isinstance(values, list | tuple):
        shape.append(len(values))
        if not values:
            break
        values = values[0]
    is_whole = isinstance(values, int) and "dtype" not in named
    return OutlineTensor(tuple(shape) if isinstance(values, int | float) or shape else None, is_whole=is_whole)


def arange(*limits: Any, **_named: Any) -> OutlineTensor:
    """As `torch.arange`."""
    if not all(isinstance(limit, int | float) for limit in limits):
        return OutlineTensor(None)
    start, end, step = (0, *limits, 1) if len(limits) == 1 else (*limits, 1)[:3]
    return OutlineTensor((max(0, math.ceil((end - start) / step)),))


class KnownNumbers(OutlineTensor):
    """Numbers that are known: evenly spaced ones, by which layers are dropped in training."""

    def __init__(self, values: list[float]) -> None:
        super().__init__((len(values),))
        self._values = values

    def tolist(self) -> list[float]:
        """The numbers."""
        return self._values

    def __iter__(self) -> Any:
        return iter(map(KnownNumber, self._values))

    def __getitem__(self, key: Any) -> Any:
        return KnownNumber(self._values[key]) if isinstance(key, int) else OutlineTensor(None)


class KnownNumber(OutlineTensor):
    """A known number, as a tensor without axes."""

    def __init__(self, value: float) -> None:
        super().__init__(())
        self._value = value

    def item(self) -> float:
        """The number."""
        return self._value

    def __float__(self) -> float:
        return self._value


def linspace(start: float, end: float, steps: int, **_named: Any) -> OutlineTensor:
    """As `torch.linspace`."""
    step = (end - start) / (steps - 1) if steps > 1 else 0.0
    return KnownNumbers([start + step * i for i in range(steps)])


def cat(parts: Any, dim: int = 0, **_named: Any) -> OutlineTensor:
    """As `torch.cat`."""
    shapes = [shape_of(part) for part in parts]
    axis = dim % len(shapes[0])
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(rest) != 1:
        raise NotKnownError("tensors that do not fit together")
    return OutlineTensor((*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]))


def stack(parts: Any, dim: int = 0) -> OutlineTensor:
    """As `torch.stack`."""
    return cat([part.unsqueeze(dim) for part in parts], dim)


def meshgrid(*axes: Any, indexing: str = "ij") -> tuple[OutlineTensor, ...]:
    """As `torch.meshgrid`: where each place of a grid is on each of its axes."""
    parts = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
    if indexing != "ij":
        raise NotKnownError(f"a grid in the order {indexing}")
    return tuple(OutlineTensor(tuple(part.numel() for part in parts)) for _ in parts)


def flatten(tensor: OutlineTensor, start_dim: int = 0, end_dim: int = -1) -> OutlineTensor:
    """As `torch.flatten`."""
    return tensor.flatten(start_dim, end_dim)


def broadcast(*parts: Any, **_named: Any) -> OutlineTensor:
    """As functions that work on each number of several tensors, such as `torch.where`."""
    made = OutlineTensor(())
    for part in parts:
        made = made._with(part)
    return made


class _AnyTensor(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, OutlineTensor)


class MadeTensor(OutlineTensor, metaclass=_AnyTensor):
    """As `torch.Tensor`, which is made of its sizes, or of its numbers."""

    def __init__(self, *given: Any) -> None:
        super().__init__((sized(*given) if all(type(one) is int for one in given) else of_values(*given))._shape)
