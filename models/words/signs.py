"""Which way a clause goes and how far: more, less, too, not, enough, keep; degrees; inheritance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.words.clauses import Clause
from models.words.markers import Role
from models.words.reading import Small, Unit, Word

MAX_STRENGTH = 3.0
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
    for number, clause in enumerate(clauses):
        sign = _own(clause)
        if number and _carries(clauses, number, found[-1]):
            before = found[-1]
            strength = before.strength if sign.strength == 1.0 else sign.strength
            sign = replace(before, strength=strength)
        found.append(sign)
    return found


def _own(clause: Clause) -> Sign:
    """Return the sign that a clause has by itself; the first rule that holds decides."""
    roles, strength = set(clause.roles), _strength(clause)
    compares = any(word.comparative for word in clause.words)
    negated = Role.NOT in roles
    turned = compares or bool(roles & {Role.UP, Role.DOWN})
    loose = not _has_verb(clause, Role.DOWN)
    rules = (
        (Role.KEEP in roles, Sign(0, strength, said=True)),
        (Role.ENOUGH in roles, Sign(1 if negated else 0, strength, said=True)),
        (Role.TOO in roles, Sign(-1, 0.5 * strength if negated else strength, said=True)),
        (negated and turned, Sign(0, strength, said=True)),
        (negated, Sign(-1, strength, said=True, loose=True)),
        (Role.DOWN in roles, Sign(-1, strength, said=True, loose=loose)),
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
    """Whether a clause says how it is now, and that is a fault."""
    roles = set(clause.roles)
    if Role.SAID not in roles or Role.WISH in roles:
        return False
    return bool(clause.words) and all(_fault(word) for word in clause.words)


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
    return all(_fault(word) for word in first.words) == all(_fault(word) for word in second.words)


def _fault(word: Word) -> bool:
    return bool(getattr(word.key, "fault", False))
