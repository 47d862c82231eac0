"""A teacher's course directory with one assignment, and submissions for it."""

import json
from pathlib import Path

import nbformat

from course_lib import build
from course_lib.grading.assign import assign

LOGISTIC = "02_logistic_regression"
POINTS = {"02.1": 2, "02.2": 2, "02.3": 3, "02.4": 3, "02.5": 2}


class Classroom:
    """A course directory.

    Args:
        folder: where it is made.
        **options: of `assign`.
    """

    name = "ps1"

    def __init__(self, folder, lessons=("02",), **options):
        self.course = Path(folder)
        assign(build.find_root(), self.course, lessons, self.name, **options)

    def released(self, notebook=LOGISTIC):
        """What students get."""
        return nbformat.read(self.course / "release" / self.name / f"{notebook}.ipynb", as_version=4)

    def solved(self, notebook=LOGISTIC, **answers):
        """The released notebook with the right answers in it.

        Args:
            notebook: its name.
            **answers: code for answer cells instead, such as answer_02_2="def softmax(Z): ..."; None leaves the stub.
        """
        master = nbformat.read(self.course / "source" / self.name / f"{notebook}.ipynb", as_version=4)
        right = {cell.metadata.nbgrader.grade_id: build.show_solution(cell.source) for cell in master.cells}
        mine = self.released(notebook)
        for cell in mine.cells:
            key = cell.metadata.nbgrader.grade_id
            if cell.metadata.nbgrader.solution and not cell.metadata.nbgrader.grade:
                source = answers.get(key.replace("-", "_"), right[key])
                cell.source = cell.source if source is None else source
        return mine

    def hand_in(self, student, notebook=None, name=LOGISTIC):
        """Put a notebook (NotebookNode or bytes) into place, as `collect` does."""
        path = self.course / "submitted" / student / self.name / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = self.solved(name) if notebook is None else notebook
        path.write_bytes(notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode())
        return path

    def result(self, student):
        """What was kept of a student."""
        path = self.course / "results" / self.name / "students" / f"{student}.json"
        return json.loads(path.read_text(encoding="utf-8"))


def points(result):
    """The points of a result, by exercise."""
    return {key: found["points"] for key, found in result["exercises"].items()}
