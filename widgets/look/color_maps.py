"""Colour maps for heat maps: perceptually uniform, and readable to colour-blind people.

viridis and magma: Stefan van der Walt and Nathaniel Smith; cividis: Jamie Nunez, Christopher Anderton and Ryan Renslow
(PLOS ONE 13, 2018). Tables dedicated to the public domain (CC0 1.0).
"""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

if TYPE_CHECKING:
    import numpy as np

# 256 colours of three bytes each: red, green, blue.
_TABLES = {
    "cividis": (
        "ACBNACFOACJQACJSACNTACRVACVXACVYACZaACdcACdeAChgAClhACpjACplACtnACxpACxqAC1sAC5uAC5vAC9vAC9vADBvADBvADFvADJvADNv"
        "ADNvADRvADVuATZuBjZuCzduDzhuEjhtFTltGDptGjttHTttHzxtIT1tIz5sJD5sJj9sKEBsKkBsK0FsLUJsLkNsMENsMURrMkVrNEVrNUZrNkdr"
        "OEhrOUhrOklrO0prPUprPktrP0xrQE1rQU1rQk5rQ09rRE9rRlBrR1FrSFJrSVJrSlNrS1RsTFRsTVVsTlZsT1dsUFdsUVhsUllsU1lsVFpsVVtt"
        "VlxtV1xtWF1tWV5tWV9tWl9tW2BuXGFuXWFuXmJuX2NuYGRvYWRvYmVvY2ZvZGZvZGdwZWhwZmlwZ2lwaGpxaWtxamxxa2xxbG1ybG5ybW5ybm9z"
        "b3BzcHFzcXF0cnJ0cnN0c3R1dHR1dXV1dnZ2d3d2eHd3eHh3eXl3enp4e3p4fHt4fXx4fn14f314gH55gX95goB5g4B5hIF5hIJ5hYN5hoN5h4R5"
        "iIV5iYZ5iod5i4d5jIh5jYl5jop5j4p5kIt5kYx4ko14k454lI54lY94lpB4l5F4mJJ4mZJ4mpN3m5R3nJV3nZZ3npZ3n5d3oJh3oZl2opp2o5p2"
        "pJt2pZx2pp11qJ51qZ91qp91q6B0rKF0raJ0rqN0r6RzsKRzsaVzsqZys6dytKhytalxtqlxt6pxuKtwuaxwuq1wu65vvK9vvq9vv7BuwLFuwbJt"
        "wrNtw7RtxLVsxbVsxrZrx7dryLhqyblqy7ppzLtpzbxozrxoz71n0L5n0b9m0sBm08Fl1MJk1sNk18Rj2MVj2cVi2sZh28dh3Mhg3clf3spf4Mte"
        "4cxd4s1c485c5M9b5dBa5tFZ6NJZ6dNY6tNX69RW7NVV7dZU79dT8NhS8dlR8tpQ89tP9NxO9t1N995M+N9L+eBK+uFJ++JI/eNG/uRF/+VE/+ZC"
        "/+dC/+hD/+lE/+pG"
    ),
    "viridis": (
        "RAFURAJWRQRXRQVZRgdaRghcRgpdRgteRw1gRw5hRxBjRxFkRxNlSBRnSBZoSBdpSBhqSBpsSBttSBxuSB1vSB9wSCBxSCFzSCN0SCR1SCV2SCZ3"
        "SCh4SCl5Ryp6Ryx6Ry17Ry58Ry99RjB+RjJ+RjN/RjSARTWBRTeBRTiCRDmDRDqDRDuEQz2EQz6FQj+FQkCGQkGGQUKHQUSHQEWIQEaIP0eIP0iJ"
        "PkmJPkqJPkyKPU2KPU6KPE+KPFCLO1GLO1KLOlOLOlSMOVWMOVaMOFiMOFmMN1qMN1uNNlyNNl2NNV6NNV+NNGCNNGGNM2KNM2ONMmSOMmWOMWaO"
        "MWeOMWiOMGmOMGqOL2uOL2yOLm2OLm6OLm+OLXCOLXGOLHGOLHKOLHOOK3SOK3WOKnaOKneOKniOKXmOKXqOKXuOKHyOKH2OJ36OJ3+OJ4COJoGO"
        "JoKOJoKOJYOOJYSOJYWOJIaOJIeOI4iOI4mOI4qNIouNIoyNIo2NIY6NIY+NIZCNIZGMIJKMIJKMIJOMH5SMH5WLH5aLH5eLH5iLH5mKH5qKHpuK"
        "HpyJHp2JH56JH5+IH6CIH6GIH6GHH6KHIKOGIKSGIaWFIaaFIqeFIqiEI6mDJKqDJauCJayCJq2BJ62BKK6AKa9/KrB/LLF+LbJ9LrN8L7R8MbV7"
        "MrZ6NLZ5Nbd5N7h4OLl3Orp2O7t1Pbx0P7xzQL1yQr5xRL9wRsBvSMFuSsFtTMJsTsNrUMRqUsVpVMVoVsZnWMdlWshkXMhjXsliYMpgY8tfZcte"
        "Z8xcac1bbM1abs5YcM9Xc9BWddBUd9FTetFRfNJQf9NOgdNNhNRLhtVJidVIi9ZGjtZFkNdDk9dBldhAmNg+m9k8ndk7oNo5oto3pds2qNs0qtwy"
        "rdwwsN0vst0ttd4ruN4put4ovd8mwN8lwt8jxeAhyOAgyuEfzeEd0OEc0uIb1eIa2OIZ2uMZ3eMY3+MY4uQY5eQZ5+QZ6uUa7OUb7+Uc8eUd9OYe"
        "9uYg+OYh++cj/ecl"
    ),
    "magma": (
        "AAAEAQAFAQEGAQEIAgEJAgILAgINAwMPAwMSBAQUBQQWBgUYBgUaBwYcCAceCQcgCggiCwkkDAkmDQopDgsrEAstEQwvEg0xEw00FA42FQ44Fg87"
        "GA89GRA/GhBCHBBEHRFHHhFJIBFLIRFOIhFQJBJTJRJVJxJYKRFaKhFcLBFfLRFhLxFjMRFlMxBnNBBpNhBrOBBsOQ9uOw9wPQ9xPw9yQA90Qg91"
        "RA92RRB3RxB4SRB4ShB5TBF6ThF7TxJ7URJ8UhN8VBN9VhR9VxV+WRV+WhZ+XBZ/XRd/Xxh/YBiAYhmAZBqAZRqAZxuAaByBahyBax2BbR2Bbh6B"
        "cB+Bch+BcyCBdSGBdiGBeCKBeSKCeyOCfCOCfiSCgCWCgSWBgyaBhCaBhieBiCeBiSiBiymBjCmBjiqBkCqBkSuBkyuAlCyAliyAmC2AmS2Amy5/"
        "nC5/ni9/oC9/oTB+ozB+pTF+pjF9qDJ9qjN9qzN8rTR8rjR7sDV7sjV7szZ6tTZ6tzd5uDd5ujh4vDl4vTl3vzp3wDp2wjt1xDx1xTx0xz1zyD5z"
        "yj5yzD9xzUBxz0Bw0EFv0kJv00Nu1URt1kVs2EVs2UZr20dq3Ehp3klo30po4Exn4k1m405l5E9k5VBk51Jj6FNi6VRi6lZh61dg7Fhg7Vpf7lte"
        "711e8F9e8WBd8mJd8mRc82Vc9Gdc9Glc9Wtc9mxc9m5c93Bc93Jc+HRc+HZc+Xhd+Xld+Xtd+n1e+n9e+oFf+4Nf+4Vg+4dh/Ilh/Ipi/Ixj/I5k"
        "/JBl/ZJm/ZRn/ZZo/Zhp/Zpq/Ztr/p1s/p9t/qFu/qNv/qVx/qdy/qlz/qp0/qx2/q53/rB4/rJ6/rR7/rZ8/rd+/rl//ruB/r2C/r+E/sGF/sKH"
        "/sSI/saK/siM/sqN/syP/s2Q/s+S/tGU/tOV/tWX/teZ/tia/dqc/dye/d6g/eCh/eKj/eOl/eWn/eep/emq/eus/Oyu/O6w/PCy/PK0/PS2/Pa4"
        "/Pe5/Pm7/Pu9/P2/"
    ),
}

