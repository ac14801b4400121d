"""The experiment file: what a person chose, one strict schema for browser, command line and API."""

import difflib
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.on_failure import ASKING, DEFAULT, AskingStage, OnFailure, known
from cje_audit.domain.outcome import DecisionRule
from cje_audit.domain.policy import Backup, Policy, Strict, content_hash
from cje_audit.domain.template_file import template_digest

EstimatorName = Literal[
    "ips", "snips", "ips_clipped", "snips_clipped", "calibrated_weights", "psis",
    "fresh_draw_mean", "calibrated_fresh_draw_mean", "doubly_robust",
]  # fmt: skip
RewardName = Literal["judge", "calibrated", "oracle"]
ClipAround = Literal["zero", "p75"]


class DataSource(Strict):
    """The prompts: a JSONL file with prompt_id, prompt and, where known, response, judge_score and oracle_label."""

    path: str = Field(min_length=1)


class Judge(Strict):
    """Who scores the responses, and on which scale. `recorded` takes the data file's own `judge_score`.

    `integer` says that only whole numbers are on the scale.
    """

    kind: Literal["score", "logprob", "pairwise", "recorded"] = "recorded"
    provider: str | None = None
    base_url: str | None = None
    model: str | None = None
    revision: str | None = None
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    prompt: str | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    integer: bool = False
    draws: int = Field(default=1, ge=1, le=20)
    backup: Backup | None = None

    def at_backup(self) -> "Judge | None":
        """Return the judge that the backup is: another one; None without a backup."""
        return None if self.backup is None else self.model_copy(update={**self.backup.named(), "backup": None})

    @model_validator(mode="after")
    def _kind_fits(self) -> "Judge":
        if self.scale[0] >= self.scale[1]:
            raise ValueError("scale needs its lower end first, such as [0, 1]")
        asked = [n for n in ("provider", "base_url", "model", "prompt", "backup") if getattr(self, n) is not None]
        if self.kind == "recorded" and asked:
            raise ValueError(f"a recorded judge is not asked: remove {', '.join(asked)}")
        if self.kind != "recorded" and (self.provider is None or self.model is None):
            raise ValueError(f"a judge of kind {self.kind} needs provider and model")
        return self


ORACLE_JUDGE = "(oracle judge)"  # who asks for a label, where a policy stands elsewhere; no policy can be called so


class Oracle(Strict):
    """Trusted labels: the data file's field that holds them, and the share of rows the experiment may see.

    `judge` is a second, better judge that labels this share of the responses itself.
    """

    field: str = "oracle_label"
    slice: float = Field(default=1.0, ge=0, le=1)
    seed: int = 1
    judge: Judge | None = None

    @model_validator(mode="after")
    def _judge_gives_a_mark(self) -> "Oracle":
        if self.judge is not None and self.judge.kind not in ("score", "logprob"):
            raise ValueError(f"the judge of labels gives a mark: write kind score or logprob, not {self.judge.kind}")
        if self.judge is not None and self.judge.backup is not None:
            raise ValueError("the judge of labels has no backup: labels of two judges would be mixed")
        return self


class FreshDraws(Strict):
    """How many new responses each target policy writes per prompt."""

    per_prompt: int = Field(default=0, ge=0, le=100)


class Estimation(Strict):
    """Which estimators run on which reward; `log_ratio_clip` (nats) is an opt-in, counted transform.

    `log_ratio_clip_around`: clip about a log ratio of 0, or about the 75th percentile of each policy's own.
    """

    estimators: tuple[EstimatorName | Literal["auto"], ...] = ("auto",)
    reward: RewardName | Literal["auto"] = "auto"
    log_ratio_clip: float | None = Field(default=None, gt=0)
    log_ratio_clip_around: ClipAround = "zero"
    decision: DecisionRule | None = None


