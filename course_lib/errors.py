"""What the course's parts say to each other when something is wrong or missing."""

NOT_WRITTEN = "your code here"  # the message of the exception that an untouched exercise raises


class CourseError(Exception):
    """What went wrong and what to do about it, in one sentence for the user."""

    def _render_traceback_(self):
        """What IPython shows in a notebook instead of the way through our code."""
        return [f"{type(self).__name__}: {self}"]


class Interrupted(CourseError):
    """Ctrl-C was pressed."""
