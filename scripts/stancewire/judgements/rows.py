"""One submission read into rows: what the annotator said, in the tables' words.

    a marked mention                     one row
    a stance span                        one row a holder; they share region_id and evidence_id
    a target's answer for the document   one row
    a flag                               one row; the document's comment stands on each, or alone on a row without a
    flag

What cannot be placed or understood becomes a row of `quarantine` with the reason. What a control left behind after it
was hidden (a `via` or a typed name that the shown state could not hold) is no statement of the annotator's: it is
dropped by rule and counted.

**An edit is a new id.** `judgement_id` is a function of annotator, document, pass, round, region and of everything the
annotator gave, as it was given: not of the server's ids, and not of what the codebook makes of it later (a new alias
moves no id). So an edited judgement is another judgement, and `status` keeps the history (`history.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..label_studio.model import Mark, Submission
from .names import NameIndex, local_entity_id, resolve_surfaces
from .places import Document, Place
from .reading import Reader, Reading, Unreadable, evidence_id, joined, text_of
from .terms import Terms

AUTHOR, UNNAMED, OTHER, ENTITY, NONE = "author", "unnamed", "other", "entity", "none"
DOCUMENT_STANCE = "doc__"  # the prefix of a document stance's control: doc__<target id>


def read_submission(submission: Submission, document: Document | None, terms: Terms, known: NameIndex) -> Reading:
    """The rows of one submission; their status is `current` until `history.settle` compares pulls.

    Args:
        document: today's document, None where the corpus has none of that id (all goes to quarantine).
        known: the codebook's entities.

    Raises:
        ExportError: the submission has marks but no date, so that no row can say when they were made.
    """
    return _SubmissionReader(submission, document, terms, known).read()


class _SubmissionReader(Reader):
    """The rules of each layer."""

    def read(self) -> Reading:
        mentions: list[tuple[Mark, Place, str, str]] = []
        answers: list[tuple[Mark, str, tuple[str, ...]]] = []
        for mark in self.submission.marks:
            if mark.view_start is None or mark.view_end is None:
                answers += [(mark, control, chosen) for control, chosen in mark.values]
                continue
            self.reading.slots.add(("region", mark.region_id))
            place = self._place(mark, mark.view_start, mark.view_end)
            if isinstance(place, str):
                self._quarantine(mark, self._layer(mark), place)
            elif self._layer(mark) == "mention":
                mentions += self._read_label(mark, place)
            else:
                self._read_stance(mark, place)
        self._read_mentions(mentions)
        self._read_answers(answers)
        return self.finish()

    # mentions

    def _read_label(self, mark: Mark, place: Place) -> list[tuple[Mark, Place, str, str]]:
        """(mark, place, label given, label) of a marked mention; several where several labels were chosen."""
        if not mark.get("label"):
            self._quarantine(mark, "mention", "no label chosen", place)
        read = []
        for given in mark.get("label"):
            label = self.terms.labels.read(given)
            if label is None:
                self._quarantine(mark, "mention", self.terms.labels.unknown(given), place, extra={"label": given})
            else:
                read.append((mark, place, given, label))
        return read

    def _read_mentions(self, mentions: Sequence[tuple[Mark, Place, str, str]]) -> None:
        assert self.document is not None or not mentions
        text = self.document.text if self.document is not None else ""
        surfaces = [
            (mark.quote or text[place.made_start : place.made_end], label) for mark, place, _, label in mentions
        ]
        resolved = resolve_surfaces(self.submission.doc_id, text, surfaces, self.names)
        for (mark, place, given, label), by_surface in zip(mentions, resolved, strict=True):
            try:
                kind = self._one(mark, "kind", self.terms.kinds) or self.terms.codebook.mention_kinds[0].id
                entity_id = self._entity(mark, label) or by_surface
            except Unreadable as reason:
                self._quarantine(mark, "mention", str(reason), place, extra={"label": label})
                continue
            comment = text_of(mark, "comment")
            row = self._row(mark, "mention", place) | {
                "label": label,
                "kind": kind,
                "entity_id": entity_id,
                "comment": comment,
            }
            key = self._key(
                mark, "mention", place.made_start, place.made_end, given, *(mark.get("kind") or (kind,)),
                *mark.get("entity"), text_of(mark, "entity_name"), comment,
            )  # fmt: skip
            self._keep(("region", mark.region_id), key, row)

    def _entity(self, mark: Mark, label: str) -> str | None:
        """The entity that the annotator chose or typed; None where the surface is to decide."""
        chosen = mark.get("entity")
        if len(chosen) > 1:
            raise Unreadable(f"{len(chosen)} entities chosen for one mention: {', '.join(chosen)}")
        if chosen:
            if chosen[0] not in self.names:
                raise Unreadable(self._unknown_entity(chosen[0]))
            return chosen[0]
        typed = text_of(mark, "entity_name")
        if typed is None:
            return None
        return self.names.find(typed, label) or local_entity_id(self.submission.doc_id, typed, self.names.rules)

    def _unknown_entity(self, given: str) -> str:
        return f"unknown entity {given!r}: neither offered with the task nor in the codebook"

    # stances

    def _read_stance(self, mark: Mark, place: Place) -> None:
        if not mark.get("target"):
            self._quarantine(mark, "stance", "no target chosen", place)
        for given in mark.get("target"):
            target = self.terms.targets.read(given)
            try:
                if target is None:
                    raise Unreadable(self.terms.targets.unknown(given))
                stance = self._one(mark, "stance", self.terms.stances)
                attribution = self._one(mark, "attribution", self.terms.attributions)
                if stance is None:
                    raise Unreadable("no stance chosen")
                self._read_holders(mark, place, (given, target), stance, attribution)
            except Unreadable as reason:
                self._quarantine(
                    mark, "stance", str(reason), place, extra={"target_id": target, "target_id_given": target}
                )

    def _read_holders(
        self, mark: Mark, place: Place, target: tuple[str, str], stance: str, attribution: str | None
    ) -> None:
        """One row a holder."""
        holders = mark.get("holder") or ((AUTHOR,) if attribution == AUTHOR else ())
        if not holders:
            raise Unreadable("no holder chosen")
        attribution = attribution or (AUTHOR if holders == (AUTHOR,) else None)
        if attribution is None:
            raise Unreadable("no attribution chosen")
        if holders != (AUTHOR,) if attribution == AUTHOR else AUTHOR in holders:
            said = f"attribution {attribution} with holder {' + '.join(holders)}"
            self._warn(mark, place, "author-attribution", f"{said}; the author alone holds what the author says")
        via = self._via(mark, attribution)
        holder_text = self._shown(mark, "holder_text", OTHER in holders)
        if OTHER in holders and holder_text is None:
            raise Unreadable("the holder is other, and nobody is named")
        base, folded = self.terms.codebook.fold(target[1], stance)
        common = self._row(mark, "stance", place) | {
            "label": folded,
            "target_id": base,
            "target_id_given": target[1],
            "attribution": attribution,
            "comment": text_of(mark, "comment"),
            "evidence_id": evidence_id(self.submission.doc_id, place.start, place.end),
        }
        common |= dict(zip(("via_type", "via_entity_id", "via_text"), via, strict=True))
        for holder in holders:
            if holder not in (AUTHOR, UNNAMED, OTHER) and holder not in self.names:
                named = {"target_id": base, "target_id_given": target[1], "label": folded, "holder_entity_id": holder}
                self._quarantine(mark, "stance", f"holder: {self._unknown_entity(holder)}", place, extra=named)
                continue
            is_entity = holder not in (AUTHOR, UNNAMED, OTHER)
            row = common | {
                "holder_type": ENTITY if is_entity else holder,
                "holder_entity_id": holder if is_entity else None,
                "holder_text": holder_text if holder == OTHER else None,
            }
            key = self._key(
                mark, "stance", place.made_start, place.made_end, target[0], *mark.get("stance"), attribution, holder,
                row["holder_text"], *via, row["comment"],
            )  # fmt: skip
            self._keep(("region", mark.region_id), key, row)

    def _via(self, mark: Mark, attribution: str) -> tuple[str, str | None, str | None]:
        """(via_type, via_entity_id, via_text); none where the author speaks, whatever a hidden control still holds."""
        chosen = mark.get("via")
        if attribution == AUTHOR:
            self.reading.counts["dropped_via"] += len(chosen)
            chosen = ()
        via_text = self._shown(mark, "via_text", OTHER in chosen)
        if len(chosen) > 1:
            raise Unreadable(f"{len(chosen)} values where one via is asked: {', '.join(chosen)}")
        if not chosen:
            return NONE, None, None
        if chosen[0] == OTHER and via_text is None:
            raise Unreadable("via is other, and nobody is named")
        if chosen[0] in (UNNAMED, OTHER):
            return chosen[0], None, via_text
        if chosen[0] not in self.names:
            raise Unreadable(f"via: {self._unknown_entity(chosen[0])}")
        return ENTITY, chosen[0], None

    # the document as a whole

    def _read_answers(self, answers: Sequence[tuple[Mark, str, tuple[str, ...]]]) -> None:
        comments = [(mark, joined(chosen)) for mark, control, chosen in answers if control == "comment"]
        comment = next((text for _, text in comments if text), None)
        flagged = False
        for mark, control, chosen in answers:
            self.reading.slots.add(("control", control))
            if self.document is None:
                layer = "document_stance" if control.startswith(DOCUMENT_STANCE) else "flag"
                extra = {"label": None if control == "comment" else joined(chosen)}
                self._quarantine(mark, layer, self._no_document(), control=control, extra=extra)
            elif control.startswith(DOCUMENT_STANCE):
                self._read_document_stance(mark, control, chosen)
            elif control == "flag":
                for given in chosen:
                    flagged |= self._read_flag(mark, given, comment)
            elif control == "relation":
                said = f"a relation ({' '.join(chosen)}): relations are no layer of this corpus"
                self._quarantine(mark, "flag", said, control=control)
            elif control != "comment":
                said = f"control {control!r} (value {joined(chosen)!r}) belongs to a span or to no codebook"
                self._quarantine(mark, "flag", said, control=control)
        if comment and not flagged and self.document is not None:
            mark = next(mark for mark, text in comments if text)
            self._keep(
                ("control", "comment"),
                self._key(mark, "flag", None, comment),
                self._row(mark, "flag", None) | {"comment": comment},
            )

    def _read_flag(self, mark: Mark, given: str, comment: str | None) -> bool:
        flag = self.terms.flags.read(given)
        if flag is None:
            self._quarantine(
                mark,
                "flag",
                self.terms.flags.unknown(given),
                control="flag",
                extra={"comment": comment, "label": given},
            )
            return False
        row = self._row(mark, "flag", None) | {"flag": flag, "comment": comment}
        self._keep(("control", "flag"), self._key(mark, "flag", given, comment), row)
        return True

    def _read_document_stance(self, mark: Mark, control: str, chosen: tuple[str, ...]) -> None:
        given = control.removeprefix(DOCUMENT_STANCE)
        target = self.terms.targets.read(given)
        try:
            if target is None:
                raise Unreadable(self.terms.targets.unknown(given))
            stance = self._one(mark, control, self.terms.document_stances)
        except Unreadable as reason:
            extra = {"target_id": target, "target_id_given": target, "label": joined(chosen)}
            self._quarantine(mark, "document_stance", str(reason), control=control, extra=extra)
            return
        if stance is None:
            return
        base, folded = self.terms.codebook.fold(target, stance)
        row = self._row(mark, "document_stance", None) | {"label": folded, "target_id": base, "target_id_given": target}
        self._keep(("control", control), self._key(mark, "document_stance", given, *chosen), row)
