"""Sentences end where a reader would end them; abbreviations, initials and quotations do not cut one."""

from __future__ import annotations

import pytest

from stancewire.text import Segment, split_sentences

# One case a line; " / " marks where a sentence ends.
CASES = """
He left. / She stayed.
The U.S. Defense Secretary spoke.
The U.S. leader will travel. / The U.S. positions troops in Japan.
He went back to the U.S. / The trip was short.
They met in Washington, D.C. / But nothing was signed.
Acting U.S. Gen. Mark Lee and Lt. Col. Ann Poe met Sen. Bob Ray.
It began in Jan. 2019 and ended on Dec. 3. / Then it rained.
It is due by Jan. / The rest comes later.
"This is unfair!" Trump said. / He left.
"Is it over?" the minister asked. / Nobody answered.
“Why now?” Ms. Ito asked. / “Because,” he said.
"It is over!" / The crowd went home.
"It is over." / The crowd went home.
‘‘We pay.’’ / ‘‘They sail.’’
‘‘Unfair!’’ Abe told reporters.
Apple Inc. said so. / Widgets Inc. / The firm declined to comment.
J.R. Teles and George W. Bush met John F. Kennedy Jr. in New York.
It cost $3.5 million. / Some 2.000 came.
No. 5 is alive. / He said no. / Then he left.
He paused ... and went on.
He paused... / But then he went on.
Well … maybe not.
They landed at 5 p.m. Tuesday. / It was late.
It was 5 p.m. / The bell rang.
On May 28. Kiyoshi Ota/Bloomberg => On May 28. / Kiyoshi Ota/Bloomberg
(He left.) / She stayed.
He left (for good.) / She stayed.
World War II. / Under the terms it ended.
He met Kim Jong Un. / Later they ate.
Plan B. / The other plan failed.
What?! / No!
The vote was 5-4. / 30 people came.
Dr. Abel e.g. a vet, i.e. a doctor, vs. the town.
Das kostet 1,5 Mio. Euro, z.B. für Kolben. / Ersatz gibt es nicht.
Das kostet z. B. Geld. / Ende.
Sie kommt am 3. Oktober. / Er kommt am 28. Juni.
Sie wohnt in der Str. des Friedens.
« Tout est prêt ! » s’est réjoui M. Le Goff. / Il part.
Il part. / « Tout est prêt. » / Elle reste.
町長は話した。/「島の明かりだ。」と言った。/終わり。
Он ушёл. / Она осталась.
She wrote to St. Mark's on Elm St. / The letter came back.
Nordsee Corp. (NYSE: NC) fell. / Shares rose 3 percent.
He came. — the end
Ships set sail. 🐋
""".strip()


def cut(text: str) -> list[str]:
    segment = Segment(0, "body", 0, len(text), "paragraph")
    return [text[s.start : s.end] for s in split_sentences(text, [segment])]


@pytest.mark.parametrize("case", CASES.split("\n"))
def test_sentences_end_as_a_reader_ends_them(case: str) -> None:
    expected = case.split(" => ")[-1]
    japanese = "。" in case
    parts = expected.split("/" if japanese else " / ")
    text = case.split(" => ")[0] if " => " in case else ("" if japanese else " ").join(parts)
    assert cut(text) == parts


def test_headline_is_one_sentence_and_other_roles_have_none() -> None:
    text = "It rained. It poured.\nDate: 2019. Really.\nHe left. She stayed."
    segments = [
        Segment(0, "headline", 0, 21, "headline"),
        Segment(1, "header", 22, 41, "header_field"),
        Segment(2, "body", 42, 62, "paragraph"),
    ]
    found = split_sentences(text, segments)
    assert [(s.sent_no, s.seg_no, text[s.start : s.end]) for s in found] == [
        (0, 0, "It rained. It poured."),
        (1, 2, "He left."),
        (2, 2, "She stayed."),
    ]


def test_sentences_run_over_the_lines_of_a_wrapped_paragraph() -> None:
    assert cut("He met the U.S.\nNavy there. It\nrained.") == ["He met the U.S.\nNavy there.", "It\nrained."]


def test_decided_breaks_and_joins_win() -> None:
    text = "He left. She stayed."
    segments = [Segment(0, "body", 0, len(text), "paragraph")]
    assert len(split_sentences(text, segments, joins=[9])) == 1
    assert [s.start for s in split_sentences(text, segments, breaks=[3])] == [0, 3, 9]
