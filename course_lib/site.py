"""Where the course lives on GitHub. `pyproject.toml` is the one place that says so: `Repository` and `version`."""

import tomllib
from pathlib import Path

GITHUB = "https://github.com/"
ROOT = Path(__file__).resolve().parent.parent


def address(root=ROOT):
    """Repository and tag, from the clone's pyproject.toml or the installed package's metadata.

    Args:
        root: Path of the clone; by default what this package lies in.
    Returns:
        (`"OWNER/NAME"`, `"v1.2.3"`), or None where neither is known.
    """
    pyproject = root / "pyproject.toml"
    if pyproject.is_file():
        project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
        home, version = project.get("urls", {}).get("Repository"), project.get("version")
    else:
        import importlib.metadata

        try:
            about = importlib.metadata.metadata("course-lib")
        except importlib.metadata.PackageNotFoundError:
            return None
        home = dict(line.split(", ", 1) for line in about.get_all("Project-URL", [])).get("Repository")
        version = about["Version"]
    return (home.removeprefix(GITHUB).rstrip("/"), f"v{version}") if home and version else None
