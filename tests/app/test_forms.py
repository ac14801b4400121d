from app import forms
from cje_audit.audit import ImportOptions


def command(options: ImportOptions, *, with_draws: bool = False) -> str:
    return forms.import_command(["a.jsonl"], forms.ImportChoices(options, None), with_draws=with_draws)


def test_the_command_line_says_only_what_was_chosen() -> None:
    assert command(ImportOptions()) == "cje-audit import a.jsonl"
    assert command(ImportOptions(judge_scale=(0.0, 10.0))) == "cje-audit import a.jsonl --judge-scale 0 10"
    assert command(ImportOptions(), with_draws=True) == "cje-audit import a.jsonl --fresh-draws FOLDER"


def test_a_hostile_file_name_is_quoted() -> None:
    line = forms.import_command(["x; rm -rf y"], forms.ImportChoices(ImportOptions(), None), with_draws=False)
    assert line == "cje-audit import 'x; rm -rf y'"
