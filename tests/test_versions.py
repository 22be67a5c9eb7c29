"""The table of every TensorFlow: it is what the kept files give, and one file more is one row more."""

import json
import re
import shutil
from pathlib import Path

import pytest

from legacy_ports import UserError, ports
from legacy_ports.proof import versions

ROOT = Path(__file__).parents[1]
KEPT, PAGE = ROOT / "docs/results/versions", ROOT / "docs/proof.md"


def row(**changes):
    """A row as `verify --json` writes it."""
    return {
        "port": "smith", "steps": 1000, "start": True, "gradient": {"largest_error": 2e-7, "variable": "a:0"},
        "leaves_at": 175, "diverges": [], "same_run": True, **changes,
    }  # fmt: skip


@pytest.fixture
def keep(tmp_path):
    """Writes a file of these rows, as from this TensorFlow."""

    def write(tensorflow, *rows, **more):
        made = {"tensorflow": tensorflow, "numpy": "2.0.0", "python": "3.11.0"}
        content = {"versions": made, "machine": "x86_64, AVX2", "rows": rows, **more}
        (tmp_path / f"{tensorflow}.json").write_text(json.dumps(content))
        return tmp_path

    return write


def test_the_page_has_the_table_of_the_kept_files():
    page = PAGE.read_text(encoding="utf-8")
    assert versions.put(page, versions.table(KEPT)) == page, "run `tox -e versions-table`"


def test_every_tensorflow_of_tox_ini_is_kept_with_every_port_and_variant():
    listed = re.findall(r"^    (tf2\.\d+): tensorflow==2", (ROOT / "tox.ini").read_text(encoding="utf-8"), re.MULTILINE)
    assert {path.stem for path in KEPT.glob("*.json")} == {f"verify-{factor}" for factor in listed}
    everything = {variant for name in ports.NAMES for variant in ports.facts(name).proof.tolerances}
    for path in KEPT.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert path.stem == "verify-tf" + content["versions"]["tensorflow"].rsplit(".", 1)[0]
        assert "reason" in content or {one["port"] for one in content["rows"]} == everything


def test_what_is_kept_names_nobodys_machine():
    for path in KEPT.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\"\s](/|~|[A-Z]:\\\\)", text), path
        assert not {"host", "hostname", "node", "user"} & set(re.findall(r'"(\w+)":', text))


def test_one_file_more_is_one_row_more(tmp_path):
    folder = shutil.copytree(KEPT, tmp_path / "kept")
    newest = json.loads((folder / "verify-tf2.21.json").read_text(encoding="utf-8"))
    newest["versions"]["tensorflow"] = "2.100.0"
    (folder / "verify-tf2.100.json").write_text(json.dumps(newest))
    before, after = versions.table(KEPT).splitlines(), versions.table(folder).splitlines()
    assert after[:-1] == before
    assert after[-1] == before[-1].replace("| 2.21.0 |", "| 2.100.0 |")


def test_rows_by_hand(keep):
    keep("2.9.1", row(), row(leaves_at=168), row(port="vandenburg", steps=10_000, leaves_at=None))
    off = {"what": "gradient", "step": 0, "error": None, "variable": "a:0"}
    differs = row(start=False, diverges=[off], same_run=False, leaves_at=None)
    folder = keep("2.10.0", differs, row(port="vandenburg", leaves_at=3, same_run=False))
    keep("2.11.0", reason="needs Python 3.14")
    assert versions.table(folder).splitlines()[2:] == [
        "| 2.9.1 | equal | 2e-07 | 168 | all 10,000 | NumPy 2.0.0, Python 3.11.0; x86_64, AVX2 |",
        "| 2.10.0 | **differs** | **off** | **all 1,000, DIFFERENT** | **3, DIFFERENT** "
        "| NumPy 2.0.0, Python 3.11.0; x86_64, AVX2 |",
        "| 2.11.0 | needs Python 3.14 |  |  |  |  |",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"versions": {"tensorflow": "2.15.1"}}', '{"versions": []}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=r"x\.json: not what"):
        versions.table(tmp_path)


def test_mistakes_are_one_line_and_exit_code_2(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("no place")
    for arguments in ([], [str(KEPT), str(tmp_path / "none.md")], [str(KEPT), str(page)]):
        assert versions.main(arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("versions: ")
        assert error.count("\n") == 1
    assert page.read_text() == "no place"
