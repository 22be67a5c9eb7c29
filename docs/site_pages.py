"""Hooks of `mkdocs build`: pages of the site that are made from files outside docs/.

A link in a Markdown file is relative to the file's place in the repository, so that it works on GitHub. On the site it
leads to the page that shows the same file. A file that has no page of its own, e.g. a port's code, gets one if a page
links to it. A link to a file that does not exist is left as it is, so that the strict build fails.
"""

import json
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
# Files of the repository that are pages of the site, by the page's path in docs/.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "tb_plugin/http_api.md": "http_api.md",
    "legacy_ports/proof/recordings/README.md": "recordings.md",
}
SOURCES = "source"  # the folder of pages that show a source file
LANGUAGES = {".py": "python", ".js": "javascript", ".ipynb": "json", ".toml": "toml", ".txt": "text"}
GALLERY = ROOT / "docs" / "gallery" / "gallery.json"  # docs/gallery_pages.py writes it
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=[)\s])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made from files outside docs/."""
    for path, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    for file in list(files.documentation_pages()):
        for link in LINK.finditer(file.content_string):
            target = _target(_origin(file.src_uri), link[1])
            page = _page(target)
            if page and files.get_file_from_path(page) is None:
                files.append(File.generated(config, page, content=_source(target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Returns a page whose links between files of the repository are links between pages of the site."""
    here = page.file.src_uri
    if here == "gallery.md":
        markdown += _gallery()

    def rewritten(link: re.Match[str]) -> str:
        target = _page(_target(_origin(here), link[1]))
        return posixpath.relpath(target, posixpath.dirname(here) or ".") + (link[2] or "") if target else link[0]

    return markdown if here.startswith(SOURCES + "/") else LINK.sub(rewritten, markdown)


def _gallery() -> str:
    """Returns the part of the gallery that shows the pages, each in a frame."""
    if not GALLERY.exists():
        return "\nThis site was built without them.\n"
    parts = []
    for port, run in json.loads(GALLERY.read_text(encoding="utf-8")).items():
        steps, whole = run["steps"], run["post_steps"]
        part = ", as in the post" if steps == whole else f" where the post has {whole:,}, so not the post's result"
        loss = f"{run['digits']} MNIST; test loss {run['test_loss']:.4f}."
        parts += [
            f"## {port}",
            f"[{run['post']}]({run['url']}) {steps:,} steps{part}; {loss}",
            f"[{port} alone](gallery/{port}.html){{target=_blank}} · [what the post says]({port}.md)",
            f'<iframe src="{port}.html" title="The latent space of {port}" loading="lazy" '
            'style="width: 100%; height: 40rem; border: 1px solid #9e9e9e"></iframe>',
        ]
    return "\n" + "\n\n".join(parts) + "\n"


def _origin(page: str) -> str:
    """Returns the path in the repository of the file that a page shows."""
    return next((path for path, shown in PAGES.items() if shown == page), f"docs/{page}")


def _target(origin: str, link: str) -> str:
    """Returns the path in the repository that a link in the file `origin` leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), unquote(link)))


def _page(path: str) -> str | None:
    """Returns the page (or the file in docs/) that shows a path of the repository, None if the path does not exist."""
    readme = f"{path}/README.md"
    if path in PAGES or readme in PAGES:
        return PAGES.get(path) or PAGES[readme]
    if path.startswith("..") or not (ROOT / path).exists():
        return None
    if path.startswith("docs/") and (ROOT / path).is_file():
        return path.removeprefix("docs/")
    return f"{SOURCES}/{path.replace('/.', '/').lstrip('.')}.md"  # MkDocs leaves out what begins with a dot


def _source(path: str) -> str:
    """Returns the text of a page that shows a source file, or the names of the files in a folder."""
    if (ROOT / path).is_dir():
        names = sorted(file.relative_to(ROOT / path).as_posix() for file in (ROOT / path).rglob("*.*"))
        return "\n".join([f"# {path}", "", *(f"- `{name}`" for name in names)])
    text = (ROOT / path).read_text(encoding="utf-8").rstrip()
    return f"# {path}\n\n````{LANGUAGES.get(Path(path).suffix, 'text')}\n{text}\n````\n"
