"""The build: from one source to three notebooks."""

import re

import nbformat
import pytest

from course_lib import build, site
from course_lib.errors import CourseError

ROOT = build.find_root()


def render(course, **options):
    """All files of a course by their path from its root."""
    files, unexecuted = build.render(course.root, **options)
    return {path.relative_to(course.root).as_posix(): content for path, content in files.items()}, unexecuted


def read(text):
    return nbformat.reads(text, as_version=4)


def code(text):
    return "\n".join(cell.source for cell in build.code_cells(read(text)))


def executed(course, stdout="2\n"):
    """Build the course with made-up outputs."""

    def execute(notebook, name):
        for count, cell in enumerate(build.code_cells(notebook), start=1):
            cell.execution_count = count
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=stdout)]

    build.write(build.render(course.root, execute=execute)[0])


def test_this_course_is_built_and_executed():
    files, unexecuted = build.render(ROOT)
    old = [path.relative_to(ROOT).as_posix() for path in build.stale(files)]
    assert not old, f"run `course build`: {old} out of date"
    assert not unexecuted, f"run `course build --execute {' '.join(unexecuted)}`"


def test_every_link_to_a_file_leads_somewhere():
    pages = [*(ROOT / "notebooks").rglob("*.ipynb"), *ROOT.glob("*.md"), *(ROOT / "datasets").glob("*.md")]
    assert len(pages) > 6
    for page in pages:
        if page.suffix == ".ipynb":
            text = "\n".join(c.source for c in nbformat.read(page, 4).cells if c.cell_type == "markdown")
        else:
            text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"


def test_one_source_gives_three_notebooks(course):
    files, unexecuted = render(course)
    names = ["notebooks/01_addition.ipynb", "notebooks/exercises/01_addition.ipynb"]
    assert sorted(files) == ["README.md", *names, "notebooks/solutions/01_addition.ipynb"]
    assert unexecuted == ["01_addition"]
    for name, text in files.items():
        if name.endswith(".ipynb"):
            nbformat.validate(read(text))


def test_exercises_hold_stubs_and_solutions_hold_answers(course):
    files, _ = render(course)
    exercise, solution = (
        files["notebooks/exercises/01_addition.ipynb"],
        files["notebooks/solutions/01_addition.ipynb"],
    )
    assert (
        'def add(a, b):\n    """Add two numbers."""\n    raise NotImplementedError("your code here")'
        in code(exercise)
    )
    assert "return a + b" not in exercise
    assert "The secret" not in exercise
    assert 'def add(a, b):\n    """Add two numbers."""\n    return a + b' in code(solution)
    assert "The secret" in solution
    assert "SOLUTION" not in exercise + solution
    assert read(solution).cells[0].source.startswith("# 01 · Addition: solutions\n")


def test_the_build_is_the_same_every_time(course):
    assert render(course) == render(course)
    ids = [cell.id for cell in read(render(course)[0]["notebooks/01_addition.ipynb"]).cells]
    assert len(set(ids)) == len(ids)
    course.edit("print(one + one)", "print(1 + one)")
    changed = [cell.id for cell in read(render(course)[0]["notebooks/01_addition.ipynb"]).cells]
    assert sum(a != b for a, b in zip(ids, changed, strict=True)) == 1


def test_equal_cells_have_ids_of_their_own(course):
    course.edit(
        '# %% [markdown] tags=["exercises"]', '# %%\none\n\n# %%\none\n\n# %% [markdown] tags=["exercises"]'
    )
    ids = [cell.id for cell in read(render(course)[0]["notebooks/01_addition.ipynb"]).cells]
    assert len(set(ids)) == len(ids)


def test_badge_and_set_up_cell_name_the_repository_and_the_tag(course):
    files, _ = render(course)
    for folder in ("", "exercises/", "solutions/"):
        notebook = read(files[f"notebooks/{folder}01_addition.ipynb"])
        assert (
            f"/github/owner/sums/blob/v1.2.3/notebooks/{folder}01_addition.ipynb)" in notebook.cells[0].source
        )
        assert "git+https://github.com/owner/sums@v1.2.3" in notebook.cells[1].source
        assert "accelerator" not in notebook.metadata
    assert "| 01 | [Addition](notebooks/01_addition.ipynb) | What is one and one? |" in files["README.md"]
    assert "owner/sums/blob/v1.2.3" in files["README.md"]
    assert files["README.md"].endswith("<!-- end of lessons -->\nend\n")


