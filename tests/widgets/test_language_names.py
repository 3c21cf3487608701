"""Languages are told by their names, under the letter where one looks for them."""

from __future__ import annotations

from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as OF_M2M100
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as OF_NLLB

from widgets.panels.language_names import by_name, language_name


def test_every_language_of_nllb_and_m2m100_has_a_name_and_keeps_its_code():
    codes = (*OF_NLLB, *OF_M2M100["m2m100"])
    assert not [code for code in codes if not language_name(code).endswith(f" ({code})")]
    names = [name for name, _ in by_name(tuple(OF_NLLB))]
    first = names.index("Arabic, Egyptian (arz_Arab)")
    assert all(name.startswith("Arabic, ") for name in names[first : first + 9])
    assert language_name("xx") == "xx"
