"""How a mesh, or its growth, is to look in a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from widgets.look.theme import DARK, LIGHT, FigureStyle
from widgets.scene3d.camera import Camera
from widgets.scene3d.marks import framing
from widgets.scene3d.scene import MeshScene, MeshStyle
from widgets.views.mesh.coloring import ColorBy

SIDES = (32, 3840)  # pixels


@dataclass(frozen=True)
class MeshLook:
    """Attributes

    ----------
    size
        Width and height of a PNG or a film, in pixels, each within `SIDES`; SVG and PDF have its shape.
    color_by
        What the colours say.
    speed, seconds
        Of a film: times the usual speed, or how long the growth lasts, whatever that makes of the speed.
    camera
        None looks from the front, obliquely from above, at the whole mesh.
    """

    size: tuple[int, int] = (800, 600)
    theme: Literal["light", "dark"] = "light"
    color_by: ColorBy = "plain"
    color_map: str = "cividis"
    mesh_style: MeshStyle = "solid"
    speed: float = 1.0
    seconds: float | None = None
    camera: Camera | None = None

    def style(self) -> FigureStyle:
        """Colours and letters."""
        return FigureStyle(DARK if self.theme == "dark" else LIGHT, color_map=self.color_map)

    def camera_for(self, scene: MeshScene) -> Camera:
        """The one that was asked for, or one that shows all."""
        return self.camera or Camera().fitted(framing(scene), self.size)

    def packed(self) -> dict[str, Any]:
        """Plain values, for another process."""
        return asdict(self)

    @staticmethod
    def unpacked(values: dict[str, Any]) -> MeshLook:
        """What `packed` made, tuples as tuples or lists."""
        camera = values["camera"]
        made = None if camera is None else Camera(**{**camera, "target": tuple(camera["target"])})
        return MeshLook(**{**values, "size": tuple(values["size"]), "camera": made})
