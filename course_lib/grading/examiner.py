"""Grade one submission: a process that `batch` starts, which starts the jail and asks the questions.

Reads a request from the standard input, a line of JSON, and writes the result to the standard output. It ends when its
input does, so that nothing outlives the command. It holds the checks and their seeds; the jail does not.

First all cells run, then every check with the questions that the student's own notebook asks; what is said of
that may hold the student's words, errors and printed text. Only then come the questions that nobody has seen, and from there on
nothing of the student's is passed on: a hint stands in the feedback if the checks hold it word for word.
"""

import ast
import base64
import builtins
import functools
import inspect
import json
import os
import re
import resource
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np

from course_lib import checks
from course_lib.checks import limit
from course_lib.grading import jailed, wire
from course_lib.grading import plan as plans
from course_lib.grading.jail import Dead, Jail, Limits

TOTAL = 20  # times the limit of a cell: no cell of a submission is run after that
MEMORY = 2 * 2**30  # bytes of this process: it decodes what the jail sends
TEXT, SOURCE = 4000, 20_000  # characters of a message, of a student's code, in the result
NOISE = re.compile(  # TensorFlow's log, of which nothing can rid a process
    r"^(WARNING: All log messages before absl|[IWE]0000 00|\d{4}-\d\d-\d\d \S+: [IWE] |To enable the following instructions|Fontconfig error).*\n",
    re.MULTILINE,
)
NOT_HERE = "Where it is graded there are the course's packages alone, neither Colab's own nor what you install. Other cells still count."
OTHER_QUESTIONS = "It passes the check in the notebook, but not with other inputs of the same kind."


class Remote(checks.Answer):
    """A function in the jail, called as `checks.Answer` calls one in this process.

    Args:
        jail: Jail.
        name: the function's.
        quiet: let nothing come back of what went wrong but the type of an error, or one of our own sentences.
    """

    def __init__(self, jail, name, quiet=False):
        self.jail, self.name, self.quiet, self.said = jail, name, quiet, ""
        # One limit for the whole check; the jail's own comes first, and has better words.
        self.deadline = time.monotonic() + jail.limits.seconds + jail.limits.grace

    def begin(self, written=True):
        """Take the function up.

        Args:
            written: whether the student has written something for it: else one that is missing is not attempted.
        Raises:
            checks.NotAttempted, checks.Mistake: as `checks.Answer`.
        """
        reply = self._ask(do="begin", function=self.name)
        if reply.get("missing") is True and not written:
            raise checks.NotAttempted
        self._told(reply)

    def __call__(self, *args):
        """See `checks.Answer`."""
        errors = np.geterr()
        reply = self._ask(do="call", args=[wire.encode(arg) for arg in args], errstate=errors)
        self._told(reply)
        result = self._value(reply)
        if result is None:
            raise checks.Mistake(
                "Your function returned nothing: end it with `return`.", [checks.show_call(self.name, args)]
            )
        return result

    def method(self, number, name, args):
        """Call a method of something kept in the jail."""
        reply = self._ask(do="method", number=number, name=name, args=[wire.encode(arg) for arg in args])
        self._told(reply)
        return self._value(reply)

    def _ask(self, **request):
        return self.jail.request(max(0.1, self.deadline - time.monotonic()), **request)

    def _told(self, reply):
        """Raise what the reply says."""
        if reply.get("not attempted") is True:
            raise checks.NotAttempted
        if "mistake" not in reply:
            return
        text, case = str(reply["mistake"])[:TEXT], reply.get("case")
        case = [str(line)[:TEXT] for line in case[:10]] if isinstance(case, list) else []
        seconds = self.jail.limits.seconds
        ours = {jailed.MISSING.format(name=self.name), checks.STILL_COMPUTING.format(seconds=seconds)}
        if self.quiet and text not in ours | words_of(inspect.getsource(checks)):
            name = reply.get("type")
            known = isinstance(name, str) and isinstance(getattr(builtins, name, None), type)
            text = f"Your function stopped with {name if known else 'an exception'}."
        if self.quiet:
            self.said, case = text, []
        if reply.get("stopped") is True:
            raise Stopped(text, case)
        raise checks.Mistake(text, case)

    def _value(self, reply):
        """What the reply holds, decoded."""
        try:
            result = wire.decode(reply.get("value"), of_answer=True)
        except ValueError:
            raise checks.Mistake("What your function returned cannot be read.") from None
        return Model(self, result.number) if isinstance(result, wire.Handle) else result


