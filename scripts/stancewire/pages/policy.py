"""What a page's Content Security Policy lets in: its own style and script, by their hashes, and nothing else.

No network, no frame, no form, no script that came in with a text.
"""

from __future__ import annotations

import base64
import hashlib


def content_policy(style: str, script: str | None = None) -> str:
    """The policy of a page with this inline style, and this inline script if it has one."""
    allowed = f"style-src '{_hash(style)}'; " + ("" if script is None else f"script-src '{_hash(script)}'; ")
    return f"default-src 'none'; {allowed}base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}"
