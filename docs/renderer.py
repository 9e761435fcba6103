"""nbdev's own pages, for who has Quarto: `settings.ini` names this renderer, which brings the table of parameters back."""

from importlib import import_module
from pathlib import Path
from typing import Any

from fastcore.docments import DocmentTbl
from nbdev.showdoc import BasicMarkdownRenderer

import cifarcam

MODULES = sorted(f"cifarcam.{path.stem}" for path in Path(cifarcam.__file__).parent.glob("[a-z]*.py"))


class TableRenderer(BasicMarkdownRenderer):
    "nbdev's Markdown renderer with a table of parameters, their types, defaults and meaning."

    def __init__(self, sym, *args, **kwargs):
        try:
            super().__init__(sym, *args, **kwargs)
        except NameError as error:  # a type that its module does not import, so that the import stays quick
            found = (vars(import_module(name)).get(error.name) for name in MODULES)
            vars(import_module(sym.__module__))[error.name] = next((kind for kind in found if kind), Any)
            self.__init__(sym, *args, **kwargs)
        except SyntaxError:  # fastcore cannot read the source of a constructor that is inherited from matplotlib
            self.sym = None
            self.plain = f"### {sym.__name__}\n\n{sym.__doc__}"

    def _repr_markdown_(self) -> str:
        if self.sym is None:
            return self.plain
        text = super()._repr_markdown_()
        try:
            table = DocmentTbl(self.sym)._repr_markdown_()
        except (TypeError, ValueError, AttributeError, OSError):
            return text  # something without a signature that can be read
        return f"{text}\n\n{table}" if table else text
