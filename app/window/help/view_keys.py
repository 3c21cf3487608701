"""Keys that work inside the views, for the list of shortcuts: by what they act on, a line for each."""

from __future__ import annotations

from app.window.actions import CLOSE_KEY

VIEW_KEYS: dict[str, list[tuple[str, str]]] = {
    "In the views": [
        ("Previous and next head", "Left, Right"),
        ("Layer above and below", "Up, Down"),
        ("Step through what can be pointed at, choose it", "arrows, Enter"),
        ("In Arcs and Dot product: another token, none", "Ctrl + Up, Down; Esc"),
        ("In Dot product: next step, a step by its number", "Space, 0 to 9"),
        ("In the token row: choose a token, mask it", "Left, Right, M"),
        ("Move or remove an image, a text, a frame of a film", "Alt + arrows, Del"),
        ("In Words and image: take back a box", "Del"),
        ("Size of the letters", "Ctrl + wheel"),
        ("Close the window of a view, or the help", CLOSE_KEY),
    ],
    "In heat maps": [
        ("Move the selected cell", "Shift + arrows"),
        ("Zoom, fit", "+, -, Z"),
        ("Search, next and previous find, go to a position", "Ctrl+F, F3, Shift+F3, Ctrl+G"),
        ("Of a long text: turn pages, move the map", "PgUp, PgDown, Home, End, Ctrl + arrows"),
        ("Of a long text: mark the query, up to it, none", "Space, Shift+Space, Esc"),
    ],
    "In curves and points": [
        ("Move, zoom, fit", "arrows, +, -, 0"),
        ("Step from point to point, choose it", "Shift + arrows, Enter"),
        ("In the legend: hide a curve or show it", "arrows, Space"),
    ],
    "In films and what is written step by step": [
        ("Play or pause", "Space"),
        ("Step back and forth", "comma, period"),
        ("First and last step", "Home, End"),
    ],
    "In meshes": [
        ("Turn, move", "arrows, Shift + arrows"),
        ("Nearer, farther, fit", "+, -, F"),
        ("From the front, from the side, from above", "1, 3, 7"),
        ("Wires, X-ray, perspective", "W, X, O"),
        ("Draw another one", "N"),
    ],
}
