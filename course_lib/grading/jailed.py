"""What runs in the jail: the student's cells and functions, asked for by the examiner over a socket.

Nothing here is trusted once the first cell has run: whatever the student's code changes, it can only answer otherwise.
Cells print to the standard output, which the examiner reads.
"""

import json
import os
import resource
import socket
import sys

MISSING = "There is no function `{name}`: keep the name, and see that its cell runs."


def main():
    """Serve requests until the socket is closed. The one argument: the limits, as `jail.Limits` in JSON."""
    limits = json.loads(sys.argv[1])
    set_limits(limits)
    # It comes as the standard input; `os.dup` keeps it from programs that are started here.
    channel = socket.socket(fileno=os.dup(0))
    channel.setblocking(True)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    import numpy as np
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from course_lib import checks
    from course_lib.grading import wire

    checks.PATIENCE = limits["seconds"]
    checks.check = checks.hint = lambda *args: None  # in a cell of the student's own
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.xmode = "Context"
    shell = InteractiveShell.instance(config=config)
    # For `%matplotlib inline` and the like: nobody looks.
    shell.enable_gui = lambda gui=None: None
    shell.enable_matplotlib = lambda gui=None: ("agg", "agg")
    sys.path.insert(0, "")  # as in Jupyter: a notebook may write a module and import it
    sys.argv[1:] = []
    server = Server(shell, np, checks, wire)
    for line in channel.makefile("rb"):
        request = json.loads(line)
        try:
            reply = server.answer(request)
        except BaseException as error:  # of the student's: it ends neither this loop nor the other answers
            reply = {
                "mistake": f"Your code stopped with {type(error).__name__}.",
                "type": type(error).__name__,
            }
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:  # closed or replaced by the student
                continue
        channel.sendall(wire.dumps({"id": request["id"], **reply}))


def set_limits(limits):
    """Bound what this process and its children may take; no child can raise it again."""
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_DATA: limits["memory"],
        resource.RLIMIT_FSIZE: limits["file"],
        resource.RLIMIT_NOFILE: 256,
    }
    if limits["bind_processes"]:
        bounds[resource.RLIMIT_NPROC] = limits["processes"]
    for what, bound in bounds.items():
        hard = resource.getrlimit(what)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (bound, bound))


class Server:
    """Answers requests: `{"do": "cell", "source": ..}`, `"begin"`, `"call"`, `"method"`."""

    def __init__(self, shell, np, checks, wire):
        self.shell, self.np, self.checks, self.wire = shell, np, checks, wire
        self.kept, self.function = [], None

    def answer(self, request):
        """The reply, without its id."""
        return getattr(self, request["do"])(request)

    def cell(self, request):
        """Run a cell."""
        result = self.shell.run_cell(request["source"], store_history=True)
        error = result.error_before_exec or result.error_in_exec
        return {"error": type(error).__name__ if error else ""}

    def begin(self, request):
        """Take up a function by its name: the limit of time counts anew."""
        name = request["function"]
        self.function = None
        if name not in self.shell.user_ns:
            return {"mistake": MISSING.format(name=name), "missing": True}
        try:
            self.function = self.checks.Answer(self.shell.user_ns[name])
        except self.checks.Mistake as mistake:
            return {"mistake": mistake.hint}
        return {}

    def call(self, request):
        """Call that function as a check would, and encode what it returns."""
        args = [self.wire.decode(arg) for arg in request["args"]]
        try:
            with self.np.errstate(**request["errstate"]):
                result = self.function(*args)
        except self.checks.NotAttempted:
            return {"not attempted": True}
        except self.checks.Stopped as stopped:
            name = type(stopped.__context__).__name__
            return {"mistake": stopped.hint, "case": list(stopped.case), "type": name, "stopped": True}
        except self.checks.Mistake as mistake:
            return {"mistake": mistake.hint, "case": list(mistake.case)}
        return self._encoded(result)

    def method(self, request):
        """Call `predict` or `count_params` of something kept here."""
        kept = self.kept[request["number"]]
        args = [self.wire.decode(arg) for arg in request["args"]]
        options = {"verbose": 0} if request["name"] == "predict" and hasattr(kept, "compile") else {}
        return self._encoded(getattr(kept, request["name"])(*args, **options))

    def _encoded(self, result):
        """The reply that holds a result."""
        try:
            return {"value": self.wire.encode(result, self._keep)}
        except TypeError as error:
            return {"mistake": f"Your function returned something of type {error}: it cannot be compared."}

    def _keep(self, value):
        """A Handle for what can predict, None for anything else."""
        if not callable(getattr(value, "predict", None)):
            return None
        self.kept.append(value)
        return self.wire.Handle(len(self.kept) - 1)


if __name__ == "__main__":
    main()
