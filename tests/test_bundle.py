"""The bundler of the tab's modules. Tests in the browser run its scripts."""

import re

import pytest

from tb_plugin.server.bundle import bundle
from tb_plugin.server.static_files import SCRIPTS, STATIC


def test_every_module_is_in_a_script_once_and_after_what_it_imports():
    scripts = [bundle(STATIC / name) for name in SCRIPTS]
    for script in scripts:
        assert re.findall(r"^(?:import|export)\b.*", script, re.MULTILINE) == script.splitlines()[-1:]
        for name in re.findall(r"= (\w+_module);", script):
            assert script.count(f"const {name} = (() => {{") == 1
            assert script.index(f"const {name} = (() => {{") < script.index(f"= {name};")
    assert {"_".join(path.relative_to(STATIC).with_suffix("").parts) for path in STATIC.rglob("*.js")} == {
        name for script in scripts for name in re.findall(r"^const (\w+)_module = ", script, re.MULTILINE)
    }
    assert scripts[0].splitlines()[-1] == "export const { render } = index_module;"


def written(tmp_path, **modules):
    for name, text in modules.items():
        (tmp_path / f"{name}.js").write_text(text)
    return tmp_path / "index.js"


def test_imports_and_exports(tmp_path):
    entry = written(
        tmp_path,
        index='import { a as b } from "./one.js";\nexport class C {}\n',
        one="export const a = 1;\nexport async function f() {}\n",
    )
    assert (
        bundle(entry)
        == """\
const one_module = (() => {
const a = 1;
async function f() {}
return { a, f };
})();
const index_module = (() => {
const { a: b } = one_module;
class C {}
return { C };
})();
export const { C } = index_module;
"""
    )


def test_folders(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "core").mkdir()
    (tmp_path / "lib/one.js").write_text("export const a = 1;\n")
    (tmp_path / "core/one.js").write_text(
        'import { a } from "../lib/one.js";\nexport const b = [a, new URL("../worker.js", import.meta.url)];\n'
    )
    entry = written(tmp_path, index='import { b } from "./core/one.js";\nexport const c = b;\n')
    assert (
        bundle(entry)
        == """\
const lib_one_module = (() => {
const a = 1;
return { a };
})();
const core_one_module = (() => {
const { a } = lib_one_module;
const b = [a, new URL("./worker.js", import.meta.url)];
return { b };
})();
const index_module = (() => {
const { b } = core_one_module;
const c = b;
return { c };
})();
export const { c } = index_module;
"""
    )


def test_a_style_sheet_comes_along(tmp_path):
    entry = written(tmp_path, index='import sheet from "./style.css" with { type: "css" };\nexport class C {}\n')
    (tmp_path / "style.css").write_text('a::before { content: "\\201c" }\n')
    assert bundle(entry).splitlines()[1:3] == [
        "const sheet = new CSSStyleSheet();",
        r'sheet.replaceSync("a::before { content: \"\\201c\" }\n");',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('import a from "./one.js";\n', r"index\.js: .*: import a from"),
        ('import { a } from "three";\n', r"index\.js: .*: import { a } from"),
        ('import data from "./one.json" with { type: "json" };\n', r"index\.js: .*: import data from"),
        ("export default 1;\n", r"index\.js: .*: export default"),
        ("export let changing = 1;\n", r"index\.js: .*: export let"),
        ('import { x } from "./one.js";\n', "index imports one imports index"),
    ],
)
def test_an_unsupported_module_is_an_error(tmp_path, text, message):
    entry = written(tmp_path, index=text, one='import { y } from "./index.js";\n')
    with pytest.raises(ValueError, match=message):
        bundle(entry)
