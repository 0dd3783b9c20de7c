"""Markdown that staff wrote, as HTML that is safe to show: parsed by markdown-it, cleaned by nh3."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {
    "a", "blockquote", "br", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}
TOP = 2  # the page has its own h1, so the highest heading of a text is an h2

_parser = MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=512)
def render(text: str) -> Markup:
    """The text as HTML. Raw HTML is shown as typed, images and unknown addresses are dropped."""
    tokens = _parser.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=TOP)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + TOP, 6)}"
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(  # noqa: S704 - the one place that makes HTML out of staff's words, and nh3 cleaned it
        nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener")
    )


def reading_minutes(text: str) -> int:
    """How long reading takes at 200 words a minute; at least one minute."""
    return max(1, round(len(text.split()) / 200))
