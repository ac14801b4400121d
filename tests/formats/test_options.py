"""Options that no file could satisfy are refused with the nearest that could."""

import pytest

from cje_audit.domain.errors import InputError
from cje_audit.formats.options import ImportOptions


def test_the_nearest_format_is_named() -> None:
    with pytest.raises(InputError, match="format jsnl is not known") as caught:
        ImportOptions(format="jsnl")
    assert caught.value.what_to_do == "Use jsonl."


@pytest.mark.parametrize("scale", [(1.0, 0.0), (0.5, 0.5), (0.0, float("inf")), (float("nan"), 1.0)])
def test_a_scale_needs_a_width(scale: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="has no width"):
        ImportOptions(judge_scale=scale)
