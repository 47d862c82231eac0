"""The versions that the tests run on: `make matrix`, or one of them, such as `nox -s "matrix(3.11 oldest)"`."""

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"

RESOLUTION = {"oldest": "lowest-direct", "newest": "highest"}


@nox.session(venv_params=["--seed"])  # with pip, by which the course fetches weights
@nox.parametrize(
    "python,versions",
    [("3.11", "oldest"), ("3.12", "newest"), ("3.13", "newest")],
    ids=["3.11 oldest", "3.12 newest", "3.13 newest"],
)
def matrix(session, versions):
    """Every test in a fresh environment."""
    session.install("--resolution", RESOLUTION[versions], "--only-binary", ":all:", "-r", "requirements.txt")
    session.run("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", *session.posargs)
