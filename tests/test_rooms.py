"""The house in numbers: which rooms import which, no circle of modules, and no heaps."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "widgets", "inference", "resources")
MOST_LINES = 400
MOST_MODULES = 20
# One module a feature, a request or a test: these grow with what the program can.
MAY_BE_LARGE = ("inference/results", "inference/analyses")


def sources(root: Path, *packages: str) -> dict[str, Path]:
    """Modules by their dotted names."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for package in packages
        for path in (root / package).rglob("*.py")
    }


def imports(root: Path, *packages: str) -> dict[str, set[str]]:
    """Which modules each module imports, for the type checker or within a function too."""
    modules = sources(root, *packages)
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        found: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                parts = [f"{node.module}.{alias.name}" for alias in node.names]
                found |= {part if part in modules else node.module for part in parts}
        graph[name] = {module for module in found if module in modules and module != name}
    return graph


@cache
def house() -> dict[str, set[str]]:
    return imports(ROOT, *PACKAGES)


def pairs_of_rooms(graph: dict[str, set[str]], package: str) -> set[frozenset[str]]:
    """Rooms of which one imports the other; a room is a folder or a module directly in the package."""

    def room(module: str) -> str | None:
        parts = module.split(".")
        return parts[1] if parts[0] == package and len(parts) > 1 else None

    both = ((room(module), room(other)) for module, others in graph.items() for other in others)
    return {frozenset(pair) for pair in both if None not in pair and pair[0] != pair[1]}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, each such knot once: Tarjan's strongly connected components."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        waiting.append(module)
        for other in sorted(graph[module]):
            if other not in number:
                visit(other)
            if other in waiting:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == number[module]:
            knot = waiting[waiting.index(module) :]
            del waiting[waiting.index(module) :]
            if len(knot) > 1:
                found.append(sorted(knot))

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return found


def folders_over(root: Path, most: int, *packages: str) -> dict[str, int]:
    """Folders with more modules than that, by their number."""
    counts: dict[str, int] = {}
    for path in sources(root, *packages).values():
        folder = path.parent.relative_to(root).as_posix()
        if path.name != "__init__.py" and not folder.startswith(MAY_BE_LARGE):
            counts[folder] = counts.get(folder, 0) + 1
    return {folder: n for folder, n in counts.items() if n > most}


def modules_over(root: Path, most: int, *packages: str) -> dict[str, int]:
    """Modules with more lines than that, by their number."""
    lengths = {
        name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in sources(root, *packages).items()
    }
    return {name: n for name, n in lengths.items() if n > most}


@pytest.mark.parametrize(("package", "most"), [("inference", 76), ("widgets", 110)])
def test_few_rooms_know_each_other(package, most):
    n = len(pairs_of_rooms(house(), package))
    assert n <= most, f"{n} pairs of rooms of {package}/ know each other"


def test_no_modules_import_each_other_in_a_circle():
    assert circles(house()) == []


def test_no_module_is_too_long():
    assert modules_over(ROOT, MOST_LINES, *PACKAGES) == {}


def test_no_folder_is_too_full():
    assert folders_over(ROOT, MOST_MODULES, *PACKAGES) == {}


def test_each_of_these_is_seen(tmp_path):
    """A circle through a function and one for the type checker, a pair, a long module and a full folder are found."""
    for name, text in {
        "house/__init__.py": "",
        "house/kitchen/__init__.py": "",
        "house/kitchen/oven.py": "from house.hall import door\n",
        "house/kitchen/sink.py": "def late():\n    import house.kitchen.tap\n",
        "house/kitchen/tap.py": "import typing\nif typing.TYPE_CHECKING:\n    from house.kitchen import sink\n",
        "house/hall.py": "door = 1\n" * 5,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    graph = imports(tmp_path, "house")
    assert pairs_of_rooms(graph, "house") == {frozenset({"kitchen", "hall"})}
    assert circles(graph) == [["house.kitchen.sink", "house.kitchen.tap"]]
    assert modules_over(tmp_path, 4, "house") == {"house.hall": 5}
    assert folders_over(tmp_path, 2, "house") == {"house/kitchen": 3}
