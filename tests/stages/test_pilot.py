import pytest

from cje_audit.stages.pilot import pilot_rows

IDS = [f"p{i}" for i in range(500)]


def test_a_pilot_takes_exactly_n_rows_that_depend_on_ids_and_seed_alone() -> None:
    taken = pilot_rows(IDS, 50, 1)
    chosen = {p for p, yes in zip(IDS, taken, strict=True) if yes}
    assert sum(taken) == len(chosen) == 50
    backwards = IDS[::-1]
    assert chosen == {p for p, yes in zip(backwards, pilot_rows(backwards, 50, 1), strict=True) if yes}
    assert chosen != {p for p, yes in zip(IDS, pilot_rows(IDS, 50, 2), strict=True) if yes}


@pytest.mark.parametrize("n", [1, 7, 499, 500, 900])
def test_a_larger_pilot_holds_the_smaller_one(n: int) -> None:
    small, large = pilot_rows(IDS, n, 3), pilot_rows(IDS, n + 5, 3)
    assert all(big or not little for little, big in zip(small, large, strict=True))


def test_it_is_no_head_of_the_file() -> None:
    places = [i for i, yes in enumerate(pilot_rows(IDS, 100, 1)) if yes]
    assert 200 < sum(places) / 100 < 300
