"""Annotators' accounts: `<pseudonym>@annotators.invalid`, with random passwords in a private file.

`annotations/people.json` (0600, never in git) holds for each pseudonym its password, and whatever its owner adds (who
that is). Where people sign in to a server with addresses of their own, an entry's `email` says which pseudonym is
theirs; an address that nobody entered there gets a new random pseudonym, so that no address ever reaches a stored
export.

An account is made as a person would make it, by invitation and sign-up: one made through the users' API cannot sign
in.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StudioError
from .client import Client
from .environment import ADMIN, write_private

if TYPE_CHECKING:
    import httpx

DOMAIN = "annotators.invalid"
_SYLLABLE = ("bdfgklmnprstvz", "aeiou")


@dataclass
class Account:
    """A signed-in annotator: id on the server, and a session that acts as them."""

    annotator_id: str
    user_id: int
    client: Client = field(repr=False)
    session: httpx.Client = field(repr=False)

    def post(self, path: str, body: dict[str, Any], what: str) -> Any:
        """Write as this annotator; sent once."""
        return self._send(self.session.post, path, body, what)

    def patch(self, path: str, body: dict[str, Any], what: str) -> Any:
        """Change as this annotator; sent once."""
        return self._send(self.session.patch, path, body, what)

    def _send(self, send: Callable[..., httpx.Response], path: str, body: dict[str, Any], what: str) -> Any:
        headers = {"Referer": self.client.url, "X-CSRFToken": self.session.cookies.get("csrftoken") or ""}
        with self.client.asking(what, write=True):
            return self.client.check_answer(what, send(path, json=body, headers=headers), write=True)


class Accounts:
    """The accounts of one server, signed in when first asked for. Use it in a `with` block.

    Args:
        people: the private file; read, and grown by passwords for new pseudonyms.
    """

    def __init__(self, client: Client, people: Path) -> None:
        self.client = client
        self.people = people
        self._known = read_people(people)
        self._members: set[str] | None = None
        self._open: dict[str, Account] = {}

    def __enter__(self) -> Accounts:
        return self

    def __exit__(self, *_: object) -> None:
        for account in self._open.values():
            account.session.close()
        self._open.clear()

    def prepare(self, annotators: Iterable[str]) -> None:
        """Make accounts for those who have none; nobody else is signed in, which takes the server half a second "
        "each."""
        for annotator_id in annotators:
            if self._email(annotator_id) not in self._addresses():
                self[annotator_id]

    def __getitem__(self, annotator_id: str) -> Account:
        """The account of a pseudonym, signed in; made where there is none.

        Raises:
            StudioError: it exists with another password, or the server refuses it.
        """
        if annotator_id not in self._open:
            self._open[annotator_id] = self._sign_in(annotator_id)
        return self._open[annotator_id]

    def _email(self, annotator_id: str) -> str:
        return str(self._known.get(annotator_id, {}).get("email") or f"{annotator_id}@{DOMAIN}").lower()

    def _addresses(self) -> set[str]:
        if self._members is None:
            self._members = self.client.addresses()
        return self._members

    def _sign_in(self, annotator_id: str) -> Account:
        entry, email = self._known.setdefault(annotator_id, {}), self._email(annotator_id)
        is_new = email not in self._addresses()
        if "password" not in entry:
            if not is_new:
                raise self._refused(annotator_id, "its password is not known here")
            entry["password"] = secrets.token_urlsafe(18)
            write_people(self.people, self._known)  # before the account is made: a password must never be lost
        what = f"signing in {annotator_id}"
        session = self.client.browser()
        try:
            with self.client.asking(what):
                path = self.client.invite_path() if is_new else "/user/login/"
                answer = self._submit(session, path, email, entry["password"])
                if answer.status_code != 302:
                    raise self._refused(annotator_id, _said(answer.text))
                me = self.client.check_answer(what, session.get("/api/current-user/whoami"))
            if me["email"].lower() != email:
                raise self._refused(annotator_id, "the server takes them for somebody else")
        except BaseException:
            session.close()
            raise
        self._addresses().add(email)
        return Account(annotator_id, int(me["id"]), self.client, session)

    def _submit(self, session: httpx.Client, path: str, email: str, password: str) -> httpx.Response:
        page = session.get(path)
        found = re.search(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"', page.text)
        form = {"email": email, "password": password, "csrfmiddlewaretoken": found.group(1) if found else ""}
        return session.post(path, data=form, headers={"Referer": self.client.url})

    def _refused(self, annotator_id: str, reason: str) -> StudioError:
        return StudioError(
            f"{annotator_id} cannot sign in at {self.client.url}: {reason}; put the password of the account into "
            f"{self.people}, "
            "or restore the file it was made with"
        )


def _said(page: str) -> str:
    """What a form says is wrong, without addresses."""
    found = re.findall(r'class="[^"]*error[^"]*"[^>]*>\s*([^<]+)', page)
    reasons = [" ".join(text.split()) for text in found if text.strip() and "@" not in text]
    return "; ".join(reasons)[:200] or "it refuses the password"


class Pseudonyms:
    """From addresses on the server to pseudonyms; new people get random ones, kept in the private file.

    Args:
        people: the private file.
        known: pseudonyms in use, whose accounts are named for them.
    """

    def __init__(self, people: Path, known: Iterable[str] = ()) -> None:
        self.people = people
        self._people = read_people(people)
        own = {f"{name}@{DOMAIN}": name for name in (ADMIN, *known, *self._people)}
        self._by_email = own | {str(e["email"]).lower(): name for name, e in self._people.items() if e.get("email")}

    def of(self, email: str) -> str:
        """The pseudonym of an address."""
        email = email.lower()
        if email not in self._by_email:
            name = f"ann-{new_pseudonym()}"
            while name in self._by_email.values():
                name = f"ann-{new_pseudonym()}"
            self._people[name] = {"email": email}
            self._by_email[email] = name
            write_people(self.people, self._people)
        return self._by_email[email]


def new_pseudonym() -> str:
    """Three random syllables: easy to say, and nobody's initials."""
    return "".join(secrets.choice(letters) for _ in range(3) for letters in _SYLLABLE)


def read_people(path: Path) -> dict[str, dict[str, Any]]:
    """The private file; empty where there is none.

    Raises:
        StudioError: it is not JSON of the expected shape.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise StudioError(
            f'{path} must be a JSON object of pseudonyms: {{"ann-...": {{"password": "..."}}}}; mend or restore it'
        )
    return found


def write_people(path: Path, people: dict[str, dict[str, Any]]) -> None:
    """Write the private file, readable by its owner alone."""
    write_private(path, json.dumps(people, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
