import gc
from pathlib import Path

from cje_audit.domain.experiment import EndpointLimits, Execution
from cje_audit.stages.asking.asker import _limits, rarely_collecting
from tests.faults.running import fault_server
from tests.stages.asking.helpers import bench, nothing_invented, policy


def test_ends_can_be_read_in_any_way(tmp_path: Path) -> None:
    with fault_server("--mix", "lasting:0.3") as server, bench(tmp_path) as place:
        ends = place.ask(policy(server.url), 60, execution=Execution(concurrency=8))
        assert len(ends) == 60
        assert [e.key for e in ends[10:13]] == [ends[i].key for i in (10, 11, 12)]
        assert list(ends) == ends[:]
        assert 30 < nothing_invented(ends) < 60
        assert place.ask(policy(server.url), 0, execution=Execution()) == []


def test_one_question_of_two_rows_is_asked_once(tmp_path: Path) -> None:
    with fault_server() as server, bench(tmp_path) as place:
        place.ask(policy(server.url), 5, execution=Execution())
        place.ask(policy(server.url), 5, execution=Execution())
        assert server.summary()["requests"] == 5


def test_a_budget_is_found_by_address_model_or_provider() -> None:
    budget = EndpointLimits(requests_per_minute=1)
    for name in ("http://h/v1", "m", "openai_compatible"):
        assert _limits(Execution(limits={name: budget}), policy("http://h/v1")) == budget
    assert _limits(Execution(limits={"n": budget}), policy("http://h/v1")) is None


def test_the_collector_is_as_it_was() -> None:
    before = gc.get_threshold()
    with rarely_collecting():
        assert gc.get_threshold() != before
    assert gc.get_threshold() == before
