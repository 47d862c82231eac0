"""The pages for students and the teacher: what they say, and that nothing of a student's becomes part of the page."""

import base64
import itertools
import re
import sys
import unicodedata

import pytest
from bleach._vendor import html5lib

from course_lib.grading import pages

PLAN = {
    "assignment": "ps1",
    "notebooks": [
        {
            "name": "02_logistic_regression",
            "cells": [],
            "exercises": [
                {
                    "id": f"02.{number}",
                    "title": title,
                    "points": 2.0,
                    "function": "f",
                    "answer": "",
                    "test": "",
                }
                for number, title in enumerate(("Sigmoid", "Softmax & $more$"), start=1)
            ],
            "written": [{"id": "written-1", "points": 5.0, "question": "Why?"}],
        }
    ],
}
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></section></main></title></style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "' onfocus='alert(1)' autofocus tabindex=1 `",
    "<!-- <![CDATA[ <svg/onload=alert(1)> <plaintext>",
    "<meta http-equiv=refresh content='0;url=//evil'><base href=//evil><form action=//evil><input>",
    "&lt;script&gt; &#60;b&#62; &amp; &quot &",
    "{{ 7 * 7 }} {% raw %} {# x #} ${7*7} $\\frac$",
    '=HYPERLINK("http://evil")',
    "\u202egnp.exe\u202c \u2066x\u2069 \u200f \x00\x07\x1b]0;x\x07\x9b31m \ud800 \udfff \ufeff \ufffe \u2028",
    "A" * 5000,
    "Z" + "\u0336\u0341" * 500,
)


def outcome(status="failed", points=0.0, **more):
    """What a result says of one exercise."""
    nothing = {"text": "verdict", "hint": "", "source": "code", "output": "printed"}
    return {"status": status, "points": points, "possible": 2.0} | nothing | more


def result(student="ada", first=None, second=None, **more):
    """A result for PLAN."""
    exercises = {"02.1": first or outcome("passed", 2.0), "02.2": second or outcome()}
    rest = {"fault": "", "notes": [], "written": {}, "seconds": 1.0, "peak_mb": 100.0, "jail": "bubblewrap"}
    return {"student": student, "assignment": "ps1", "exercises": exercises, "digest": ""} | rest | more


def parse(page):
    """The page as a tree of elements, by a parser that does what browsers do and stops at the first mistake."""
    page.encode("utf-8")
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def words(element):
    """An element's text, spaces joined."""
    return " ".join("".join(element.itertext()).split())


def cells(tree):
    """Rows of all tables as lists of texts."""
    return [[words(cell) for cell in line] for line in tree.iter("tr")]


def says(tree, label):
    """The texts of the boxes with that label, as they are."""
    return ["".join(box.itertext()) for box in tree.iter("pre") if box.get("aria-label") == label]


def make_feedback(text):
    """Feedback with that text wherever a student, or somebody who writes the teacher's CSV, can put one."""
    tried = outcome(text=text, hint=text, source=text, output=text)
    written = [{"question": text, "answer": text, "points": 1, "possible": 5, "comment": text}]
    return pages.feedback(PLAN, result(text, tried, tried, fault=text, notes=[text]), 1, 9, text, written)


def make_report(text):
    """A report with that text wherever a student can put one."""
    tried = outcome(text=text, hint=text, source=text, output=text)
    broken = result(text, fault=text, notes=[text] * 9, jail="none")
    return pages.report(PLAN, [broken, result(text, tried, tried, notes=[text])])


@pytest.mark.parametrize("make", [make_feedback, make_report])
def test_no_element_and_no_attribute_comes_from_a_student(make, monkeypatch):
    monkeypatch.setattr(
        pages, "finish", lambda fig, ax, title: (title, "data:image/png;base64,")
    )  # drawing is slow

    def skeleton(text):
        return [(each.tag, sorted(each.attrib.items())) for each in parse(make(text)).iter()]

    harmless = skeleton("harmless")
    for text in HOSTILE:
        assert skeleton(text) == harmless


