"""Frozen dataclasses from JSON that somebody else wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from inference.files.json_parts import Misfit, read_part


@dataclass(frozen=True)
class Inner:
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    n: int
    kind: Literal["a", "b"] = "a"
    is_on: bool = False
    inner: Inner = Inner()
    all_of_them: tuple[Inner, ...] = ()
    pair: tuple[str, float] = ("", 0.0)


GOOD = {
    "name": "x", "n": 3, "kind": "b", "is_on": True, "inner": {"share": 1}, "all_of_them": [{}, {"share": 0.25}],
    "pair": ["y", 2],
}  # fmt: skip


def test_every_entry_is_what_its_field_says():
    assert read_part(Outer, GOOD) == Outer("x", 3, "b", True, Inner(1.0), (Inner(), Inner(0.25)), ("y", 2.0))
    assert isinstance(read_part(Outer, GOOD).inner.share, float)


def test_what_is_not_there_has_its_default_and_what_is_known_is_not_read():
    assert read_part(Outer, {"n": 3}, name="x") == Outer("x", 3)
    with pytest.raises(Misfit, match="'name' is unknown"):
        read_part(Inner, {"name": "y"})


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        ([], r"\[\] is not an object"),
        ({"name": "x"}, "'n' is missing"),
        (GOOD | {"more": 1}, "'more' is unknown"),
        (GOOD | {"n": True}, "'n' is True, which it cannot be"),
        (GOOD | {"n": 3.0}, "'n' is 3.0, which it cannot be"),
        (GOOD | {"name": None}, "'name' is None"),
        (GOOD | {"is_on": 1}, "'is_on' is 1"),
        (GOOD | {"kind": "c"}, "'kind' is 'c'"),
        (GOOD | {"kind": ["a"]}, r"'kind' is \['a'\]"),
        (GOOD | {"inner": {"share": float("nan")}}, "'share' is nan"),
        (GOOD | {"inner": 3}, "3 is not an object"),
        (GOOD | {"all_of_them": {"share": 1}}, "'all_of_them' is"),
        (GOOD | {"all_of_them": [{"share": "1"}]}, "'share' is '1'"),
        (GOOD | {"pair": ["y"]}, "'pair' is"),
        (GOOD | {"name": 10**100}, "'name' is 1000"),
    ],
)
def test_what_does_not_fit_is_named(spoiled, why):
    with pytest.raises(Misfit, match=why):
        read_part(Outer, spoiled)
