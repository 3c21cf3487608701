"""Three sizes of letters: the text's own, and these times as large."""

SMALL = 0.85  # beside axes, and where there is little room
LARGE = 1.3  # titles, and what a picture is about
