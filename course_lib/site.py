"""Where the course lives on GitHub. `pyproject.toml` is the one place that says so: `Repository` and `version`."""

import re
import tomllib
from pathlib import Path

from course_lib.errors import CourseError

GITHUB = "https://github.com/"
ROOT = Path(__file__).resolve().parent.parent


def address(root=ROOT):
    """Repository and tag, from the clone's pyproject.toml or the installed package's metadata.

    Args:
        root: Path of the clone; by default what this package lies in.
    Returns:
        (`"OWNER/NAME"`, tag or branch), or None where neither is known. The tag is `v<version>`, unless the address ends in
        `/tree/TAG`.
    """
    pyproject = root / "pyproject.toml"
    if pyproject.is_file():
        return parse(pyproject.read_text(encoding="utf-8"))
    import importlib.metadata

    try:
        about = importlib.metadata.metadata("course-lib")
    except importlib.metadata.PackageNotFoundError:
        return None
    home = dict(line.split(", ", 1) for line in about.get_all("Project-URL", [])).get("Repository")
    return split(home, about["Version"])


def parse(pyproject):
    """Repository and tag, as `address`, from the text of a pyproject.toml."""
    project = tomllib.loads(pyproject).get("project", {})
    return split(project.get("urls", {}).get("Repository"), project.get("version"))


def split(home, version):
    """Repository and tag, as `address`, from the project's address and its version."""
    if not (home and version):
        return None
    repository, _, ref = home.removeprefix(GITHUB).rstrip("/").partition("/tree/")
    return repository, ref or f"v{version}"


def moved(root, repository=None, ref=None):
    """The clone's pyproject.toml with another address; nothing is written.

    Args:
        root: Path of the clone.
        repository: `OWNER/NAME` or its address on GitHub; None keeps the present one.
        ref: tag or branch; None is the tag `v<version>`.
    Returns:
        str: the file's text.
    Raises:
        CourseError: no such repository or tag can be on GitHub, or Colab cannot open it.
    """
    import tomlkit

    project = tomlkit.parse((root / "pyproject.toml").read_text(encoding="utf-8"))
    given = address(root)[0] if repository is None else repository
    home = given.removeprefix(GITHUB).removesuffix("/").removesuffix(".git")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[\w.-]*\w[\w.-]*", home, re.ASCII):
        why = "pyproject.toml has none" if repository is None else f"received {given!r}"
        raise CourseError(f"--repo: expected OWNER/NAME, as on GitHub; {why}.")
    # Colab takes what follows the first slash for the path of the notebook.
    if ref is not None and not re.fullmatch(r"\w[\w.-]*", ref, re.ASCII):
        raise CourseError(
            f"--ref: expected a tag or branch of letters, digits, dots and dashes; received {ref!r}."
        )
    project["project"]["urls"]["Repository"] = GITHUB + home + (f"/tree/{ref}" if ref else "")
    return tomlkit.dumps(project)
