"""The pages that are handed back: feedback for a student, a report for the teacher. Each is one HTML file."""

import base64
import functools
import io
import math
import re
import statistics
from collections import Counter
from pathlib import Path

from course_lib.checks import FAILED, NOT_ATTEMPTED, PASSED
from course_lib.plots import BLUE, ORANGE, SKY

NOT_GRADED = "not graded"
STATUSES = (PASSED, FAILED, NOT_ATTEMPTED)
MARKS = {PASSED: "✓", FAILED: "✗", NOT_ATTEMPTED: "·", NOT_GRADED: "–"}
LIGHT_GREY = "#D9D9D9"
HINTS_SHOWN = 5  # of an exercise, in the report
LONGEST = 400  # characters of a hint or a note, in the report: it can hold a student's own words
NOTES_SHOWN = 5  # of a student, in the report

COLOUR = re.compile(r"\x1b\[[0-9;:]*m")  # of text in a terminal, which tracebacks and rich print
# Control characters, all that changes the direction of a text (U+202E and its like, with which code can be shown as
# other code), separators of lines that browsers ignore, and what UTF-8 or HTML cannot hold.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def feedback(plan, result, total, possible, late="", written=()):
    """One student's page.

    Args:
        plan: dict, the assignment's plan.
        result: dict, the result of the student's submission.
        total: float, points after marking by hand and the late penalty.
        possible: float, points of the whole assignment.
        late: str, what was taken off for lateness, in a sentence.
        written: list of dicts with question, answer, points (None: not marked yet), possible and comment.
    Returns:
        str, an HTML page that UTF-8 can encode.
    """
    return template("feedback.html").render(
        plan=plan,
        result=result,
        exercises=[(each, outcome(result, each["id"])) for each in exercises(plan)],
        total=total,
        possible=possible,
        late=late,
        written=written,
    )


def report(plan, results):
    """The teacher's page about all submissions of an assignment.

    Args:
        plan: dict, the assignment's plan.
        results: list of dicts, one for each submission.
    Returns:
        str, an HTML page that UTF-8 can encode.
    """
    graded = [each for each in results if not each["fault"]]
    totals = [sum(outcome(result, each["id"])["points"] for each in exercises(plan)) for result in graded]
    possible = sum(each["points"] for each in exercises(plan))
    rows = [row(each, graded) for each in exercises(plan)]
    rows.sort(key=lambda row: (-row["missed"], -row[FAILED]))  # the plan's order where these are equal
    plots = [plot_totals(totals, possible), plot_exercises(rows, len(graded))] if graded and rows else []
    worth_a_look = [each for each in results if each["fault"] or each["notes"]]
    return template("report.html").render(
        plan=plan,
        results=results,
        graded=graded,
        totals=totals,
        possible=possible,
        rows=rows,
        plots=plots,
        worth_a_look=sorted(worth_a_look, key=lambda each: (not each["fault"], each["student"])),
        unjailed=sum(each["jail"] == "none" for each in results),
        statuses=STATUSES,
        median=statistics.median,
        notes_shown=NOTES_SHOWN,
    )


def exercises(plan):
    """The exercises of all notebooks of a plan, in order."""
    return [each for notebook in plan["notebooks"] for each in notebook["exercises"]]


def outcome(result, id):
    """What a result says of an exercise, or that it says nothing."""
    nothing = {"points": 0, "text": "", "hint": "", "source": "", "output": ""}
    status = NOT_GRADED if result["fault"] else NOT_ATTEMPTED
    return result["exercises"].get(id) or nothing | {"status": status}


def row(exercise, graded):
    """An exercise's line of the report: how many passed, failed and did not try, and the hints they got."""
    outcomes = [outcome(result, exercise["id"]) for result in graded]
    counts = Counter(each["status"] for each in outcomes)
    hints = Counter(shorten(each["hint"]) for each in outcomes if each["status"] == FAILED and each["hint"])
    return {
        "exercise": exercise,
        **{status: counts[status] for status in STATUSES},
        "missed": counts[FAILED] + counts[NOT_ATTEMPTED],
        "mean": statistics.fmean(each["points"] for each in outcomes) if outcomes else 0,
        "hints": hints.most_common(HINTS_SHOWN),
        "more": len(hints) - HINTS_SHOWN,
    }