NAMES = (*_TABLES, "gray")
_SEEN = 1.8  # contrast of a dot with the paper, at least


@cache
def lookup(name: str) -> np.ndarray:
    """The colours from low to high as Qt's `0xffrrggbb`: read-only uint32 [256]."""
    import numpy as np  # not before something is drawn: settings name the maps at the start

    if name not in NAMES:
        raise ValueError(f"There is no colour map {name!r}; there are {', '.join(NAMES)}.")
    if name == "gray":
        channels = np.repeat(np.arange(256, dtype=np.uint32)[:, None], 3, axis=1)
    else:
        channels = np.frombuffer(base64.b64decode(_TABLES[name]), np.uint8).reshape(256, 3).astype(np.uint32)
    colors = 0xFF000000 | channels[:, 0] << 16 | channels[:, 1] << 8 | channels[:, 2]
    colors.flags.writeable = False
    return colors


@cache
def seen_on(name: str, paper: int) -> tuple[int, int]:
    """The first and the last colour of a map that stand out from paper, `0xffrrggbb`: dots, which have little of it."""
    ground = _luminance(paper) + 0.05
    contrasts = [(_luminance(color) + 0.05) / ground for color in lookup(name).tolist()]
    seen = [place for place, contrast in enumerate(contrasts) if max(contrast, 1 / contrast) >= _SEEN]
    return seen[0], seen[-1]


def ink_on(color: int) -> QColor:
    """Black or white, whichever is easier to read on a colour of a map."""
    # Where both have the same contrast: (L + 0.05)^2 = 1.05 * 0.05.
    return QColor("#000000" if _luminance(color) > 0.179 else "#FFFFFF")


def _luminance(color: int) -> float:
    """As WCAG 2 has it: by a power alone, letters on some colours between would fall below the contrast of 4.5."""
    parts = [(color >> shift & 255) / 255 for shift in (16, 8, 0)]  # red, green, blue
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
