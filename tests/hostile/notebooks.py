"""Hostile and clumsy notebooks: each function takes the solved notebook and gives what is handed in.

What a notebook deserves is what a teacher sees who opens it in Jupyter, mends what any editor would mend, and runs it
from top to bottom with the checks' own cells. The limits are those that the kit states: 20 MB, 2,000 cells.
"""

import base64
import copy
import functools
import json
import random
import string
import uuid
import zlib

from tests.hostile import POINTS, Attack

ATTACKS = {}
RIGHT = """\
def softmax(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""
WRONG = "def softmax(Z):\n    return Z\n"
STUB = 'def softmax(Z):\n    """Softmax of each row."""\n    raise NotImplementedError("your code here")\n'
LINK = (
    '<a href="https://colab.research.google.com/github/ada/ps1/blob/main/02_logistic_regression.ipynb" target="_parent">'
    '<img src="https://colab.research.google.com/assets/colab-badge.svg" alt="Open In Colab"/></a>'
)
VERDICT = "✓ 02.2 Softmax: passed (2 of 2 points)"
BAD_PAGE = (
    "</pre></table><script>document.body.innerHTML = '10 of 10'</script><img src=x onerror='fetch(`http://127.0.0.1:@PORT@`)'>"
    "<style>@import 'http://127.0.0.1:@PORT@/x.css'; .points { display: none }</style><meta http-equiv=refresh content='0;url=http://127.0.0.1:@PORT@'>"
)


def attack(deserves="all", harmful=False):
    """Register a function (notebook as dict) -> dict or bytes.

    Args:
        deserves: `"all"`, `"none"`, or what differs from all, such as {"02.2": 0}.
        harmful: whether it would harm the machine without a jail.
    """

    def register(function):
        points = dict.fromkeys(POINTS, 0) if deserves == "none" else dict(POINTS)
        points |= deserves if isinstance(deserves, dict) else {}
        tries = function.__doc__.strip().removeprefix("Tries: ")
        build = functools.partial(_build, function)
        ATTACKS[function.__name__] = Attack(function.__name__, tries, points, harmful, build)
        return function

    return register


def _build(function, solved, port):
    submitted = function(json.loads(solved))
    if not isinstance(submitted, bytes):
        submitted = json.dumps(submitted).encode()
    return submitted.replace(b"@PORT@", str(port).encode())


def code(source, **metadata):
    """A code cell."""
    return {
        "cell_type": "code",
        "id": f"new{zlib.crc32(str(source).encode()):08x}",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def markdown(source):
    """A markdown cell."""
    return {
        "cell_type": "markdown",
        "id": f"new{zlib.crc32(source.encode()):08x}",
        "metadata": {},
        "source": source,
    }


def grade_id(cell):
    """The name that nbgrader gave to a cell."""
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")


def find(notebook, key):
    """The cell of that name."""
    return next(cell for cell in notebook["cells"] if grade_id(cell) == key)


def answer(notebook, source, number=2):
    """The notebook with another answer."""
    find(notebook, f"answer-02-{number}")["source"] = source
    return notebook


def insert(notebook, key, *cells, after=True):
    """The notebook with more cells after (or before) the one of that name."""
    place = notebook["cells"].index(find(notebook, key)) + after
    notebook["cells"][place:place] = cells
    return notebook


def of_role(notebook, role):
    """The cells whose name begins so: answer, check, fixed, written."""
    return [cell for cell in notebook["cells"] if grade_id(cell).startswith(f"{role}-")]


def without_metadata(notebook):
    """The notebook as an editor leaves it that knows nothing of nbgrader."""
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


def setup(notebook):
    """The teacher's cell with the imports."""
    return next(cell for cell in notebook["cells"] if "import numpy as np" in "".join(cell["source"]))


# Cells edited, repeated, gone, moved.


@attack()
def checks_deleted(notebook):
    """Tries: leave out the check cells, so that nothing can fail."""
    notebook["cells"] = [cell for cell in notebook["cells"] if not grade_id(cell).startswith("check-")]
    return notebook


@attack()
def checks_repeated(notebook):
    """Tries: hand in each check cell three times, so that each counts three times."""
    notebook["cells"] = [
        copy.deepcopy(cell)
        for cell in notebook["cells"]
        for _ in range(3 if grade_id(cell).startswith("check-") else 1)
    ]
    return notebook


@attack({"02.2": 0})
def checks_edited(notebook):
    """Tries: put code that always passes into the check cells."""
    for cell in of_role(notebook, "check"):
        cell["source"] = f"print({VERDICT!r})\nscore = 1000"
    return answer(notebook, WRONG)


