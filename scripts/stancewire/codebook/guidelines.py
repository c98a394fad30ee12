"""The codebook → `guidelines.md`, from which a new annotator, working alone, learns the task.

What a corpus decides comes from its codebook; how Label Studio is worked is the same for all and stands in
`guidelines_studio`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .guidelines_studio import studio_section
from .interface import MADE_BY
from .model import Choice, Codebook, Example, Pass, Target, Walkthrough


def guidelines_markdown(codebook: Codebook) -> str:
    """The guidelines as Markdown, lines as long as their paragraphs."""
    return "\n\n".join(block.rstrip() for block in _blocks(codebook)) + "\n"


def _blocks(codebook: Codebook) -> Iterator[str]:
    yield f"<!-- {MADE_BY} -->"
    yield f"# Guidelines: {codebook.title}"
    yield f"Codebook {codebook.version}. All examples and the walk-through are invented."
    yield codebook.introduction
    yield (
        "You work through the articles twice, in two short passes, each with a screen of its own: "
        + "; then ".join(f"**{item.title.lower()}** (the pass `{item.name}`)" for item in codebook.passes)
        + f". Read all of this before you begin; section {_studio_number(codebook)} tells how the screen is worked. "
        "Words in [square brackets] are those that are marked in an example."
    )
    entities, stances = codebook.pass_named("entities"), codebook.pass_named("stances")
    yield from _pass_blocks(1, entities)
    yield "### The labels"
    for choice in codebook.mention_labels:
        yield from _choice_blocks(choice)
    yield "### The kinds"
    for choice in codebook.mention_kinds:
        yield from _choice_blocks(choice)
    yield from _pass_blocks(2, stances)
    yield "### The targets"
    for target in codebook.targets:
        yield from _choice_blocks(target)
    for title, choices in (
        ("The stance of a span", codebook.stances),
        ("Attribution: whose words", codebook.attributions),
        ("Holder: who has the stance", codebook.holder_types),
        ("Via: who reports it", codebook.via_types),
        ("The article's own voice", codebook.document_stances),
    ):
        yield f"### {title}"
        for choice in choices:
            yield from _choice_blocks(choice)
    yield "## 3. Flags, in both passes"
    yield "They concern the whole article; tick what applies, and go on with the article as well as you can."
    yield _bullets(f"**{choice.name}**: {choice.definition}" for choice in codebook.flags)
    yield "## 4. In doubt"
    yield _bullets(codebook.doubt) or "Take the likelier reading, and say in the comment what the other one was."
    if codebook.walkthrough:
        yield "## 5. An article from beginning to end"
        yield from _walkthrough_blocks(codebook, codebook.walkthrough)
    yield f"## {_studio_number(codebook)}. Working in Label Studio"
    yield from studio_section(codebook)


def _studio_number(codebook: Codebook) -> int:
    return 6 if codebook.walkthrough else 5


def _pass_blocks(number: int, item: Pass) -> Iterator[str]:
    yield f"## {number}. {item.title} (pass `{item.name}`)"
    roles = [*item.roles]
    shown = roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} and {roles[-1]}"
    yield f"{item.purpose} You see {shown}.".lstrip()
    if item.rules:
        yield _bullets(item.rules)


def _choice_blocks(choice: Choice) -> Iterator[str]:
    yield f"#### {choice.name}"
    yield choice.definition
    if isinstance(choice, Target):
        yield _bullets([f"**favor** means: {choice.favor_means}", f"**against** means: {choice.against_means}"])
    for title, examples in (
        ("Examples", choice.examples),
        ("Not so", choice.counter_examples),
        ("Borderline", choice.borderline),
    ):
        if examples:
            yield f"{title}:"
            yield _bullets(_example(example) for example in examples)


def _example(example: Example) -> str:
    return f"{example.text} → {example.note}"


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _walkthrough_blocks(codebook: Codebook, walk: Walkthrough) -> Iterator[str]:
    yield "The article; its first line is the headline:"
    yield "\n".join(f"{number}. {paragraph}" for number, paragraph in enumerate(walk.paragraphs, 1))
    yield "**Pass 1: the mentions**"
    yield _table(
        ("words", "label", "kind", "who or what", "why"),
        ((f"[{item.text}]", item.label, item.kind, item.entity, item.why) for item in walk.mentions),
    )
    yield "**Pass 2: the stances**"
    names = {choice.id: choice.name for choice in (*codebook.targets, *codebook.attributions)}
    yield _table(
        ("words", "target", "stance", "attribution", "holder", "via", "why"),
        (
            (
                f"[{item.text}]",
                names[item.target],
                item.stance,
                names[item.attribution],
                ", ".join(item.holders),
                f"{item.via or 'none'}{f' (comment: {item.comment})' if item.comment else ''}",
                item.why,
            )
            for item in walk.stances
        ),
    )
    yield "**Not marked**"
    yield _bullets(_example(example) for example in walk.not_marked)
    yield "**The article's own voice**"
    yield _table(("target", "answer", "why"), ((names[target], stance, why) for target, stance, why in walk.documents))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
