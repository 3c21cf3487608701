"""How a model tells places apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inference.context import Refused
from inference.positions.tables import tables
from inference.results.positions import PositionsRequest, PositionsResult, PositionTable

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

_NOTES = {
    "learned": "A learned vector for each position is added to the embedding of the token.",
    "sinusoidal": "Sines and cosines of the position, of many wavelengths, are added to the embedding of the token.",
    "rotary": "Pairs of numbers of each query and key are turned by an angle that grows with the position, so that "
    "their dot product depends on the distance.",
    "relative": "A learned number for the distance between query and key is added to the scores of each head.",
    "alibi": "From each attention score the distance times a fixed slope of the head is subtracted.",
}
_GRID_NOTES = {
    "learned": "A learned vector for each place of the image is added to what is read there.",
    "sinusoidal": "Sines and cosines of row and column, of many wavelengths, are added to each patch.",
    "relative": "A learned number for the distance in rows and columns is added to the scores of each head.",
}


def positions(request: PositionsRequest, model: Model, context: Context) -> PositionsResult:
    """The position encodings of an open checkpoint.

    Raises
    ------
    Refused
        Fewer than 2 positions are asked for, or the model has no encoding that can be read.

    References
    ----------
    Vaswani et al. 2017, section 3.5 (sinusoidal); Shaw et al. 2018 and Raffel et al. 2020 (relative);
    Su et al. 2021 (rotary); Press et al. 2022 (ALiBi).
    """
    if request.length < 2:
        raise Refused(f"{request.length} positions were asked for; at least 2 are needed.")
    context.checkpoint()
    length = min(request.length, model.info.n_ctx or request.length)
    family, config = model.family, model.net.config
    kind = model.info.position_kind
    grid_kind = "sinusoidal" if kind == "sinusoidal" else "learned"
    found = tables(model.net, length, context, family.alibi_slopes(config), family.position_grid(config), grid_kind)
    if not found:
        raise Refused(f"{model.info.name} has no position encoding that can be read.")
    if note := family.position_note(config):
        return PositionsResult(found, note)
    noted = tuple(replace(table, note=_note_of(table)) for table in found)
    return PositionsResult(noted, noted[0].note)


def _note_of(table: PositionTable) -> str:
    return (_GRID_NOTES.get(table.kind) if table.grid else None) or _NOTES[table.kind]