@attack()
def answer_in_the_check_cell(notebook):
    """Tries: nothing bad: give the answer in the locked check cell, where it counts, though nbgrader would drop it."""
    find(notebook, "check-02-2")["source"] = RIGHT + '\ncheck("02.2", softmax)'
    return answer(notebook, STUB)


@attack()
def everything_repeated(notebook):
    """Tries: hand in all cells twice, with the same names and ids."""
    notebook["cells"] += copy.deepcopy(notebook["cells"])
    return notebook


@attack({"02.2": 0})
def answer_deleted(notebook):
    """Tries: delete an answer cell."""
    notebook["cells"].remove(find(notebook, "answer-02-2"))
    return notebook


@attack("none")
def all_cells_deleted(notebook):
    """Tries: hand in no cell at all."""
    return notebook | {"cells": []}


@attack()
def only_the_answers(notebook):
    """Tries: hand in the answers alone, with none of the teacher's cells."""
    return notebook | {"cells": of_role(notebook, "answer")}


@attack()
def cells_reversed(notebook):
    """Tries: hand in the cells from last to first."""
    notebook["cells"].reverse()
    return notebook


@attack()
def answers_exchanged_in_place(notebook):
    """Tries: move two answers, so that each stands where the other was."""
    cells = notebook["cells"]
    first, last = (cells.index(find(notebook, f"answer-02-{number}")) for number in (1, 4))
    cells[first], cells[last] = cells[last], cells[first]
    return notebook


@attack()
def text_deleted(notebook):
    """Tries: delete all text cells."""
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return notebook


@attack({"02.2": 0})  # it runs no more: on the screen softmax is not there
def answer_made_text(notebook):
    """Tries: turn an answer into markdown, as a stray key does."""
    find(notebook, "answer-02-2")["cell_type"] = "markdown"
    return notebook


@attack()  # the teacher's own cell is there
def set_up_made_raw(notebook):
    """Tries: turn the cell with the imports into a raw one."""
    setup(notebook)["cell_type"] = "raw"
    return notebook


@attack()
def text_made_code(notebook):
    """Tries: turn all text into code, which then raises."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell |= {"cell_type": "code", "outputs": [], "execution_count": None}
    return notebook


@attack()  # the most common of all edits; on the student's screen it works
def imports_in_the_set_up_cell(notebook):
    """Tries: nothing bad: add an import to the teacher's cell, and use it."""
    setup(notebook)["source"] = "".join(setup(notebook)["source"]) + "\nfrom scipy.special import logsumexp"
    return answer(notebook, "def softmax(Z):\n    return np.exp(Z - logsumexp(Z, axis=1, keepdims=True))")


@attack()  # the answers are right with the teacher's own cell
def set_up_sabotaged(notebook):
    """Tries: replace the teacher's cell by one that makes every check pass."""
    setup(notebook)["source"] = "np = None\ncheck = hint = lambda *args: print('✓ passed')"
    return notebook


@attack()
def cells_split(notebook):
    """Tries: nothing bad: split an answer's cell, with an experiment between."""
    found = find(notebook, "answer-02-2")
    again = copy.deepcopy(found)
    found["source"] = "Z = np.zeros((2, 2))\nprint(Z)"
    again["source"] = RIGHT
    return insert(notebook, "answer-02-2", again)


@attack()
def answers_in_one_cell(notebook):
    """Tries: nothing bad: put all answers into the first answer's cell, and leave the others empty."""
    cells = of_role(notebook, "answer")
    cells[0]["source"] = "\n\n\n".join("".join(cell["source"]) for cell in cells)
    for cell in cells[1:]:
        cell["source"] = ""
    return notebook


# Metadata.


@attack()
def metadata_stripped(notebook):
    """Tries: nothing bad: lose all metadata, as editors do."""
    return without_metadata(notebook) | {"metadata": {}}


@attack()
def metadata_missing(notebook):
    """Tries: hand in cells that have no metadata, ids or outputs at all."""
    cells = [{"cell_type": cell["cell_type"], "source": cell["source"]} for cell in notebook["cells"]]
    return {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}