def test_a_stale_badge_is_found(course):
    executed(course)
    assert build.stale(build.render(course.root)[0]) == []
    project = course.root / "pyproject.toml"
    project.write_text(project.read_text().replace("owner", "teacher"))
    files, unexecuted = build.render(course.root)
    assert len(build.stale(files)) == 4
    assert unexecuted == []  # a new address drops no output


def links(root):
    """All badges and install lines of a course: (file, repository, tag) each."""
    link = r"(?:research\.google\.com/github|git\+https://github\.com)/([^/\s]+/[^/@\s]+)(?:/blob/|@)([^/\s\"\\]+)"
    for path in [*root.glob("*.md"), *root.glob("notebooks/*.ipynb"), *root.glob("notebooks/*/*.ipynb")]:
        for found in re.finditer(link, path.read_text(encoding="utf-8")):
            yield path.relative_to(root).as_posix(), *found.groups()


def test_no_badge_or_install_line_of_this_course_is_stale():
    found, here = list(links(ROOT)), build.read_address(ROOT)
    assert [link for link in found if link[1:] != here] == []
    lessons = len(build.lesson_names(ROOT / "notebooks"))
    assert len(found) == 7 * lessons  # two in each of a lesson's three notebooks, and the README's badge


def test_a_teachers_fork_has_its_address_everywhere_at_once(course):
    executed(course)
    before = build.as_text(build.read_notebook(course.root / "notebooks" / "01_addition.ipynb"))
    done = course.run("build", "--repo", "https://github.com/teacher/cs231.git", "--ref", "fall-2026")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("wrote ") == 5
    assert done.stdout.endswith(
        "push it to github.com/teacher/cs231 with the tag or branch fall-2026, which Colab opens and installs.\n"
    )
    assert {link[1:] for link in links(course.root)} == {("teacher/cs231", "fall-2026")}
    assert (
        len(list(links(course.root))) == 7
    )  # a badge and an install line in each notebook, and the README's badge
    for path in course.root.rglob("*"):
        assert path.suffix == ".py" or not path.is_file() or "owner/sums" not in path.read_text()
    after = build.as_text(build.read_notebook(course.root / "notebooks" / "01_addition.ipynb"))
    assert (
        len(read(before).cells[2].outputs) == len(read(after).cells[2].outputs) == 1
    )  # a new address drops no output
    assert course.run("build", "--check").returncode == 0
    assert site.address(course.root) == (
        "teacher/cs231",
        "fall-2026",
    )  # data that is not there comes from the fork, too
    assert course.run("build", "--repo", "teacher/cs231").returncode == 0
    assert {link[1:] for link in links(course.root)} == {("teacher/cs231", "v1.2.3")}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--repo", "cs231"], "--repo: expected OWNER/NAME, as on GitHub; received 'cs231'."),
        (["--repo", "a/.."], "received 'a/..'"),
        (["--repo", ""], "received ''"),  # a shell's variable that is not set
        (["--ref", ""], "received ''"),
        (["--repo", "a/b", "--ref", "fall/2026"], "--ref: expected a tag or branch"),
        (["--repo", "a/b; rm -rf ~"], "expected OWNER/NAME"),
        (["--repo", "a/b", "01"], "give nothing else with them"),
        (["--ref", "main", "--check"], "give nothing else with them"),
    ],
)
def test_an_address_that_cannot_be_is_refused(course, options, says):
    executed(course)
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    done = course.run("build", *options)
    assert done.returncode == 1
    assert says in done.stderr
    assert before == {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}


def test_a_placeholder_for_the_address_is_named(course):
    project = course.root / "pyproject.toml"
    project.write_text(project.read_text().replace("owner/sums", "your_name/sums"))
    done = course.run("build", "--ref", "main")
    assert (done.returncode, done.stderr) == (
        1,
        "course: --repo: expected OWNER/NAME, as on GitHub; pyproject.toml has none.\n",
    )
    project.write_text('[project]\nversion = "1"\nurls = "x"\n')
    done = course.run("build", "--repo", "a/b")
    assert done.returncode == 1
    assert done.stderr.startswith("course: pyproject.toml cannot be read: ")


def test_long_training_asks_colab_for_a_gpu(course):
    course.edit("#     question", "#     gpu: true\n#     question")
    files, _ = render(course)
    for folder in ("exercises/", "solutions/"):  # which train nothing
        assert "accelerator" not in read(files[f"notebooks/{folder}01_addition.ipynb"]).metadata
    metadata = read(files["notebooks/01_addition.ipynb"]).metadata
    assert metadata["accelerator"] == "GPU"
    assert metadata["colab"] == {"gpuType": "T4", "provenance": [], "toc_visible": True}


