"""Options of figures as options of the command line."""

from __future__ import annotations

from argparse import BooleanOptionalAction, _ActionsContainer
from collections.abc import Collection

from app.commands.option_types import between, listed, number_or_name
from widgets.options import Choice, Number, Options, Phrase


def add_options(
    parser: _ActionsContainer, kind: type[Options], *, leave_out: Collection[str] = (), usual: Options | None = None
) -> None:
    """One `--option` for each field; `parser` may be a group of one.

    Parameters
    ----------
    usual
        Where the defaults are others than those of `kind`.
    """
    for name, option in kind.declared().items():
        if name in leave_out:
            continue
        default = getattr(usual, name) if usual is not None else kind.defaults()[name]
        flag = option.flag or name.replace("_", "-")
        about = (option.about[:1].lower() + option.about[1:]).replace("%", "%%")  # argparse fills in what follows one
        if isinstance(option, Choice):
            if named := _numbers_with_names(option):
                parser.add_argument(
                    f"--{flag}",
                    dest=name,
                    type=number_or_name(named),
                    default=str(default),
                    metavar="N",
                    help=f"{about}; one of {listed(named)} (default: {default})",
                )
                continue
            texts = tuple(map(str, option.labels))
            parser.add_argument(
                f"--{flag}", dest=name, choices=texts, default=str(default), help=f"{about} (default: {default})"
            )
        elif isinstance(option, Number):
            kinds = float if option.decimals else int
            parser.add_argument(
                f"--{flag}",
                dest=name,
                type=between(option.low, option.high, kinds),
                default=default,
                metavar="N",
                help=f"{about} (default: {option.otherwise if default is None else format(default, ',')})",
            )
        elif isinstance(option, Phrase):
            help_text = f"{about} (default: {default or option.otherwise})".replace("%", "%%")
            parser.add_argument(f"--{flag}", dest=name, default=default, metavar="TEXT", help=help_text)
        elif default:
            parser.add_argument(f"--{flag}", dest=name, action=BooleanOptionalAction, default=True, help=about)
        else:
            parser.add_argument(f"--{flag}", dest=name, action="store_true", help=about)


def _numbers_with_names(option: Choice) -> dict[int, str]:
    """The numbers that stand for something, and for what; empty where what is chosen says itself what it is."""
    labels = option.labels
    if any(not isinstance(value, int) or label.replace(",", "").isdecimal() for value, label in labels.items()):
        return {}
    return dict(labels)
