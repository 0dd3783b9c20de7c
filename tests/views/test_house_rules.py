"""What every page and style sheet of Foyer keeps: a strict content policy, one h1, colours by meaning, contrast."""

import gzip
import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

HOUSE = Path(__file__).parents[2]
PARTIALS = HOUSE / "partials"
LAYERS = ("tokens", "reset", "base", "layout", "components", "print")
SHEETS = [HOUSE / "static" / "css" / f"{name}.css" for name in LAYERS]

# Served to a browser under the content policy; what is mailed or printed to PDF never is.
SERVED = [
    path for path in sorted(PARTIALS.rglob("*.html")) if path.relative_to(PARTIALS).parts[0] not in ("mail", "pdf")
]
PAGES = [path for path in SERVED if not path.name.startswith("_") and "{% extends" in path.read_text()]

BANNED = re.compile(
    r"""hx-on|\bon(click|change|submit|load|input|focus|error)=|\sstyle\s*=|<style|<script(?![^>]*\bsrc=)"""
    r"""|hx-(vals|headers|confirm)[^=]*=["']js:|hx-trigger=["'][^"']*\[|javascript:|hx-boost|\|\s*safe\b|autoescape""",
    re.I,
)


def named(path: Path) -> str:
    return str(path.relative_to(HOUSE))


@pytest.mark.parametrize("path", SERVED, ids=named)
def test_no_page_carries_an_inline_script_a_style_or_unescaped_text(path):
    # Markdown reaches a page as Markup from the rule that cleans it, so no page ever needs `|safe`.
    assert [hit.group(0) for hit in BANNED.finditer(path.read_text())] == []


def headings(tree, counts=frozenset({0})) -> frozenset:
    """How many h1 a template can show, over all its branches; two stands for "two or more"."""

    def then(found):
        return frozenset(min(a + b, 2) for a in counts for b in found)

    if isinstance(tree, nodes.Macro):
        return counts
    if isinstance(tree, nodes.If):
        branches = [tree.body, *(branch.body for branch in tree.elif_), tree.else_]
        return then(frozenset().union(*(headings(nodes.Output(branch)) for branch in branches)))
    if isinstance(tree, nodes.TemplateData):
        return then({tree.data.count("<h1")})
    if isinstance(tree, nodes.Include) and isinstance(tree.template, nodes.Const):
        return then(headings(Environment().parse((PARTIALS / tree.template.value).read_text())))
    if isinstance(tree, nodes.Call) and getattr(tree.node, "attr", getattr(tree.node, "name", "")) == "page_head":
        return then({1})
    for child in tree.iter_child_nodes():
        counts = headings(child, counts)
    return counts


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_has_exactly_one_h1_whichever_way_it_goes(path):
    tree = Environment().parse(path.read_text())
    if any(block.name == "main" for block in tree.find_all(nodes.Block)):
        assert headings(tree) == {1}


def test_colours_are_named_once_and_by_their_meaning():
    for sheet in SHEETS:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
        if sheet.stem in ("tokens", "print"):
            text = re.sub(r"--[\w-]+:[^;]+;", "", text)
        assert re.findall(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(|:\s*(?:white|black)\b", text, re.I) == [], sheet.name


def test_the_whole_look_weighs_less_than_8_kb_over_the_wire():
    assert len(gzip.compress(b"".join(sheet.read_bytes() for sheet in SHEETS))) < 8_000


TOKENS = (HOUSE / "static" / "css" / "tokens.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", half)) for half in TOKENS.split("(prefers-color-scheme: dark)")[:2]
)
DARK = LIGHT | DARK
LIFT, FADE = map(float, re.search(r"oklch\(from var\(--accent\) ([\d.]+) calc\(c \* ([\d.]+)\) h\)", TOKENS).groups())


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(rgb: list[float]) -> float:
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lifted(colour: str) -> list[float]:
    """The accent on dark paper: its hue at one lightness (oklch, clipped to what a screen can show)."""
    r, g, b = linear(colour)
    l, m, s = (  # noqa: E741
        (x * r + y * g + z * b) ** (1 / 3)
        for x, y, z in (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        )
    )
    a = FADE * (1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s)
    b = FADE * (0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)
    l, m, s = (  # noqa: E741
        (LIFT + x * a + y * b) ** 3
        for x, y in ((0.3963377774, 0.2158037573), (-0.1055613458, -0.0638541728), (-0.0894841775, -1.2914855480))
    )
    rgb = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    return [min(max(part, 0), 1) for part in rgb]


GROUNDS = ("paper", "sheet", "linen", "upcoming", "past", "good", "warn", "danger")
TEXT = [(ink, ground) for ink in ("ink", "ink-soft") for ground in GROUNDS]
TEXT += [(f"{tone}-ink", ground) for tone in GROUNDS[3:] for ground in ("paper", "sheet", tone)]
SHAPES = [(shape, ground) for shape in ("line-strong", "focus", "brass") for ground in ("paper", "sheet")]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_shapes_stand_out_from_their_ground(scheme):
    for pairs, least in ((TEXT, 4.5), (SHAPES, 3)):
        weak = [pair for pair in pairs if contrast(*(linear(scheme[name]) for name in pair)) < least]
        assert weak == [], f"below {least}:1"


@pytest.mark.parametrize("accent", [LIGHT["accent"], "#000000", "#0b5d57", "#8a1f1f", "#5a5a00"])
def test_the_accent_reads_as_a_link_and_under_the_words_of_a_button(accent):
    for scheme, ink in ((LIGHT, linear(accent)), (DARK, lifted(accent))):
        grounds = [scheme[name] for name in ("paper", "sheet", "linen", "on-accent")]
        assert min(contrast(ink, linear(ground)) for ground in grounds) >= 4.5
