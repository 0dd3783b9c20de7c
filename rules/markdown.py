"""Markdown that staff wrote, as HTML that is safe to show: parsed by markdown-it, cleaned by nh3."""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import table
from markupsafe import Markup

TAGS = {
    "a", "blockquote", "br", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "loading"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}
PICTURE_NAME = r"[A-Za-z0-9_-]{32}\.jpg"
OUR_PICTURE = re.compile(f"/pictures/{PICTURE_NAME}")  # of rules/pictures.py: nobody else's is shown
PICTURE = re.compile(r"!\[([^\[\]]{0,200})\]\([^()]{0,200}\)")  # bounded, so that no text takes it long
TOP = 2  # the page has its own h1, so the highest heading of a text is an h2
MOST_COLUMNS, MOST_CELLS = 20, 2_000  # of a table, and of all tables of a text; more stays as it was typed
DEEPEST = 12  # lists in lists, quotes in quotes, brackets in brackets


def _small_table(state, start, end, silent) -> bool:
    """The parser's rule for tables, within bounds: two characters of a row would otherwise make any number of cells."""
    if start + 1 >= end:
        return False
    columns = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]].count("|") + 1
    left = state.env.get("cells_left", MOST_CELLS)
    rows = left // columns
    if columns > MOST_COLUMNS or rows < 1:
        return False
    if not table(state, start, min(end, start + 1 + rows), silent):
        return False
    if not silent:
        state.env["cells_left"] = left - columns * (state.line - start)
    return True


def _made_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable("table")
    parser.block.ruler.at("table", _small_table, {"alt": ["paragraph", "reference"]})
    return parser


_parser = _made_parser()


@lru_cache(maxsize=512)
def render(text: str, top: int = TOP) -> Markup:
    """The text as HTML. Raw HTML is shown as typed, pictures from elsewhere and unknown addresses are dropped.

    Its highest headings become those of the level `top`.
    """
    tokens = _parser.parse(text)
    for token in tokens:
        token.children = [child for child in token.children or [] if _may_stay(child)]
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=top)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + top, 6)}"
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(  # noqa: S704 - the one place that makes HTML out of staff's words, and nh3 cleaned it
        nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener")
    )


def _may_stay(token) -> bool:
    if token.type != "image":
        return True
    token.attrSet("loading", "lazy")
    return bool(OUR_PICTURE.fullmatch(token.attrGet("src") or ""))


def without_pictures(text: str) -> str:
    """The text for a letter: what a picture shows stands in its place."""
    return PICTURE.sub(lambda found: f"(Picture: {found[1].strip()})" if found[1].strip() else "", text)


def reading_minutes(text: str) -> int:
    """How long reading takes at 200 words a minute; at least one minute."""
    return max(1, round(len(text.split()) / 200))
