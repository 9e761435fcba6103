"""Sphinx extension: nbdev's notebooks as pages.

MyST-NB reads notebooks. This turns what nbdev means (`#|` lines, docments) into what Sphinx knows: an exported cell becomes the
description of its public names, with a table of their parameters, above its folded source. It gives figures a description for
who cannot see them, links names in prose to their descriptions, and writes formulas as MathML, so that a page fetches nothing.
"""

import ast
import html
import inspect
import io
import re
import tokenize
from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import nbformat
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from nbformat.v4 import new_code_cell, new_markdown_cell
from PIL import Image
from sphinx import addnodes
from sphinx.util.logging import getLogger

log = getLogger(__name__)
LIBRARY = "cifarcam"
BADGE = re.compile(r"^\[!\[Open in Colab\]\(.*?\)\]\((.*)\)", re.MULTILINE)


# A notebook becomes a page
def flags(source: str) -> set[str]:  # {"export"}, {"echo: false"}
    "The words of nbdev's lines."
    return {line[2:].strip() for line in source.splitlines() if line.startswith("#|")}


def parsed(source: str) -> list[ast.stmt]:
    "The statements of a cell, [] where it speaks to the shell."
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def read_page(app, name: str, source: list[str]) -> None:
    "Sphinx's event source-read: `source[0]` is a notebook as nbdev has it, then as MyST-NB shows it."
    path = Path(app.env.doc2path(name))
    if path.suffix != ".ipynb":
        return
    notebook = nbformat.reads(source[0], 4)
    module = next(iter(re.findall(r"^#\|\s*default_exp (\w+)", source[0].replace('"', "\n"), re.MULTILINE)), None)
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = BADGE.sub(rf"[Run it in Colab](\1) · {twin(app, name, notebook)}", cell.source)
            cells.append(new_markdown_cell(repository_links(text, path, app.config.source_url)))
        elif cell.cell_type == "code":
            cells += shown_cells(cell, module and f"{LIBRARY}.{module}", 1000 if "tutorials" in name else 9)
    title = next(k for k, cell in enumerate(cells) if cell.cell_type == "markdown" and cell.source.startswith("# "))
    cells.insert(0, cells.pop(title))
    if module:
        cells.insert(1, new_markdown_cell(f"```{{py:module}} {LIBRARY}.{module}\n```"))
    if name == "index":  # the explorer in place of the README's first figure
        first = next(
            k for k, cell in enumerate(cells) if any("image/png" in o.get("data", {}) for o in cell.get("outputs", []))
        )
        cells[first - 1 : first + 1] = stored_explorer(path.with_name("71_report.ipynb"))  # with its caption
        cells.append(new_markdown_cell((Path(app.confdir) / "contents.md").read_text(encoding="utf-8")))
    source[0] = nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata))


def twin(app, name: str, notebook) -> str:  # a link to it
    "A copy with code and headings alone, for who wants to predict the outputs."
    cells, path = [], Path(app.outdir) / "code" / f"{name}.ipynb"
    for cell in notebook.cells:
        if cell.cell_type == "code" and not {"hide", "default_exp"} & flags(cell.source):
            cells.append(new_code_cell(cell.source))
        elif headings := re.findall(r"^#+ .*", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []:
            cells.append(new_markdown_cell("\n".join(headings)))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata), path)
    return f'<a href="{"../" * name.count("/")}code/{name}.ipynb" download>Code without outputs</a>'


def stored_explorer(report: Path) -> list:
    "The home page's explorer: the HTML that the report's notebook stores."
    outputs = [output for cell in nbformat.read(report, 4).cells for output in cell.get("outputs", [])]
    found = [output for output in outputs if "cifarcam-static" in output.get("data", {}).get("text/html", "")]
    if not found:
        log.warning("%s stores no explorer for the home page: run it with the cells flagged cifar10", report.name)
        return []
    words = (
        "What the network that comes with cifarcam looked at: choose an image, a layer and a class. "
        "A cross marks a mistake. (Everything was computed beforehand; `cifarcam explore` does it live.)"
    )
    return [new_markdown_cell(words), new_code_cell("...", outputs=found[-1:], metadata=dict(tags=["remove-input"]))]


