"""Every check of the contract: one that must speak, one that must be quiet, a line in the docs, a reasoned threshold."""

import re
from collections import Counter
from pathlib import Path

import pytest

from app.words import QUESTIONS
from cje_audit.checks import catalogue, thresholds
from cje_audit.checks.catalogue import CATALOGUE
from cje_audit.domain.checks import Check
from cje_audit.report.assemble import run_checks
from tests.checks.builders import found
from tests.checks.every_check import SPEAKS, clean_run

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
LOGPROBS = "computed logprob_range sentinel_values zero_logprobs logprob_density"
CONTRACT = {
    "dataset": "schema duplicate_ids manifest template_contamination runaway truncation",
    "logging_policy": f"responses empty_responses {LOGPROBS} sampling_density single_policy",
    "target_policy": f"coverage {LOGPROBS} uniform_weights identical_policies row_alignment preclipped mean_weight "
    "log_ratio_sign clone_noise missingness",
    "judge": "scored range sentinel_scores constant oracle_leak single_judge calibration transport",
    "estimation": "required_stages ess max_weight_share tail_index overlap typicality near_zero_weights "
    "calibration_range",
}
WANTED = {f"{stage}.{name}" for stage, names in CONTRACT.items() for name in names.split()}
ADDED = {"judge.noise"}
WITHOUT_POLICY = {i for i in WANTED if i.split(".")[0] in ("dataset", "logging_policy", "judge")} - {"judge.transport"}
WITHOUT_POLICY |= {"estimation.required_stages", "target_policy.identical_policies", "judge.noise"}
ENTRIES = {entry.id: entry for entry in CATALOGUE}


@pytest.fixture(scope="module")
def clean() -> list[Check]:
    return run_checks(clean_run())


def test_the_list_of_checks_is_the_contracts() -> None:
    assert len(CATALOGUE) == len(ENTRIES)
    assert set(ENTRIES) == WANTED | ADDED
    assert {e.id for e in CATALOGUE if e.scope == "run"} == WITHOUT_POLICY
    assert {e.id for e in CATALOGUE if e.optional} == ADDED
    assert set(QUESTIONS) == set(ENTRIES)


def test_the_contracts_own_table_names_these_checks() -> None:
    path = ROOT.parent / "shared" / "contract.md"
    if not path.is_file():
        pytest.skip("the contract is not on this machine")
    table = re.search(r"## 3\. Checks.*?## 4\.", path.read_text(encoding="utf-8"), re.DOTALL)
    assert table is not None
    named = set()
    for row in re.findall(r"^\| (`.*?) \|", table.group(), re.MULTILINE):
        stage = ""
        for name in re.findall(r"`([a-z_.]+)`", row):
            stage = stage if name.startswith(".") else name.split(".")[0]
            named.add(stage + name if name.startswith(".") else name)
    assert named == WANTED


def test_every_check_is_there_once_per_run_or_policy(clean: list[Check]) -> None:
    policies = tuple(clean_run().targets)
    wanted = [(e.id, p) for e in CATALOGUE for p in ((None,) if e.scope == "run" else policies)]
    assert Counter((c.id, c.policy) for c in clean) == Counter(wanted)


@pytest.mark.parametrize("check", ENTRIES)
def test_it_is_quiet_on_clean_data(clean: list[Check], check: str) -> None:
    _, policy, _ = SPEAKS[check]
    assert found(clean, check, policy).status == "pass"


@pytest.mark.parametrize("seed", range(1, 6))
def test_nothing_speaks_on_other_clean_runs(seed: int) -> None:
    assert {c.id for c in run_checks(clean_run(seed)) if c.status in ("warn", "fail")} == set()


@pytest.mark.parametrize("check", ENTRIES)
def test_it_speaks_where_it_must(check: str) -> None:
    worst, policy, damage = SPEAKS[check]
    assert worst == ENTRIES[check].worst
    spoken = found(run_checks(damage(clean_run())), check, policy)
    assert spoken.status == worst
    assert spoken.sentence.endswith(".")
    assert spoken.what_to_do


@pytest.mark.parametrize("check", ENTRIES)
def test_it_is_there_once_also_when_it_speaks(check: str) -> None:
    checks = run_checks(SPEAKS[check][2](clean_run()))
    assert max(Counter((c.id, c.policy) for c in checks).values()) == 1
    assert {c.id for c in checks} | ADDED == set(ENTRIES)


@pytest.mark.parametrize("check", ENTRIES)
def test_the_docs_say_how_it_works_and_what_fools_it(check: str) -> None:
    (line,) = [line for line in DOCS.splitlines() if line.startswith(f"| `{check}` | ") and line.count(" | ") == 3]
    _, asks, works, fooled = line.strip("| ").split(" | ")
    assert asks and len(works.split()) >= 3 and len(fooled.split()) >= 2


@pytest.mark.parametrize("check", ENTRIES)
def test_it_has_a_threshold_with_a_reason(check: str) -> None:
    names = ENTRIES[check].threshold_names()
    assert names
    for limit in ENTRIES[check].limits:
        assert any(n == limit or n.startswith(limit.rstrip("*")) for n in names), f"{limit} is no threshold"
    assert all(t.unit and len(t.reason.split()) >= 3 for t in thresholds.TABLE if t.name in names)


def test_every_threshold_of_a_check_belongs_to_one() -> None:
    used = {name for entry in CATALOGUE for name in entry.threshold_names()}
    others = {t.name for t in thresholds.TABLE} - used
    assert {name.split(".")[0] for name in others} <= {"interval", "missing_bounds", "truth", "rescoring"}


def test_the_documented_table_of_limits_is_the_real_one() -> None:
    assert catalogue.markdown() in DOCS
