"""How the labelling interfaces look: a bar that stays, a column to read, a panel that does not jump.

The window holds three things, none of which scrolls out of sight: the bar; the article, in lines of up to 78
characters; and the panel beside it, where what concerns the span fills the height that is left (and scrolls within),
and what concerns the whole article stands below. Colours are the front end's or translucent: its dark theme works, too.
"""

from __future__ import annotations

from .offers import ENTITY_KEYS, HOLDER_KEYS

VERSION_COLORS = ("#1f77b4", "#d95f02", "#7570b3", "#1b9e77", "#a6761d", "#e7298a", "#66a61e", "#666666")

_COMMON = """
.stancewire { display: flex; flex-direction: column; height: calc(100vh - 136px); min-height: 420px; }
.top { flex: none; border-bottom: 1px solid rgba(128, 128, 128, .4); padding: 0 0 4px; }
.top .lsf-labels { margin: 0 !important; padding: 2px 0 !important; }
.cols { flex: 1 1 0; min-height: 0; display: grid; grid-template-rows: minmax(0, 1fr);
  grid-template-columns: minmax(0, 1fr) 372px; gap: 14px; }
.article { overflow-y: auto; padding: 10px 6px 40px 0; }
.meta { opacity: .65; user-select: none; }
.meta .lsf-richtext__container, .meta .lsf-richtext__line { font-size: 12px !important; line-height: 18px !important; }
.body { max-width: 78ch; font-size: 17px; }
.body .lsf-richtext__container, .body .lsf-richtext__line { font-size: 17px !important; line-height: 1.7 !important; }
.body .lsf-htx-richtext { white-space: pre-wrap; }
.body .lsf-richtext__line:first-child { font-weight: 600; }
.side { display: flex; flex-direction: column; min-height: 0; padding: 8px 0 0 14px;
  border-left: 1px solid rgba(128, 128, 128, .4); }
.side h4 { margin: 7px 0 2px !important; font-size: 12px !important; line-height: 16px !important; font-weight: 600;
  opacity: .75; }
.side .hint h4 { font-size: 13px !important; line-height: 20px !important; font-weight: 400; opacity: 1; }
.side .lsf-choices { margin: 0 !important; display: flex; flex-wrap: wrap; gap: 1px 12px; }
.side .lsf-choice, .side .lsf-choice__item { margin: 0 !important; padding: 0 !important; }
.side label.lsf-choice__checkbox { margin: 0 !important; font-size: 13px; line-height: 20px; font-weight: 400; }
.side .lsf-hint { font-size: 10px; opacity: .6; top: -.3em; margin-left: 2px; }
.names .lsf-choices { display: grid !important; grid-template-columns: 1fr 1fr; gap: 1px 8px; }
.names label.lsf-choice__checkbox { line-height: 17px; padding: 1px 0; }
.span { flex: 1 1 0; min-height: 80px; overflow-y: auto; background: rgba(255, 214, 102, .18); border-radius: 6px;
  padding: 3px 10px 8px; }
.doc { flex: none; padding-top: 4px; }
.doc .lsf-hint { display: none; }
.flags .lsf-choices { gap: 1px 9px; padding-top: 3px; }
.flags label.lsf-choice__checkbox { font-size: 12px; }
.flags .ant-checkbox + span { padding-inline: 5px 0; }
.side .lsf-text-area { margin-top: 4px !important; }
.side .ant-form-item { margin: 0 !important; }
.side .ant-input { font-size: 13px; padding: 3px 8px; min-height: 28px; }
@media (max-width: 1199px) { .cols { grid-template-columns: minmax(0, 1fr) 330px; } }
"""

# Only keys that a hand finds are shown; the others exist so that the front end does not hand out arbitrary ones.
ENTITY_STYLE = f"""{_COMMON}
.names .lsf-choice:nth-child(n+{len(ENTITY_KEYS) + 1}) .lsf-hint {{ display: none; }}
"""

# The sources stand beside the holders, row by row, one row lower: the author holds, but never reports.
STANCE_STYLE = f"""{_COMMON}
.who {{ display: grid; grid-template-columns: 1fr 1fr; gap: 0 10px; }}
.who .lsf-choices {{ grid-template-columns: 1fr; }}
.via .lsf-choices {{ padding-top: 23px; }}
.via .lsf-hint {{ display: none; }}
.holders .lsf-choice:nth-child(n+{len(HOLDER_KEYS) - 1}):not(:nth-last-child(-n+2)) .lsf-hint {{ display: none; }}
.row {{ display: grid; grid-template-columns: minmax(0, 1fr) 184px; align-items: center; }}
.row h4 {{ margin: 0 !important; line-height: 24px !important; opacity: 1; font-weight: 400; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }}
.row .lsf-choices, .cells {{ display: grid !important; grid-template-columns: repeat(4, 46px); gap: 0 !important; }}
.row .lsf-choice {{ height: 24px; }}
.row label.lsf-choice__checkbox {{ width: 46px; height: 24px; justify-content: center; align-items: center; }}
.row .ant-radio {{ top: 0; }}
.row .ant-radio + span {{ position: absolute; clip-path: inset(50%); }}
.row:nth-child(even) {{ background: rgba(128, 128, 128, .1); }}
.head {{ background: none !important; }}
.head h4 {{ font-weight: 600; opacity: .75; overflow: visible; }}
.head .cells h4 {{ text-align: center; font-size: 11px !important; }}
"""

_VERSION_MARKS = "\n".join(
    f".versions tr:first-child th:nth-child({number + 2}) {{ border-top: 4px solid {color}; }}"
    for number, color in enumerate(VERSION_COLORS)
)

# Versions above, passage below them, questions at the right: nothing but the passage and the questions scrolls.
ADJUDICATION_STYLE = f"""{_COMMON}
.adjudication .left {{ display: flex; flex-direction: column; min-height: 0; }}
.versions {{ flex: none; max-height: 45%; overflow: auto; padding-top: 6px; }}
.versions table {{ border-collapse: collapse; width: 100%; font-size: 13px; line-height: 18px; }}
.versions caption {{ text-align: left; font-weight: 600; padding: 0 0 4px; }}
.versions th, .versions td {{ border: 1px solid rgba(128, 128, 128, .35); padding: 2px 8px; text-align: left;
  vertical-align: top; }}
.versions th {{ font-weight: 600; white-space: nowrap; }}
.versions .differs {{ background: rgba(255, 214, 102, .3); }}
.adjudication .article {{ flex: 1 1 0; min-height: 0; }}
.adjudication .body .lsf-richtext__line:first-child {{ font-weight: 400; }}
.adjudication .top .lsf-label:not(:last-child) {{ display: none; }}
.flags-of-fields {{ display: none; }}
.fields {{ flex: 1 1 0; min-height: 80px; overflow-y: auto; padding-right: 6px; }}
.title {{ display: flex; align-items: center; gap: 8px; }}
.title .open h4 {{ margin: 7px 0 2px !important; padding: 0 6px; border-radius: 8px; background: #ffbf00; color: #000;
  font-size: 11px !important; line-height: 14px !important; opacity: 1; }}
.fields .lsf-hint {{ display: none; }}
.fields .names .lsf-choices {{ max-height: 96px; overflow-y: auto; }}
{_VERSION_MARKS}
.reason {{ flex: none; border-top: 1px solid rgba(128, 128, 128, .4); }}
"""
