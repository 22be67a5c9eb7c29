"""Bundles the tab's modules into one script, so that a browser asks TensorBoard once and not fifty times.

Each module becomes a function; otherwise its text stays. An imported style sheet becomes a string.
"""

import json
import re
from pathlib import Path

# One import per statement, as Prettier writes it, on one line or several. Imports of types are in comments.
_IMPORT = re.compile(r'^import (?:\* as (\w+)|\{([^}]*)\}) from "(\.\.?/[\w./]+)\.js";\n', re.MULTILINE)
_STYLE = re.compile(r'^import (\w+) from "\./(\w+\.css)" with \{ type: "css" \};\n', re.MULTILINE)
# A URL relative to the module becomes one relative to the script.
_URL = re.compile(r'new URL\("(\.\.?/[\w./]+)", import\.meta\.url\)')
_EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
# The last statement of a vendored module.
_EXPORT_LIST = re.compile(r"export\s*\{([^}]*)\};?\s*(//# sourceMappingURL=.*\s*)?\Z")
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(entry: Path) -> str:
    """Returns the text of one module that has the exports of `entry` and contains all that it imports.

    Raises:
      ValueError: a module imports or exports in an unknown way, or imports itself in the end.
    """
    entry = entry.resolve()
    modules: dict[Path, str] = {}

    def name_of(path: Path) -> str:
        return "_".join(path.relative_to(entry.parent).with_suffix("").parts)

    def returned(exports: dict[str, str]) -> str:
        return ", ".join(name if name == local else f"{name}: {local}" for name, local in exports.items())

    def address(file: Path) -> str:
        return f"./{file.resolve().relative_to(entry.parent).as_posix()}"

    def add(path: Path, importing: tuple[str, ...]) -> list[str]:
        if name_of(path) in importing:
            raise ValueError(f"modules in a circle: {' imports '.join([*importing, name_of(path)])}")
        text = path.read_text(encoding="utf-8")
        exports = {match[2]: match[2] for match in _EXPORT.finditer(text)}
        if listed := _EXPORT_LIST.search(text):
            for local, name in re.findall(r"(\w+)(?: as (\w+))?", listed[1]):
                exports[name or local] = local
            text = text[: listed.start()] + "\n"
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
            f"return {{ {returned(exports)} }};\n}})();\n"
        )
        return [*exports]

    names = add(entry, ())
    return "".join(modules.values()) + f"export const {{ {', '.join(names)} }} = {name_of(entry)}_module;\n"
