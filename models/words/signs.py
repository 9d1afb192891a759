"""Which way a clause goes and how far: more, less, too, not, enough, keep; degrees; inheritance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from models.words.clauses import Clause
from models.words.markers import Role
from models.words.reading import Mention, Small, Unit, Word

MAX_STRENGTH = 3.0
REGIONS = frozenset({"sub", "bass", "low mids", "mids", "high mids", "treble"})
"""Terms that only name a part of the spectrum."""
COMPLAINT = 1.5
"""Saying so strongly how it is now is a complaint ("it sounds very dark")."""
_AWAY = {
    "out": frozenset({"take", "pull", "get", "roll"}),
    "away": frozenset({"take"}),
    "back": frozenset({"dial", "roll", "pull", "bring", "push", "hold"}),
}
"""Verbs that with a later word mean less: "take 3 dB out"."""
_TURNS = frozenset({Role.UP, Role.DOWN, Role.BUMP, Role.DIP})
_CARRY_FREELY = frozenset({"or", "o", "u", "nor", "ni"})


@dataclass(frozen=True, slots=True)
class Sign:
    """Direction of a clause.

    direction: 1 more, −1 less, 0 leave as it is. strength: 1 is "as the word says". said: the
    clause says it itself. loose: it may not be meant for what is joined on ("less muddy and warm").
    """

    direction: int
    strength: float = 1.0
    said: bool = False
    loose: bool = False


def signs(clauses: Sequence[Clause]) -> list[Sign]:
    """Return the sign of each clause, taken over from the one before where that is meant."""
    found: list[Sign] = []
    faults = _told_faults(clauses)
    for number, clause in enumerate(clauses):
        sign = _own(clause)
        if faults[number] and not sign.said:
            sign = Sign(-1, sign.strength, said=True)
        elif number and _carries(clauses, number, found[-1]):
            before = found[-1]
            strength = before.strength if sign.strength == 1.0 else sign.strength
            sign = replace(before, strength=strength)
        found.append(sign)
    return found


def _told_faults(clauses: Sequence[Clause]) -> list[bool]:
    """Return which clauses tell of a fault, if need be together: "it sounds cheap and harsh"."""
    told = [_complains(clause) for clause in clauses]
    for number, (first, second) in enumerate(pairwise(clauses)):
        if (told[number] or _tells(first)) and _adds_a_fault(second):
            told[number + 1] = True
        tells = _tells(first)
        joined = second.joint is Role.JOIN and not (first.signed or second.signed)
        tells = tells and not {Role.WISH, *_TURNS} & {*first.roles, *second.roles}
        if tells and joined and any(is_fault(word) for word in (*first.words, *second.words)):
            told[number] = told[number + 1] = True
    return told


def _tells(clause: Clause) -> bool:
    """Whether a clause says how it is now."""
    roles = set(clause.roles)
    if Role.WISH in roles:
        return False
    return bool(roles & {Role.SAID, Role.TOO, Role.ENOUGH}) or _begins_with_instrument(clause)


def _adds_a_fault(clause: Clause) -> bool:
    """Whether a clause only names faults, and hangs on the one before."""
    plain = not clause.signed and not {Role.WISH, *_TURNS} & set(clause.roles)
    hangs = clause.joint in (Role.JOIN, Role.FILLER, Role.BREAK)
    return hangs and plain and bool(clause.words) and all(is_fault(word) for word in clause.words)


def _own(clause: Clause) -> Sign:
    """Return the sign that a clause has by itself; the first rule that holds decides."""
    roles, strength = set(clause.roles), _strength(clause)
    compares = any(word.comparative for word in clause.words)
    negated = Role.NOT in roles
    turned = compares or bool(roles & {Role.UP, Role.DOWN})
    loose = not _has_verb(clause, Role.DOWN)
    rules = (
        (bool(roles & {Role.KEEP, Role.PRAISE}), Sign(0, strength, said=True)),
        (Role.ENOUGH in roles, Sign(1 if negated else 0, strength, said=True)),
        (Role.TOO in roles, Sign(-1, 0.5 * strength if negated else strength, said=True)),
        (negated and turned, Sign(0, strength, said=True)),
        (negated, Sign(-1, strength, said=True, loose=True)),
        (Role.DOWN in roles, Sign(-1, strength, said=True, loose=loose)),
        (_takes_away(clause), Sign(-1, strength, said=True)),
        (bool(roles & {Role.DIP, Role.NOTCH}), Sign(-1, strength, said=True)),
        (Role.UP in roles, Sign(1, strength, said=True)),
        (not compares and _complains(clause), Sign(-1, strength, said=True)),
    )
    plain = Sign(1, strength, said=compares)
    return next((sign for holds, sign in rules if holds), plain)


def _strength(clause: Clause) -> float:
    strength = 1.0
    for item in clause.items:
        if isinstance(item, Small) and item.marker.role is Role.DEGREE:
            strength *= item.marker.factor
    for number in clause.numbers(Unit.PERCENT):
        strength *= abs(number.value) / 100.0
    for number in clause.numbers(Unit.TIMES):
        strength *= abs(number.value)
    return min(strength, MAX_STRENGTH)


def _has_verb(clause: Clause, role: Role) -> bool:
    return any(
        isinstance(item, Small) and item.marker.role is role and item.marker.verb
        for item in clause.items
    )


def _complains(clause: Clause) -> bool:
    """Whether a clause says how it is now: a fault, a region, or anything in strong words."""
    roles = set(clause.roles)
    if Role.WISH in roles:
        return False
    if clause.frequencies:
        return Role.SAID in roles and not clause.numbers(Unit.DB)
    if not clause.words:
        return False
    fault = any(is_fault(word) for word in clause.words)
    if Role.SAID not in roles:
        return fault and _begins_with_instrument(clause)
    strong = _strength(clause) >= COMPLAINT
    return fault or strong or all(is_region(word) for word in clause.words)


def _begins_with_instrument(clause: Clause) -> bool:
    said = (item for item in clause.items if isinstance(item, Word | Mention))
    return isinstance(next(said, None), Mention)


def _takes_away(clause: Clause) -> bool:
    """Whether a verb and a later word of it mean less."""
    small = [item.text for item in clause.items if isinstance(item, Small)]
    return any(
        verb in _AWAY.get(last, ()) for place, last in enumerate(small) for verb in small[:place]
    )


def _carries(clauses: Sequence[Clause], number: int, before: Sign) -> bool:
    """Whether a clause takes over the sign of the one before it."""
    clause = clauses[number]
    if not clause.says_something or not before.said:
        return False
    if clause.joint_text in _CARRY_FREELY and before.direction <= 0:
        return not set(clause.roles) & {Role.UP, Role.DOWN, Role.NOT, Role.TOO}
    if clause.signed:
        return False
    if clause.joint is Role.JOIN:
        return not before.loose or _alike(clauses[number - 1], clause)
    return clause.joint is Role.FILLER and _in_list(clauses, number)


def _in_list(clauses: Sequence[Clause], number: int) -> bool:
    """Whether a comma stands within a list that ends in "and": "less mud, boom and harshness"."""
    if not _alike(clauses[number - 1], clauses[number]):
        return False
    for clause in clauses[number + 1 :]:
        if clause.signed or clause.joint not in (Role.FILLER, Role.JOIN):
            return False
        if not _alike(clauses[number], clause):
            return False
        if clause.joint is Role.JOIN:
            return True
    return False


def _alike(first: Clause, second: Clause) -> bool:
    """Whether both speak of faults, or neither does."""
    if not (first.words and second.words):
        return not (first.words or second.words)
    return all(is_fault(word) for word in first.words) == all(
        is_fault(word) for word in second.words
    )


def is_region(word: Word) -> bool:
    """Whether a word only names a part of the spectrum."""
    return getattr(word.key, "name", "") in REGIONS


def is_fault(word: Word) -> bool:
    """Whether a word is a complaint when it is said of a sound."""
    return bool(getattr(word.key, "fault", False))
