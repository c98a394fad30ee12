"""A provider behind an address: any server that speaks the predict protocol of Label Studio's ML backends.

That protocol, since the models that people have are served by it, and it knows the very controls of our interfaces:

    POST ADDRESS/predict   {"tasks": [{"id", "data": {"text", ...}}], "label_config", "project", "params"}
    answers                {"results": [{"result": [...], "model_version", "score"}, ...], "model_version"}

Sent are the texts, what each task offers to choose, and the interface; no document's name, no annotator, no key of
Label Studio. An answer has limits in time and size, is checked by a schema, and no redirect is followed. What the
server asks for as a key comes from the environment: STANCEWIRE_PROVIDER_TOKEN.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..errors import MissingExtra, ProviderError, UsageError
from .proposals import Answer, Asked

SECONDS = 120.0  # for one request, from its beginning to the last byte of the answer
MAX_REPLY_BYTES = 32 * 1024 * 1024
MAX_RESULTS = 20_000  # of one task
TASKS = 16  # asked at once, and so many code points of text, unless one task has more
CHARACTERS = 500_000
TOKEN = "STANCEWIRE_PROVIDER_TOKEN"  # the variable's name, no secret

_PLACE = {"type": "number"}
_WORDS = {"type": "array", "items": {"type": "string"}, "maxItems": 1000}
REPLY_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["results"],
    "properties": {
        "model_version": {"type": ["string", "null"]},
        "results": {"type": "array", "items": {"$ref": "#/$defs/prediction"}},
    },
    "$defs": {
        "prediction": {
            "type": "object",
            "required": ["result"],
            "properties": {
                "model_version": {"type": ["string", "null"]},
                "result": {"type": "array", "maxItems": MAX_RESULTS, "items": {"$ref": "#/$defs/result"}},
            },
        },
        "result": {
            "type": "object",
            "required": ["from_name", "type", "value"],
            "properties": {
                "from_name": {"type": "string"},
                "type": {"type": "string"},
                "value": {
                    "type": "object",
                    "properties": {
                        "start": _PLACE,
                        "end": _PLACE,
                        "text": {"type": ["string", "array"], "items": {"type": "string"}},
                        "labels": _WORDS,
                        "choices": _WORDS,
                    },
                },
            },
        },
    },
}


class MlBackend:
    """A server that suggests.

    Args:
        address: where it is, with `/predict` or without. family: what its versions begin with in the tables.
        interface: the labelling interface, as XML. seconds: for one request.

    Raises:
        UsageError: the address is none, or has a password in it.
        ProviderError: a key would go over an unencrypted connection to another machine.
        MissingExtra: httpx is not installed.
    """

    def __init__(self, address: str, family: str, interface: str, seconds: float = SECONDS) -> None:
        try:
            import httpx
        except ImportError:
            raise MissingExtra("httpx", "studio") from None
        parts = urlsplit(address)
        if "@" in parts.netloc:
            raise UsageError(f"--provider: a key does not belong in an address; give it by the environment: {TOKEN}")
        if not parts.hostname or not re.fullmatch(r"[^:]*(?:\[[^\]]*\])?(?::\d{1,5})?", parts.netloc):
            raise UsageError(f"--provider {address!r}: that is no address; write http(s)://HOST[:PORT][/PATH]")
        if parts.query or parts.fragment:
            raise UsageError(f"--provider {address!r}: write http(s)://HOST[:PORT][/PATH], and nothing after it")
        self.name = address.rstrip("/").removesuffix("/predict")
        self.family = family
        self._httpx = httpx
        self._interface = interface
        self._seconds = seconds
        is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        self._token = os.environ.get(TOKEN, "").strip()
        if self._token and parts.scheme == "http" and not is_local:
            raise ProviderError(f"{self.name}: {TOKEN} is set, and would go there unencrypted; use an https address")
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
        # A proxy of the environment must not come between us and a loopback address.
        self._http = httpx.Client(timeout=seconds, headers=headers, follow_redirects=False, trust_env=not is_local)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def propose(self, asked: Sequence[Asked]) -> list[Answer]:
        """What the server suggests for each of some tasks, unchecked but for its form.

        Raises:
            ProviderError: it is away, takes too long, or answers what is no answer.
        """
        answers: list[Answer] = []
        batch: list[Asked] = []
        for item in asked:
            if batch and (len(batch) == TASKS or sum(len(a.text) for a in (*batch, item)) > CHARACTERS):
                answers += self._ask(batch)
                batch = []
            batch.append(item)
        return answers + (self._ask(batch) if batch else [])

    def _ask(self, batch: Sequence[Asked]) -> list[Answer]:
        tasks = [{"id": number, "data": {"text": a.text, **a.offered}} for number, a in enumerate(batch, 1)]
        body = {"tasks": tasks, "label_config": self._interface, "project": "stancewire", "params": {}}
        reply = self._read(self._post(json.dumps(body, ensure_ascii=False).encode("utf-8")))
        results = reply["results"]
        if len(results) != len(batch):
            raise self._wrong(f"{len(results)} answers to {len(batch)} tasks")
        versions = [item.get("model_version") or reply.get("model_version") or "" for item in results]
        return [
            Answer(f"{self.family}/{clean_version(version)}", item["result"])
            for version, item in zip(versions, results, strict=True)
        ]

    def _post(self, body: bytes) -> bytes:
        """The bytes of an answer that is a success."""
        found, status = bytearray(), 0
        with _Deadline(self._seconds) as deadline:
            try:
                headers = {"Content-Type": "application/json", "Connection": "close"}
                extensions = {"trace": deadline.watch}
                url = f"{self.name}/predict"
                with self._http.stream("POST", url, content=body, headers=headers, extensions=extensions) as answer:
                    status = answer.status_code
                    if answer.headers.get("content-encoding", "identity").lower() != "identity":
                        raise self._wrong("a packed answer, which was not asked for")
                    for chunk in answer.iter_raw():
                        found += chunk
                        if len(found) > MAX_REPLY_BYTES:
                            raise self._wrong(f"an answer of more than {MAX_REPLY_BYTES:,} bytes")
            except self._httpx.TimeoutException:
                raise self._late() from None
            except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
                if deadline.passed:
                    raise self._late() from None
                if isinstance(error, self._httpx.ConnectError):
                    message = f"{self.name} is away (connection refused); start it, then run this again"
                else:
                    message = f"{self.name}: the connection broke ({type(error).__name__}); run this again: it goes on"
                raise ProviderError(message) from None
            if deadline.passed:
                raise self._late()
        if 300 <= status < 400:
            raise self._wrong(f"a redirect ({status}); texts go to the address that was given and to no other")
        if status != 200:
            raise self._wrong(f"status {status}: {self._said(bytes(found[:2000]))}")
        return bytes(found)

    def _read(self, data: bytes) -> dict[str, Any]:
        try:
            reply: Any = json.loads(data.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise self._wrong(f"no JSON: {self._said(data[:200])}") from None
        error = next(iter(_validator().iter_errors(reply)), None)
        if error is not None:
            place = "/".join(str(part) for part in error.instance_path) or "the answer"
            raise self._wrong(f"not what the predict protocol says, at {place}: {self._said(error.message.encode())}")
        checked: dict[str, Any] = reply
        return checked

    def _said(self, data: bytes) -> str:
        """The server's own words, short, and without anything secret or that a terminal would act on."""
        text = data.decode("utf-8", "replace")
        text = text.replace(self._token, "...") if self._token else text
        return repr(" ".join(text.split())[:150])

    def _wrong(self, what: str) -> ProviderError:
        return ProviderError(f"{self.name} answered {what}; nothing of it was used (is it an ML backend?)")

    def _late(self) -> ProviderError:
        return ProviderError(
            f"{self.name} took more than {self._seconds:g} s for one answer; give it more with --timeout, "
            "then run this again: it goes on"
        )


class _Deadline:
    """Ends the connection of one request when its time is over, however slowly the other side speaks: a timeout of the
    client begins anew with each byte."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, about: dict[str, Any]) -> None:
        """Hears what the client does: from here the connection is known."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._sockets.append(about["return_value"].get_extra_info("socket"))

    def _end(self) -> None:
        self.passed = True
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def clean_version(version: str) -> str:
    """What a model calls itself, as it may stand in a table: short, and without what could be an address."""
    cleaned = re.sub(r"[^A-Za-z0-9._:+-]+", "-", version).strip("-")[:80]
    return cleaned or "unversioned"


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


@lru_cache(maxsize=1)
def _validator() -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(REPLY_SCHEMA)
