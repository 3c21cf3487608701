"""Things that are compared, one of them chosen: no two alike, and no more than can be shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Things(Generic[T]):
    """Things in an order of the user's, of which one is chosen as long as there is any.

    Attributes
    ----------
    all
        The things, no two alike.
    at
        The chosen one's place; -1 where there are none.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.all: tuple[T, ...] = ()
        self.at = -1

    @property
    def chosen(self) -> T | None:
        """The chosen thing."""
        return self.all[self.at] if self.at >= 0 else None

    def set(self, things: Iterable[T], chosen: T | None = None) -> None:
        """Hold others; of more than fit the first ones."""
        before = self.chosen if chosen is None else chosen
        self.all = tuple(dict.fromkeys(things))[: self.most]
        self.at = self.all.index(before) if before in self.all else min(max(self.at, 0), len(self.all) - 1)

    def add(self, things: Iterable[T]) -> int:
        """Put others behind, and choose the first of them; those that are there already are not added again.

        Returns
        -------
        How many did not fit.
        """
        given = tuple(dict.fromkeys(things))
        new = [thing for thing in given if thing not in self.all]
        left = max(0, len(self.all) + len(new) - self.most)
        self.all = (*self.all, *new)[: self.most]
        if first := next((thing for thing in given if thing in self.all), None):
            self.at = self.all.index(first)
        return left

    def replace(self, at: int, thing: T) -> bool:
        """Put another one in its place, and choose it; False where it is there already, which is chosen then."""
        is_new = thing not in self.all
        if is_new:
            self.all = (*self.all[:at], thing, *self.all[at + 1 :])
        self.at = self.all.index(thing)
        return is_new

    def remove(self, at: int) -> None:
        """Take one away; where it was chosen, the one behind it is, or the last one."""
        self.all = (*self.all[:at], *self.all[at + 1 :])
        if at < self.at or self.at == len(self.all):
            self.at -= 1

    def move(self, start: int, end: int) -> None:
        """Put one where another is; the chosen one stays the same."""
        chosen = self.chosen
        things = list(self.all)
        things.insert(end, things.pop(start))
        self.all = tuple(things)
        if chosen is not None:
            self.at = things.index(chosen)
