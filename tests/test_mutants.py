"""Each check fails its answer changed in the ways that people go wrong; what the checks say is kept for reading."""

import pytest

from course_lib import checks
from tests import mutants
from tests.exercises import IDS, reference
from tests.wrong_answers import WRONG

SEEDS = 0, 1  # a learner is asked with 0, a grader asks with others


@pytest.mark.filterwarnings("ignore")  # mutants divide by zero, and more
@pytest.mark.parametrize("id", IDS)
def test_no_mutant_survives(id, record_property, monkeypatch):
    found = mutants.mutants(reference(id), mutants.record(id, reference(id)))
    said, alive = {}, []
    patience = checks.PATIENCE
    monkeypatch.setattr(checks, "PATIENCE", 3)  # a changed loop may have no end
    for mutant in found:
        verdicts = [checks.examine(id, mutant.function, seed) for seed in SEEDS]
        if all(verdict.status == checks.FAILED for verdict in verdicts):
            said.setdefault(verdicts[0].hint, []).append(f"`{mutant.label}`")
        else:
            alive.append(mutant.label)
    wrong = [(says, function) for exercise, says, function in WRONG if exercise == id]
    named = 0
    monkeypatch.setattr(checks, "PATIENCE", patience)
    for says, function in wrong:
        verdict = checks.examine(id, function)
        named += verdict.status == checks.FAILED and says in verdict.hint
        said.setdefault(verdict.hint, []).insert(0, function.__name__)
    equivalent = mutants.read_equivalent().get(id, {})
    record_property("exercise", id)
    record_property("wrong", (len(wrong), named))
    record_property("mutants", (len(found), len(found) - len(alive)))
    record_property("said", list(said.items()))
    labels = [mutant.label for mutant in found]
    for label in alive:
        assert labels.count(label) == 1  # so that the reason is that of this one
        assert label in equivalent, (
            "it passes: strengthen the check, or say in equivalent_mutants.toml why it is right"
        )
    assert not set(equivalent) - set(alive), "equivalent_mutants.toml: these fail, or are there no more"
