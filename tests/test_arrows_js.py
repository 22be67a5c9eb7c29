"""The folders of the tab: which may import which, and that no module is left over.

    index.js → {widgets, walk} → core → {plot, data} → decode → lib

A module may import from its own folder and from those below. Types count, too: `import("…")` in a comment.
"""

import re

import pytest

from tb_plugin.server.static_files import SCRIPTS, STATIC

BELOW = {"lib": set()}
for folder, below in (
    ("decode", ["lib"]),
    ("data", ["decode"]),
    ("plot", ["decode"]),
    ("core", ["plot", "data"]),
    ("walk", ["core"]),
    ("widgets", ["core"]),
    (".", ["walk", "widgets"]),
):
    BELOW[folder] = {*below, *(further for one in below for further in BELOW[one])}
BELOW["."].add(".")  # the style sheet

STATEMENT = re.compile(r'^import [^"]*?"([^"]+)"|^export [^"]*? from "([^"]+)"', re.MULTILINE)
EXPRESSION = re.compile(r'\bimport\(\s*"([^"]+)"\s*\)|new URL\("([^"]+)", import\.meta\.url\)')


def targets(path, *patterns):
    """Returns the files that a module imports."""
    text = path.read_text(encoding="utf-8")
    found = [next(filter(None, match.groups())) for pattern in patterns for match in pattern.finditer(text)]
    return {(path.parent / name).resolve() for name in found}


def folder(path):
    """Returns the first folder of a module in static/, or "." for the scripts themselves."""
    parts = path.relative_to(STATIC.resolve()).parts
    return parts[0] if len(parts) > 1 else "."


def wrong(modules):
    """Returns the imports that go up or sideways."""
    return [
        f"{path.relative_to(STATIC)} imports {target.relative_to(STATIC.resolve())}"
        for path in modules
        for target in targets(path, STATEMENT, EXPRESSION)
        # A worker is a script of its own: a URL, no import.
        if target.name not in SCRIPTS and folder(target) not in {folder(path.resolve()), *BELOW[folder(path.resolve())]}
    ]


MODULES = sorted(STATIC.rglob("*.js"))


def test_every_folder_has_its_place():
    assert {folder(path.resolve()) for path in MODULES} == BELOW.keys()


def test_imports_go_down():
    assert wrong(MODULES) == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("lib", 'import { Panel } from "../core/panel.js";'),
        ("lib", '/** @typedef {import("../data/api.js").SpaceInfo} SpaceInfo */'),
        ("plot", 'import {\n  a,\n  b,\n} from "../data/api.js";'),
        ("walk", 'import * as time from "../widgets/time.js";'),
        ("core", 'export { legend } from "../widgets/legend.js";'),
        ("decode", 'const later = () => import("../plot/plot.js");'),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_found(place, text, tmp_path, monkeypatch):
    monkeypatch.setattr("test_arrows_js.STATIC", tmp_path)
    module = tmp_path / place / "module.js"
    module.parent.mkdir()
    module.write_text(text)
    assert len(wrong([module])) == 1


def test_every_module_is_reached_from_a_script():
    reached, new = set(), {(STATIC / script).resolve() for script in SCRIPTS}
    while new:
        reached |= new
        new = {file for path in new for file in targets(path, STATEMENT) if file.suffix == ".js"} - reached
    assert {path.resolve() for path in MODULES} == reached