def test_outputs_are_kept_while_the_code_stands(course):
    executed(course)
    course.edit("# # 01 · Addition\n#\n", "# # 01 · Sums\n#\n")
    files, unexecuted = render(course)
    assert unexecuted == []
    assert all(cell.outputs for cell in build.code_cells(read(files["notebooks/01_addition.ipynb"])))


def test_outputs_are_dropped_from_a_change_on(course):
    executed(course)
    course.edit("one = 1", "one = 2")
    files, unexecuted = render(course)
    assert unexecuted == ["01_addition"]
    outputs = [bool(cell.outputs) for cell in build.code_cells(read(files["notebooks/01_addition.ipynb"]))]
    assert outputs == [True, False, False]  # the set-up cell; what changed; what depends on it


def test_the_readme_s_picture_comes_from_the_lesson(course):
    course.edit('["headline"]', '["headline", "picture"]')

    def execute(notebook, name):
        for cell in build.code_cells(notebook):
            cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": "UE5H"})]

    assert render(course, execute=execute)[0]["notebooks/picture.png"] == b"PNG"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    ### END SOLUTION\n", "", "solution markers out of place in the cell `def add"),
        ("### BEGIN", "### START", "solution markers out of place"),
        ("one = 1\n", "### BEGIN SOLUTION\none = 1\n### END SOLUTION\n", "solution markers out of place"),
        ("### BEGIN SOLUTION", "###BEGIN SOLUTION", "solution markers out of place"),
        ("### END SOLUTION", "### End solution", "solution markers out of place"),
        (' tags=["exercises"]', "", "found 0"),
        ("#     question: What is one and one?", "#     gpu: true", "no `question`"),
        ("What is one", "Sums: what is one", "cannot be read"),
        ("#   course:\n#     question: What is one and one?\n", "", "cannot be read"),
        ("# # 01 · Addition\n#\n", "# # 02 · Addition\n#\n", "`# 01 · Title`"),
        ("# # 01 · Addition\n#\n", "# Addition\n#\n", "the lesson must open with"),
        ("# # 01 · Addition: exercises\n", "# Exercises\n", "the exercises must open with"),
    ],
)
def test_a_fault_in_the_source_is_named(course, old, new, says):
    course.edit(old, new)
    with pytest.raises(CourseError, match=r"01_addition\.py: .*" + re.escape(says)):
        build.render(course.root)


def test_blanks_behind_a_marker_do_not_leak_the_solution(course):
    course.edit("### BEGIN SOLUTION", "### BEGIN SOLUTION  ")
    course.edit("### END SOLUTION", "### END SOLUTION ")
    files, _ = render(course)
    assert "return a + b" not in files["notebooks/exercises/01_addition.ipynb"]
    assert "SOLUTION" not in files["notebooks/solutions/01_addition.ipynb"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2_more.py", "expected a name such as 07_topic.py"),
        ("01_more.py", "more than one lesson has the number 01"),
    ],
)
def test_a_source_with_a_bad_name_is_refused(course, name, says):
    (course.source.parent / name).write_text(course.source.read_text())
    with pytest.raises(CourseError, match=re.escape(says)):
        build.render(course.root)


def test_a_readme_without_its_marks_is_refused(course):
    (course.root / "README.md").write_text("# Sums\n")
    with pytest.raises(CourseError, match=re.escape("README.md: expected the marks")):
        build.render(course.root)


def test_lessons_are_chosen_by_number_or_name():
    names = ["00_a", "01_b", "02_c"]
    assert build.select(names, []) == names
    assert build.select(names, ["02", "00_a"]) == ["00_a", "02_c"]
    with pytest.raises(CourseError, match=r"No lesson '7'\. Lessons here: 00, 01, 02\."):
        build.select(names, ["7"])


def test_a_write_that_fails_leaves_the_old_file(course, monkeypatch):
    executed(course)
    path = course.root / "notebooks" / "01_addition.ipynb"
    before = path.read_bytes()
    course.edit("one = 1", "one = 3")
    files, _ = build.render(course.root)
    full = type(path)("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here to write to")
    monkeypatch.setattr(type(path), "with_name", lambda self, name: full)
    with pytest.raises(OSError, match="No space left"):
        build.write(files)
    assert path.read_bytes() == before
