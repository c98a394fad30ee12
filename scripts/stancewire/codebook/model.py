"""The codebook as values: what may be annotated, and what each choice means.

`schema/codebook.yaml` is read into these classes once (`read_codebook`); interfaces, guidelines, JSON Schemas and the
tables' categories are made from them, so no label is typed twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Example:
    """An example in the guidelines: `text` with the marked words in [square brackets], and what is marked and why."""

    text: str
    note: str


@dataclass(frozen=True)
class Choice:
    """One thing an annotator can choose: a mention label, a stance, an attribution, a flag, ...

    Attributes:
        id: what tables hold. name: what the annotator sees. definition: one or two sentences.
        hotkey, color: of the interface; not part of the codebook's meaning.
        aliases: spellings of older versions, read as this one.
    """

    id: str
    name: str
    definition: str
    hotkey: str | None = None
    color: str | None = None
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()
    borderline: tuple[Example, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target(Choice):
    """What a stance is about; `inverse_of` marks a mirror target, folded onto its base with polarity reversed.

    `document` says whether the author's own stance on it is asked for each article (a mirror's is not: its base asks).
    """

    favor_means: str = ""
    against_means: str = ""
    inverse_of: str | None = None
    document: bool = True


@dataclass(frozen=True)
class Entity:
    """A known entity: `entity_id`, display `name`, mention `label`, other names (`aliases`)."""

    entity_id: str
    name: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pass:
    """One annotation pass: `name` is `entities` or `stances`; `roles` are the segments it shows, in reading order.

    `purpose` and `rules` are read by annotators: what the pass is for, and how its spans are marked, a paragraph each.
    """

    name: str
    title: str
    roles: tuple[str, ...]
    purpose: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkedMention:
    """One mention of the walk-through: its words, as they stand in the article; `why` it is marked so."""

    text: str
    label: str
    kind: str
    entity: str
    why: str


@dataclass(frozen=True)
class WorkedStance:
    """One stance of the walk-through, values as an annotator would choose them; `why` explains them."""

    text: str
    target: str
    stance: str
    attribution: str
    holders: tuple[str, ...]
    via: str
    why: str
    comment: str = ""


@dataclass(frozen=True)
class Walkthrough:
    """An invented article (`paragraphs`, the first its headline) judged from beginning to end.

    `documents` holds, for every target asked of a document, its stance and why; `not_marked` what a beginner would mark
    by mistake, and why it is not.
    """

    paragraphs: tuple[str, ...]
    mentions: tuple[WorkedMention, ...]
    stances: tuple[WorkedStance, ...]
    documents: tuple[tuple[str, str, str], ...]
    not_marked: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Rules:
    """Numbers and switches the codebook decides.

    Attributes:
        mention_overlap, stance_overlap: least Jaccard index of characters at which two annotators' spans may be one
            unit (0 < x <= 1).
        agreement: least acceptable agreement, reported and warned about: (layer, metric, field, level). The metric is
            empty where one number stands for the layer, the field where it stands for all fields.
        leading_articles: words a mention must not begin with. possessives: endings a mention must not have.
        nesting: may a mention stand within another?
    """

    mention_overlap: float = 0.5
    stance_overlap: float = 0.1
    agreement: tuple[tuple[str, str, str, float], ...] = ()
    leading_articles: tuple[str, ...] = ()
    possessives: tuple[str, ...] = ()
    nesting: bool = True


@dataclass(frozen=True)
class GoldSettings:
    """How judgements are merged.

    Attributes:
        method: of every layer that `layers` does not name: majority, unanimous, dawid_skene, mace or adjudicated.
        layers: (layer, method). allow_few: may a model learn from fewer than three annotators?
    """

    method: str = "majority"
    layers: tuple[tuple[str, str], ...] = ()
    allow_few: bool = False

    def of_layer(self, layer: str) -> str:
        """The method of a layer."""
        return dict(self.layers).get(layer, self.method)


@dataclass(frozen=True)
class Codebook:
    """The whole codebook.

    Attributes:
        version: `MAJOR.MINOR.PATCH`, stamped on every judgement; moves with labels, targets, definitions and rules.
        furniture: further furniture lines approved for this corpus (keys as `text.furniture_key` makes them).
        wires: news agencies: spelling in credit lines -> approved name. outlets: approved outlet names.
        doubt: what to do in doubt, for annotators. walkthrough: an article judged as an example.
    """

    version: str
    title: str
    introduction: str
    mention_labels: tuple[Choice, ...]
    mention_kinds: tuple[Choice, ...]
    targets: tuple[Target, ...]
    stances: tuple[Choice, ...]
    document_stances: tuple[Choice, ...]
    attributions: tuple[Choice, ...]
    holder_types: tuple[Choice, ...]
    via_types: tuple[Choice, ...]
    flags: tuple[Choice, ...]
    passes: tuple[Pass, ...]
    entities: tuple[Entity, ...] = ()
    rules: Rules = field(default_factory=Rules)
    gold: GoldSettings = field(default_factory=GoldSettings)
    furniture: tuple[str, ...] = ()
    wires: tuple[tuple[str, str], ...] = ()
    outlets: tuple[str, ...] = ()
    doubt: tuple[str, ...] = ()
    walkthrough: Walkthrough | None = None

    @property
    def document_targets(self) -> tuple[Target, ...]:
        """The targets whose document stance every annotator answers."""
        return tuple(target for target in self.targets if target.document)

    def fold(self, target_id: str, stance: str) -> tuple[str, str]:
        """The base target and the stance towards it: a mirror target's polarity is reversed, once."""
        base = {target.id: target.inverse_of for target in self.targets}.get(target_id)
        if base is None:
            return target_id, stance
        return base, {"favor": "against", "against": "favor"}.get(stance, stance)

    def pass_named(self, name: str) -> Pass:
        """The pass of this name; KeyError where there is none."""
        return {item.name: item for item in self.passes}[name]
