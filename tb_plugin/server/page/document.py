"""The HTML of a page that is one file."""

import base64
import html
import json
import re
import zlib
from typing import Any

from tb_plugin.server import static_files
from tb_plugin.server.bundle import bundle

# Nothing is loaded, and nothing can be sent. Styles are in the page; the tab and its workers are blobs of its text.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
)
_LINE_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
_LAST_COMMENT = re.compile(r"(?<=[;,{(\[>]) // [^\"'`\n]*$", re.MULTILINE)  # no quotes: it may be in a string
_CAST = re.compile(r"/\*\* @type [^*\n]*\*/ ?")
_BLOCK_COMMENT = re.compile(r"^ */\*\*(?:[^*]|\*(?!/))*\*/\n", re.MULTILINE)


def document(title: str, contents: dict[str, Any], texts: list[str]) -> str:
    """Returns the HTML of a page.

    Args:
      title: the page's title.
      contents: what the tab's modules find in the page, for JSON (`static/lib/page.js`).
      texts: its arrays, the texts of `Blobs`.
    """
    data = json.dumps(contents, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    scripts = "\n".join(f'<script type="text/plain" id="latent-{i}">{text}</script>' for i, text in enumerate(texts))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
</head>
<body>
<noscript>This page shows a latent space with JavaScript, which is turned off here.</noscript>
<script type="application/json" id="latent-page">{data}</script>
<script type="text/plain" id="latent-worker">
{_script("decode_worker.js")}</script>
{scripts}
<script type="text/plain" id="latent-tab">{_packed(_script("index.js"))}</script>
<script type="module">
const {{ textContent }} = document.getElementById("latent-tab");
const packed = Uint8Array.from(atob(textContent), (letter) => letter.charCodeAt(0));
const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
const tab = await import(URL.createObjectURL(new Blob([text], {{ type: "text/javascript" }})));
tab.render();
</script>
</body>
</html>
"""


def _script(name: str) -> str:
    """Returns a script with its modules, without indentation and most comments."""
    text = bundle(static_files.STATIC / name)
    for comment in (_BLOCK_COMMENT, _LINE_COMMENT, _LAST_COMMENT, _CAST):
        text = comment.sub("", text)
    text = _unindented(text)
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError(f"{name}: it has text that would end a script in HTML")
    return text


def _packed(text: str) -> str:
    """Returns base64 of a zlib stream: a third of the text."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _unindented(script: str) -> str:
    """Returns a script without indentation and empty lines, but for those of a template string of several lines."""
    lines, inside = [], False
    for line in script.splitlines(keepends=True):
        if inside or line.strip():
            lines.append(line if inside else line.lstrip(" "))
        inside ^= line.count("`") % 2 == 1
    return "".join(lines)
