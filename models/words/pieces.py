"""Word pieces: how an unknown word is cut into parts that are known.

Greedy longest match first, as in BERT (Devlin et al. 2019; Wu et al. 2016): the first part is a
vocabulary entry, later parts are entries that begin with "##".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_WORD = 40
_TOKEN = re.compile(r"\w+|[^\w\s]")


def plain(text: str) -> str:
    """Return text in lower case without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def cut(word: str, vocabulary: Mapping[str, int]) -> list[int]:
    """Cut one word into the numbers of its pieces; empty when it cannot be cut whole."""
    if len(word) > MAX_WORD:
        return []
    numbers: list[int] = []
    start = 0
    while start < len(word):
        end = len(word)
        mark = "##" if start else ""
        while end > start and mark + word[start:end] not in vocabulary:
            end -= 1
        if end == start:
            return []
        numbers.append(vocabulary[mark + word[start:end]])
        start = end
    return numbers


def cut_text(text: str, vocabulary: Mapping[str, int], unknown: int) -> list[int]:
    """Cut running text; what cannot be cut becomes `unknown`."""
    numbers: list[int] = []
    for token in _TOKEN.findall(plain(text)):
        numbers += cut(token, vocabulary) or [unknown]
    return numbers
