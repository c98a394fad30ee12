"""How the labelling interfaces look: a bar that stays, a column to read, a panel that does not jump."""

_COMMON = """
.top { position: sticky; top: 0; z-index: 5; background: var(--color-neutral-background, #fff);
  border-bottom: 1px solid #ccc; padding: 4px 0 6px; }
.cols { display: grid; grid-template-columns: minmax(0, 1fr) 340px; gap: 20px; align-items: start; }
.article { padding-top: 10px; }
.meta { font-size: 12px; color: #666; }
.body { font-size: 17px; line-height: 1.7; max-width: 78ch; }
.body .lsf-htx-richtext { white-space: pre-wrap; }
.side { position: sticky; top: 52px; max-height: calc(100vh - 170px); overflow-y: auto; padding: 6px 8px 8px 14px;
  border-left: 1px solid #ccc; }
.side h4, .side h6 { margin: 5px 0 1px !important; font-size: 12px !important; line-height: 16px !important;
  color: #555; font-weight: 600; }
.side .lsf-choices { margin: 0 !important; display: flex; flex-wrap: wrap; gap: 2px 12px; }
.side .lsf-choice, .side .lsf-choice__item { margin: 0 !important; padding: 0 !important; }
.side label.lsf-choice__checkbox { margin: 0 !important; font-size: 13px; line-height: 20px; }
.span { background: rgba(255, 214, 102, .18); border-radius: 6px; padding: 2px 10px 6px; }
.flags sup { display: none; }
"""

ENTITY_STYLE = _COMMON + """
.span { min-height: 260px; }
.list .lsf-choices { max-height: 300px; overflow-y: auto; }
"""

STANCE_STYLE = _COMMON + """
.span { min-height: 372px; }
.list .lsf-choices { max-height: 156px; overflow-y: auto; }
.via .lsf-choices { max-height: 90px; }
.doc { margin-top: 6px; }
.doc sup, .via sup { display: none; }
"""
