"""Rules that a notebook keeps as committed, checked without running it.

`problems` judges one notebook, `uncollected` finds the notebooks that no test runs. Both return sentences:
which notebook, which cell, what is wrong, what to do.
"""

import ast
import os
import re
import warnings
from pathlib import Path

from course_lib.build import read_notebook

KNOWN_TAGS = {"answer", "headline", "nbval-check-output", "picture", "raises-exception", "recipe", "setup"}
MAX_BYTES = 1_000_000
MAX_LINES = 30
MAX_WORDS = 110
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"

EXECUTE = "run `course build --execute`"
# Misspelt ones too: nbval ignores what it does not know, so the cell would not be checked.
MARKER = re.compile(
    r"#.*?\b((?i:nbval|nvbal|pytest_validate)[\w-]*|\w*(?:CHEC?K|IGNORE)_OUTPUT|RAISES?_EXCEPTION)"
)
# What stands before tells /tmp from example.org/tmp and {folder}/tmp. A backslash and n may be a line's end.
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.~/}])/(?:home|root|tmp|Users)\b[\w./-]*|\b[A-Z]:(?:\\\\|\\(?![nrt])\w)[\w\\.-]*"
)
PICTURE = re.compile(r"""(?i)!\[[^\]]*\](?:\(\s*<?([^\s)>]+)|\[)|<img\b[^>]*?\bsrc\s*=\s*["']?([^\s"'>]+)""")
# Fenced code, display equations and table rows are no prose, nor are pictures, tags and the addresses of links.
NOT_PROSE = re.compile(
    r"(?ms)^ *(```|~~~).*?^ *\1|\$\$.*?\$\$|\\\[.*?\\\]|\\begin\{(\w+\*?)\}.*?\\end\{\2\}|^ *\|[^\n]*"
)
NOT_WORDS = re.compile(r"!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)|<[^>]*>")
NOTEBOOK_PATH = re.compile(r"notebooks/(?:exercises/|solutions/)?(\d\d_[a-z0-9_]+)\.ipynb")


def problems(path, kind):
    """Find what breaks the rules in one notebook.

    Args:
        path: of the notebook.
        kind: "lesson" (committed with outputs), "exercise" or "solution" (without).

    Returns:
        list of sentences, empty if all is well.

    Raises:
        ValueError: any other kind.

    """
    if kind not in ("lesson", "exercise", "solution"):
        raise ValueError(f'kind expected "lesson", "exercise" or "solution", received {kind!r}')
    path = Path(path)
    *above, last = path.absolute().as_posix().rpartition("/notebooks/")
    name = f"notebooks/{last}" if above[0] else path.name
    try:
        notebook = read_notebook(path)
    except ValueError as error:
        return [f"{name} {error}"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    found = list(_lesson(path, code)) if kind == "lesson" else []
    numbers = {"code": 0, "text": 0}
    for place, cell in enumerate(notebook.cells):
        sort = "code" if cell.cell_type == "code" else "text"
        numbers[sort] += bool(cell.source.strip())  # as learners see it: an empty cell has no number
        label = f", cell {numbers[sort]}" if sort == "code" else f", text cell {numbers[sort]}"
        for tag in sorted(set(cell.metadata.get("tags", [])) - KNOWN_TAGS):
            found.append(f"{label} has the unknown tag {tag!r}: use one of {', '.join(sorted(KNOWN_TAGS))}.")
        if sort == "text":
            found += [f"{label} {problem}" for problem in _text(cell.source, first=place == 0)]
            continue
        found += [f"{label} {problem}" for problem in _source(cell.source)]
        found += [f"{label} {problem}" for problem in (_stored if kind == "lesson" else _empty)(cell)]
    return [name + problem for problem in found]


def uncollected(root):
    """Find the notebooks that no test runs, or that no source builds.

    Args:
        root: of the repository.

    Returns:
        list of sentences, empty if all is well.

    """
    root, found = Path(root), []
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith(".") and name != "build")
        for file in sorted(name for name in files if name.endswith(".ipynb")):
            path = (Path(folder) / file).relative_to(root).as_posix()
            match = NOTEBOOK_PATH.fullmatch(path)
            if not match:
                place = "notebooks/NN_topic.ipynb, or to exercises/ or solutions/ in there"
                found.append(f"{path} is run by no test: move it to {place}.")
            elif not (root / f"notebooks/source/{match[1]}.py").exists():
                found.append(
                    f"{path} is built from nothing: write notebooks/source/{match[1]}.py, or delete it."
                )
    return found


