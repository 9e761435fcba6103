"""Settings of the documentation site: `sphinx-build -W -c docs nbs _site`. The package's own facts stand in settings.ini."""

import sys
from configparser import ConfigParser
from pathlib import Path

root = Path(__file__).parents[1]
sys.path[:0] = [str(root), str(root / "docs")]
ini = ConfigParser(delimiters=["="])
ini.read(root / "settings.ini", encoding="utf-8")
settings = ini["DEFAULT"]

project, author, version = settings["title"], settings["author"], settings["version"]
copyright, release = author, version
html_baseurl = f"{settings['doc_host']}{settings['doc_baseurl']}/"
source_url = f"{settings['git_url']}/blob/{settings['branch']}"  # of a file of this project, for notebooks.py

extensions = ["myst_nb", "sphinx.ext.linkcode", "notebooks"]
exclude_patterns = ["_*", "**/_*", "**/.*", "assets"]  # drafts, and what tools leave behind
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline", "attrs_block", "colon_fence"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the stored outputs are the documentation
nb_merge_streams = True
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {}  # a widget needs a kernel
add_module_names = False
toc_object_entries_show_parents = "hide"


def linkcode_resolve(domain: str, info: dict) -> str | None:
    "Where the repository shows the source of a name."
    from notebooks import source_lines

    place = source_lines(info)
    return place and f"{source_url}/{place}"


html_theme = "furo"
html_title = f"{project} {version}"
html_theme_options = {
    "source_repository": settings["git_url"] + "/",
    "source_branch": settings["branch"],
    "source_directory": settings["nbs_path"] + "/",
    "top_of_page_buttons": ["view"],
    "navigation_with_keys": True,
    "footer_icons": [],
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_search_scorer = str(root / "docs" / "static" / "scorer.js")
html_favicon = "static/favicon.svg"
html_math_renderer = "mathml"
html_copy_source = html_show_sphinx = False
