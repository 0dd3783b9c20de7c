"""Staff's words as HTML: what makes a text readable passes, what could run does not."""

import time

import pytest

from rules import markdown


def test_paragraphs_lists_and_strong_words_are_shown():
    html = markdown.render("Drink **water**.\n\n- No sun\n- No gym\n\n1. First")
    assert "<strong>water</strong>" in html
    assert html.count("<li>") == 3


@pytest.mark.parametrize("text", ["# Top\n\n## Under", "## Top\n\n### Under", "### Top\n\n#### Under"])
def test_the_highest_heading_is_below_the_h1_of_the_page(text):
    html = markdown.render(text)
    assert "<h2>Top</h2>" in html
    assert "<h3>Under</h3>" in html
    assert "<h1" not in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "<a href='https://x.y' onclick='alert(1)'>x</a>",
        "<style>*{display:none}</style>",
        '[x](https://a.b "onmouseover=alert(1)")',
        "<svg/onload=alert(1)>",
        "<iframe src=//x.y></iframe>",
        "[x]: javascript:alert(1)\n\n[x]",
        "`<b onclick=x>`",
    ],
)
def test_nothing_that_could_run_reaches_a_page(text):
    html = str(markdown.render(text)).lower()
    for bad in ("<script", "<img", "<style", "<svg", "<iframe", 'href="javascript', 'href="data', "<a href='", "<b "):
        assert bad not in html
    assert 'onclick="' not in html


def test_links_to_pages_mail_and_telephones_work():
    html = markdown.render("[a](https://a.b/c) [m](mailto:x@y.z) [t](tel:+12125550100)")
    assert html.count("<a href=") == 3
    assert 'rel="noopener"' in html


def test_reading_time_is_in_whole_minutes():
    assert markdown.reading_minutes("word") == 1
    assert markdown.reading_minutes("word " * 900) == 4


OURS = f"/pictures/{'a' * 32}.jpg"


def test_only_our_own_pictures_are_shown():
    html = markdown.render(f"![Two points]({OURS}) [![in a link]({OURS})](https://a.b)")
    assert html.count(f'<img src="{OURS}"') == 2
    assert 'alt="Two points" loading="lazy"' in html
    for address in (
        "https://a.b/x.jpg", "//a.b/x.jpg", "/photos/1", "/pictures/../photos/1", f"{OURS}?x", f"https://a.b{OURS}",
        "data:image/png;base64,AA", f"{OURS}/..", "/pictures/x.jpg",
    ):  # fmt: skip
        assert "<img" not in markdown.render(f"![x]({address})"), address


def test_in_a_letter_words_stand_for_a_picture():
    assert markdown.without_pictures(f"Look: ![Two points]({OURS}).") == "Look: (Picture: Two points)."
    assert markdown.without_pictures(f"![]({OURS})") == ""
    assert markdown.without_pictures("[a](https://a.b)") == "[a](https://a.b)"


def test_a_text_inside_a_page_begins_lower():
    assert "<h4>Top</h4>" in markdown.render("## Top", 4)


def test_a_picture_with_a_title_is_put_in_words_too():
    assert markdown.without_pictures(f'![Two points]({OURS} "Where")') == "(Picture: Two points)"


def seconds(call, text):
    """The quickest of a few runs, in this thread's own time, so that a busy machine tells the same."""
    took = []
    for _ in range(3):
        since = time.thread_time()
        call(text)
        took.append(time.thread_time() - since)
    return min(took)


@pytest.mark.parametrize("part", ["![", "![a](", "[a](", "*a ", "> ", "- ", "![a][b"])
def test_four_times_the_text_takes_no_sixteen_times_as_long(part):
    for call in (markdown.render.__wrapped__, markdown.without_pictures):
        short, long = (seconds(call, part * n) for n in (2_000, 8_000))
        assert long < 12 * max(short, 0.002), call


def test_a_table_of_a_few_characters_makes_no_page_of_a_million_cells():
    for columns in (markdown.MOST_COLUMNS, 400):
        text = "|".join(["a"] * columns) + "\n" + "|".join(["-"] * columns) + "\n" + "a|\n" * 5_000
        html = markdown.render(text)
        assert html.count("<td>") <= markdown.MOST_CELLS, columns
    several = f"{'a|' * 19}a\n{'-|' * 19}-\n{'a|' * 2}\n\n" * 300
    assert markdown.render(several).count("<td>") <= markdown.MOST_CELLS


def test_a_table_and_lists_as_people_write_them_stay_whole():
    html = markdown.render("|a|b|\n|---|---|\n" + "|1|2|\n" * 100)
    assert html.count("<td>") == 200
    assert "|" not in html
    deep = markdown.render("- a\n  - b\n    - c\n      - **d**")
    assert deep.count("<ul>") == 4
    assert "<strong>d</strong>" in deep
