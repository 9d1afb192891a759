"""Clauses: what one part of a phrase asks for, and how parts hang together.

A clause has descriptors, a sign (more or less of them), a strength, numbers and perhaps the
instrument it is about. Joined clauses without a sign of their own take over the one before ("less
muddy and boomy"), unless that makes little sense ("less muddy and warm").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from models.words.markers import Marker, Role, markers
from models.words.reading import Item, Mention, Number, Small, Split, Unit, Unknown, Word

_SIGNS = frozenset({Role.UP, Role.DOWN, Role.NOT, Role.TOO, Role.ENOUGH, Role.KEEP, Role.PRAISE})
_ASIDES = frozenset({"when", "whenever", "while he", "while she", "cuando"})
_ACTS = frozenset({Role.UP, Role.DOWN, Role.NOTCH, Role.DIP, Role.BUMP})
_STARTS = frozenset({Role.NOT, Role.KEEP, Role.WITH, Role.BREAK})


@dataclass
class Clause:
    """One part of a phrase. joint: how it hangs on the one before (None: not at all). aside: it
    says when.
    """

    joint: Role | None = None
    joint_text: str = ""
    items: list[Item] = field(default_factory=list)
    aside: bool = False

    @property
    def words(self) -> list[Word]:
        """The descriptors."""
        return [item for item in self.items if isinstance(item, Word)]

    @property
    def mentions(self) -> frozenset[str]:
        """The classes of the instruments it is about."""
        found = [item.classes for item in self.items if isinstance(item, Mention)]
        return frozenset().union(*found)

    @property
    def roles(self) -> list[Role]:
        """The roles of its small words, in order."""
        return [item.marker.role for item in self.items if isinstance(item, Small)]

    @property
    def unknown(self) -> list[str]:
        """What was not understood."""
        return [item.text for item in self.items if isinstance(item, Unknown)]

    def numbers(self, unit: Unit) -> list[Number]:
        """The numbers of one unit."""
        return [item for item in self.items if isinstance(item, Number) and item.unit is unit]

    @property
    def frequencies(self) -> list[Number]:
        """Numbers that are or may be frequencies."""
        return [*self.numbers(Unit.HZ), *(n for n in self.numbers(Unit.NONE) if n.value >= 20.0)]

    @property
    def says_something(self) -> bool:
        """Whether it has descriptors, or numbers that stand for a place in the spectrum."""
        return bool(self.words) or any(isinstance(item, Number) for item in self.items)

    @property
    def signed(self) -> bool:
        """Whether it says itself which way to go."""
        return bool(_SIGNS & set(self.roles)) or any(word.comparative for word in self.words)


def split(items: Iterable[Item]) -> list[Clause]:
    """Cut items into clauses at commas, joints, and words that begin something new."""
    clauses = [Clause()]
    for item in items:
        current = clauses[-1]
        if isinstance(item, Split):
            clauses.append(Clause(None if item.strong else Role.FILLER))
        elif isinstance(item, Small) and item.marker.role in (Role.JOIN, Role.BREAK, Role.WITH):
            if current.items or not current.joint:
                clauses.append(Clause(item.marker.role, item.text))
            else:
                current.joint, current.joint_text = item.marker.role, item.text
            if item.text in ("nor", "ni"):
                clauses[-1].items.append(Small(item.text, _not()))
        elif isinstance(item, Small) and item.text in _ASIDES:
            clauses.append(Clause(Role.BREAK, item.text, aside=True))
        elif _begins(item, current):
            clauses.append(Clause(Role.WITH, items=[item]))
        else:
            current.items.append(item)
    return _joined([clause for clause in clauses if clause.items])


def _joined(clauses: list[Clause]) -> list[Clause]:
    """Join what is to be done with what it is to be done to: "ring at 800 Hz, notch it out"."""
    found: list[Clause] = []
    for clause in clauses:
        before = found[-1] if found else None
        only_acts = not clause.words and not clause.frequencies and bool(_ACTS & set(clause.roles))
        if before and only_acts and before.says_something and not _ACTS & set(before.roles):
            before.items += clause.items
        else:
            found.append(clause)
    return found


def _begins(item: Item, current: Clause) -> bool:
    """Whether a small word (or a second number) begins a new clause."""
    if isinstance(item, Number):
        return item.unit is Unit.DB and bool(current.numbers(Unit.DB)) and current.says_something
    if not isinstance(item, Small) or not current.says_something:
        return False
    role = item.marker.role
    if role in _STARTS:
        return True
    has_sign = bool({Role.UP, Role.DOWN, Role.NOT, Role.TOO} & set(current.roles))
    return has_sign and bool(current.words) and role in (Role.UP, Role.DOWN)


def _not() -> Marker:
    return markers()["not"]