def saved_by_colab(notebook, minor=0, keeps=()):
    """A notebook as Colab saves it, in the order of its files.

    Colab makes notebooks of format 4.0, with the ids of cells in their metadata; what comes as 4.5 may stay that. Whether it
    keeps other tools' metadata is not documented: graders that rely on it check for it.

    Args:
        notebook: dict, as JupyterLab saves it.
        minor: of the format, 0 or 5.
        keeps: names in cells' metadata that are kept.
    Returns:
        bytes.
    Source: https://github.com/googlecolab/colabtools/issues/5402 and https://github.com/sagemathinc/cocalc/issues/5504 for the
    format, .../colabtools/issues/5288 for widgets without `state`; for the rest Colab's own files on GitHub, found by
    `"provenance": []`, such as jsp289/CS5901_Assignment2/CS5901_assignment2_main_py.py, which is a notebook.
    """
    chance = random.Random(0)
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {"id": "view-in-github", "colab_type": "text"},
            "source": [LINK],
        }
    ]
    for number, cell in enumerate(notebook["cells"], start=1):
        metadata = {name: cell["metadata"][name] for name in ("cellView", *keeps) if name in cell["metadata"]}
        metadata["id"] = "".join(chance.choices(string.ascii_letters + string.digits + "-_", k=12))
        lines = "".join(cell["source"]).splitlines(keepends=True)
        if cell["cell_type"] == "code":
            outputs = [
                {
                    "output_type": "stream",
                    "name": "stdout",
                    "text": ["✓ passed\n", "Mounted at /content/drive"],
                },
                {
                    "output_type": "execute_result",
                    "data": {
                        "text/plain": ["'done'"],
                        "application/vnd.google.colaboratory.intrinsic+json": {"type": "string"},
                    },
                    "metadata": {},
                    "execution_count": number,
                },
                {
                    "output_type": "error",
                    "ename": "ValueError",
                    "evalue": "ignored",
                    "traceback": ["\x1b[0;31mx"],
                },
            ]
            user = {"displayName": "Ada Lovelace", "userId": "01234567890123456789"}
            about = {"status": "ok", "timestamp": 1790000000000, "user_tz": -60, "elapsed": 7, "user": user}
            metadata |= {
                "colab": {"base_uri": "https://localhost:8080/", "height": 35},
                "outputId": str(uuid.UUID(int=chance.getrandbits(128))),
                "executionInfo": about,
            }
            run = {"execution_count": number, "outputs": outputs}
        else:
            run = {}
        cells.append({"cell_type": cell["cell_type"], "source": lines, "metadata": metadata, **run})
    if minor == 5:
        for cell in cells:
            cell["id"] = cell["metadata"]["id"]
    widget = {"model_module": "@jupyter-widgets/controls", "model_name": "HBoxModel", "state": {}}
    made = {
        "nbformat": 4,
        "nbformat_minor": minor,
        "metadata": {
            "colab": {
                "provenance": [],
                "toc_visible": True,
                "gpuType": "T4",
                "authorship_tag": "ABX9TyMi3Z+N+IU89fifCOrGlA4E",
                "include_colab_link": True,
            },
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
            "accelerator": "GPU",
            "widgets": {"application/vnd.jupyter.widget-state+json": {"0a1b2c3d": widget}},
        },
        "cells": cells,
    }
    return json.dumps(made, indent=2, ensure_ascii=False).encode()


@attack()
def from_colab(notebook):
    """Tries: nothing bad: be saved by Colab, which writes nbformat 4.0, keeps ids in the metadata, and nbgrader's nowhere."""
    return saved_by_colab(notebook)


@attack()
def names_exchanged(notebook):
    """Tries: give two answers each other's name in the metadata, and two checks as well."""
    for role in ("answer", "check"):
        first, second = (find(notebook, f"{role}-02-{number}") for number in (1, 5))
        first["metadata"], second["metadata"] = second["metadata"], first["metadata"]
    return notebook


@attack({"02.2": 0})
def another_answer_under_its_name(notebook):
    """Tries: have a right answer counted for two exercises, by its name in the metadata."""
    source = find(notebook, "answer-02-1")["source"]
    return answer(notebook, source)


@attack()
def all_names_equal(notebook):
    """Tries: give all cells the same name in the metadata."""
    for cell in notebook["cells"]:
        if grade_id(cell):
            cell["metadata"]["nbgrader"]["grade_id"] = "answer-02-2"
    return notebook


@attack({"02.2": 0})
def points_changed(notebook):
    """Tries: make the checks worth a thousand points, and one of them less than nothing."""
    for cell in of_role(notebook, "check"):
        cell["metadata"]["nbgrader"] |= {"points": 1000, "score": 1000, "max_score": 1000, "auto_score": 1000}
    find(notebook, "check-02-2")["metadata"]["nbgrader"]["points"] = -5
    return answer(notebook, WRONG)