@pytest.mark.parametrize("make", [make_feedback, make_report])
def test_nothing_runs_and_nothing_is_loaded(make):
    tree = parse(make(HOSTILE[1]))
    allowed = "html head meta title style body main section h1 h2 h3 p ul li div pre bdi strong span code"
    allowed += " table caption thead tbody tfoot tr th td figure img"
    assert {each.tag for each in tree.iter()} <= set(allowed.split())
    names = {name for each in tree.iter() for name in each.attrib}
    assert not {name for name in names if name.startswith("on")} | names & {
        "href",
        "action",
        "style",
        "srcset",
    }
    assert all(image.get("src").startswith("data:image/png;base64,") for image in tree.iter("img"))
    assert len(list(tree.iter("style"))) == 1
    assert not re.search(r"url\(|@import|expression", "".join(tree.find("head/style").itertext()))
    # The encoding, then the policy, before anything that it should hold for.
    encoding, policy, *_ = tree.find("head")
    assert encoding.attrib == {"charset": "utf-8"}
    assert policy.get("http-equiv") == "Content-Security-Policy"
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.get("content").split(";")}
    assert rules == {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "form-action": ["'none'"],
        "base-uri": ["'none'"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "✗ 02.2 Softmax: not right yet\n  axis=-1, not 0\n\n  got [[1., 2.],\n       [3., 4.]]",
        "\n\n  it begins and ends with blank lines\n\n",
        "tabs\there,   spaces,\u00a0no-break, ends in a space ",
        *HOSTILE[:9],
        "José, שלום, 你好, क्षि, 👩‍🔬, e\u0301",
    ],
)
def test_text_comes_back_exactly(text):
    tree = parse(make_feedback(text))
    assert says(tree, "What the check says") == [text, text]
    assert says(tree, "Your code") == [text, text]
    assert says(tree, "What it printed") == [text, text]
    assert says(tree, "Your answer") == [text]


