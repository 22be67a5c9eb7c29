"""The documents: links lead somewhere, and the commands that they name exist."""

import re
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from legacy_ports import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (".", "docs", "docs/api", "tb_plugin", "legacy_ports/proof/recordings", ".github")
    for path in (ROOT / folder).glob("*.md")
)
LINK = re.compile(r"\]\((?![a-z]+:)([^)\s#]*)(#[^)\s]*)?\)")


def text(document):
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(document):
    headings = re.findall(r"^#+ (.+)$", text(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-") for heading in headings}


def test_there_are_documents():
    assert {"README.md", "CONTRIBUTING.md", "docs/proof.md", "tb_plugin/http_api.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_between_files_lead_somewhere(document):
    for link, anchor in LINK.findall(text(document)):
        target = (ROOT / document).parent / unquote(link) if link else ROOT / document
        assert target.exists(), f"{document} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor[1:] in anchors(target.resolve().relative_to(ROOT)), f"{document} links to {link}{anchor}"


def test_the_tox_environments_that_are_named_exist():
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    labels = set(re.findall(r"^(\w+) =", tox["tox"]["labels"], re.MULTILINE))
    # A section's name may have factors in braces, of which there is one environment each.
    defined = [re.sub(r"\\{([^}]*)\\}", lambda m: f"({m[1].replace(',', '|')})", re.escape(section))
               for section in tox.sections()]  # fmt: skip
    for document in DOCUMENTS:
        for flag, names in re.findall(r"tox -([em]) ([\w,.-]*\w)", text(document)):
            for name in names.split(","):
                if flag == "m":
                    assert name in labels, f"{document}: tox -m {name}"
                elif not re.fullmatch(r"py(3\d\d)?", name):
                    found = any(re.fullmatch(section, f"testenv:{name}") for section in defined)
                    assert found, f"{document}: tox -e {name}"


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if document != "CHANGELOG.md"])
def test_the_commands_and_options_that_are_named_exist(document, capsys):
    for command, rest in re.findall(r"(?:`|^ {4})legacy-ports ([a-z]+)([^`\n]*)", text(document), re.MULTILINE):
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0, f"{document}: legacy-ports {command}"
        known = re.findall(r"--[a-z][\w-]*", capsys.readouterr().out)
        for option in re.findall(r"(?<!\S)--[a-z][\w-]*", rest.split("&&")[0]):
            assert option in known, f"{document}: legacy-ports {command} {option}"


def test_the_classifiers_are_the_interpreters_of_tox():
    tested = re.search(r"pythons = (.+)", text("tox.ini"))[1].split(", ")
    classifiers = re.findall(r"Python :: 3\.(\d+)", text("setup.py"))
    assert tested == [f"py3{minor}" for minor in classifiers]
