from cje_audit.stages.asking.jobs import Job, Jobs
from cje_audit.store.answers import Question


def job(i: int) -> Job:
    return Job(i, Question("logprobs", "i", "v", 0, (str(i),), "target_policy", "p", str(i)))


def test_fresh_jobs_come_in_order_and_waiting_ones_when_due() -> None:
    jobs = Jobs(map(job, range(3)))
    assert jobs.take(0.0).index == 0
    jobs.put_back(job(0), 5.0)
    assert [jobs.take(1.0).index, jobs.waiting, jobs.take(6.0).index, jobs.take(6.0).index] == [1, 1, 0, 2]
    assert not jobs


def test_it_says_how_long_to_wait() -> None:
    jobs = Jobs([])
    assert jobs.wait_s(0.0) is None
    jobs.put_back(job(0), 5.0)
    assert (jobs.wait_s(1.0), jobs.wait_s(7.0)) == (4.0, 0.0)


def test_a_probe_is_a_fresh_row_from_anywhere() -> None:
    jobs = Jobs(map(job, range(1000)))
    jobs.put_back(job(-1), 0.0)
    picked = {jobs.take(1.0, probe=True).index for _ in range(5)}
    assert -1 not in picked and max(picked) > 100
    assert len(list(jobs.take_all())) == 996
