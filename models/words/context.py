"""What of a clause is meant, and what is only named by the way: places, times, other things."""

from __future__ import annotations

from collections.abc import Sequence

from models.words import literal
from models.words.clauses import Clause
from models.words.markers import Role
from models.words.reading import Item, Mention, Small, Word
from models.words.signs import is_fault, is_region


def settled(clause: Clause) -> Clause:
    """Decide what "bass" is, and drop regions that only say where ("the highs are harsh")."""
    left = len(clause.words)
    items: list[Item] = []
    for place, item in enumerate(clause.items):
        if not isinstance(item, Word) or left < 2:
            items.append(item)
        elif item.text in ("bass", "bajo"):
            items.append(Mention(item.text, frozenset({"bass_guitar", "double_bass"})))
            left -= 1
        elif is_region(item) and (_said_after(clause, place) or _after_another(items)):
            left -= 1
        else:
            items.append(item)
    clause.items = items
    return clause


def _after_another(before: Sequence[Item]) -> bool:
    """Whether a region is only where something is: "mud in the low mids", "smooth the top"."""
    return any(isinstance(item, Word) and not is_region(item) and _is_firm(item) for item in before)


def _is_firm(word: Word) -> bool:
    """Whether people or engineers said what a word asks for, or it describes by its form."""
    kind = getattr(word.key, "kind", "authored")
    return kind in ("authored", "known") or bool(getattr(word.key, "describes", False))


def without_by_the_way(clauses: list[Clause]) -> tuple[list[Clause], list[str]]:
    """Leave out when something is heard, and things that are named by the way; return them too.

    What is only predicted from a word's meaning counts if the word describes, if it is asked for
    ("more velvet"), or if there is nothing firmer and most of the text is understood.
    """
    kept = [
        clause
        for clause in clauses
        if not clause.aside or clause.signed or any(is_fault(word) for word in clause.words)
    ]
    words = [word for clause in kept for word in clause.words]
    firm = any(_is_firm(word) for word in words) or any(literal.places(each) for each in kept)
    lost = sum(len(clause.unknown) for clause in kept) >= max(len(words), 2)
    aside = []
    for clause in kept:
        staying: list[Item] = []
        for item in clause.items:
            by_the_way = isinstance(item, Word) and not _is_firm(item) and (firm or lost)
            if isinstance(item, Word) and by_the_way and not _is_asked_for(item, staying):
                aside.append(item.text)
            else:
                staying.append(item)
        clause.items = staying
    return kept, aside


def _is_asked_for(word: Word, before: Sequence[Item]) -> bool:
    """Whether "more", "less" or a degree stands right before a word, or it is a comparative."""
    asked = (Role.UP, Role.DOWN, Role.NOT, Role.TOO, Role.DEGREE)
    last = before[-1] if before else None
    return word.comparative or (isinstance(last, Small) and last.marker.role in asked)


def _said_after(clause: Clause, place: int) -> bool:
    return any(
        isinstance(item, Small) and item.marker.role is Role.SAID for item in clause.items[place:]
    )