class Price(Strict):
    """What a model costs per million tokens in and out, in the currency of the price table."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class EndpointLimits(Strict):
    """What an endpoint allows per minute: requests, tokens in and out, or both."""

    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)


class Execution(Strict):
    """How models are asked: requests in flight, attempts per answer, seconds per attempt, and what a failure does.

    `on_failure` is one word for all stages, or one per stage (the others: mark_missing). `prices` is by model; `limits`
    by base_url, model or provider.
    """

    concurrency: int = Field(default=16, ge=1, le=1024)
    max_attempts: int = Field(default=6, ge=1, le=100)
    timeout_s: float = Field(default=120, gt=0, le=86_400)
    on_failure: OnFailure | dict[AskingStage, OnFailure] = DEFAULT
    max_cost: float | None = Field(default=None, gt=0)
    pilot: int | None = Field(default=None, ge=1)
    executor: Literal["local", "ray"] = "local"
    prices: dict[str, Price] = Field(default_factory=dict)
    limits: dict[str, EndpointLimits] = Field(default_factory=dict)

    _known = field_validator("on_failure", mode="before")(known)

    def on_failure_of(self) -> dict[AskingStage, OnFailure]:
        """Return what a failed row does, for each stage that asks."""
        given = self.on_failure
        return {stage: given.get(stage, DEFAULT) if isinstance(given, dict) else given for stage in ASKING}


class Experiment(Strict):
    """Everything that is chosen before a run starts."""

    name: str = Field(min_length=1, max_length=120)
    data: DataSource
    logging_policy: Policy
    target_policies: tuple[Policy, ...] = Field(min_length=1, max_length=50)
    judge: Judge = Judge()
    oracle: Oracle = Oracle()
    fresh_draws: FreshDraws = FreshDraws()
    estimation: Estimation = Estimation()
    execution: Execution = Execution()
    seed: int = 1

    @model_validator(mode="after")
    def _names_are_distinct(self) -> "Experiment":
        names = [self.logging_policy.name, *(p.name for p in self.target_policies)]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"every policy needs its own name; given twice: {', '.join(twice)}")
        for clone in (p for p in self.target_policies if p.role == "clone"):
            if clone.identity_hash() != self.logging_policy.identity_hash():
                raise ValueError(f"policy {clone.name} has the role clone but differs from the logging policy")
        return self

    @model_validator(mode="after")
    def _backups_are_elsewhere(self) -> "Experiment":
        asked: list[Judge | Policy] = [self.judge, self.logging_policy, *self.target_policies]
        for one in asked:
            other = one.at_backup()
            if other is not None and other == one.model_copy(update={"backup": None}):
                name = one.name if isinstance(one, Policy) else "the judge"
                raise ValueError(f"the backup of {name} is the endpoint itself; name another base_url")
        return self

    @model_validator(mode="after")
    def _decision_names_policies(self) -> "Experiment":
        rule = self.estimation.decision
        names = [self.logging_policy.name, *(p.name for p in self.target_policies)]
        unknown = [n for n in (rule.baseline, rule.policy) if n is not None and n not in names] if rule else []
        if unknown:
            raise ValueError(f"estimation.decision names {unknown[0]}, but the policies are {', '.join(names)}")
        if rule is not None and rule.policy is not None and rule.policy == (rule.baseline or self.logging_policy.name):
            raise ValueError(f"estimation.decision compares {rule.policy} with itself")
        return self

    def config_hash(self) -> str:
        """Return the SHA-256 of the whole configuration."""
        return content_hash(self.model_dump(mode="json"))


def parse_experiment(text: str, *, base: Path | None = None) -> Experiment:
    """Read an experiment from YAML or JSON text.

    Parameters
    ----------
    text
        The file's content.
    base
        Folder against which relative paths in the file are resolved.

    Raises
    ------
    ConfigError
        In one plain sentence: what was expected, what came, what to do.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(
            f"The experiment file is not valid YAML: {_yaml_place(error)}.",
            what_to_do="Correct the file and try again.",
        ) from error
    if not isinstance(document, dict):
        raise ConfigError(
            "The experiment file should hold keys such as name, data and logging_policy, but it holds "
            f"{'nothing' if document is None else 'something else'}.",
            expected="a mapping",
            got=type(document).__name__,
            what_to_do="Start from a file in examples/.",
        )
    try:
        experiment = Experiment.model_validate(document)
    except ValidationError as error:
        raise _config_error(error) from error
    return _resolve_files(experiment, base) if base is not None else experiment


def load_experiment(path: Path) -> Experiment:
    """Read an experiment file; see `parse_experiment`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"The experiment file {path} cannot be read: {error.strerror}.", what_to_do="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The experiment file {path} is not UTF-8 text.", what_to_do="Save it as UTF-8.") from error
    return parse_experiment(text, base=path.resolve().parent)


def dump_experiment(experiment: Experiment) -> str:
    """Return the experiment as YAML that `parse_experiment` reads back to the same object."""
    return yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def _resolve_files(experiment: Experiment, base: Path) -> Experiment:
    """Make the data path absolute and put the hash of template files into the policies' identities."""
    data = DataSource(path=str((base / experiment.data.path).resolve()))
    logging = _resolve_template(experiment.logging_policy, base)
    targets = tuple(_resolve_template(p, base) for p in experiment.target_policies)
    return experiment.model_copy(update={"data": data, "logging_policy": logging, "target_policies": targets})


def _resolve_template(policy: Policy, base: Path) -> Policy:
    if policy.template in ("completion", "chat"):
        return policy
    path = (base / policy.template).resolve()
    try:
        digest = template_digest(path)
    except OSError as error:
        raise ConfigError(
            f"The template of policy {policy.name} is neither completion nor chat, and no file {path} can be read.",
            expected="completion, chat or the path of a Jinja file",
            got=policy.template,
            what_to_do="Correct template.",
        ) from error
    return policy.model_copy(update={"template": str(path), "template_sha256": digest})


def _yaml_place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


def _config_error(error: ValidationError) -> ConfigError:
    """Turn pydantic's first error into one plain sentence with the key's place in the file."""
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # a misspelt key explains a missing one
    place = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    tail = f" ({more} more after this one)" if more else ""
    if first["type"] == "extra_forbidden":
        return _unknown_key(first["loc"], tail)
    if first["type"] == "missing":
        return ConfigError(f"The key {place} is missing{tail}.", expected=place, got=None, what_to_do=f"Add {place}.")
    message = str(first["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    got = repr(first["input"]) if not isinstance(first["input"], dict | BaseModel) else None
    where = f"The value of {place}" if place else "The experiment"
    shown = f", but got {got[:80]}" if got is not None else ""
    return ConfigError(
        f"{where} is not valid: {message}{shown}{tail}.",
        expected=message,
        got=got,
        what_to_do=f"Correct {place}." if place else "Correct the file.",
    )


def _unknown_key(loc: tuple[int | str, ...], tail: str) -> ConfigError:
    key, place = str(loc[-1]), ".".join(str(part) for part in loc)
    known = _known_keys(loc[:-1])
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else f" Known here: {', '.join(known)}."
    return ConfigError(
        f"The key {place} is not known{tail}.{hint}",
        expected=near[0] if near else ", ".join(known),
        got=key,
        what_to_do=f"Rename it to {near[0]}." if near else "Remove it.",
    )


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys the schema knows at a place in the file."""
    model: type[BaseModel] = Experiment
    for part in loc:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *get_args(annotation)]
        found = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        model = found[0] if found else model
    return list(model.model_fields)
