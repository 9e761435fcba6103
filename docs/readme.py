"""README.md and its figures from nbs/index.ipynb: `python docs/readme.py`, and `--check` in tests."""

import base64
import re
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter


def readme(root: Path) -> dict[Path, bytes]:  # what each file should hold
    "The README and its figures, as the notebook says."
    notebook, files, said = nbformat.read(root / "nbs/index.ipynb", 4), {}, ""
    notebook.metadata["language_info"] = {"name": "python"}
    hidden = re.compile(r"^#\|\s*(hide|notest|default_exp|exports?)\b", re.MULTILINE)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "raw" and not hidden.search(cell.source)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            said = " ".join(re.split(r"\n\s*\n", cell.source)[-1].replace("`", "").split()).rstrip(":")
            said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", said)
        named = re.search(r"^#\|\s*fig-alt:\s*(.+)$", cell.source, re.MULTILINE)
        said = named[1] if named else said
        only_output = re.search(r"^#\|\s*echo:\s*false", cell.source, re.MULTILINE)
        cell.source = "" if only_output else re.sub(r"^#\|.*\n?", "", cell.source, flags=re.MULTILINE).strip("\n")
        for output in cell.get("outputs", []):
            png = output.get("data", {}).pop("image/png", None)
            if png:
                name = f"nbs/images/index_{len(files)}.png"
                files[root / name] = base64.b64decode(png)
                alt = output.get("metadata", {}).get("image/png", {}).get("alt", said)
                output.data["text/markdown"] = f"![{alt}]({name})"
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    text = re.sub(r"^\[!\[Open in Colab\].*\n?", "", text.replace("```python\n\n```\n", ""), flags=re.MULTILINE)
    text = re.sub(r"\]\((?=[\w/]+\.ipynb|tutorials/|benchmarks/|assets/)", "](nbs/", text).replace("](../", "](")
    text = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip() + "\n"
    return {root / "README.md": text.encode(), **files}


def main() -> int:
    root, stale = Path(__file__).parents[1], []
    for path, content in readme(root).items():
        if not path.exists() or path.read_bytes().replace(b"\r\n", b"\n") != content.replace(b"\r\n", b"\n"):
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
    print(", ".join(stale) or "nothing", "differed from nbs/index.ipynb")
    if stale and "--check" in sys.argv:
        print("run `python docs/readme.py` and commit the result", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
