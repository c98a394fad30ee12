"""Who is behind an import: every name of a person becomes one pseudonym, wherever it stands.

The private file `annotations/people.json` remembers under which names each annotator was met, so that a later export of
the same project finds the same pseudonyms. An id on a server means somebody only beside the name of its project.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..checks.privacy import ADDRESS
from ..label_studio.accounts import DOMAIN, new_pseudonym, read_people, write_people
from ..project import Project

_ADDRESS = re.compile(ADDRESS.decode("ascii"))
_PSEUDONYM = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class People:
    """Pseudonyms by name.

    Args:
        source: the name of the export's project.
        known: pseudonyms in use, who are met under addresses of ours.
    """

    def __init__(self, project: Project, source: str, known: Iterable[str]) -> None:
        self.path = project.people_json
        self.source = source
        self._people: dict[str, dict[str, Any]] = read_people(self.path)
        self._by_name = {f"{name}@{DOMAIN}": name for name in (*known, *self._people)}
        for pseudonym, entry in self._people.items():
            if entry.get("email"):
                self._by_name[str(entry["email"]).lower()] = pseudonym
            self._by_name |= dict.fromkeys(entry.get("imported_as", ()), pseudonym)
        self._changed = False

    def of(self, names: tuple[str, ...]) -> str:
        """The pseudonym of somebody with these names; a new one where none of them was met."""
        keys = [name if "@" in name else f"{self.source}: {name}" for name in names]
        found = next((self._by_name[key] for key in keys if key in self._by_name), None)
        if found is None:
            own = [key.removesuffix(f"@{DOMAIN}") for key in keys if key.endswith(f"@{DOMAIN}")]
            found = own[0] if own and _PSEUDONYM.fullmatch(own[0]) else self._new()
        fresh = [key for key in keys if key not in self._by_name]
        if fresh:
            entry = self._people.setdefault(found, {})
            entry["imported_as"] = sorted({*entry.get("imported_as", ()), *fresh})
            self._by_name |= dict.fromkeys(fresh, found)
            self._changed = True
        return found

    def _new(self) -> str:
        taken = {*self._by_name.values(), *self._people}
        while (name := f"ann-{new_pseudonym()}") in taken:
            pass
        return name

    def without_addresses(self, text: str) -> str:
        """A text with a pseudonym for each address in it."""
        if "@" not in text:
            return text
        return _ADDRESS.sub(lambda match: self.of((match[0].lower(),)), text)

    def save(self) -> None:
        """Write the private file, if anybody new was met."""
        if self._changed:
            write_people(self.path, self._people)
            self._changed = False
