"""Registers the guard over nbval, which only a `conftest.py` in the root can do."""

pytest_plugins = ("tests.guard",)