def _lesson(path, code):
    """Judge what a lesson as a whole must hold."""
    counts = [cell.execution_count for cell in code]
    if not any(counts):
        yield f" has no outputs: {EXECUTE}."
    elif counts != [*range(1, len(code) + 1)]:
        number = next(n for n, count in enumerate(counts, start=1) if count != n)
        yield f", cell {number} has execution count {counts[number - 1]}, not {number}: {EXECUTE}."
    if not any(_is_checked(cell) and _comparable(cell) for cell in code):
        yield " has no output that is compared: tag a cell that prints something sure nbval-check-output."
    if not any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs):
        yield " shows no figure: plot something."
    if not any(_asserts(node) for cell in code for node in ast.walk(_parse(cell.source)[0])):
        yield " asserts nothing: compare a result with an oracle."
    size = path.stat().st_size
    if size > MAX_BYTES:
        yield f" has {size / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:g}: make its figures smaller or fewer."


def _stored(cell):
    """Judge the outputs stored in a lesson's cell."""
    if _is_checked(cell) and not _comparable(cell):
        yield f"is tagged nbval-check-output but stores no text to compare: print something, or {EXECUTE}."
    for output in cell.outputs:
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            yield f"stores the error {output.ename}: repair it, or tag the cell raises-exception."
        if output.get("name") == "stderr":
            line = output.text.strip().partition("\n")[0]
            yield f"stores text on stderr ({line}): remove its cause and {EXECUTE}."
        for path in ABSOLUTE_PATH.finditer(_text_of(output)):
            yield f"stores the absolute path {path[0]} in its output: print a relative one."


def _empty(cell):
    """Judge an exercise's or a solution's cell, which stores nothing."""
    if cell.outputs or cell.execution_count is not None:
        yield "stores outputs or an execution count: run `course build`, which writes it without."


def _source(source):
    """Judge the code of a cell."""
    tree, faults = _parse(source)
    yield from faults
    lines = source.splitlines()
    if len(lines) > MAX_LINES:
        yield f"has {len(lines)} lines, more than {MAX_LINES}: split it."
    for line in lines:
        if marker := MARKER.search(line):
            yield f"has {marker[1]} in a comment: use the cell tag nbval-check-output or raises-exception."
    for path in ABSOLUTE_PATH.finditer(source):
        yield f"names the absolute path {path[0]}: use a relative one."
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield f"imports * from {node.module}: name what it uses."
        if isinstance(node, ast.Name) and node.id in ("globals", "get_ipython"):
            yield f"uses {node.id}(): pass what it needs, and write it in Python."


def _text(source, first):
    """Judge a text cell; the first one may hold Colab's badge."""
    for picture in PICTURE.finditer(re.sub(r"(?s)```.*?```|`[^`\n]*`", "", source)):
        target = picture[1] or picture[2] or ""
        if not (target.startswith(("attachment:", "data:")) or (first and target == BADGE)):
            yield f"links the picture {target or picture[0]}: draw it in a code cell, or attach it."
    prose = NOT_WORDS.sub(" ", re.sub(r"\$[^$\n]+\$", "x", NOT_PROSE.sub("", source)))
    words = sum(any(map(str.isalnum, word)) for word in prose.split())
    if words > MAX_WORDS:
        yield f"has {words} words, more than {MAX_WORDS}: cut it, or split it at its ideas."


def _parse(source):
    """Parse a cell without the lines that only IPython understands.

    Returns:
        (tree, problems): one problem for each such line. A `%` within a string or an expression is none.

    """
    lines, faults = source.splitlines(), []
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse("\n".join(lines)), faults
        except SyntaxError as error:
            number = min(error.lineno or 1, len(lines))
            line = lines[number - 1]
            if not re.match(r"\s*[!%]|[^'\"#]*=\s*[!%]", line):
                return ast.parse(""), [
                    *faults,
                    f"is not Python at line {number} ({error.msg}): {line.strip()}",
                ]
            faults.append(f"has the command or magic {line.strip()!r}: write it in Python.")
            if line.startswith("%%"):
                return ast.parse(""), faults
            lines[number - 1] = re.match(r"\s*", line)[0] + "pass"


def _asserts(node):
    name = getattr(node, "attr", getattr(node, "id", ""))
    return isinstance(node, ast.Assert) or (
        isinstance(node, ast.Attribute | ast.Name) and name.startswith("assert_")
    )


def _is_checked(cell):
    return "nbval-check-output" in cell.metadata.get("tags", [])


def _comparable(cell):
    """Whether a cell stores text that nbval compares; a figure's `<Figure size 640x480>` is none."""
    return any(
        _text_of(output).strip()
        for output in cell.outputs
        if output.get("name") != "stderr"
        and not any(mime.startswith("image/") for mime in output.get("data", {}))
    )


def _text_of(output):
    """All text of an output: what was printed, shown or raised."""
    shown = [value for mime, value in output.get("data", {}).items() if mime.startswith("text/")]
    return "\n".join([output.get("text", ""), *shown, *output.get("traceback", [])])
