"""Languages by their names, where models know them by codes."""

from __future__ import annotations

import re

from PySide6.QtCore import QLocale

# Those of NLLB and M2M100 that Qt has no name for; the language first, so that it is found under its letter.
# Names of ISO 639-3 for codes of NLLB, and `ns`, which M2M100 has for Northern Sotho.
_NAMES = {
    "ace": "Acehnese",
    "acm": "Arabic, Mesopotamian",
    "acq": "Arabic, Ta'izzi-Adeni",
    "aeb": "Arabic, Tunisian",
    "ajp": "Arabic, South Levantine",
    "als": "Albanian, Tosk",
    "apc": "Arabic, North Levantine",
    "arb": "Arabic, Modern Standard",
    "ars": "Arabic, Najdi",
    "ary": "Arabic, Moroccan",
    "arz": "Arabic, Egyptian",
    "awa": "Awadhi",
    "ayr": "Aymara, Central",
    "azb": "Azerbaijani, South",
    "azj": "Azerbaijani, North",
    "bjn": "Banjar",
    "cjk": "Chokwe",
    "crh": "Crimean Tatar",
    "dik": "Dinka, Southwestern",
    "dyu": "Dyula",
    "fon": "Fon",
    "fuv": "Fulfulde, Nigerian",
    "gaz": "Oromo, West Central",
    "hne": "Chhattisgarhi",
    "ilo": "Ilocano",
    "kac": "Jingpho",
    "kbp": "Kabiyè",
    "khk": "Mongolian, Halh",
    "kmb": "Kimbundu",
    "kmr": "Kurdish, Northern",
    "knc": "Kanuri, Central",
    "lmo": "Lombard",
    "ltg": "Latgalian",
    "lua": "Luba-Kasai",
    "lus": "Mizo",
    "lvs": "Latvian",
    "mag": "Magahi",
    "min": "Minangkabau",
    "mos": "Mossi",
    "npi": "Nepali",
    "ns": "Northern Sotho",
    "ory": "Odia",
    "pag": "Pangasinan",
    "pbt": "Pashto, Southern",
    "pes": "Persian, Western",
    "plt": "Malagasy, Plateau",
    "prs": "Dari",
    "quy": "Quechua, Ayacucho",
    "swh": "Swahili",
    "taq": "Tamasheq",
    "tgl": "Tagalog",
    "tum": "Tumbuka",
    "twi": "Twi",
    "umb": "Umbundu",
    "uzn": "Uzbek, Northern",
    "war": "Waray",
    "ydd": "Yiddish, Eastern",
    "zsm": "Malay",
}


def language_name(code: str) -> str:
    """`French (fr)`, `Chinese (zho_Hant)`; the code alone where its language has no name here.

    The code stays: a language may be written in several ways.
    """
    spoken = re.split("[_-]", code)[0]
    if spoken in _NAMES:
        return f"{_NAMES[spoken]} ({code})"
    language = QLocale.codeToLanguage(spoken)
    if language in (QLocale.Language.AnyLanguage, QLocale.Language.C):
        return code
    return f"{QLocale.languageToString(language)} ({code})"


def by_name(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Names and codes, in the order in which people look for them."""
    return sorted(((language_name(code), code) for code in codes), key=lambda pair: pair[0].casefold())