def test_what_cannot_be_seen_is_shown_by_its_code_point():
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    unseen = [
        each
        for each in every
        if (unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") and each not in "\n\t\r")
        or unicodedata.bidirectional(each) in directions
        or each in "\u200e\u200f\u061c\ufeff\ufffe\uffff"
    ]
    page = make_feedback("".join(unseen))
    assert not set(page) & set(unseen)
    for text in ("‹U+0000›", "‹U+001B›", "‹U+202E›", "‹U+D800›"):
        assert text in page


def test_ends_of_lines_and_colours_of_the_terminal():
    tree = parse(make_feedback("10 %\r20 %\r\n\x1b[1;31mloss\x1b[0m 0.3\n"))
    assert says(tree, "What it printed")[0] == "10 %\n20 %\nloss 0.3\n"


def test_feedback_says_what_each_exercise_got():
    written = [
        {"question": "Why?", "answer": "So.", "points": 3.5, "possible": 5, "comment": "Good."},
        {"question": "And?", "answer": "", "points": None, "possible": 5, "comment": ""},
    ]
    given = result(second=outcome(hint="for the teacher alone"), notes=["Cell fixed-1 was changed."])
    page = pages.feedback(PLAN, given, 4.95, 14, "One day late: 10 % taken off.", written)
    tree = parse(page)
    assert cells(tree) == [
        ["Exercise", "Result", "Points"],
        ["02.1 Sigmoid", "✓ passed", "2 of 2"],
        ["02.2 Softmax & $more$", "✗ failed", "0 of 2"],
        ["Written question 1", "marked", "3.5 of 5"],
        ["Written question 2", "not marked yet", "– of 5"],
        ["Total, after the late penalty", "", "4.95 of 14"],
    ]
    text = words(tree)
    for said in (
        "One day late",
        "4.95 of 14 points",
        "Cell fixed-1 was changed.",
        "1 written answer not marked yet",
    ):
        assert said in text
    assert says(tree, "Your teacher’s comment") == ["Good."]
    assert says(tree, "Your answer") == ["So.", "(nothing written)"]
    assert "for the teacher alone" not in page


def test_feedback_on_what_could_not_be_read():
    tree = parse(pages.feedback(PLAN, result(exercises={}, fault="It is no notebook."), 0, 4))
    assert "It is no notebook. What to do:" in words(tree)
    assert [line[1:] for line in cells(tree)[1:3]] == [["– not graded", "0 of 2"]] * 2
    assert not list(tree.iter("section"))


def test_report_on_nobody():
    tree = parse(pages.report(PLAN, []))
    assert "Nobody has handed in yet" in words(tree)
    assert not [*tree.iter("img"), *tree.iter("table")]


def test_report_on_broken_submissions_alone():
    tree = parse(pages.report(PLAN, [result(exercises={}, fault="It is no notebook.")]))
    assert "1 handed in, 0 graded, 1 could not be graded" in words(tree)
    assert ["ada", "Could not be graded. It is no notebook."] in cells(tree)


def test_report_on_one():
    tree = parse(pages.report(PLAN, [result()]))
    assert "All submissions were graded in the jail" in words(tree)
    assert "worth a look" not in words(tree)
    assert [image.get("alt") for image in tree.iter("img")] == [
        "Histogram of totals. The one submission has 2 of 4 points.",
        "Bars of passed, failed and not attempted by exercise; the numbers are in the table below. "
        "To teach again first: 02.2, which 1 of 1 did not pass.",
    ]


def test_report_on_500():
    hints = ["often"] * 60 + ["sometimes"] * 30 + ["rarely"] * 6 + ["A", "B", "C", "D"]
    results = [result(f"s{k}", second=outcome(hint=hint), seconds=k / 10) for k, hint in enumerate(hints)]
    results += [result(f"idle{k}", outcome("not attempted"), outcome("not attempted")) for k in range(50)]
    results += [result(f"good{k}", second=outcome("passed", 2.0), peak_mb=10.0 * k) for k in range(349)]
    results.append(result("broken", exercises={}, fault="It is no notebook."))
    results[0]["notes"] = [f"note {k}" for k in range(7)]
    tree = parse(pages.report(PLAN, results))
    table = cells(tree)
    assert table[1:3] == [
        ["02.2 Softmax & $more$", "349", "100", "50", "1.4 of 2"],
        ["02.1 Sigmoid", "449", "0", "50", "1.8 of 2"],
    ]
    assert table[4:9] == [["often", "60"], ["sometimes", "30"], ["rarely", "6"], ["A", "1"], ["B", "1"]]
    text = words(tree)
    assert "500 handed in, 499 graded, 1 could not be graded" in text
    assert "2 rarer hints left out." in text
    students = table[10:12]
    assert [line[0] for line in students] == ["broken", "s0"]
    assert students[1][1] == "note 0 note 1 note 2 note 3 note 4 2 more in the student’s feedback."
    assert [line[2:] for line in table[-2:]] == [["9.9", "s99"], ["3480", "good348"]]
    for image in tree.iter("img"):
        assert base64.b64decode(image.get("src").partition(",")[2]).startswith(b"\x89PNG")


@pytest.mark.parametrize("points", [0.5, 2.0, 7.3, 150.0])
def test_histogram_holds_every_total(points, monkeypatch):
    drawn = []
    monkeypatch.setattr(pages, "finish", lambda fig, ax, title: drawn.append(ax))
    totals = [points * k / 7 for k in range(8)]
    pages.plot_totals(totals, points)
    assert sum(bar.get_height() for bar in drawn[0].patches) == len(totals)


def test_report_where_all_is_well():
    tree = parse(pages.report(PLAN, [result(second=outcome("passed", 2.0))] * 3))
    assert "Every submission passed every exercise" in next(
        image.get("alt") for image in reversed(list(tree.iter("img")))
    )


def test_report_on_written_questions_alone():
    nothing = PLAN | {"notebooks": [PLAN["notebooks"][0] | {"exercises": []}]}
    tree = parse(pages.report(nothing, [result(exercises={})]))
    assert not list(tree.iter("img"))


def test_report_warns_where_a_jail_was_missing():
    page = words(parse(pages.report(PLAN, [result(), result("eve", jail="none")])))
    assert "Warning: 1 of 2 submissions ran without a jail." in page
    assert "All submissions were graded in the jail" not in page


@pytest.mark.parametrize("make", [make_feedback, make_report])
def test_screen_readers_find_their_way(make):
    tree = parse(make("text"))
    assert tree.get("lang") == "en"
    assert words(tree.find("head/title"))
    levels = [int(each.tag[1]) for each in tree.iter() if re.fullmatch("h[1-6]", each.tag)]
    assert levels.count(1) == levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(head.get("scope") in ("col", "row") for head in tree.iter("th"))
    assert all(image.get("alt") for image in tree.iter("img"))
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert {each.get("aria-labelledby") for each in tree.iter("section")} == set(ids)


def test_templates_leave_escaping_on():
    assert pages.environment().autoescape is True
    for name in pages.environment().list_templates():
        text = pages.environment().loader.get_source(pages.environment(), name)[0]
        assert not re.search(r"\|\s*safe|autoescape|Markup", text)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (10, "10"), (2.5, "2.5"), (1 / 3, "0.33"), (1e6, "1000000")]
)
def test_number(value, text):
    assert pages.number(value) == text
