"""nbdev's own pages, for who has Quarto: `settings.ini` names this renderer, which brings the table of parameters back."""

from fastcore.docments import DocmentTbl
from nbdev.showdoc import BasicMarkdownRenderer


class TableRenderer(BasicMarkdownRenderer):
    "nbdev's Markdown renderer with a table of parameters, their types, defaults and meaning."

    def _repr_markdown_(self) -> str:
        text = super()._repr_markdown_()
        try:
            table = DocmentTbl(self.sym)._repr_markdown_()
        except (TypeError, ValueError, AttributeError, OSError):
            return text  # something without a signature
        return f"{text}\n\n{table}" if table else text