def shown_cells(cell, module: str | None, most: int = 9) -> list:
    "What a reader sees of a code cell; one of more than `most` lines is folded."
    told = flags(cell.source)
    words = {word for line in told for word in line.split()}
    text = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.MULTILINE).strip("\n")
    if words & {"hide", "default_exp"} or not text or ("COLAB_RELEASE_TAG" in text and "export" not in words):
        return []
    outputs = [
        output for output in cell.outputs if "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
    ]
    body, title, tags = parsed(text), None, []
    imports = [isinstance(one, ast.Import | ast.ImportFrom) for one in body]
    if imports and imports[0]:
        title, tags = "Imports" if all(imports) else "Setup", ["hide-input"]
    elif {"export", "exports"} & words:
        title = ", ".join(one.name for one in body if hasattr(one, "name")) or "this cell"
        tags = ["hide-input", "source"]
    elif "echo: false" in told:
        text, tags = "...", ["remove-input"]
    elif {"solution", "check"} & set(cell.metadata.get("tags", [])):
        title, tags = cell.metadata.tags[0].capitalize(), ["hide-input"]
    elif (n := assertions(body)) and not outputs:
        title, tags = f"Tests: {n} assertion{'s' * (n > 1)}", ["hide-input"]
    elif (n := len(text.splitlines())) > most:
        title, tags = f"Code: {n} lines", ["hide-input"]
    about = dict(tags=tags, mystnb=dict(code_prompt_show=title, code_prompt_hide=title) if title else {})
    names = descriptions(body, comments_of(text), module) if tags[1:] else []
    return [
        *([new_markdown_cell("\n\n".join(names))] if names else []),
        new_code_cell(text, outputs=outputs, metadata=about),
    ]


def assertions(body: list[ast.stmt]) -> int:
    "How many assertions a cell has."
    tests = (n for one in body for n in ast.walk(one))
    calls = lambda n: isinstance(n, ast.Call) and getattr(n.func, "id", "").startswith("test_")
    return sum(isinstance(n, ast.Assert) or calls(n) for n in tests)


def repository_links(text: str, page: Path, address: str) -> str:
    "Markdown whose links lead to pages of the site, and for other files to the repository."
    root = Path(__file__).parents[1]

    def target(match: re.Match) -> str:
        if match[0].startswith("`") or re.match(r"\w+:", match[2]):
            return match[0]
        to, _, heading = match[2].partition("#")
        if to and not to.endswith((".ipynb", "glossary.md", "tasks.md")):
            there = (page.parent / unquote(to)).resolve()
            if not there.exists():
                log.warning("%s links to %s, which does not exist", page.name, to)
            return f"{match[1]}({address}/{there.relative_to(root).as_posix()})"
        anchor = "#" + re.sub(r"[^\w\-]", "", unquote(heading).lower()) if heading else ""  # Jupyter's "What-is-it?"
        return f"{match[1]}({to}{anchor})"

    return re.sub(r"```.*?```|`[^`\n]+`|(?<!!)(\[[^\]\n]*\])\(([^)\s]+)\)", target, text, flags=re.DOTALL)


