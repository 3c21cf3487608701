"""A mesh while it grows: the viewer's two renderers against pyqtgraph's GLMeshItem with lines."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

FACES = (200, 1_000, 10_000, 100_000)
BAR_AT, BAR, BAR_FPS = 10_000, 1.5, 30.0
N_FRAMES = {100_000: 5, 10_000: 12}  # 20 where nothing else stands
N_ROUNDS = 3


def run(setup: Setup) -> Section:
    goals, rows = [], []
    renderer = ""
    for n in (200,) if setup.is_smoke else FACES:
        n_frames = 3 if setup.is_smoke else N_FRAMES.get(n, 20)
        opengl, painted, theirs = alternate(
            1 if setup.is_smoke else N_ROUNDS,
            lambda n=n, k=n_frames: setup.ours("mesh_frames", "opengl", n, k),
            lambda n=n, k=n_frames: setup.ours("mesh_frames", "painted", n, k),
            lambda n=n, k=n_frames: setup.peer("gl_mesh_item", n, k),
        )
        renderer = opengl[0]["renderer"]
        mine, yours = middle(opengl, "grow_s"), middle(theirs, "grow_s")
        if n == BAR_AT:
            what = f"growing at {n:,} faces"
            goals.append(Goal(f"{what}, against GLMeshItem", f">= {BAR}x", ratio(yours, mine), yours >= BAR * mine))
            is_held = mine <= 1 / BAR_FPS
            goals.append(Goal(f"{what}, frames a second", f">= {BAR_FPS:.0f}", f"{1 / mine:.0f}", is_held))
        columns = [("GLMeshItem", theirs, yours), ("OpenGL", opengl, mine)]
        columns.append(("painted", painted, middle(painted, "grow_s")))
        for name, side, seconds in columns:
            rows.append(
                (
                    f"{n:,}",
                    name,
                    ms(seconds),
                    f"{1 / seconds:.3g}",
                    ms(middle(side, "grow_cpu_s")),
                    ms(middle(side, "scrub_s")) if "scrub_s" in side[0] else "-",
                    ms(middle(side, "orbit_s")),
                    ms(middle(side, "first_s")),
                    "-" if side is theirs else ratio(yours, seconds),
                )
            )
    header = (
        "faces",
        "",
        "growing ms",
        "a second",
        "CPU ms",
        "scrubbing ms",
        "turning ms",
        "first ms",
        "growing, ratio",
    )
    how = (
        "A hilly surface of quads in 800 x 800 pixels; each frame until the X server has drawn it. `growing` is a mesh "
        "longer by a hundredth each frame, as a model gives it; `scrubbing` shows more of one that is whole; `turning` "
        f"moves the camera; `first` opens it. OpenGL is {renderer.removeprefix('OpenGL ')} on both sides. Ours draws "
        "the quads' own edges, GLMeshItem (`drawEdges=True`) those of its triangles."
    )
    n = 200 if setup.is_smoke else FACES[-1]
    opened = [(f"{n:,}", ending, *_opening(setup, ending, n)) for ending in ("obj", "ply", "stl")]
    files = Table(("faces", "file", "reading ms", "first picture ms"), opened)
    return Section("A mesh that grows", how, goals, [Table(header, rows), files])


def _opening(setup: Setup, ending: str, n: int) -> tuple[str, str]:
    """A file of so many quads: read and checked (STL: triangles merged again), and shown by OpenGL."""
    found = setup.ours("mesh_opening", ending, n)
    return ms(found["read_s"]), ms(found["first_s"])
