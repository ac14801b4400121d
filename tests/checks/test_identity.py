from cje_audit.checks.frame import PolicyFacts
from cje_audit.checks.identity import shared_values, twin_names
from tests.checks.builders import column, text_logprobs


def test_near_certain_rows_tell_nothing_about_identity() -> None:
    rows, values = text_logprobs(50, 0)
    values[:30] = -1e-5
    other = values.copy()
    other[30:] -= 1
    assert shared_values(column(rows, values), column(rows, other)) == (0, 20)


def test_only_differently_named_twins_are_refused() -> None:
    rows, values = text_logprobs(50, 0)
    same = column(rows, values)
    facts = {"a": PolicyFacts("a", "target"), "b": PolicyFacts("b", "target"), "c": PolicyFacts("c", "clone")}
    assert twin_names({"a": same, "b": same, "c": same}, facts) == {"a", "b"}
    known = {n: PolicyFacts(n, "target", identity="x") for n in "ab"}
    assert twin_names({"a": same, "b": same}, known) == frozenset()