# A name and its description
def descriptions(body: list[ast.stmt], comments: dict[int, str], module: str) -> list[str]:
    "MyST's directives for the public names that a cell defines."
    library, found = import_module(module), []
    public = lambda name: not name.startswith("_") or name == "__call__"
    for one in body:
        if isinstance(one, ast.Assign | ast.AnnAssign):
            target = one.target if isinstance(one, ast.AnnAssign) else one.targets[0]
            if isinstance(target, ast.Name) and public(target.id):
                found.append(directive("data", target.id, module, [comments.get(one.end_lineno, "")]))
        elif isinstance(one, ast.FunctionDef) and any("patch" in ast.unparse(d) for d in one.decorator_list):
            owner = re.findall(r"\w+", ast.unparse(one.args.args[0].annotation))[0]
            if public(owner) and public(one.name):
                found.append(described(one, comments, module, getattr(library, owner)))
        elif isinstance(one, ast.FunctionDef | ast.ClassDef) and public(one.name):
            found.append(described(one, comments, module, library))
    return found


def directive(kind: str, name: str, module: str, parts: list[str], fence: str = "::::") -> str:
    "A Sphinx directive in MyST's form."
    return "\n".join(
        [f"{fence}{{py:{kind}}} {name}", f":module: {module}", "", "\n\n".join(filter(None, parts)), fence]
    )


def described(node, comments: dict[int, str], module: str, owner, fence: str = "::::") -> str:
    "The description of a function, method, property or class; `owner` is the module or class that has it."
    what = inspect.getattr_static(owner, node.name)
    rows, members, name = parameter_rows(node, comments), [], node.name
    if isinstance(node, ast.ClassDef):
        kind = "exception" if issubclass(what, BaseException) else "class"
        methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
        methods = [m for m in methods if m.name == "__call__" or not m.name.startswith("_")]
        members = [described(m, comments, module, what, ":::") for m in {m.name: m for m in methods}.values()]
    elif isinstance(owner, type):
        of_class = isinstance(what, classmethod) or hasattr(what, "f")  # fastcore's form of one
        kind = "classmethod" if of_class else "method" if inspect.isfunction(what) else "property"
        name = f"{owner.__name__}.{name}" if fence == "::::" else name
    else:
        kind = "function"
    if kind != "property":
        name += f"({', '.join(row[0] + (row[2] and f'={row[2]}') for row in rows if row[0] != '*returns*')})"
    return directive(kind, name, module, [ast.get_docstring(node) or "", table(rows), *members], fence)


def comments_of(source: str) -> dict[int, str]:  # line: its comment
    "The comments of some source."
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def parameter_rows(node, comments: dict[int, str]) -> list[tuple[str, str, str, str]]:  # name, type, default, meaning
    "Docments: the parameters of a function or class, each with the comment beside it."
    text = lambda part: "" if part is None else ast.unparse(part)
    if isinstance(node, ast.ClassDef):
        made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
        if made is None:
            fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and not one.target.id.startswith("_")]
            starts = [one.lineno for one in node.body]
            ends = [next((k for k in starts if k > f.lineno), f.end_lineno + 1) for f in fields]
            meaning = [beside(comments, f.lineno, f.end_lineno, end) for f, end in zip(fields, ends)]
            return [(f.target.id, text(f.annotation), text(f.value), m) for f, m in zip(fields, meaning)]
        node = made
    a = node.args
    plain = [*a.posonlyargs, *a.args]
    pairs = [*zip(plain, [None] * (len(plain) - len(a.defaults)) + a.defaults), *zip(a.kwonlyargs, a.kw_defaults)]
    pairs += [
        (ast.arg(stars + one.arg, one.annotation, lineno=one.lineno, end_lineno=one.end_lineno), None)
        for stars, one in (("*", a.vararg), ("**", a.kwarg))
        if one
    ]
    ends = [one.lineno for one, _ in pairs[1:]] + [(node.returns or node.body[0]).lineno]
    rows = [
        (one.arg, text(one.annotation), text(default), beside(comments, one.lineno, (default or one).end_lineno, end))
        for (one, default), end in zip(pairs, ends)
        if one.arg not in ("self", "cls")
    ]
    if text(node.returns) not in ("", "None"):
        if node.lineno == node.returns.end_lineno:  # all on one line: its comment is about what comes back
            rows = [(*row[:3], "") for row in rows]
        rows.append(("*returns*", text(node.returns), "", comments.get(node.returns.end_lineno, "")))
    return rows


