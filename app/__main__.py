"""`headlight`: opens the window, or runs one of the commands without one."""

from __future__ import annotations

import os
import sys

from app import VERSION

COMMANDS = ("figure", "mesh", "train", "inspect", "list", "download", "convert", "delete")

HELP = f"""Headlight {VERSION}, a desktop microscope for transformers

headlight [CHECKPOINT] [--engine process|thread]   open the window
          [--engine ssh://HOST[:FOLDER]]           the same, but compute on that machine
          [--device cpu|cuda:0|cuda:1...|mps]      run models there
headlight figure KIND --out FILE ...               make a figure without a window
headlight mesh --class NAME --out FILE ...         let a model draw a mesh, and write it
headlight train MODEL --out PLACE ...              train a small model, such as word2vec or reversal
headlight inspect CHECKPOINT [--json]              say what a checkpoint is and offers, also on the hub
headlight list [--json]                            say which checkpoints are on this machine
headlight download ID                              fetch a checkpoint from the Hugging Face hub
headlight convert FOLDER                           make pickles or GGUF into safetensors
headlight delete ID [--yes]                        delete it from the hub's cache
headlight engine [--job]                           answer over two pipes, which --engine ssh://... has ssh start

headlight figure --help, and so on, say more.
"""


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0, or 2 after one line on standard error."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in COMMANDS:
        from app.commands.command_line import run

        return run(arguments)
    if arguments[:1] == ["engine"]:
        from inference.service.server import main as serve

        serve(arguments[1:], VERSION)
        return 0
    if set(arguments) & {"-h", "--help"}:
        sys.stdout.write(HELP)
        return 0
    if set(arguments) & {"--version"}:
        sys.stdout.write(f"headlight {VERSION}\n")
        return 0
    try:
        return _open_window(arguments)
    except KeyboardInterrupt:  # before there was a window
        return 130


def _open_window(arguments: list[str]) -> int:
    given, rest = {"--engine": "process", "--device": ""}, []
    words = iter(arguments)
    for word in words:
        option, _, value = word.partition("=")
        if option in given:
            given[option] = value or next(words, "")
        else:
            rest.append(word)
    engine, device = given.values()
    from inference.results.devices import device_name

    unknown = [word for word in rest if word.startswith("-")] + rest[1:]
    if engine not in ("process", "thread") and not engine.startswith("ssh://"):
        return _refuse(f"--engine is {engine!r}; it can be process, thread or ssh://HOST.")
    if engine.startswith("ssh://") and (why := _why_no_address(engine)):
        return _refuse(why)
    try:
        device = device_name(device) if device or "--device" in arguments else ""
    except ValueError as error:
        return _refuse(f"--device: {error}.")
    if unknown:
        return _refuse(f"{unknown[0]!r} is not understood; see headlight --help.")
    if _has_no_display():
        return _refuse("There is no display to open a window on; headlight figure makes figures without one.")
    from app import quick_start

    quick_start.begin()
    from app.window.application import open_window

    return open_window(rest[0] if rest else "", engine, device)


def _why_no_address(engine: str) -> str:
    from app.link.remote.address import BadAddress, parse_address

    try:
        parse_address(engine)
    except BadAddress as error:
        return str(error)
    return ""


def _has_no_display() -> bool:
    is_x11_or_wayland = sys.platform.startswith("linux") and "QT_QPA_PLATFORM" not in os.environ
    return is_x11_or_wayland and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _refuse(sentence: str) -> int:
    from widgets.kit.clean import shown

    sys.stderr.write(f"headlight: {shown(sentence)}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
