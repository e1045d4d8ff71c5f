"""Formulas as MathML, which browsers draw themselves: no script, and nothing from another host."""

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a sentence; Sphinx calls this."""
    writer.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself; Sphinx calls this."""
    writer.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Make the renderer known; Sphinx calls this."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
