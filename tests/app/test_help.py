"""`--help` of every command: argparse fills in what follows a per cent sign, which is a word of ours as well."""

from __future__ import annotations

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator

from app.commands.command_line import _parser


def parsers(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for inner in action.choices.values():
                yield from parsers(inner)


def test_every_command_says_what_it_takes():
    told = {one.prog: " ".join(one.format_help().split()) for one in parsers(_parser())}
    assert len(told) > 40
    assert "together are 100 %" in told["headlight train masked"]
    assert not any("%%" in text or "%(" in text for text in told.values())


def test_only_what_can_be_compared_is_offered():
    told = {one.prog: " ".join(one.format_help().split()) for one in parsers(_parser())}
    assert "norms after and before" in told["headlight train reversal"]
    assert "norms after and before" not in told["headlight train causal"]
