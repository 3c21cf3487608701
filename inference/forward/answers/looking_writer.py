"""A decoder that is fed tokens, and tells of each what it looked at in the image.

Rows of attention are independent of each other, so that of a token is exact by itself: its query against the keys of
all before it. It is worked out while the token passes, and nothing else of the pass is kept: where all maps of a prompt
with 1,000 image tokens would take gigabytes, a row takes a few numbers for each head.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.capture.capture import capture
from inference.context import Context
from inference.forward.writer import Writer

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import Received
    from inference.family.answering import AnswersQuestions
    from inference.forward.model import Model


class LookingWriter(Writer):
    """A chat model that has read its prompt; several answers of one length are written at once.

    Parameters
    ----------
    tensors
        What `forward` takes, batch of one, with the whole prompt.
    n_given
        Tokens at its end that the answer is counted from: the last one of the prompt, and those it begins with.
    path
        Regular expression of the modules whose attention goes to the image tokens.
    places
        int64 [image token]: where they are.
    """

    def __init__(
        self, model: Model, family: AnswersQuestions, tensors: dict[str, Tensor], n_given: int, path: str,
        places: np.ndarray,
    ) -> None:  # fmt: skip
        super().__init__(model, tensors)
        self._asked_to_keep = {"use_cache": True}  # some models take it without naming it
        self._family = family
        self._n_given = n_given
        self._state: Any = None
        self._path = re.compile(path)
        self._places = torch.as_tensor(places, device=model.device)
        self._columns = torch.cat([torch.zeros(1, dtype=torch.int64, device=model.device), self._places])
        self._n_read = 0  # tokens so far, the prompt included
        self._rows: list[Tensor] = []  # of the pass that goes on, one a layer
        self._looks: list[np.ndarray] = []  # of each pass, [layer, head, place, 1 + image token]
        self._is_one = True  # text, and not several

    @property
    def given(self) -> Tensor:
        """int64 [n_given], the end of what is read first."""
        return super().given[-self._n_given :]

    @property
    def n_prompt(self) -> int:
        """Tokens of the prompt, without those that the answer begins with."""
        return len(super().given) - self._n_given + 1

    @property
    def prompt(self) -> Tensor:
        """int64 [n_prompt - 1]: what stands before `given`."""
        return super().given[: -self._n_given]

    def begin(self) -> Tensor:
        """Read the prompt; float32 [n_given, d_vocab], logits behind each token of `given`."""
        self._more = {"logits_to_keep": self._n_given}
        self._n_read = len(super().given)
        logits = self._listened(super().begin, self._n_given)
        self._more = {}
        self._state = self._family.state(self._model.net)
        return logits

    def feed(self, tokens: Tensor) -> Tensor:
        """The next token of each text, as `Writer.feed`."""
        if self._state is not None:
            self._family.put_state(self._model.net, self._state)
        self._n_read += 1
        return self._listened(lambda: super(LookingWriter, self).feed(tokens), 1 if self._is_one else 0)

    def repeat(self, n: int) -> None:
        """As `Writer.repeat`. What several texts look at is not told: the best is read once more when it is there."""
        self._is_one = False
        super().repeat(n)

    def looks(self) -> np.ndarray:
        """float32 [layer, head, place, 1 + image token]: what each place looked at, the prompt's first token in front.

        The first place is the first of `given`.
        """
        return np.concatenate(self._looks, 2) if self._looks else np.empty((0, 0, 0, len(self._columns)), np.float32)

    def _listened(self, run: Any, n_last: int) -> Tensor:
        """The pass, and what its last places look at."""
        if not n_last:
            return run()
        self._rows, received = [], []

        def keep(call: Received) -> Received:
            if self._path.search(call.path):
                self._rows.append(self._row(call, n_last))
            return call.dropped()

        with torch.inference_mode(), capture(self._model.net, Context(), keep=keep, received=received):
            logits = run()
        self._looks.append(torch.stack(self._rows).float().cpu().numpy())
        return logits

    def _row(self, received: Received, n_last: int) -> Tensor:
        """[head, place, 1 + image token] of the last places."""
        call = received.one()
        rows = torch.arange(call.n_queries - n_last, call.n_queries, device=call.device)
        pattern = call.patterns(rows=rows)
        n_gone = self._n_read - pattern.shape[-1]  # a cache of a window has lost the first keys
        if not n_gone or self._is_encoder_decoder:
            return pattern[..., self._columns]
        found = torch.zeros((*pattern.shape[:2], len(self._columns)), dtype=pattern.dtype, device=pattern.device)
        is_there = self._columns >= n_gone
        found[..., is_there] = pattern[..., self._columns[is_there] - n_gone]
        return found
