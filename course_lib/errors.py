"""The error that ends a command with one sentence instead of a traceback."""


class CourseError(Exception):
    """What went wrong and what to do about it, in one sentence for the user."""