def beside(comments: dict[int, str], first: int, last: int, following: int) -> str:
    "The comment of a parameter on lines `first` to `last`, or below it and before the line of what follows."
    return next((comments[k] for k in range(first, max(last + 1, following)) if k in comments), "")


def table(rows: list[tuple[str, str, str, str]]) -> str:
    "Parameters as a Markdown table."
    code = lambda text: f"`{' '.join(text.split())}`".replace("|", "\\|") if text else ""
    lines = [
        f"| **{name}** | {code(kind)} | {code(default)} | {meaning.replace('|', chr(92) + '|')} |"
        for name, kind, default, meaning in rows
    ]
    if not rows:
        return ""
    named = ", ".join(name for name, *_ in rows if name != "*returns*") or "returns"
    head = ["| parameter | type | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"<details><summary>{html.escape(named)}</summary>", "", *head, *lines, "", "</details>"])


def source_lines(info: dict) -> str | None:  # cifarcam/data.py#L10-L20
    "The place of a name in the library's files."
    try:
        what = import_module(info["module"])
        for part in info["fullname"].split("."):
            what = inspect.getattr_static(what, part)
        lines, first = inspect.getsourcelines(
            inspect.unwrap(getattr(what, "__func__", getattr(what, "fget", getattr(what, "f", what))))
        )
    except (AttributeError, TypeError, OSError, ImportError):
        return None
    return f"{info['module'].replace('.', '/')}.py#L{first}-L{first + len(lines) - 1}"


# What a page's tree lacks
def describe_images(app, tree: nodes.document) -> None:
    "Sphinx's event doctree-read: the alternative text of a figure is its title in the code, the clause that announces it, or its heading."
    said, taken = "a figure of this page", Counter()
    wanted = (nodes.title, nodes.paragraph, nodes.literal_block, nodes.image)
    for node in tree.findall(lambda node: isinstance(node, wanted)):
        if isinstance(node, nodes.image):
            alt = node.get("alt") or said
            taken[alt] += 1
            node["alt"] = alt if taken[alt] == 1 else f"{alt}, figure {taken[alt]}"
        elif isinstance(node, nodes.literal_block):
            titles = re.findall(r"""title(?:=|\()f?["']([^"'{}]+)["']""", node.astext())
            said = "; ".join(dict.fromkeys(titles)) if len(" ".join(titles).split()) > 2 else said
        elif isinstance(node, nodes.title):
            said = node.astext()
        elif node.astext().endswith(":") and not isinstance(node.parent, nodes.entry):
            said = re.split(r"(?<=[.!?:])\s+(?=[A-Z])", " ".join(node.astext().split()))[-1].rstrip(":")


def leave_out(app, tree: nodes.document) -> None:
    "Sphinx's event doctree-read: folded code is not searched, so that a guide is found before source; a table has no empty head."
    for cell in tree.findall(lambda node: isinstance(node, nodes.container) and "hide_mode" in node):
        cell[0]["classes"].append("no-search")
    for head in [head for head in tree.findall(nodes.thead) if not head.astext().strip()]:
        head.parent.remove(head)


def link_names(app, tree: nodes.document, page: str) -> None:
    "Sphinx's event doctree-resolved: code in prose that is the name of something described leads to its description."
    known, without_module = dict(app.env.get_domain("py").objects), lambda name: ".".join(name.split(".")[2:])
    short = Counter(map(without_module, known))
    known |= {without_module(name): entry for name, entry in known.items() if short[without_module(name)] == 1}
    for node in list(tree.findall(nodes.literal)):
        entry, parent = known.get(node.astext().removesuffix("()")), node.parent
        while parent is not None and not isinstance(parent, nodes.reference | nodes.title):
            parent = parent.parent
        if entry is not None and parent is None:
            address = app.builder.get_relative_uri(page, entry.docname) + "#" + entry.node_id
            node.replace_self(nodes.reference("", "", node.deepcopy(), refuri=address, internal=True))


def height(part: nodes.Node, folder: Path) -> float:  # of the notebooks, from where MyST-NB gives the place of a figure
    "About how many pixels a part of a page needs on a desk."
    if isinstance(part, nodes.literal_block):
        return 24 + 19.5 * sum(1 + len(line) // 105 for line in part.astext().splitlines())
    if isinstance(part, nodes.paragraph):
        return 14 + 26 * (1 + len(part.astext()) // 115)
    if isinstance(part, nodes.image):
        with Image.open(folder / part["uri"]) as image:
            return 12 + image.height * min(1, 860 / image.width)
    if isinstance(part, nodes.raw):
        return 27 * part.astext().count("<tr")
    if isinstance(part, addnodes.desc_content):  # its tables are folded
        return sum(height(child, folder) for child in part if not isinstance(child, nodes.table))
    children = part.children[1:] if "hide_mode" in part else part.children  # folded source
    own = {nodes.title: 66, nodes.row: 30, nodes.list_item: 30, addnodes.desc: 56}
    return own.get(type(part), 30 * ("hide_mode" in part)) + sum(height(child, folder) for child in children)


def fold_sections(app, tree: nodes.document) -> None:
    "Sphinx's event doctree-read: of a very long page some sections open on a click, or by a link into them; the last stays."
    folder = Path(app.srcdir)
    over = height(tree, folder) - app.config.most_pixels
    for section in reversed(
        [s for s in tree.findall(nodes.section) if isinstance(s.parent.parent, nodes.document)][1:-1]
    ):
        if over <= 0:
            return
        over -= height(section, folder) - 100
        names = [sig["fullname"] for sig in section.findall(addnodes.desc_signature) if not sig["class"]]
        said = [*names[:5], *[f"{len(names) - 5} more"] * (len(names) > 5)]
        said += [f"{n} figure{'s' * (n > 1)}" for n in [len(list(section.findall(nodes.image)))] if n]
        summary = f"<summary>Show this section{': ' * bool(said)}{html.escape(', '.join(said))}</summary>"
        section.insert(1, nodes.raw("", f'<details class="part">{summary}', format="html"))
        section += nodes.raw("", "</details>", format="html")


def name_parts(app, page: str, template: str, context: dict, tree: nodes.document | None) -> None:
    "Sphinx's event html-page-context: a screen reader hears what a fold holds, and the level of the sidebar's headings, and no empty heads."
    body = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")
    context["body"] = body.replace("<th></th>", "<td></td>")  # the corner of a table that pandas wrote
    menu = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = menu.replace('role="heading"', 'role="heading" aria-level="2"')


def draw_formula(translator, node, block: bool) -> None:
    "A formula as MathML, which browsers draw themselves."
    tex = re.sub(r"\\dots\b", r"\\ldots", node.astext())  # the one common command that the converter does not know
    try:
        formula = re.sub(r"\s+", " ", tex2mathml(tex, as_block=block)).replace("> <", "><")
        translator.body.append(f'<div class="math">{formula}</div>' if block else formula)
    except MathError as e:
        log.warning("%s in the formula %s", e, tex, location=node)
    raise nodes.SkipNode


def setup(app) -> dict:
    "What Sphinx calls to load an extension."
    app.add_config_value("source_url", "", "env")
    app.connect("source-read", read_page)
    app.add_config_value("most_pixels", 13_300, "env")
    app.connect("doctree-read", describe_images)
    app.connect("doctree-read", fold_sections)
    app.connect("doctree-read", leave_out)
    app.connect("html-page-context", name_parts, priority=900)  # after the theme's own
    app.connect("doctree-resolved", link_names)
    app.add_html_math_renderer(
        "mathml", (partial(draw_formula, block=False), None), (partial(draw_formula, block=True), None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
