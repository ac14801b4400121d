"""Where the pages are: one name each, with file, title, icon and address. Paths are relative to `app/main.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A page: its file relative to the entry file, its title, icon and address."""

    path: str
    title: str
    icon: str
    url_path: str
    section: str
    default: bool = False


def _place(name: str, title: str, icon: str, section: str) -> Place:
    return Place(f"../pages/{name}.py", title, f":material/{icon}:", _address(name), section, name == "runs")


def _address(name: str) -> str:
    return {"new_run": "new-run", "import_data": "import"}.get(name, name)


START, RUN = "Experiments", "This run"

PLACES: dict[str, Place] = {
    "runs": _place("runs", "Runs", "list_alt", START),
    "new_run": _place("new_run", "New run", "add_circle", START),
    "import": _place("import_data", "Import", "upload_file", START),
    "results": _place("results", "Results", "verified", RUN),
    "validation": _place("validation", "Validation", "fact_check", RUN),
    "weights": _place("weights", "Weights", "balance", RUN),
    "failures": _place("failures", "Failures", "report", RUN),
    "live": _place("live", "Live", "monitoring", RUN),
    "row": _place("row", "One row", "article", RUN),
}