@attack()
def answers_claim_to_be_graded(notebook):
    """Tries: mark answers as checks worth points, and checks as answers."""
    for cell in of_role(notebook, "answer") + of_role(notebook, "check"):
        marks = cell["metadata"]["nbgrader"]
        marks |= {"grade": not marks.get("grade"), "solution": not marks.get("solution"), "points": 50}
        marks |= {"locked": "yes", "schema_version": 99, "task": True}
    return notebook


@attack()
def metadata_of_wrong_types(notebook):
    """Tries: have metadata of every type but the right one."""
    wrong = [
        None,
        [],
        "x",
        5,
        True,
        {"nbgrader": None},
        {"nbgrader": []},
        {"nbgrader": {"grade_id": ["x"]}},
        {"tags": 3},
    ]
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = wrong[number % len(wrong)]
    return notebook | {"metadata": []}


@attack()
def names_that_are_paths(notebook):
    """Tries: have names and ids that are paths, formulas and scripts."""
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = ["../../../gradebook.db", "=1+1", BAD_PAGE, "\0", "x" * 10**5][number % 5]
        if not grade_id(cell).startswith("answer-"):
            cell["metadata"] = {"nbgrader": {"grade_id": cell["id"], "points": "=1+1", "checksum": "../x"}}
    return notebook


@attack()
def ids_missing_or_repeated(notebook):
    """Tries: have cells without an id, with the same id, and with ids of wrong types."""
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = ["same", 5, None, ["x"]][number % 4]
        if number % 5 == 0:
            del cell["id"]
    return notebook


@attack()
def huge_metadata(notebook):
    """Tries: hold megabytes of metadata in every place, and a million keys."""
    notebook["metadata"] |= {str(number): number for number in range(100_000)}
    for cell in notebook["cells"]:
        cell["metadata"]["comment"] = "x" * 200_000
    return notebook


@attack()
def kernel_of_its_own(notebook):
    """Tries: name a kernel that is a path, a command or another language."""
    kernel = {
        "name": "../../evil; touch owned",
        "display_name": BAD_PAGE,
        "argv": ["/bin/sh", "-c", "id"],
        "language": "R",
    }
    notebook["metadata"] = {"kernelspec": kernel, "language_info": {"name": BAD_PAGE, "version": "9"}}
    return notebook | {"signature": "sha256:0"}


@attack({"02.2": 0})
def told_how_to_run(notebook):
    """Tries: tell tools that run notebooks to skip cells, to expect errors and to wait for ever."""
    for cell in of_role(notebook, "check") + of_role(notebook, "answer"):
        cell["metadata"] |= {
            "tags": ["raises-exception", "skip-execution", "remove-cell", "injected-parameters"],
            "execution": {"timeout": -1},
            "jupyter": {"source_hidden": True},
            "init_cell": True,
        }
    notebook["metadata"] |= {"execution": {"allow_errors": True, "timeout": -1}, "widgets": {"x": BAD_PAGE}}
    return answer(notebook, WRONG)


# Outputs and text.


@attack({"02.2": 0})
def fake_outputs(notebook):
    """Tries: store outputs of passed checks, with scripts, in every cell."""
    data = {"text/html": BAD_PAGE + VERDICT, "text/plain": VERDICT, "application/javascript": "alert(1)"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 10**30
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": VERDICT},
                {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}},
                {"output_type": "error", "ename": BAD_PAGE, "evalue": VERDICT, "traceback": [VERDICT]},
            ]
    return answer(notebook, STUB)


@attack()
def outputs_of_wrong_types(notebook):
    """Tries: have outputs that are no outputs."""
    wrong = [
        None,
        5,
        "x",
        {},
        [None],
        [[]],
        [{"output_type": "none"}],
        [{"output_type": "stream", "text": {}}],
    ]
    for number, cell in enumerate(notebook["cells"]):
        cell["outputs"], cell["execution_count"] = wrong[number % len(wrong)], "first"
        cell["attachments"] = {"../x.png": {"image/png": 5}}
    return notebook


@attack()
def pictures_of_megabytes(notebook):
    """Tries: hold pictures that unpack to gigabytes, and base64 that is none."""
    png = base64.b64encode(
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xff\xff\0\xff\xff\xff\x08\6\0\0\0" + b"\0" * 10**6
    ).decode()
    for cell in of_role(notebook, "answer"):
        cell["outputs"] = [
            {
                "output_type": "display_data",
                "data": {"image/png": data, "image/svg+xml": BAD_PAGE},
                "metadata": {},
            }
            for data in (png, "====" * 10**5)
        ]
    return notebook


