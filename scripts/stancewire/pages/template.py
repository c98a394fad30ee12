"""A page from a template, with a style and a script of its own, which read the data that the page holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .policy import content_policy


def render_page(templates: Path, name: str, data: Any, more_style: str = "", **values: Any) -> str:
    """The page `<name>.html.j2` with `<name>.css`, `<name>.js` and `data` in it; every value is escaped.

    Args:
        templates: the folder of these three files.
        data: what the script reads, as JSON in the element `#data`.
        more_style: rules after those of the style sheet; of the program's making, never of a text's.
        values: what the template shows.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    style, script = ((templates / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    style += more_style
    environment = Environment(
        loader=FileSystemLoader(templates, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(f"{name}.html.j2")
    policy = content_policy(style, script)
    return page.render(policy=policy, style=style, script=script, data=embed_json(data), **values) + "\n"


def embed_json(data: Any) -> str:
    """JSON that may stand in a `script` element: no `<` ends the element, no line separator ends a line."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
