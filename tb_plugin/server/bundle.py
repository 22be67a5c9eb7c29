"""Bundling of the tab's modules into one script, so that a browser sends one request in place of forty, level by level.

Each module becomes a function of its own, and its text stays the same otherwise. A style sheet that a module imports
becomes a string.
"""

import json
import re
from pathlib import Path

# One import per line, as Prettier writes them. Imports of types are in comments.
_IMPORT = re.compile(r'^import (?:\* as (\w+)|\{([^}]*)\}) from "(\.\.?/[\w./]+)\.js";\n', re.MULTILINE)
_STYLE = re.compile(r'^import (\w+) from "\./(\w+\.css)" with \{ type: "css" \};\n', re.MULTILINE)
# A URL relative to the module must become one relative to the script.
_URL = re.compile(r'new URL\("(\.\.?/[\w./]+)", import\.meta\.url\)')
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(entry: Path) -> str:
    """Returns one script with the exports of the module `entry`. All modules that it imports are in it, each once.

    Raises:
      ValueError: a module has an import or export that is not supported, or modules import each other in a circle.
    """
    entry = entry.resolve()
    modules: dict[Path, str] = {}

    def name_of(path: Path) -> str:
        return "_".join(path.relative_to(entry.parent).with_suffix("").parts)

    def address(file: Path) -> str:
        return f"./{file.resolve().relative_to(entry.parent).as_posix()}"

    def add(path: Path, importing: tuple[str, ...]) -> list[str]:
        if name_of(path) in importing:
            raise ValueError(f"modules in a circle: {' imports '.join([*importing, name_of(path)])}")
        text = path.read_text(encoding="utf-8")
        names = [match[2] for match in _EXPORT.finditer(text)]
        imports = [(match[1], match[2], (path.parent / f"{match[3]}.js").resolve()) for match in _IMPORT.finditer(text)]
        for *_, module in imports:
            if module not in modules:
                add(module, (*importing, name_of(path)))
        styles = [(name, (path.parent / file).read_text(encoding="utf-8")) for name, file in _STYLE.findall(text)]
        text = _EXPORT.sub(r"\1", _IMPORT.sub("", _STYLE.sub("", text)))
        text = _URL.sub(lambda match: f'new URL("{address(path.parent / match[1])}", import.meta.url)', text)
        if other := _OTHER.search(text):
            raise ValueError(f"{path.name}: this line is not supported: {other[0]}")
        heads = [
            f"const {name or '{' + some.replace(' as ', ': ') + '}'} = {name_of(module)}_module;\n"
            for name, some, module in imports
        ]
        heads += [
            f"const {name} = new CSSStyleSheet();\n{name}.replaceSync({json.dumps(style)});\n" for name, style in styles
        ]
        modules[path] = (
            f"const {name_of(path)}_module = (() => {{\n{''.join(heads)}{text}"
            f"return {{ {', '.join(names)} }};\n}})();\n"
        )
        return names

    names = add(entry, ())
    return "".join(modules.values()) + f"export const {{ {', '.join(names)} }} = {name_of(entry)}_module;\n"
