"""How the documentation is built: `make docs`, or `sphinx-build -W scripts/docs site`. Needs no network."""

import json
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from photowave import __version__

# What lies beside this file.
sys.path.insert(0, str(Path(__file__).parent))
from bench_table import FIGURES, MISSING, full_table
from command_line import CommandLine

project = "photowave"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "drawn",
    "offline_math",
    "sphinx_copybutton",
]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
# A single backtick in a docstring marks code, as it does in Markdown.
default_role = "code"
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
# Whoever looks a name up wants to import it.
add_module_names = True
toc_object_entries_show_parents = "hide"

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"photowave {__version__}"
html_show_sphinx = False
html_copy_source = False


class BenchTable(Directive):
    """`bench-table` shows the figures, or how to make them where there are none."""

    def run(self) -> list[nodes.Node]:
        """Read the file when the documentation is built."""
        self.state.document.settings.env.note_dependency(str(FIGURES))
        text = full_table(json.loads(FIGURES.read_text(encoding="utf-8"))) if FIGURES.is_file() else MISSING
        node = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), source=str(FIGURES)), 0, node)
        return node.children


def setup(app: Any) -> None:
    """Make the directive known; Sphinx calls this."""
    app.add_directive("bench-table", BenchTable)
    app.add_directive("command-line", CommandLine)
