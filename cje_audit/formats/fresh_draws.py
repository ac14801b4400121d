"""Fresh draws: what each policy itself wrote, judged and perhaps labelled, and the labelled probes beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.dataset import DatasetReader, Imported
from cje_audit.formats.options import ImportOptions
from cje_audit.formats.quarantine import SCHEMA, without_response

COLUMNS = (
    "prompt_id", "prompt", "response", "draw", "judge_score", "judge_code", "oracle_label", "oracle_code",
)  # fmt: skip
RESPONSES = ("_responses",)
PROBES = ("_probe", "_probes")
_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
_KEY = ["prompt_id", "draw"]


@dataclass(frozen=True)
class FreshDraws:
    """Fresh draws by policy (columns `COLUMNS`, unique by prompt_id and draw), lines not read, and what to say."""

    frames: dict[str, pl.DataFrame]
    quarantine: pl.DataFrame
    notes: tuple[str, ...]


def read_fresh_draws(folder: Path, options: ImportOptions) -> dict[str, pl.DataFrame]:
    """Return the fresh draws of a folder by policy; see `load_fresh_draws`."""
    return load_fresh_draws(folder, options).frames


def load_fresh_draws(folder: Path, options: ImportOptions, probes: Path | None = None) -> FreshDraws:
    """Read POLICY_responses.jsonl and POLICY_probe.jsonl files.

    Parameters
    ----------
    folder
        Holds the responses, the probes or both.
    options
        Column names, as for the dataset.
    probes
        A second folder to look for probes in.

    Raises
    ------
    InputError
        If a folder is missing, holds no such file, or a file in it cannot be read.
    """
    folders = [folder] if probes is None else [folder, probes]
    files = sorted({path for each in folders for path in _files(each)})
    reading = _Reading(options)
    responses = {policy: reading.read(path) for path, policy in _named(files, RESPONSES)}
    for path, policy in _named(files, PROBES):
        probe = reading.read(path)
        known = responses.get(policy)
        responses[policy] = probe if known is None else reading.merge(policy, known, probe)
    return FreshDraws(responses, pl.concat(reading.quarantine), tuple(reading.notes))


def _files(folder: Path) -> list[Path]:
    try:
        found = [
            path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.stem.endswith(RESPONSES + PROBES)
        ]
    except OSError as error:
        raise InputError(
            f"The folder of fresh draws {folder} cannot be read: {error.strerror}.", what_to_do="Check the path."
        ) from error
    if not found:
        raise InputError(
            f"The folder {folder} holds no fresh draws.",
            expected="files named POLICY_responses.jsonl or POLICY_probe.jsonl",
            what_to_do="Name the folder that holds them.",
        )
    return found


def _named(files: Iterable[Path], endings: tuple[str, ...]) -> Iterable[tuple[Path, str]]:
    seen: dict[str, Path] = {}
    for path in files:
        ending = next((e for e in endings if path.stem.endswith(e)), None)
        policy = path.stem.removesuffix(ending or "")
        if ending is None or not policy:
            continue
        if policy in seen:
            raise InputError(
                f"There are two files for the fresh draws of {policy}: {seen[policy].name} and {path.name}.",
                what_to_do="Keep one of them.",
            )
        seen[policy] = path
        yield path, policy


class _Reading:
    """Reads the files one by one and gathers what is not rows."""

    def __init__(self, options: ImportOptions) -> None:
        self._options = options
        self.quarantine: list[pl.DataFrame] = [pl.DataFrame(schema=SCHEMA)]
        self.notes: list[str] = []

    def read(self, path: Path) -> pl.DataFrame:
        """Return one file's draws."""
        imported = DatasetReader(self._options).read([path])
        rows, bad = without_response(imported.rows, needed=True)
        self.quarantine += [imported.quarantine, bad]
        self.notes += [f"{path.name}: {note}" for note in _told(imported, bad.height)]
        return rows.select(COLUMNS)

    def merge(self, policy: str, draws: pl.DataFrame, probe: pl.DataFrame) -> pl.DataFrame:
        """Put the labels of a probe to the same responses; add those responses that are not there yet."""
        labelled, n_clash = _with_labels(draws, probe)
        if n_clash:
            what = "1 label of the probe differs from that of the draw"
            what = what if n_clash == 1 else f"{n_clash:,} labels of the probe differ from those of the draws"
            self.notes.append(f"{policy}: {what}; neither was used.")
        added = probe.join(draws, on=[*_KEY, "response"], how="anti", maintain_order="left")
        if not added.height:
            return labelled
        are = "is not among the draws and was" if added.height == 1 else "are not among the draws and were"
        self.notes.append(f"{policy}: {added.height:,} of {_count(probe.height, 'probe')} {are} added.")
        return pl.concat([labelled, _renumbered(added, draws)])


def _with_labels(draws: pl.DataFrame, probe: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the draws with the probe's labels, and of how many the two labels differ; those have none."""
    labels = probe.select(*_KEY, "response", label="oracle_label")
    same = draws.join(labels, on=[*_KEY, "response"], how="left", maintain_order="left")
    clash = (pl.col("oracle_label") != pl.col("label")).fill_null(value=False)
    code = pl.when(clash).then(pl.lit(FailureCode.DUPLICATE.value)).when(pl.col("label").is_null()).then("oracle_code")
    merged = same.with_columns(
        pl.when(~clash).then(pl.coalesce("oracle_label", "label")).alias("oracle_label"), code.alias("oracle_code")
    )
    return merged.select(COLUMNS), int(same.select(clash.sum()).item())


def _renumbered(added: pl.DataFrame, draws: pl.DataFrame) -> pl.DataFrame:
    """Give added responses numbers behind the draws of their prompt, so that prompt_id and draw stay unique."""
    last = draws.group_by("prompt_id").agg(pl.col("draw").max().alias("last"))
    nth = pl.int_range(pl.len()).over("prompt_id")
    draw = pl.when(pl.col("last").is_null()).then("draw").otherwise(pl.col("last") + 1 + nth)
    return added.join(last, on="prompt_id", how="left", maintain_order="left").with_columns(draw=draw).select(COLUMNS)


def _told(imported: Imported, n_without: int) -> list[str]:
    told = list(imported.notes)
    n_bad = imported.quarantine.height + n_without
    if n_bad:
        are = "is no draw and was" if n_bad == 1 else "are no draws and were"
        told.append(f"{n_bad:,} of {_count(imported.n_lines, 'line')} {are} left out.")
    n = imported.n_exact_duplicates
    if n:
        told.append("1 exact copy was dropped." if n == 1 else f"{n:,} exact copies were dropped.")
    return told


def _count(n: int, noun: str) -> str:
    return f"1 {noun}" if n == 1 else f"{n:,} {noun}s"
