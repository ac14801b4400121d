"""What an import was told: the files, how to read them, and what beside them is given."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import Field

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.experiment import ORACLE_JUDGE, Execution, Experiment, Judge, parse_experiment
from cje_audit.domain.policy import Policy, Strict, content_hash
from cje_audit.domain.retry import RetryChoice

CONTROLS = 20  # intact rows that a provider is asked first, to see whether it measures what a file holds


class Rescoring(Strict):
    """Who is asked for which cells that an imported file has no value for; policies by the names of the file."""

    scopes: tuple[RetryChoice, ...]
    policies: tuple[Policy, ...] = ()
    judge: Judge | None = None
    execution: Execution = Execution()

    def policy(self, name: str) -> Policy | None:
        """Return who is asked for a policy's log-probs; None where nobody is."""
        return next((p for p in self.policies if p.name == name), None)


class ImportSpec(Strict):
    """An import as it was asked for. Paths point into the run's own folder, so that a resume finds them."""

    name: str
    paths: tuple[str, ...]
    format: str = "auto"
    mapping: dict[str, str] = Field(default_factory=dict)
    clone: str | None = None
    judge_scale: tuple[float, float] = (0.0, 1.0)
    fresh_draws: str | None = None
    probes: str | None = None
    manifest: str | None = None
    rows_of: str | None = None
    rescoring: Rescoring | None = None

    def config_hash(self) -> str:
        """Return the SHA-256 of the specification; whom a repair asks is not part of it."""
        return content_hash(self.model_dump(mode="json", exclude={"rescoring"}))


RunSpec = ImportSpec | Experiment


def asked_of(spec: RunSpec) -> Iterator[tuple[str | None, Policy | Judge]]:
    """Give everyone a run asks by name: policies by theirs, None for the judge, ORACLE_JUDGE for the one of labels."""
    if isinstance(spec, Experiment):
        yield None, spec.judge
        if spec.oracle.judge is not None:
            yield ORACLE_JUDGE, spec.oracle.judge
        yield from ((policy.name, policy) for policy in (spec.logging_policy, *spec.target_policies))
    elif spec.rescoring is not None:
        if spec.rescoring.judge is not None:
            yield None, spec.rescoring.judge
        yield from ((policy.name, policy) for policy in spec.rescoring.policies)


def dump_spec(spec: RunSpec) -> str:
    """Return the specification as the YAML text of a run's config.yaml."""
    document = spec.model_dump(mode="json")
    body = {"import": document} if isinstance(spec, ImportSpec) else document
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)


def load_spec(path: Path) -> RunSpec:
    """Read a run's config.yaml back.

    Raises
    ------
    ConfigError
        When the file is missing or was edited into something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The run's configuration {path} cannot be read: {error.strerror}.") from error
    return parse_spec(text)


def parse_spec(text: str) -> RunSpec:
    """Read the YAML text of a run's configuration.

    Raises
    ------
    ConfigError
        When it is none.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError("The run's configuration is not YAML.") from error
    if isinstance(document, dict) and set(document) == {"import"}:
        return ImportSpec.model_validate(document["import"])
    return parse_experiment(text)