class Stopped(checks.Stopped):
    """The answer raised an exception, in the jail."""

    def __init__(self, hint, case):
        checks.Mistake.__init__(self, hint, case)


class Model:
    """A trained model that stays in the jail: it can be asked to predict; what it says of itself is a claim."""

    def __init__(self, remote, number):
        self.remote, self.number = remote, number

    def predict(self, x, **options):
        """Its predictions.

        Args:
            x: array, or list of arrays.
            **options: such as `verbose`; without effect.
        Returns:
            array.
        """
        return self.remote.method(self.number, "predict", (x,))

    def count_params(self):
        """The number of parameters that it claims to have."""
        return self.remote.method(self.number, "count_params", ())


@functools.cache
def words_of(module_source):
    """The strings in a module of checks: hints that hold nothing of an answer."""
    nodes = ast.walk(ast.parse(module_source))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


class Examination:
    """The grading of one notebook.

    Args:
        plan: of the notebook.
        program: plans.Program.
        request: the whole request.
        limits: Limits.
    """

    def __init__(self, plan, program, request, limits):
        self.plan, self.program, self.request, self.limits = plan, program, request, limits
        self.private = checks.load("checks.py", request["checks"]) if request["checks"] else {}
        self.outcomes, self.notes, self.reason, self.peak = {}, [], "", 0
        self.printed, self.deadly = {}, []
        self.deadline = time.monotonic() + TOTAL * limits.seconds / len(request["plan"]["notebooks"])
        self.exercises = [each for each in plan["exercises"] if each["id"] in request["seeds"]]

    def grade(self):
        """All outcomes: {id: (status, text, hint)}."""
        if not any(part.owner == "student" for part in self.program.parts):
            for exercise in self.exercises:
                self._conclude(exercise, checks.NOT_ATTEMPTED, "not attempted")
            return self.outcomes
        self.run(self.program.parts, self.exercises)
        if self.reason and len(self.outcomes) < len(self.exercises):
            self.notes.append(f"Your code {self.reason}. Each exercise was then graded by itself.")
        ended = self.reason
        for exercise in self.exercises:
            self._ask_alone(exercise, ended)
        return self.outcomes

    def _ask_alone(self, exercise, ended):
        """Ask once more of an exercise that is not passed, without what the other answers and cells may have broken."""
        key = exercise["id"]
        first, printed = self.outcomes.get(key), self.printed.get(key)
        written = any(key in part.exercises for part in self.program.parts)
        if first and (first[0] == checks.PASSED or not written or checks.STILL_COMPUTING[:35] in first[1]):
            return
        tried = [self.program.parts]
        while some := next((each for each in self._without_others(key, ended) if each not in tried), None):
            tried.append(some)
            self.outcomes.pop(key, None)
            self.run(some, [exercise])
            ended = self.reason or ended
            if self.outcomes.get(key, ("",))[0] == checks.PASSED:
                return
        if first:  # in words that the student's own notebook says as well
            self.outcomes[key], self.printed[key] = first, printed
        elif key not in self.outcomes:
            self._conclude(exercise, checks.FAILED, f"Your code {ended}.", f"Your code {ended}.")

    def _without_others(self, key, ended):
        """The cells that an exercise may need: with the student's other cells, and without. What ended a jail is left out."""
        parts = [part for part in self.program.parts if part not in self.deadly]
        parts = [part for part in parts if not part.exercises or key in part.exercises]
        needed = [part for part in parts if part.exercises or part.owner == "teacher"]
        return (needed, parts) if ended else (parts, needed)

    def run(self, parts, exercises):
        """Run cells and ask of exercises what is not known yet; `reason` says why where the jail ended meanwhile."""
        self.reason = "takes too long in all" if time.monotonic() > self.deadline else ""
        if self.reason:
            return
        with Jail(self.limits, self.request["jail"]) as jail:
            try:
                self._run_cells(jail, parts, exercises)
                todo = [each for each in exercises if each["id"] not in self.outcomes]
                passed = [exercise for exercise in todo if self._passes_public(jail, exercise)]
                for exercise in passed:
                    self._ask_hidden(jail, exercise)
            except Dead as dead:
                self.reason = str(dead)
            self.peak = max(self.peak, jail.peak)

    def _run_cells(self, jail, parts, exercises):
        for each in exercises:
            self.printed.pop(each["id"], None)
        for part in parts:
            if time.monotonic() > self.deadline:
                raise Dead("takes too long in all")
            try:
                reply = jail.request(self.limits.seconds + self.limits.grace, do="cell", source=part.source)
            except Dead:
                if part.owner == "student" and not part.exercises:
                    self.deadly.append(part)
                raise
            text, error = NOISE.sub("", jail.take_text()), reply.get("error") or reply.get("type")
            for key in part.exercises:
                self.printed[key] = (self.printed.get(key, "") + text)[-TEXT:]
            missing = error == ModuleNotFoundError.__name__
            if error and part.owner == "student" and (missing or not part.exercises):
                first = part.source.strip().partition("\n")[0][:50]
                note = f"{self.plan['name']}.ipynb: the cell that begins with `{first}` stopped with {str(error)[:80]}."
                note += f" {NOT_HERE}" * missing
                self.notes += [note] * (note not in self.notes)

    def _passes_public(self, jail, exercise):
        """Whether it passes the check that the student has seen; a check of the teacher's own has not been seen."""
        if exercise["id"] in self.private and exercise["id"][:1].isalpha():
            return True
        verdict = self._examine(jail, exercise, checks.find(exercise["id"]), seed=0, quiet=False)
        if verdict.status != checks.PASSED:
            if verdict.status == checks.NOT_ATTEMPTED:
                self._conclude(exercise, verdict.status, "not attempted")
            else:
                self.outcomes[exercise["id"]] = (
                    verdict.status,
                    str(verdict),
                    self.fault or self._name(exercise, verdict.hint),
                )
        return verdict.status == checks.PASSED

    def _ask_hidden(self, jail, exercise):
        """Ask what nobody has seen, and conclude."""
        own = [self.private[exercise["id"]]] if exercise["id"] in self.private else []
        public = [] if exercise["id"][:1].isalpha() else [checks.find(exercise["id"])]
        for found in public + own:
            verdict = self._examine(jail, exercise, found, self.request["seeds"][exercise["id"]], quiet=True)
            if verdict.status == checks.NOT_ATTEMPTED:
                self._conclude(exercise, verdict.status, "not attempted")
                return
            if verdict.status == checks.FAILED:
                hint = verdict.hint if verdict.hint in self._words(exercise) else self.remote.said
                for_teacher = self.fault or self._name(exercise, verdict.hint)
                lines = [OTHER_QUESTIONS] if public else ["" if hint else "not right yet"]
                self._conclude(exercise, checks.FAILED, "\n  ".join([*lines, hint]).strip(), for_teacher)
                return
        self._conclude(exercise, checks.PASSED, "passed")

    def _examine(self, jail, exercise, found, seed, quiet):
        """One check; what goes wrong in it is the answer's fault, or nobody's."""

        def remote():
            self.remote = Remote(jail, exercise["function"], quiet)
            self.remote.begin(any(exercise["id"] in part.exercises for part in self.program.parts))
            return self.remote

        self.fault = ""
        try:
            return limit.call(checks.examine_by, (found, remote, seed), 3 * self.limits.seconds + 60)
        except Dead:
            raise
        except limit.TimeUp:
            hint = "What your function returned takes too long to check."
        except Exception as error:  # an answer that the check did not expect
            hint = self.remote.said = (
                "The check could not judge what your function returned: see that it is what the exercise asks for."
            )
            line = traceback.extract_tb(error.__traceback__)[-1]
            self.fault = f"The check stopped with {type(error).__name__}: {error} ({Path(line.filename).name}, line {line.lineno})."
        return checks.Verdict(found, checks.FAILED, hint)

    def _conclude(self, exercise, status, text, hint=""):
        mark = {checks.PASSED: "✓", checks.FAILED: "✗", checks.NOT_ATTEMPTED: "·"}[status]
        self.outcomes[exercise["id"]] = status, f"{mark} {exercise['id']} {exercise['title']}: {text}", hint

    def _words(self, exercise):
        """The hints that may be passed on."""
        words = words_of(self.request["checks"]) if self.request["checks"] else set()
        if exercise["id"][:1].isalpha():
            return words
        return words | words_of(inspect.getsource(inspect.getmodule(checks.find(exercise["id"]).examine)))

    def _name(self, exercise, hint):
        """The mistake's name, without what the student put into it."""
        if hint.startswith("Your function stopped with "):
            return hint.partition(":")[0][:80] + "."
        known = [word for word in self._words(exercise) if len(word) > 20 and word in hint]
        return max(known, key=len, default=hint[:200])


