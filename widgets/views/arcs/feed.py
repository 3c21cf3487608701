"""What lines of a long text are asked for: those of the tokens on screen, and all of the one pointed at. No widgets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from inference.results.lines import LinesRequest, LinesResult

_STEP = 32  # rows that are begun and ended with, so that a little scrolling asks for nothing


@dataclass
class ArcsFeed:
    """One request at a time, the most important first. Who hands it an answer has dropped those to any other.

    Attributes
    ----------
    lines, row
        What came: lines of the rows on screen and a page around, and all links of the query pointed at.
    """

    lines: LinesResult | None = None
    row: LinesResult | None = None
    _of: LinesRequest | None = None  # what `lines` are the answer to
    _wanted: LinesRequest | None = None
    _pointed: int | None = None

    def forget(self) -> None:
        """There is another text, or none."""
        self.lines = self.row = self._of = self._wanted = self._pointed = None

    def look_at(self, about: LinesRequest, rows: range) -> None:
        """Want the lines of some rows, unless they are here or on their way; `about` says of what, its span is 0."""
        is_same = [known is not None and replace(known, start=0, stop=0) == about for known in (self._of, self._wanted)]
        if is_same[0] and self.lines is not None:
            # Rows below the last query have keys only.
            rows = range(rows.start, min(rows.stop, len(self.lines.query_tokens)))
            if not rows:
                self._wanted = None
                return
        for known, is_known in zip((self._of, self._wanted), is_same, strict=True):
            if known is not None and is_known and known.start <= rows.start and rows.stop <= known.stop:
                self._wanted = None if known is self._of else known
                return
        if not is_same[0]:
            self.row = None
        margin = len(rows)
        start = max(rows.start - margin, 0) // _STEP * _STEP
        stop = -(-(rows.stop + margin) // _STEP) * _STEP
        self._wanted = replace(about, start=start, stop=stop)

    def point_at(self, query: int | None) -> None:
        """Want all links of a query; None: of none."""
        self._pointed = query

    def requests(self) -> tuple[LinesRequest, ...]:
        """What has yet to come; the row pointed at once all lines on screen are here."""
        if self._wanted is not None:
            return (self._wanted,)
        row = self._row_request()
        return () if row is None or (self.row is not None and self.row.start == self._pointed) else (row,)

    def take(self, request: LinesRequest, result: LinesResult) -> None:
        """Keep an answer."""
        if request == self._wanted:
            self.lines, self._of, self._wanted = result, request, None
        else:
            self.row = result

    def is_more(self, request: LinesRequest) -> bool:
        """Whether it only adds to lines that are here: of other rows, or of the query pointed at."""
        if self._of is None:
            return False
        return replace(request, start=0, stop=0) == replace(self._of, start=0, stop=0) or request == self._row_request()

    def give_up(self) -> None:
        """Something failed: wait for nothing; the next move asks again."""
        self._wanted = self._pointed = None

    def _row_request(self) -> LinesRequest | None:
        if self._of is None or self._pointed is None:
            return None
        return replace(self._of, start=self._pointed, stop=self._pointed + 1, threshold=0.0)
