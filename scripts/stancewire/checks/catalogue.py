"""The catalogue of checks: each has a stable id, a level, a severity, one line, and what to do about it.

Level 1 is format (can it be read, do the parts fit), level 2 vocabulary (are the words those of the codebook), level 3
guideline (does it look as the guidelines ask). Level 3 finds what deserves a second look, so it warns.
`stancewire validate --explain ID` prints an entry. For each there is a project broken in just that way,
`tests/data/checks/<id>.json`. What only converting can find is printed by `convert` (`found_by`), what merging finds by
`merge` and, found again without writing, by `validate` (`gold.findings`), what only a release can have by `verify`;
what else a stage finds while it works (a doubtful encoding) is printed by its own command.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Problem, Severity, UsageError


@dataclass(frozen=True)
class Check:
    """One check: `line` says what must hold, `remedy` what to do where it does not, `found_by` which command looks."""

    id: str
    level: int
    severity: Severity
    line: str
    remedy: str
    found_by: str = "validate"

    def explain(self) -> str:
        """The entry as a person reads it."""
        kind = {1: "format", 2: "vocabulary", 3: "guideline"}[self.level]
        head = f"{self.id} (level {self.level}, {kind}; a {self.severity}; found by {self.found_by})"
        return f"{head}\n  {self.line}\n  What to do: {self.remedy}"


_BUILD = "run: stancewire build"
_LINE = "mend the line; `stancewire codebook check` says more"
_SOURCE = "put the file back as it was received; a new version of an article gets a name of its own"
_ROWS: tuple[tuple[str, int, Severity, str, str], ...] = (
    # sources and what is written about them
    ("source-row", 1, "problem", "Each row of sources.csv is complete, well formed and names a file once.",
     "mend the row"),
    ("source-missing", 1, "problem", "Each file that sources.csv names is in corpus/sources.", _SOURCE),
    ("source-hash", 1, "problem", "Each source is, byte for byte, the file whose sha256 stands in sources.csv.",
     _SOURCE),
    ("source-unlisted", 1, "warning", "Each file in corpus/sources has a row in sources.csv.",
     "add a row: its sha256, where it comes from, its rights"),
    ("correction-row", 1, "problem", "Each row of corrections.csv is complete and well formed.", "mend the row"),
    ("correction-place", 1, "problem", "Each correction's quote stands at its place in its document.",
     "mend doc_id, start, end or quote in corrections.csv"),
    ("withdrawn-row", 1, "problem", "Each row of withdrawn.csv is complete, and names a document once.",
     "mend the row"),
    ("withdrawn-document", 1, "problem",
     "What withdrawn.csv names was once a document, and is in no table any more.",
     "mend doc_id, or run: stancewire build"),
    ("reject-row", 1, "warning", "No source was refused.", "read why in corpus/rejects; mend its encoding or name"),
    # what the project decides
    ("codebook-syntax", 1, "problem", "schema/codebook.yaml is there and is YAML.", _LINE),
    ("codebook-key", 1, "problem", "The codebook has the keys of schema/codebook.schema.json and no other.", _LINE),
    ("codebook-value", 1, "problem", "Each value of the codebook has the form that its schema asks for.", _LINE),
    ("codebook-duplicate", 2, "problem", "No id, name or alias of the codebook stands twice.", _LINE),
    ("codebook-vocabulary", 2, "problem", "The codebook has the words that the tables' columns rest on.", _LINE),
    ("codebook-reference", 2, "problem", "What one part of the codebook names, another defines.", _LINE),
    ("codebook-hotkey", 2, "problem", "No two choices of one screen share a hotkey.", _LINE),
    ("codebook-example", 2, "problem", "The examples of the codebook mark their words in square brackets.", _LINE),
    ("codebook-made", 1, "problem", "What is made from the codebook is what the codebook makes today.",
     "run: stancewire codebook build"),
    ("dataset-syntax", 1, "problem", "schema/dataset.yaml is there and is YAML.", _LINE),
    ("dataset-key", 1, "problem", "dataset.yaml has the keys of schema/dataset.schema.json and no other.", _LINE),
    ("dataset-value", 1, "problem", "Each value of dataset.yaml has the form that its schema asks for.", _LINE),
    ("campaign-syntax", 1, "problem", "annotations/campaign.yaml is there and is YAML.", _LINE),
    ("campaign-key", 1, "problem", "The campaign has the keys of schema/campaign.schema.json and no other.", _LINE),
    ("campaign-value", 1, "problem", "Each value of the campaign has the form that its schema asks for.", _LINE),
    ("campaign-duplicate", 2, "problem", "No round of a pass stands twice in the campaign.", _LINE),
    ("campaign-reference", 2, "problem", "Who is named in the campaign is described in it.", _LINE),
    # tables as files
    ("table-missing", 1, "problem", "Every table is there.", _BUILD),
    ("table-unreadable", 1, "problem", "Every table can be read as Parquet.", _BUILD),
    ("table-columns", 1, "problem", "Every table has exactly the columns and types of schema/tables.", _BUILD),
    ("table-manifest", 1, "problem", "Every table is the file that its manifest.json names.", _BUILD),
    ("table-stale", 1, "problem", "Every table was made from the inputs that are there today.",
     "run the command that the message names"),
    # rows of tables
    ("table-key", 1, "problem", "No two rows of a table have one key, and rows are sorted by it.", _BUILD),
    ("table-null", 1, "problem", "A required column holds no null.", _BUILD),
    ("table-vocabulary", 2, "problem", "A column with a closed vocabulary holds no other word.",
     "map the old word by `aliases` in the codebook, or mend it where it was written; then run: stancewire build"),
    ("foreign-key", 1, "problem", "What a row refers to exists.", _BUILD),
    # text
    ("document-source", 1, "problem", "Each document's raw_sha256 is that of its source file.",
     "put the source back, or run: stancewire convert"),
    ("document-text", 1, "problem", "text_sha256 and the counts of a document are those of its text.",
     "run: stancewire convert"),
    ("segment-partition", 1, "problem",
     "Segments are in order, trimmed, do not overlap, and hold every character that is not white space.",
     "run: stancewire convert"),
    ("segment-bytes", 1, "problem", "The raw bytes of a segment decode to its text.", "run: stancewire convert"),
    ("sentence-segment", 1, "problem", "Each sentence lies within its segment, after the one before, trimmed.",
     "run: stancewire convert"),
    ("text-slice", 1, "problem", "documents.text[start:end] is the row's text, in every table but quarantine.", _BUILD),
    ("split-story", 1, "problem", "All documents of one story are in one split.", "run: stancewire split"),
    ("split-settings", 1, "problem", "annotations/splits.yaml, where it is there, can be used.",
     "mend the line, or decide anew: stancewire split --replace"),
    ("split-certificate", 1, "problem",
     "No reprint is in two splits, and the certificate says what is found when it is made again.",
     "run: stancewire merge; if it stays, decide anew: stancewire split --replace"),
    # judgements
    ("judgement-values", 2, "problem",
     "A judgement has the values that its layer asks for, and a label of the codebook.",
     "mend it in Label Studio and pull, or run: stancewire build"),
    ("stance-attribution", 2, "problem",
     "In gold, the attribution is author if and only if the holder is the author, and then nobody reports it.",
     "decide it: stancewire adjudicate"),
    ("author-attribution", 3, "warning",
     "An annotator who says that the words are the author's own names the author, and nobody else, as holder.",
     "ask the annotator"),
    ("judgement-holder", 2, "problem",
     "A holder or source of type entity names an entity, one of type other has its words, no other has either.",
     "choose the person in Label Studio and pull"),
    ("judgement-fold", 2, "problem", "target_id is the base of target_id_given.", _BUILD),
    ("judgement-current", 1, "problem",
     "An annotator has one current answer to one question: a document's stance to a target, a span's values.",
     "mend it in Label Studio and pull"),
    ("judgement-assignment", 1, "problem", "Each judgement was made in a task that was given out.", _BUILD),
    ("quarantine-row", 2, "warning", "No judgement is in quarantine.",
     "read its reason; mark it anew in Label Studio and pull"),
    # stored exports and decisions
    ("export-format", 1, "problem",
     "Each stored export keeps to schema/export.schema.json, each stored answer of an adjudicator to "
     "schema/adjudication.schema.json, and is named by its number.",
     "restore the file as it was pulled; stored exports are never edited"),
    ("export-document", 2, "problem", "Each document that was given out is in the corpus.",
     "put its source back and run: stancewire build"),
    ("export-leftover", 2, "warning", "No export holds a choice that a hidden control left behind.",
     "nothing: it is dropped, and counted here"),
    ("decision-format", 1, "problem", "Each line of adjudications.jsonl keeps to schema/decision.schema.json.",
     "mend the line"),
    ("decision-judgement", 1, "problem", "Each judgement that a decision rests on exists.", "mend judgement_ids"),
    ("decision-stale", 2, "warning", "Each decision rests on judgements that are still current.",
     "decide again: stancewire adjudicate"),
    # gold
    ("gold-shares", 1, "problem", "The shares of votes of a stance are between 0 and 1 and add up to 1.",
     "run: stancewire merge"),
    ("gold-wide", 1, "problem", "stances_wide holds the rows of stances, with the same values.",
     "run: stancewire merge"),
    ("conflict-judgement", 1, "problem", "Each judgement that a conflict names exists.", "run: stancewire merge"),
    # package
    ("package-descriptor", 1, "problem", "datapackage.json can be read and describes every table.", _BUILD),
    ("package-hash", 1, "problem", "Each file is the one whose sha256 stands in datapackage.json.", _BUILD),
    ("package-content", 1, "problem", "Rows and content hash of each table are those that datapackage.json states.",
     _BUILD),
    ("release-sums", 1, "problem", "Each release holds exactly the files of its SHA256SUMS, unchanged.",
     "restore the folder from git or from the published zip; a release never changes"),
    ("email-address", 1, "problem",
     "No tracked file of corpus, annotations or datapackage.json holds an e-mail address.",
     "take it out; people are pseudonyms here"),
    # guideline
    ("mention-article", 3, "warning", "A mention does not begin with an article.", "look at the span again"),
    ("mention-possessive", 3, "warning", "A mention does not end in a possessive.", "look at the span again"),
    ("mention-nesting", 3, "warning",
     "Mentions that overlap stand one within the other, and only where the codebook's rules allow nesting.",
     "look at both spans again; rules: {nesting: false} in the codebook forbids what stands within another"),
    ("holder-mentioned", 3, "warning", "A holder or source that is an entity is mentioned in the document.",
     "mark the mention, or choose another holder"),
    ("quote-marks", 3, "warning", "The evidence of a direct quote lies inside, or touches, quotation marks.",
     "look at the attribution again"),
    ("label-consistency", 3, "warning", "The same words have the same label throughout a story.",
     "look at the rarer label again"),
    ("stance-flip", 3, "warning", "The same words of the same holder show the same stance in every reprint of a story.",
     "look at both again: did the words around them change, or the annotator's mind?"),
    ("document-flip", 3, "warning", "No reprint of a story is for a target that another reprint is against.",
     "look at both again; an edited reprint may well differ"),
    ("annotator-drift", 3, "warning",
     "An annotator chooses a label as often later as earlier, compared with others on the same documents.",
     "read their later work beside the guidelines; talk about it in the next meeting"),
)  # fmt: skip

# What is seen only by merging judgements and decisions; `gold.findings` does so again.
_MERGED: tuple[tuple[str, int, Severity, str, str], ...] = (
    ("gold-repeat", 2, "warning", "No two units come to one row of gold.",
     "decide exists = drop for one of them: stancewire adjudicate"),
    ("decision-overruled", 2, "warning", "No decision is overruled by a later one, and each decides something.",
     "nothing, if the later line is right; else decide once more"),
    ("mirror-contradiction", 3, "warning", "An annotator's answers on a target and on its mirror take one side.",
     "ask the annotator; the answer on the target itself votes"),
)  # fmt: skip
# What is seen only while sources are converted.
_CONVERTED: tuple[tuple[str, int, Severity, str, str], ...] = (
    ("judged-text", 1, "warning", "Each text with judgements is the one that they were made on.",
     "put its source back as it was; or run: stancewire build, and look at its judgements and at the quarantine"),
    ("reprints-capped", 2, "warning", "The versions of a story, and all that share a passage, are compared in full.",
     "nothing, where the message names boilerplate; else compare some of these documents by hand"),
)  # fmt: skip
# What is seen only in a release.
_RELEASED: tuple[tuple[str, int, Severity, str, str], ...] = (
    ("text-withheld", 1, "problem", "A text-free package holds no quote, and a hash of each.",
     "get the package again, from where it was published"),
)  # fmt: skip

CATALOGUE: dict[str, Check] = {
    row[0]: Check(*row, found_by=command)
    for command, rows in (("validate", _ROWS), ("validate", _MERGED), ("convert", _CONVERTED), ("verify", _RELEASED))
    for row in rows
}


def problem(check: str, path: str, place: object, message: str) -> Problem:
    """A finding of a check of the catalogue, which gives its level and severity."""
    entry = CATALOGUE[check]
    return Problem(path, str(place), check, entry.level, message, entry.severity)


def find_check(check_id: str) -> Check:
    """The catalogue's entry; UsageError names the nearest ids where there is none."""
    if check_id in CATALOGUE:
        return CATALOGUE[check_id]
    import difflib

    near = difflib.get_close_matches(check_id, CATALOGUE, n=3) or list(CATALOGUE)[:3]
    raise UsageError(f"no check {check_id!r}; near it: {', '.join(near)} (all: stancewire validate --explain all)")
