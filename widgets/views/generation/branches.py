"""The ways that a text has gone: each goes off another one where a token differs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from inference.results.generation import GenerationRequest, GenerationResult
from widgets.figures.token_axis import label


@dataclass(frozen=True)
class Branch:
    """One way that a text has gone, as far as it is written.

    Attributes
    ----------
    token
        The one it is named by, in which it differs from its parent; empty for the first one.
    place
        Where that stands.
    parent
        Number of the branch that it goes off; None for the first one.
    prefix_ids
        What it was given first; None for the text itself.
    request, result
        What was asked last, and what came; None until something has.
    is_cut
        Whether it was left or cancelled before it came to an end.
    """

    token: str = ""
    place: int = 0
    parent: int | None = None
    prefix_ids: tuple[int, ...] | None = None
    request: GenerationRequest | None = None
    result: GenerationResult | None = None
    is_cut: bool = False

    def begins_with(self, ids: tuple[int, ...]) -> bool:
        """Whether these are the first tokens of its text."""
        return self.result is not None and tuple(self.result.written.tokens.ids[: len(ids)].tolist()) == ids


@dataclass
class Branches:
    """All branches of one text, in the order in which they were begun, and the one that is looked at."""

    found: list[Branch] = field(default_factory=lambda: [Branch()])
    now: int = 0

    @property
    def current(self) -> Branch:
        """The one that is looked at."""
        return self.found[self.now]

    def keep(self, request: GenerationRequest, result: GenerationResult, *, is_cut: bool = False) -> None:
        """What came of the one that is looked at; `is_cut`: and nothing more comes, though it has no end."""
        self.found[self.now] = replace(self.current, request=request, result=result, is_cut=is_cut)

    def is_ahead(self, request: GenerationRequest, result: GenerationResult) -> bool:
        """Whether more is there of the one that is looked at, which was cut off, than has come of it again."""
        now = self.current
        if not now.is_cut or now.result is None or now.request != request:
            return False
        return result.written.n_steps < now.result.written.n_steps

    def begin(self, ids: tuple[int, ...], token: str) -> None:
        """Look at the one that begins with these tokens, the last of which is `token`: a known one, or a new one."""
        same = [number for number, each in enumerate(self.found) if each.prefix_ids == ids]
        same += [number for number, each in enumerate(self.found) if number != self.now and each.begins_with(ids)]
        known = next(iter(same), None)
        if known is None:
            self.found.append(Branch(token, len(ids) - 1, self.now, ids))
            known = len(self.found) - 1
        self.now = known

    def written(self) -> tuple[tuple[int, Branch], ...]:
        """Those of which there is something to see, each after the one that it goes off, with their numbers."""

        def below(parent: int | None) -> list[tuple[int, Branch]]:
            rows = []
            for number, each in enumerate(self.found):
                if each.parent == parent and each.result is not None:
                    rows += [(number, each), *below(number)]
            return rows

        return tuple(below(None))

    def depth(self, number: int) -> int:
        """Branches between this one and the first."""
        parent = self.found[number].parent
        return 0 if parent is None else 1 + self.depth(parent)


def branch_name(branch: Branch) -> str:
    """How a branch is called: after the token in which it differs."""
    return f"“{label(branch.token)}” ({branch.place})" if branch.token else ""
