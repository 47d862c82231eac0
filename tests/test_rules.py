"""The repository's notebooks keep every rule of `tests/rules.py`, and each rule finds a notebook that breaks it."""

from pathlib import Path

import nbformat
import pytest

from tests import rules

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb")) + sorted((ROOT / "notebooks").glob("*/*.ipynb"))
KINDS = {"notebooks": "lesson", "exercises": "exercise", "solutions": "solution"}


def test_there_are_notebooks():
    """Or the tests below would check nothing."""
    assert {path.parent.name for path in NOTEBOOKS} == set(KINDS), "run `course build --execute`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_notebook_keeps_the_rules(path):
    """Each notebook of the repository."""
    found = rules.problems(path, KINDS[path.parent.name])
    assert not found, "\n".join(found)


def test_every_notebook_is_run_and_has_a_source():
    """In this repository."""
    found = rules.uncollected(ROOT)
    assert not found, "\n".join(found)


def stream(name, text):
    """Make what a cell printed."""
    return nbformat.v4.new_output("stream", name=name, text=text)


def display(**data):
    """Make what a cell showed."""
    return nbformat.v4.new_output(
        "display_data", data={key.replace("_", "/"): text for key, text in data.items()}
    )


def lesson():
    """Make a lesson that keeps every rule: text 0, cells 1 (checked), 2 (a figure) and 3 (an error)."""
    badge = f"[![Open in Colab]({rules.BADGE})](https://colab.research.google.com/github/a/b)"
    words = (
        "word " * rules.MAX_WORDS + "\n\n$$\na = b\n$$\n\n| a | table |\n|---|---|\n\n```\n![x](y.png)\n```\n"
    )
    error = nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="", traceback=["by zero"])
    cells = [
        nbformat.v4.new_markdown_cell(badge),
        nbformat.v4.new_code_cell("x = 1\nprint(x)\nassert x == 1", outputs=[stream("stdout", "1\n")]),
        nbformat.v4.new_code_cell("plot(x)", outputs=[display(image_png="iVBO", text_plain="<Figure>")]),
        nbformat.v4.new_code_cell("1 / 0", outputs=[error]),
        nbformat.v4.new_code_cell(""),
        nbformat.v4.new_markdown_cell(words + "![drawn](attachment:drawn.png)"),
    ]
    for place, tags in ((1, ["nbval-check-output"]), (2, ["picture"]), (3, ["raises-exception"])):
        cells[place].metadata["tags"] = tags
        cells[place].execution_count = place
    return nbformat.v4.new_notebook(cells=cells)


def exercise():
    """Make an exercise that keeps every rule."""
    source = '"""%matplotlib\n!ls\n"""\nx = (7\n% 4)\nurl = "https://example.org/home/tmp"\nprint("x:\\n", x)'
    cells = [nbformat.v4.new_markdown_cell("Complete it."), nbformat.v4.new_code_cell(source)]
    return nbformat.v4.new_notebook(cells=cells)


def judge(folder, notebook, kind):
    """Write the notebook and judge it."""
    path = folder / "notebooks" / "01_x.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return rules.problems(path, kind)


@pytest.mark.parametrize(
    ("make", "kind"), [(lesson, "lesson"), (exercise, "exercise"), (exercise, "solution")]
)
def test_a_good_notebook_has_no_problems(tmp_path, make, kind):
    """Nor do a magic's sign in a string, a path in an address, a table, or Colab's badge count as any."""
    assert judge(tmp_path, make(), kind) == []


COUNTS = {
    "stripped": ([None, None, None], " has no outputs: run `course build --execute`."),
    "stale": ([1, 2, 9], ", cell 3 has execution count 9, not 3: run `course build --execute`."),
    "not run": ([1, None, 2], ", cell 2 has execution count None, not 2: run `course build --execute`."),
    "out of order": ([2, 1, 3], ", cell 1 has execution count 2, not 1: run `course build --execute`."),
}


@pytest.mark.parametrize("name", COUNTS)
def test_execution_counts(tmp_path, name):
    """They run from 1 to n."""
    counts, sentence = COUNTS[name]
    notebook = lesson()
    for place, count in enumerate(counts, start=1):
        notebook.cells[place].execution_count = count
    assert judge(tmp_path, notebook, "lesson") == [f"notebooks/01_x.ipynb{sentence}"]


# The place of a cell in `lesson`, the outputs it is given, and the sentences.
NOTHING_COMPARED = (
    " has no output that is compared: tag a cell that prints something sure nbval-check-output."
)
NOTHING_STORED = "is tagged nbval-check-output but stores no text to compare: print something, or "
OUTPUTS = {
    "only a picture": (
        1,
        [display(image_png="iVBO", text_plain="<Figure>")],
        [NOTHING_COMPARED, f", cell 1 {NOTHING_STORED}run `course build --execute`."],
    ),
    "only a warning": (
        1,
        [stream("stderr", "UserWarning: old\nmore")],
        [
            NOTHING_COMPARED,
            f", cell 1 {NOTHING_STORED}run `course build --execute`.",
            ", cell 1 stores text on stderr (UserWarning: old): remove its cause and run `course build --execute`.",
        ],
    ),
    "an error": (
        1,
        [nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=["KeyError: 'x'"])],
        [", cell 1 stores the error KeyError: repair it, or tag the cell raises-exception."],
    ),
    "no figure": (2, [], [" shows no figure: plot something."]),
    "a path": (
        1,
        [stream("stdout", "saved /tmp/x/model.keras\n")],
        [", cell 1 stores the absolute path /tmp/x/model.keras in its output: print a relative one."],
    ),
    "a path in HTML": (
        1,
        [display(text_html="<a>/home/me</a>")],
        [", cell 1 stores the absolute path /home/me in its output: print a relative one."],
    ),
    "too large": (
        2,
        [display(image_png="A" * 1_200_000)],
        [" has 1.2 MB, more than 1: make its figures smaller or fewer."],
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_of_a_lesson(tmp_path, name):
    """What is stored is to be compared and shown."""
    place, outputs, sentences = OUTPUTS[name]
    notebook = lesson()
    notebook.cells[place].outputs = outputs
    assert judge(tmp_path, notebook, "lesson") == [
        f"notebooks/01_x.ipynb{sentence}" for sentence in sentences
    ]


def test_a_lesson_without_a_checked_cell(tmp_path):
    """A misspelt tag is unknown, and checks nothing."""
    notebook = lesson()
    notebook.cells[1].metadata["tags"] = ["nbval-chek-output"]
    nothing, unknown = judge(tmp_path, notebook, "lesson")
    assert nothing == f"notebooks/01_x.ipynb{NOTHING_COMPARED}"
    assert unknown.startswith(
        "notebooks/01_x.ipynb, cell 1 has the unknown tag 'nbval-chek-output': use one of"
    )


def test_a_lesson_that_asserts_nothing(tmp_path):
    """A function of NumPy's that asserts would do."""
    notebook = lesson()
    notebook.cells[1].source = "print(x)"
    assert judge(tmp_path, notebook, "lesson") == [
        "notebooks/01_x.ipynb asserts nothing: compare a result with an oracle."
    ]
    notebook.cells[1].source = "np.testing.assert_allclose(x, 1)"
    assert judge(tmp_path, notebook, "lesson") == []


@pytest.mark.parametrize("kind", ["exercise", "solution"])
@pytest.mark.parametrize("stored", [{"execution_count": 1}, {"outputs": [stream("stdout", "1\n")]}])
def test_an_exercise_with_outputs(tmp_path, kind, stored):
    """Exercises and solutions are committed without."""
    notebook = exercise()
    notebook.cells[1].update(stored)
    sentence = "stores outputs or an execution count: run `course build`, which writes it without."
    assert judge(tmp_path, notebook, kind) == [f"notebooks/01_x.ipynb, cell 1 {sentence}"]


MARKED = "in a comment: use the cell tag nbval-check-output or raises-exception."
SOURCES = {
    "# NBVAL_CHECK_OUTPUT\nx": f"has NBVAL_CHECK_OUTPUT {MARKED}",
    "x  # NBVAL_IGNORE_OUTPUT": f"has NBVAL_IGNORE_OUTPUT {MARKED}",
    "# NBVAL_CHEK_OUTPUT (seeded)": f"has NBVAL_CHEK_OUTPUT {MARKED}",
    "# nbval-skip": f"has nbval-skip {MARKED}",
    "# NVBAL_SKIP": f"has NVBAL_SKIP {MARKED}",
    "#PYTEST_VALIDATE_IGNORE_OUTPUT": f"has PYTEST_VALIDATE_IGNORE_OUTPUT {MARKED}",
    "# CHECK_OUTPUT": f"has CHECK_OUTPUT {MARKED}",
    "!pip install x": "has the command or magic '!pip install x': write it in Python.",
    "x = 1\nif x:\n    %time x": "has the command or magic '%time x': write it in Python.",
    "%%bash\nls -l": "has the command or magic '%%bash': write it in Python.",
    "files = !ls": "has the command or magic 'files = !ls': write it in Python.",
    "x = '''\n% not this\n'''\n%pip list": "has the command or magic '%pip list': write it in Python.",
    "x = 1\nx?": "is not Python at line 2 (invalid syntax): x?",
    "from numpy import *": "imports * from numpy: name what it uses.",
    "globals()['x'] = 1": "uses globals(): pass what it needs, and write it in Python.",
    "get_ipython().system('ls')": "uses get_ipython(): pass what it needs, and write it in Python.",
    "open('/home/me/x.csv')": "names the absolute path /home/me/x.csv: use a relative one.",
    "open('/root')": "names the absolute path /root: use a relative one.",
    "open('/Users/me/x.csv')": "names the absolute path /Users/me/x.csv: use a relative one.",
    "open('C:\\\\data\\\\x.csv')": "names the absolute path C:\\\\data\\\\x.csv: use a relative one.",
    "open(r'C:\\data\\x.csv')": "names the absolute path C:\\data\\x.csv: use a relative one.",
    "x = 1\n" * 31: "has 31 lines, more than 30: split it.",
}


@pytest.mark.parametrize("kind", ["lesson", "exercise"])
@pytest.mark.parametrize("source", SOURCES)
def test_code(tmp_path, source, kind):
    """One broken cell, one sentence."""
    notebook = lesson() if kind == "lesson" else exercise()
    cell, number = (notebook.cells[2], 2) if kind == "lesson" else (notebook.cells[1], 1)
    cell.source = source
    assert judge(tmp_path, notebook, kind) == [f"notebooks/01_x.ipynb, cell {number} {SOURCES[source]}"]


LINKED = "draw it in a code cell, or attach it."
TEXTS = {
    "![a](https://example.org/a.png)": f"links the picture https://example.org/a.png: {LINKED}",
    "![a](figures/a.png 'title')": f"links the picture figures/a.png: {LINKED}",
    "![a][b]\n\n[b]: a.png": f"links the picture ![a][: {LINKED}",
    "<img width=3 src='http://a/b.png'>": f"links the picture http://a/b.png: {LINKED}",
    f"![not in the first cell]({rules.BADGE})": f"links the picture {rules.BADGE}: {LINKED}",
    "- one word more $x_1 = 2$ " + "word " * 106 + "**[two](https://a.b/c)**": (
        "has 111 words, more than 110: cut it, or split it at its ideas."
    ),
}


@pytest.mark.parametrize("source", TEXTS)
def test_text(tmp_path, source):
    """The second text cell is broken."""
    notebook = lesson()
    notebook.cells[5].source = source
    assert judge(tmp_path, notebook, "lesson") == [f"notebooks/01_x.ipynb, text cell 2 {TEXTS[source]}"]


def test_a_file_that_is_no_notebook(tmp_path):
    """Not JSON, without cells, or with two cells of one id."""
    notebook = exercise()
    notebook.cells[0].id = notebook.cells[1].id
    twice = nbformat.v4.writes(notebook)
    for text, reason in (("{", "NotJSONError"), ('{"nbformat": 4}', "Error"), (twice, "DuplicateCellId")):
        (tmp_path / "01_x.ipynb").write_text(text)
        (problem,) = rules.problems(tmp_path / "01_x.ipynb", "exercise")
        assert problem.startswith(
            "01_x.ipynb is not a valid notebook; delete it and write it again with `course build` ("
        )
        assert reason in problem


def test_an_unknown_kind():
    """A folder's name is none."""
    with pytest.raises(ValueError, match="received 'exercises'"):
        rules.problems("01_x.ipynb", "exercises")


def test_notebooks_that_no_test_runs(tmp_path):
    """Those in other folders, of other names and without a source; hidden and built ones do not matter."""
    for path in (
        "notebooks/01_x.ipynb",
        "notebooks/exercises/01_x.ipynb",
        "notebooks/solutions/01_x.ipynb",
        "notebooks/solutions/02_y.ipynb",
        "notebooks/source/01_x.py",
        "notebooks/draft.ipynb",
        "notebooks/old/01_x.ipynb",
        "course_lib/01_x.ipynb",
        "build/lib/01_x.ipynb",
        ".venv/lib/01_x.ipynb",
        "notebooks/.ipynb_checkpoints/01_x-checkpoint.ipynb",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    move = "is run by no test: move it to notebooks/NN_topic.ipynb, or to exercises/ or solutions/ in there."
    assert sorted(rules.uncollected(tmp_path)) == [
        f"course_lib/01_x.ipynb {move}",
        f"notebooks/draft.ipynb {move}",
        f"notebooks/old/01_x.ipynb {move}",
        "notebooks/solutions/02_y.ipynb is built from nothing: write notebooks/source/02_y.py, or delete it.",
    ]
