"""Making a run: its folder, its configuration, its own copy of the data."""

from collections.abc import Sequence
from pathlib import Path

from cje_audit.domain.errors import ConfigError, InputError
from cje_audit.domain.experiment import DataSource, Experiment, Judge
from cje_audit.domain.import_spec import ImportSpec, RunSpec, dump_spec
from cje_audit.domain.policy import content_hash
from cje_audit.formats.options import ImportOptions
from cje_audit.providers.registry import capabilities, require_installed
from cje_audit.store.files import RunFiles, copy_into, hash_files
from cje_audit.store.workspace import FINAL, RunRecord, Workspace

SOURCE = "source"


def check_providers(experiment: Experiment) -> None:
    """Refuse a configuration that asks a provider for what it cannot do.

    Raises
    ------
    ConfigError
        Naming the policy, and what to use instead.
    ModelMissing
        When a provider's extra is not installed.
    """
    policies = (experiment.logging_policy, *experiment.target_policies)
    backups = [b for b in (p.at_backup() for p in policies) if b is not None]
    for policy in (*policies, *backups):
        able = capabilities(policy.provider)
        if not able.logprobs:
            raise ConfigError(
                f"The provider {policy.provider} of policy {policy.name} cannot score given text.",
                expected="a provider with log-probs of given text",
                got=policy.provider,
                what_to_do=able.instead or "Use another provider for this policy.",
            )
        require_installed(policy.provider)
    judges = (experiment.judge, experiment.judge.at_backup(), experiment.oracle.judge)
    for judge in (j for j in judges if j is not None):
        _check_judge(judge)


def _check_judge(judge: Judge) -> None:
    if judge.provider is None:
        return
    able = capabilities(judge.provider)
    require_installed(judge.provider)
    if not able.judge:
        raise ConfigError(f"The provider {judge.provider} cannot judge.", what_to_do="Use another one for the judge.")
    if judge.kind == "logprob" and not able.odds:
        raise ConfigError(
            f"The provider {judge.provider} returns no log-probs, and a judge of kind logprob is read from them.",
            expected="a provider with log-probs of what it writes",
            got=judge.provider,
            what_to_do="Write kind: score, or use another provider for the judge.",
        )


def with_pilot(experiment: Experiment, rows: int | None) -> Experiment:
    """Return the experiment as a pilot of so many rows, or (None) on all of them.

    Raises
    ------
    ConfigError
        When a pilot would have no row.
    """
    if rows is not None and rows < 1:
        raise ConfigError(
            "A pilot needs at least one row.", expected="1 or more", got=str(rows), what_to_do="Give another number."
        )
    return experiment.model_copy(update={"execution": experiment.execution.model_copy(update={"pilot": rows})})


def create_launch(workspace: Workspace, experiment: Experiment, owner: str) -> RunRecord:
    """Store a run of an experiment; its data file is copied so that a resume reads the same rows."""
    data = Path(experiment.data.path)
    if not data.is_file():
        raise InputError(
            f"The data file {data} does not exist.", expected="a file", got=str(data), what_to_do="Correct data.path."
        )
    record = workspace.create(experiment.name, "launch", launch_hash(experiment), owner=owner)
    folder = _folder(workspace, record)
    copies = copy_into([data], folder / SOURCE)
    _write(workspace, record, experiment.model_copy(update={"data": DataSource(path=str(copies[0]))}), copies)
    return workspace.get(record.id)


def launch_hash(experiment: Experiment) -> str:
    """Return the hash of an experiment without the place of its data file (the data has a hash of its own)."""
    return content_hash(experiment.model_dump(mode="json", exclude={"data"}))


def unfinished_twin(workspace: Workspace, experiment: Experiment) -> RunRecord | None:
    """Return the newest unfinished run of the same experiment on the same data, if there is one."""
    wanted = (launch_hash(experiment), hash_files([Path(experiment.data.path)]))
    twins = (r for r in workspace.all() if (r.config_hash, r.data_hash) == wanted and r.status != "complete")
    return next(twins, None)


def create_import(
    workspace: Workspace,
    paths: Sequence[Path],
    options: ImportOptions,
    extras: dict[str, Path | None],
    name: str | None,
    owner: str,
) -> RunRecord:
    """Store an import; files and folders beside it (fresh draws, probes, manifest) are copied too."""
    from cje_audit.formats.dataset import refuse_unreadable  # Polars and Arrow, which a launch does not need

    missing = [p for p in (*paths, *extras.values()) if p is not None and not p.exists()]
    if missing or not paths:
        shown = str(missing[0]) if missing else "no file"
        raise InputError(
            f"There is no file {shown}.", expected="an existing file", got=shown, what_to_do="Check the path."
        )
    refuse_unreadable(paths, options)
    title = name or paths[0].stem or paths[0].name
    given = ImportSpec(
        name=title[:120], paths=tuple(p.name for p in paths), format=options.format, mapping=dict(options.mapping),
        clone=options.clone, judge_scale=options.judge_scale, rows_of=options.rows_of,
    )  # fmt: skip
    record = workspace.create(given.name, "import", given.config_hash(), owner=owner)
    folder = _folder(workspace, record)
    copies = copy_into(paths, folder / SOURCE)
    placed = {k: copy_into([p], folder / k)[0] for k, p in extras.items() if p is not None}
    spec = given.model_copy(update={"paths": tuple(map(str, copies)), **{k: str(p) for k, p in placed.items()}})
    _write(workspace, record, spec, [*copies, *placed.values()])
    return workspace.get(record.id)


def _folder(workspace: Workspace, record: RunRecord) -> Path:
    folder = workspace.run_dir(record.id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _write(workspace: Workspace, record: RunRecord, spec: RunSpec, data: Sequence[Path]) -> None:
    RunFiles(workspace.run_dir(record.id)).config.write_text(dump_spec(spec), encoding="utf-8")
    workspace.update(record.id, data_hash=hash_files(data))


def is_final(record: RunRecord) -> bool:
    """Whether the run has ended, one way or another."""
    return record.status in FINAL
