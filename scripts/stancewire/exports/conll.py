"""CoNLL columns of mentions: one token a line, an empty line after each sentence, one file a part of the corpus.

The head of a file names the columns as CoNLL-U Plus does. ID counts tokens from 1, START and END are half-open code
points of the canonical text, NER is the outermost mention in IOB2; NER:2 and on are mentions within mentions.
"""

from __future__ import annotations

from collections.abc import Sequence

from .gathered import GoldDocument
from .tokens import OUT, tag_sentences
from .writing import Target, part_of


def write_conll(target: Target, documents: Sequence[GoldDocument]) -> None:
    """Write `<part>.conll` for each part."""
    tagged = [(document, *tag_sentences(document)) for document in documents]
    depth = max((len(sentence.levels) for _, sentences, _ in tagged for sentence in sentences), default=1)
    inner = [f"NER:{level}" for level in range(depth, 1, -1)]
    begun = set()
    for document, sentences, left in tagged:
        name = f"{part_of(document)}.conll"
        file = target.file(name)
        if name not in begun:
            begun.add(name)
            file.write(f"# global.columns = {' '.join(('ID', 'FORM', 'START', 'END', *inner, 'NER'))}\n")
        file.write(f"# newdoc id = {document.doc_id}\n")
        for sentence in sentences:
            file.write(f"# sent_id = {document.doc_id}:{sentence.sent_no}\n")
            levels = [*sentence.levels, *[(OUT,) * len(sentence.words)] * (depth - len(sentence.levels))]
            for number, (word, (start, end)) in enumerate(zip(sentence.words, sentence.places, strict=True)):
                tags = [level[number] for level in reversed(levels)]
                file.write("\t".join([str(number + 1), word, str(start), str(end), *tags]) + "\n")
            file.write("\n")
        target.report.counts["sentences"] += len(sentences)
        target.report.counts["mentions"] += len(document.mentions) - len(left)
        for row in left:
            target.report.notes.append(
                f"{document.doc_id}:{row['start']}-{row['end']} {row['label']} is not in the columns: it crosses "
                "another mention or a sentence's border"
            )
