"""Languages by their names, where models know them by codes."""

from __future__ import annotations

import re

from PySide6.QtCore import QLocale


def language_name(code: str) -> str:
    """`French (fr)`, `Chinese (zho_Hant)`; the code alone where its language has no name here.

    The code stays: a language may be written in several ways.
    """
    language = QLocale.codeToLanguage(re.split("[_-]", code)[0])
    if language in (QLocale.Language.AnyLanguage, QLocale.Language.C):
        return code
    return f"{QLocale.languageToString(language)} ({code})"


def by_name(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Names and codes, in the order in which people look for them."""
    return sorted(((language_name(code), code) for code in codes), key=lambda pair: pair[0].casefold())
