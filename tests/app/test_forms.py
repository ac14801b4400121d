from app import forms
from cje_audit.audit import ImportOptions


def command(options: ImportOptions, *, beside: tuple[str, ...] = ()) -> str:
    return forms.import_command(["a.jsonl"], forms.ImportChoices(options, None), beside=beside)


def test_the_command_line_says_only_what_was_chosen() -> None:
    assert command(ImportOptions()) == "cje-audit import a.jsonl"
    assert command(ImportOptions(judge_scale=(0.0, 10.0))) == "cje-audit import a.jsonl --judge-scale 0 10"
    assert command(ImportOptions(), beside=("fresh-draws",)) == "cje-audit import a.jsonl --fresh-draws FOLDER"
    assert command(ImportOptions(mapping={"q": "prompt"}), beside=("manifest",)) == (
        "cje-audit import a.jsonl --map q=prompt --manifest FILE"
    )


def test_a_hostile_file_name_is_quoted() -> None:
    line = forms.import_command(["x; rm -rf y"], forms.ImportChoices(ImportOptions(), None))
    assert line == "cje-audit import 'x; rm -rf y'"
