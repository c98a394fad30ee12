"""Self-contained HTML pages: nothing is fetched, and the page says so to the browser.

Templates escape every value. Style and script are inline and named by their hashes in the page's Content Security
Policy, which forbids all else: no network, no frame, no form, no script that came in with a text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"


def render_page(name: str, data: Any, more_style: str = "", **values: Any) -> str:
    """The page `templates/<name>.html.j2` with `<name>.css`, `<name>.js` and `data` in it.

    Args:
        data: what the script reads, as JSON in the element `#data`.
        more_style: rules after those of the style sheet; of the program's making, never of a text's.
        values: what the template shows.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    style, script = ((TEMPLATES / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    style += more_style
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = templates.get_template(f"{name}.html.j2")
    return page.render(policy=policy, style=style, script=script, data=embed_json(data), **values) + "\n"


def embed_json(data: Any) -> str:
    """JSON that may stand in a `script` element: no `<` ends the element, no line separator ends a line."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}"