def grade(request, limits):
    """Grade one submission.

    Args:
        request: {"plan": .., "notebooks": {name: base64 text}, "checks": text or None, "seeds": {id: int} of the
            exercises to grade, "jail": bool}.
        limits: Limits.
    Returns:
        plain data: {"fault": .., "notes": [..], "exercises": {id: {..}}, "written": {name: {id: text}}, "seconds": ..,
        "peak_mb": ..}.
    """
    start = time.monotonic()
    result = {"fault": "", "notes": [], "exercises": {}, "written": {}, "peak_mb": 0.0}
    faults = []
    for plan in request["plan"]["notebooks"]:
        cells, name = [], plan["name"]
        try:
            if name in request["notebooks"]:
                cells = plans.cells_of(base64.b64decode(request["notebooks"][name]))
            else:
                result["notes"].append(f"{name}.ipynb was not handed in.")
        except plans.Unreadable as fault:
            faults.append(f"{name}.ipynb: {fault}")
        program = plans.fit(plan, cells)
        if cells and not plans.familiar(plan, cells):
            result["notes"].append(f"{name}.ipynb is not the notebook that was handed out.")
        examination = Examination(plan, program, request, limits)
        outcomes = examination.grade()
        result["notes"] += examination.notes
        result["peak_mb"] = max(result["peak_mb"], examination.peak / 2**20)
        result["written"][name] = {key: text[:SOURCE] for key, text in program.written.items()}
        for exercise in examination.exercises:
            status, text, hint = outcomes[exercise["id"]]
            code = [part.source for part in program.parts if exercise["id"] in part.exercises]
            printed = examination.printed.get(exercise["id"]) or ""
            result["exercises"][exercise["id"]] = {
                "status": status,
                "points": exercise["points"] if status == checks.PASSED else 0.0,
                "possible": exercise["points"],
                "text": text[:TEXT],
                "hint": hint[:TEXT],
                "source": "\n\n".join(code)[:SOURCE],
                "output": printed[-TEXT:],
            }
    result["notes"] += faults
    if faults and len(faults) == len(request["notebooks"]):
        result["fault"] = " ".join(faults)
    result["seconds"] = round(time.monotonic() - start, 2)
    return result


def main():
    """Serve one request."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, hard))  # the jail sets its own
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    values = json.loads(sys.argv[1])
    limits = Limits(**{name: values[name] for name in Limits.__dataclass_fields__})
    request = json.loads(sys.stdin.buffer.readline())
    if request.get("core") is not None:
        os.sched_setaffinity(0, {request["core"]})  # the jail's as well: it is inherited
    threading.Thread(target=leave_with_parent, daemon=True).start()
    answer = json.dumps(try_jail(limits, request["jail"]) if "try" in request else grade(request, limits))
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


def try_jail(limits, jail):
    """Start the jail: {"reason": why it does not run, or ""}."""
    with Jail(limits, jail) as there:
        try:
            reply = there.request(limits.seconds, do="cell", source="import numpy")
        except Dead as dead:
            return {"reason": f"{there.take_text()} {dead}".strip()}
        return {"reason": there.take_text() if reply.get("error") else ""}


def leave_with_parent():
    """End, and the jail with it, when the command that started this process has ended."""
    os.read(sys.stdin.fileno(), 1)  # nothing more is sent
    os._exit(1)


if __name__ == "__main__":
    main()
