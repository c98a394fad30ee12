"""What a task offers besides the codebook's fixed choices: the document's own entities, with keys in reading order.

Each list holds objects of value (what is shown), alias (what is stored) and hotkey, as the interfaces take them from a
task's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

AUTHOR, UNNAMED, OTHER = "author", "unnamed", "other"
RESERVED_IDS = frozenset({AUTHOR, UNNAMED, OTHER})
NO_HOLDERS = frozenset({"EVENT", "LAW", "PRODUCT"})  # labels of what neither holds a stance nor reports one

# Keys as they lie on the board, the lowest row first, where the left hand rests while the right one drags. Left out are
# those of the codebook (q w e, a s d f) and of the front end itself (u); Shift makes a holder's key a via's.
_LETTERS = tuple("zxcvbnmrtyiopjkl")
ENTITY_KEYS = tuple("ertyiopasdfghjklzxcvbnm")
HOLDER_KEYS = ("a", *_LETTERS, "g", "h")
VIA_KEYS = tuple(f"shift+{key}" for key in (*_LETTERS, "g", "h"))

Offer = tuple[str, str, str]


def unreachable_keys(prefix: str = "ctrl+alt+shift") -> list[str]:
    """Keys for rare choices, which else would get arbitrary ones from the front end: no hand presses them by chance."""
    return [f"{prefix}+{key}" for key in "1234567890abcdefghijklmnopqrstuvwxyz"]


def entity_choices(entities: Iterable[Offer]) -> list[dict[str, str]]:
    """The entity list of the entity pass, from (entity_id, name, label) in reading order."""
    return [_choice(name, entity_id, key) for (entity_id, name, _), key in _keyed(entities, ENTITY_KEYS)]


def holder_choices(entities: Iterable[Offer]) -> list[dict[str, str]]:
    """The holders of the stance pass: author, the entities that can hold a stance in reading order, unnamed, other."""
    return [
        _choice("author", AUTHOR, "a"),
        *(_choice(name, entity_id, key) for (entity_id, name, _), key in _keyed(_who(entities), _LETTERS)),
        _choice("unnamed", UNNAMED, "g"),
        _choice("other…", OTHER, "h"),
    ]


def via_choices(entities: Iterable[Offer]) -> list[dict[str, str]]:
    """Who may report another's stance: as `holder_choices` without author, each with Shift and its holder's key."""
    return [
        *(_choice(name, entity_id, key) for (entity_id, name, _), key in _keyed(_who(entities), _LETTERS, shift=True)),
        _choice("unnamed", UNNAMED, "shift+g"),
        _choice("other…", OTHER, "shift+h"),
    ]


def _who(entities: Iterable[Offer]) -> list[Offer]:
    return [entity for entity in entities if entity[2] not in NO_HOLDERS]


def _choice(value: str, alias: str, hotkey: str | None) -> dict[str, str]:
    return {"value": value, "alias": alias} | ({} if hotkey is None else {"hotkey": hotkey})


def _keyed(entities: Iterable[Offer], keys: Sequence[str], shift: bool = False) -> list[tuple[Offer, str | None]]:
    """Each entity with its key; those beyond the keys of one hand get unreachable ones while these last."""
    offered = list(entities)
    modifiers = ("ctrl+alt+shift+meta", "alt+shift+meta") if shift else ("ctrl+alt+meta", "ctrl+shift+meta")
    spare = [key for modifier in modifiers for key in unreachable_keys(modifier)]
    all_keys: list[str | None] = [f"shift+{key}" if shift else key for key in keys]
    all_keys += spare
    all_keys += [None] * max(0, len(offered) - len(all_keys))
    return list(zip(offered, all_keys, strict=False))
