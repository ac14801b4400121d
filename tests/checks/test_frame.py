import numpy as np

from cje_audit.checks.frame import equals


def test_equals_compares_objects_one_by_one() -> None:
    values = np.array(["a", None, "b"], dtype=object)
    assert equals(values, "a").tolist() == [True, False, False]
    assert equals(np.zeros(0, dtype=object), None).tolist() == []
