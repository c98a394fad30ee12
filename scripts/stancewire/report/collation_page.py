"""A collation as one self-contained HTML page: witnesses side by side, variants by kind, stances overlaid."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..pages.template import render_page
from . import TEMPLATES
from .collation import Collation, Span, Stance, Version
from .marks import Marked, Piece, cut_spans

KINDS = {  # what each kind is, for the legend
    "punctuation": "marks and spaces alone",
    "orthography": "the same letters, written differently",
    "abbreviation": "short for long, or the reverse",
    "lexis": "other words",
    "grammar": "another form, or function words",
    "insertion": "words added",
    "deletion": "words dropped",
    "omission": "whole sentences that one side lacks",
    "order": "moved",
    "figure": "another number",
}


@dataclass(frozen=True)
class Shown:
    """A piece of text as the page shows it: variants and stances over it, by index into the lists of the page's data.

    `label` stands behind the piece (a variant ends here), `opens` says that a variant or stance begins here.
    """

    text: str
    classes: str
    variants: str
    stances: str
    label: str
    title: str
    opens: bool


def collation_page(collation: Collation) -> str:
    """The page.

    The text of a cell's paragraph, as the page holds it, is the paragraph's own, character by character; numbers and
    signs are drawn by the style sheet.
    """
    cells = {version.siglum: _paragraphs(collation, version) for version in collation.versions}
    rows = [
        [[cells[siglum][span] for span in spans] for siglum, spans in zip(cells, row, strict=True)]
        for row in collation.rows
    ]
    counts = collation.counts()
    stance_counts = {side: sum(s.stance == side for s in collation.stances) for side in ("favor", "against", "neutral")}
    by_id = {stance.stance_id: stance for stance in collation.stances}
    return render_page(
        TEMPLATES,
        "collation",
        _data(collation),
        collation=collation,
        rows=rows,
        kinds=[(kind, counts[kind], said) for kind, said in KINDS.items() if kind in counts],
        n_substantive=sum(variant.substantive for variant in collation.variants),
        has_gaps=any(not place.text for variant in collation.variants for place in (variant.base, variant.other)),
        has_carried=any(stance.carried for stance in collation.stances),
        has_inferred=any(version.inferred for version in collation.versions),
        n_plain=sum(not variant.substantive for variant in collation.variants),
        stance_counts={side: count for side, count in stance_counts.items() if count},
        held={variant.label: _held([by_id[key] for key in variant.stances]) for variant in collation.variants},
        touched={
            stance.stance_id: [v.label for v in collation.variants if stance.stance_id in v.stances]
            for stance in collation.stances
        },
    )


def _held(stances: list[Stance]) -> list[tuple[str, Stance]]:
    """Stances that say the same of holder, side and target, each once with the sigla of all witnesses that have it."""
    found: dict[tuple[str, str, str], tuple[list[str], Stance]] = {}
    for stance in stances:
        sigla, _ = found.setdefault((stance.holder, stance.stance, stance.target), ([], stance))
        sigla.append(stance.siglum)
    return [(" ".join(dict.fromkeys(sigla)), stance) for sigla, stance in found.values()]


def collation_json(collation: Collation) -> dict[str, Any]:
    """The collation as a JSON object: what the command prints with --json."""
    return {
        "story_id": collation.story_id,
        "witnesses": [
            {
                "siglum": version.siglum,
                "doc_id": version.doc_id,
                "title": version.title,
                "outlet": version.outlet,
                "date": None if version.date is None else str(version.date),
                "wire": version.wire,
                "url": version.url,
                "is_head": version.is_head,
                "inferred": list(version.inferred),
                "n_words": version.witness.n_words,
            }
            for version in collation.versions
        ],
        "rows": [[[list(span) for span in spans] for spans in row] for row in collation.rows],
    } | _data(collation)


def _data(collation: Collation) -> dict[str, Any]:
    return {
        "variants": [asdict(variant) | {"stances": list(variant.stances)} for variant in collation.variants],
        "stances": [asdict(stance) for stance in collation.stances],
        "base": collation.versions[0].siglum,
    }


def _paragraphs(collation: Collation, version: Version) -> dict[Span, list[Shown]]:
    """The paragraphs of a version by their place, in pieces."""
    variants = {variant.label: (number, variant) for number, variant in enumerate(collation.variants)}
    stances = {s.stance_id: (number, s) for number, s in enumerate(collation.stances) if s.siglum == version.siglum}
    marks = [Marked(place.start, place.end, "v" + variant.label) for place, variant in collation.marks(version.siglum)]
    marks += [Marked(stance.start, stance.end, "s" + key) for key, (_, stance) in stances.items()]
    spans = [(part.start, part.end) for part in version.witness.paragraphs]

    def show(piece: Piece) -> list[Shown]:
        own = [variants[key[1:]] for key in piece.keys if key[0] == "v"]
        held = [stances[key[1:]] for key in piece.keys if key[0] == "s"]
        classes = [f"k-{variant.kind}" for _, variant in own]
        classes += ["sub"] if any(variant.substantive for _, variant in own) else []
        classes += [f"s-{stance.stance}" for _, stance in held]
        classes += ["gap"] if not piece.text else []
        titles = [f"{v.label} {v.kind}{', substantive' if v.substantive else ''}" for _, v in own]
        titles += [f"{s.holder}: {s.stance} {s.target}{f' (via {s.via})' if s.via else ''}" for _, s in held]
        label = " ".join(key[1:] for key in piece.ends if key[0] == "v")
        words = piece.text.rstrip() if label else piece.text  # the number stands at the word, not behind its space
        shown = Shown(
            text=words,
            classes=" ".join(dict.fromkeys((["v"] if own else []) + (["s"] if held else []) + classes)),
            variants=" ".join(str(number) for number, _ in own),
            stances=" ".join(str(number) for number, _ in held),
            label=label,
            title="\n".join(titles),
            opens=bool(piece.begins),
        )
        return [shown, Shown(piece.text[len(words) :], "", "", "", "", "", False)] if words != piece.text else [shown]

    pieces = cut_spans(version.witness.text, spans, marks)
    return {span: [part for piece in cell for part in show(piece)] for span, cell in zip(spans, pieces, strict=True)}
