"""Make the pictures of `look.md`: the first screens of the program, and those of now, side by side.

    python docs/screenshots.py FOLDER --views heads,attention,arcs,masked,measures,patches
    python docs/look.py FOLDER

Takes the first screens from the history of this repository. Writes `images/look/<view>.png`, of few colours.
"""

from __future__ import annotations

import argparse
import io
import subprocess
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
# The commit of a view's first picture.
FIRST = {
    "heads": "5a5070c",
    "attention": "5a5070c",
    "arcs": "5a5070c",
    "masked": "5a5070c",
    "measures": "bf6e1e8",
    "patches": "bf6e1e8",
}
WIDTH, GAP, N_COLORS = 620, 12, 96


def small(image: Image.Image) -> Image.Image:
    """As wide as one of two columns."""
    image = image.convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)


def before(view: str) -> Image.Image:
    """The first picture of a view, from the history."""
    place = f"{FIRST[view]}:docs/images/{view}.png"
    data = subprocess.run(["git", "show", place], cwd=HERE, check=True, capture_output=True).stdout
    return Image.open(io.BytesIO(data))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the screens of now, as docs/screenshots.py writes them")
    folder = parser.parse_args().folder
    (HERE / "images" / "look").mkdir(exist_ok=True)
    for view in FIRST:
        sides = [small(before(view)), small(Image.open(folder / f"{view}.png"))]
        both = Image.new("RGB", (2 * WIDTH + GAP, max(side.height for side in sides)), "white")
        for number, side in enumerate(sides):
            both.paste(side, (number * (WIDTH + GAP), 0))
        both.quantize(N_COLORS, dither=Image.Dither.NONE).save(HERE / "images" / "look" / f"{view}.png", optimize=True)


if __name__ == "__main__":
    main()