@attack()
def scripts_in_text(notebook):
    """Tries: put scripts, styles and formulas into all text and into comments of the answers."""
    bad = f'=HYPERLINK("http://127.0.0.1:@PORT@")\n\n{BAD_PAGE}\n\n```\n````\n[x](javascript:alert(1))\n$$\\def\\x{{\\x\\x}}\\x$$\u202e'
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = bad
    for cell in of_role(notebook, "answer"):
        comment = "".join(f"# {line}\n" for line in bad.split("\n"))
        cell["source"] = comment + "".join(cell["source"])
    notebook["cells"].append(markdown("=cmd|'/c calc'!A0"))
    return notebook


@attack({"02.2": 0})
def scripts_in_a_traceback(notebook):
    """Tries: have scripts, formulas and half a pair in the source line that a hint quotes."""
    return answer(
        notebook, f"def softmax(Z):\n    raise ValueError({BAD_PAGE!r} + '\\ud800')  # {BAD_PAGE} =1+1 \u202e"
    )


# What the file is.


@attack("none")
def empty_file(notebook):
    """Tries: hand in an empty file."""
    return b""


@attack("none")
def a_list(notebook):
    """Tries: hand in JSON that is no object."""
    return [notebook]


@attack("none")
def a_number(notebook):
    """Tries: hand in a number of a million digits."""
    return b"9" * 10**6