def shorten(text):
    """The beginning of a text that is too long for the report."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def plot_totals(totals, possible):
    """Histogram of totals: (title, PNG as a data URI)."""
    from matplotlib.figure import Figure

    count, middle = len(totals), statistics.median(totals)
    if min(totals) == max(totals):
        who = "The one submission has" if count == 1 else f"All {count} submissions have"
        title = f"{who} {number(middle)} of {number(possible)} points"
    else:
        title = f"At least half of the {count} submissions have {number(middle)} of {number(possible)} points or more"
    step = max(1, math.ceil(possible / 20))  # points a bar, at most about 20 bars
    edges = [step * k - 0.5 for k in range(math.ceil(possible / step) + 2)]
    fig = Figure(figsize=(7, 3.5), layout="constrained")
    ax = fig.subplots()
    ax.hist(totals, edges, color=SKY, edgecolor="white")
    ax.axvline(middle, color="black", linestyle="--", label="median")
    ax.set(xlabel=f"points, of {number(possible)}", ylabel="submissions", xlim=(edges[0], edges[-1]))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.legend(frameon=False)
    return finish(fig, ax, title)


def plot_exercises(rows, count):
    """Stacked bars, one for each exercise: (title, PNG as a data URI)."""
    from matplotlib.figure import Figure

    worst, ids = rows[0], [row["exercise"]["id"] for row in rows]
    if worst["missed"]:
        title = f"To teach again first: {worst['exercise']['id']}, which {worst['missed']} of {count} did not pass"
    else:
        title = "Every submission passed every exercise"
    fig = Figure(figsize=(7, 1.6 + 0.35 * len(rows)), layout="constrained")
    ax = fig.subplots()
    left = [0] * len(rows)
    for status, colour, ink in (
        (PASSED, BLUE, "white"),
        (FAILED, ORANGE, "black"),
        (NOT_ATTEMPTED, LIGHT_GREY, "black"),
    ):
        widths = [row[status] for row in rows]
        bars = ax.barh(range(len(rows)), widths, left=left, color=colour, edgecolor="white", label=status)
        # A bar under 4 % of the width has no room for its number, which the table gives too.
        labels = [width if width > 0.04 * count else "" for width in widths]
        ax.bar_label(bars, labels, label_type="center", color=ink)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    ax.set_yticks(range(len(rows)), ids, parse_math=False)
    ax.invert_yaxis()
    ax.set(xlabel="submissions", ylabel="exercise", xlim=(0, count))
    ax.xaxis.get_major_locator().set_params(integer=True)
    fig.legend(loc="outside lower center", ncols=3, frameon=False)
    return finish(fig, ax, title)


def finish(fig, ax, title):
    """Title a figure and turn it into (title, PNG as a data URI)."""
    ax.spines[["right", "top"]].set_visible(False)
    ax.set_title(title, loc="left", parse_math=False)
    file = io.BytesIO()
    fig.savefig(file, format="png", dpi=120)
    return title, f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def visible(value):
    """Text that a browser shows as it is, character by character.

    Args:
        value: str, from anybody; anything else is returned unchanged.
    Returns:
        str without colours of the terminal, with line feeds for all ends of lines, and with the code points, such as
        "‹U+202E›", of what cannot be seen.
    """
    if not isinstance(value, str):
        return value
    text = COLOUR.sub("", value).replace("\r\n", "\n").replace("\r", "\n")
    return UNSEEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)


def number(value):
    """A number for readers: at most two decimals, none where they are zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def template(name):
    return environment().get_template(name)


@functools.cache
def environment():
    """Jinja's environment: whatever a template prints is made visible, then escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        finalize=lambda value: value if hasattr(value, "__html__") else visible(value),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "shorten": shorten}
    made.globals["marks"] = MARKS
    return made