@attack("none")
def broken_json(notebook):
    """Tries: hand in a file that was cut in the middle."""
    whole = json.dumps(notebook).encode()
    return whole[: len(whole) // 2]


@attack("none")
def json_of_another_kind(notebook):
    """Tries: hand in JSON that is no notebook."""
    return {"cells": {"0": notebook["cells"]}, "metadata": None, "nbformat": "4"}


@attack("none")
def very_deep_json(notebook):
    """Tries: hand in lists nested a million deep."""
    return b'{"cells": ' + b"[" * 10**6 + b"]" * 10**6 + b"}"


@attack("none")  # no editor opens it
def deep_metadata(notebook):
    """Tries: nest the metadata a hundred thousand deep, and be right otherwise."""
    deep = b'{"x":' * 10**5 + b"0" + b"}" * 10**5
    return json.dumps(notebook | {"metadata": "DEEP"}).encode().replace(b'"DEEP"', deep)


@attack()  # Jupyter opens it
def rather_deep_metadata(notebook):
    """Tries: nest the metadata two hundred deep, which recursive tools barely stand."""
    deep = {}
    for _ in range(200):
        deep = {"x": deep}
    notebook["cells"][0]["metadata"]["deep"] = deep
    return notebook


@attack("none")  # larger than what is taken
def fifty_megabytes(notebook):
    """Tries: hand in 50 MB."""
    notebook["cells"].append(markdown("x" * 50 * 2**20))
    return notebook


@attack("none")  # larger than what is taken
def fifty_megabytes_of_nothing(notebook):
    """Tries: hand in 50 MB that become gigabytes once they are read: empty lists."""
    whole = json.dumps(notebook | {"extra": "EXTRA"}).encode()
    return whole.replace(b'"EXTRA"', b"[" + b"[]," * (50 * 2**20 // 3) + b"0]")


@attack()  # within 10 MB, what collect takes: no reason to refuse it
def nine_megabytes_of_nothing(notebook):
    """Tries: hand in 9 MB that become hundreds once they are read."""
    whole = json.dumps(notebook | {"extra": "EXTRA"}).encode()
    return whole.replace(b'"EXTRA"', b"[" + b"[]," * (9 * 2**20 // 3) + b"0]")


@attack("none")
def nul_bytes(notebook):
    """Tries: have NUL bytes between all others, and no mark of an encoding that explains them."""
    return json.dumps(notebook).encode().replace(b" ", b"\0 ")


@attack({"02.2": 0})
def nul_in_an_answer(notebook):
    """Tries: have a NUL character in an answer, which no code can hold."""
    return answer(notebook, RIGHT + "\0")


@attack({"02.2": 0})
def surrogates_in_an_answer(notebook):
    """Tries: have half a pair in an answer, which no file can hold."""
    return answer(notebook, RIGHT + "# \ud800\n'\udfff'")


@attack()  # the text is whole: Notepad saves so
def utf_16(notebook):
    """Tries: nothing bad: be saved as UTF-16."""
    return json.dumps(notebook, ensure_ascii=False).encode("utf-16")


@attack()  # the text is whole: Notepad saves so
def byte_order_mark(notebook):
    """Tries: nothing bad: begin with a byte order mark, and end lines as on Windows."""
    return json.dumps(notebook, indent=1, ensure_ascii=False).replace("\n", "\r\n").encode("utf-8-sig")


@attack("none")
def latin_1(notebook):
    """Tries: hold bytes that are no UTF-8."""
    return b"\xff\xfe\xfa" + json.dumps(notebook).encode() + b"\xe9\x80"


@attack()  # the last one counts, in Python as in a browser
def repeated_keys(notebook):
    """Tries: have the cells twice in one object: others first."""
    whole = json.dumps(notebook)
    return ('{"cells": [{"cell_type": "code", "source": "x"}], "nbformat": 3, ' + whole[1:]).encode()


@attack("none")
def a_pickle(notebook):
    """Tries: hand in a pickle that runs a command where it is opened."""
    return b"cposix\nsystem\n(S'touch owned-by-a-pickle'\ntR."


@attack("none")
def a_python_file(notebook):
    """Tries: hand in a script under the name of a notebook."""
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"]).encode()


@attack()
def nbformat_3(notebook):
    """Tries: nothing bad: be in the format of 2013, with worksheets."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            new = {
                "cell_type": "code",
                "input": cell["source"],
                "outputs": [],
                "language": "python",
                "prompt_number": 1,
            }
        else:
            new = {"cell_type": "markdown", "source": cell["source"]}
        cells.append(new | {"metadata": cell["metadata"], "collapsed": False})
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


@attack()  # one number is wrong, and all the rest is there
def nbformat_99(notebook):
    """Tries: claim a format that does not exist."""
    return notebook | {"nbformat": 99, "nbformat_minor": -1}


@attack()
def nbformat_missing(notebook):
    """Tries: claim no format at all."""
    return {"cells": notebook["cells"]}


# What cells hold.


@attack({"02.2": 0})
def source_none(notebook):
    """Tries: have an answer whose source is null."""
    return answer(notebook, None)


@attack({"02.2": 0, "02.3": 0})
def sources_of_wrong_types(notebook):
    """Tries: have sources that are a number and an object."""
    return answer(answer(notebook, 5), {"source": ["x"]}, number=3)


@attack()
def sources_as_lists(notebook):
    """Tries: nothing bad: have all sources as lists of lines."""
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    return notebook


@attack()
def sources_as_letters(notebook):
    """Tries: have all sources as lists of single letters."""
    for cell in notebook["cells"]:
        cell["source"] = list("".join(cell["source"]))
    return notebook


@attack()
def cells_that_are_none(notebook):
    """Tries: have cells among the others that are no cells."""
    notebook["cells"] = [
        each for cell in notebook["cells"] for each in (cell, {}, {"cell_type": "code"}, {"cell_type": 5})
    ]
    return notebook


@attack("none")  # no editor opens it
def cells_that_are_no_objects(notebook):
    """Tries: have lists, numbers and nulls among the cells."""
    notebook["cells"] = [each for cell in notebook["cells"] for each in (cell, None, [], 5, "x")]
    return notebook


@attack("none")  # more than what is taken
def ten_thousand_cells(notebook):
    """Tries: hand in ten thousand cells."""
    notebook["cells"][1:1] = [code("x = 1") if number % 2 else markdown("x") for number in range(10_000)]
    return notebook


@attack()
def fifteen_hundred_cells(notebook):
    """Tries: hand in fifteen hundred cells, each with a small output."""
    notebook["cells"][1:1] = [code(f"print({number})") for number in range(1_500)]
    return notebook


@attack({"02.2": 0})
def sum_that_no_compiler_stands(notebook):
    """Tries: crash the compiler with a sum of a hundred thousand terms."""
    return answer(notebook, WRONG + "+".join(["1"] * 100_000))


@attack({"02.2": 0})
def signs_that_no_parser_stands(notebook):
    """Tries: crash the parser with fifty thousand signs in front of a number."""
    return answer(notebook, WRONG + "-" * 50_000 + "1")


@attack({"02.2": 0})
def line_of_a_megabyte(notebook):
    """Tries: have a line of half a megabyte, of the letters that patterns search for."""
    return answer(notebook, "softmax" + " " * 500_000 + "\nsoftmax:" + "x" * 200_000)


# Answers.


@attack({"02.2": 0})  # the last one counts, as on the student's screen
def right_then_wrong(notebook):
    """Tries: define an answer twice before its check, the wrong one last."""
    return insert(answer(notebook, RIGHT), "answer-02-2", code(WRONG))


@attack()  # the last one counts, as on the student's screen
def wrong_then_right(notebook):
    """Tries: define an answer twice before its check, the right one last."""
    return insert(answer(notebook, WRONG), "answer-02-2", code(RIGHT))


@attack({"02.2": 0})
def right_then_wrong_in_one_cell(notebook):
    """Tries: define an answer twice in its own cell, the wrong one last."""
    return answer(notebook, RIGHT + "\n\n" + WRONG)


@attack({"02.2": 0})
def copy_of_the_answer_cell_is_wrong(notebook):
    """Tries: have the answer's cell twice, name and all, with the wrong one last."""
    again = copy.deepcopy(find(notebook, "answer-02-2"))
    again["source"] = WRONG
    return insert(notebook, "answer-02-2", again)


@attack()
def answer_in_another_cell(notebook):
    """Tries: nothing bad: leave the stub, and answer in a cell below it."""
    return insert(answer(notebook, STUB), "answer-02-2", code(RIGHT))


@attack()  # on the screen the stub takes its place; but a stub is no answer, and there is only one
def answer_above_the_stub(notebook):
    """Tries: nothing bad: answer in a cell above the one with the stub."""
    return insert(answer(notebook, STUB), "answer-02-2", code(RIGHT), after=False)


@attack("none")
def untouched(notebook):
    """Tries: nothing bad: hand in what was handed out."""
    names = (
        "sigmoid(z)",
        "softmax(Z)",
        "cross_entropy(labels, Z)",
        "gradient(A, labels, W)",
        "precision_and_recall(y, q, threshold)",
    )
    for number, name in enumerate(names, start=1):
        answer(notebook, f'def {name}:\n    raise NotImplementedError("your code here")', number)
    return notebook


@attack()
def helpers_in_other_cells(notebook):
    """Tries: nothing bad: have imports and helper functions in extra cells, and in another answer's."""
    shift = "\n\ndef shifted(Z):\n    return Z - Z.max(axis=1, keepdims=True)\n"
    first = find(notebook, "answer-02-1")
    first["source"] = "".join(first["source"]) + shift
    cells = (
        code("import math\nimport numpy as numerics"),
        code("def powers(Z):\n    return numerics.exp(shifted(Z))"),
    )
    insert(notebook, "answer-02-2", *cells, after=False)
    return answer(notebook, "def softmax(Z):\n    e = powers(Z)\n    return e / e.sum(axis=1, keepdims=True)")


@attack({"02.2": 0})  # the exercise names the function, and so does the teacher's check
def function_renamed(notebook):
    """Tries: nothing bad: give the function another name."""
    find(notebook, "check-02-2")["source"] = 'check("02.2", my_softmax)'
    return answer(notebook, RIGHT.replace("softmax", "my_softmax"))


@attack()
def function_assigned(notebook):
    """Tries: nothing bad: assign a lambda to the name, where metadata was lost."""
    source = "row = dict(axis=1, keepdims=True)\nsoftmax = lambda Z: np.exp(Z - Z.max(**row)) / np.exp(Z - Z.max(**row)).sum(**row)"
    return without_metadata(answer(notebook, source))


@attack()
def function_assigned_in_a_pair(notebook):
    """Tries: nothing bad: assign the function together with another, where metadata was lost."""
    return without_metadata(
        answer(notebook, RIGHT.replace("softmax", "own") + "\nsoftmax, other = own, None")
    )


@attack()
def function_under_a_condition(notebook):
    """Tries: nothing bad: define the function under a condition, where metadata was lost."""
    body = RIGHT.replace("\n", "\n    ").rstrip()
    return without_metadata(answer(notebook, f'if __name__ == "__main__":\n    {body}'))


@attack({"02.2": 0})
def function_in_text_alone(notebook):
    """Tries: define the function in a string that looks like code, where metadata was lost."""
    return without_metadata(answer(notebook, f'"""\n{RIGHT}"""'))


@attack()
def time_on_top(notebook):
    """Tries: nothing bad: have `%%time` above the answer, and `%timeit` below."""
    return answer(notebook, f"%%time\n{RIGHT}\n%timeit -n 2 -r 2 softmax(np.zeros((2, 2)))")


@attack({"02.2": 0})  # `%%timeit` defines nothing: on the screen softmax is not there either
def timeit_on_top(notebook):
    """Tries: nothing bad: have `%%timeit` above the answer."""
    return answer(notebook, f"%%timeit -n 1 -r 1\n{RIGHT}")


@attack()
def magics(notebook):
    """Tries: nothing bad: use magics, help and the history of outputs, in extra cells and in the answer's."""
    cells = [
        code(
            "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n%load_ext autoreload\n%autoreload 2"
        ),
        code("softmax?\n??softmax\n_\nOut\nIn[-1]\n%who\n%pwd"),
        code("await __import__('asyncio').sleep(0)\n!echo hello\nfiles = !ls"),
        code("%%html\n<script>alert(1)</script>"),
        code("%%bash\necho hello"),
        code("%no_such_magic"),
    ]
    return insert(answer(notebook, f"%precision 3\n{RIGHT}\nsoftmax;"), "answer-02-2", *cells)


@attack()
def pip_install(notebook):
    """Tries: nothing bad: install a package first, which cannot work without a network."""
    return insert(
        notebook,
        "answer-02-1",
        code("%pip install -q --retries 0 --index-url http://127.0.0.1:@PORT@/simple no-such-package"),
        code("!pip list"),
        after=False,
    )


@attack()
def unused_input(notebook):
    """Tries: nothing bad: ask for something on the keyboard, in an extra cell and below the answer."""
    insert(notebook, "answer-02-1", code("name = input('Your name? ')\nprint('Hello', name)"), after=False)
    return answer(notebook, f"{RIGHT}\ninput('Press Enter')")


@attack()  # the answers are right, and the cell belongs to none of them
def extra_cell_raises(notebook):
    """Tries: nothing bad: have cells that raise, and one that is no Python, above a good answer."""
    cells = code("1 / 0"), code("raise SystemExit"), code("this is not Python ("), code("sofmax(5)")
    return insert(notebook, "answer-02-2", *cells, after=False)


@attack()  # the answers are right, and the cell belongs to none of them
def extra_cell_loops(notebook):
    """Tries: have an endless loop in a cell between the answers."""
    return insert(notebook, "answer-02-2", code("while True:\n    pass"))


@attack()  # the answers are right, and the cells belong to none of them
def extra_cells_sleep(notebook):
    """Tries: have forty cells between the answers which each sleep for a little less than may be allowed."""
    return insert(
        notebook, "answer-02-1", *(code(f"import time\ntime.sleep(50)  # {number}") for number in range(40))
    )


@attack()  # the answers are right, and the cell belongs to none of them
def extra_cell_exits(notebook):
    """Tries: end the process in a cell between the answers."""
    return insert(notebook, "answer-02-3", code("import os\nos._exit(0)"))


@attack()  # on the screen every check has passed by then
def extra_cell_forgets_everything(notebook):
    """Tries: nothing bad: clean up at the end."""
    notebook["cells"] += [code("del softmax, np"), code("%reset -f")]
    return notebook


@attack()  # the answers are right, and the cell belongs to none of them
def extra_cell_forges_its_reply(notebook):
    """Tries: answer for an extra cell with an error that is a list, nested deep."""
    source = """\
import json, sys
frame = sys._getframe()
while frame and not ("channel" in frame.f_locals and "request" in frame.f_locals):
    frame = frame.f_back
if frame:
    for depth in range(100, 1000, 3):
        for start, end in (("[", "]"), ('{"x":', "}")):
            key = json.dumps(frame.f_locals["request"]["id"])
            text = f'{{"id": {key}, "error": {start * depth}0{end * depth}}}\\n'
            frame.f_locals["channel"].sendall(text.encode())
"""
    return insert(notebook, "answer-02-2", code(source))


@attack()  # the answers are right, and the cell belongs to none of them
def extra_cell_sabotages(notebook):
    """Tries: break NumPy and the builtins in a cell between the answers."""
    source = (
        "import builtins\nnp.exp = np.where = np.arange = None\nbuiltins.len = builtins.isinstance = None"
    )
    return insert(notebook, "answer-02-1", code(source), after=False)


@attack({"02.2": 0}, harmful=True)
def deletes_everything(notebook):
    """Tries: delete all files from a shell command."""
    commands = "!rm -rf ./* ../* ~/* /tmp/* 2>/dev/null\n!rm -rf --no-preserve-root / 2>/dev/null | tail -1"
    return answer(notebook, f"{commands}\n{WRONG}")


@attack({"02.2": 0}, harmful=True)
def shell_bomb(notebook):
    """Tries: fork from a shell, in a cell magic and in the background."""
    return answer(notebook, "%%bash --bg\n:(){ :|:& };:\n")


@attack({"02.2": 0})
def writes_over_the_notebook(notebook):
    """Tries: write a file under the notebook's own name, and others where results may lie."""
    names = ("02_logistic_regression.ipynb", "../02_logistic_regression.ipynb", "feedback.html", "grades.csv")
    return answer(
        notebook, "\n".join(f"open({name!r}, 'w').write({VERDICT!r})" for name in names) + "\n" + WRONG
    )
