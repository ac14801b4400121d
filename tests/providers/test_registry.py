import pytest

from cje_audit.domain.errors import ConfigError, ModelMissing
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.recorded import RecordedProvider
from cje_audit.providers.registry import PROVIDERS, capabilities, make_provider
from cje_audit.providers.scripted import ScriptedProvider


def test_every_provider_states_what_it_can_do():
    assert {"embedded", "recorded", "scripted", "openai_compatible", "vllm"} <= set(PROVIDERS)
    assert all(e.capabilities.logprobs or e.capabilities.instead for e in PROVIDERS.values())
    assert capabilities("embedded").logprobs
    recorded = capabilities("recorded")
    assert not (recorded.generate or recorded.logprobs or recorded.judge)
    assert recorded.instead


def test_an_unknown_provider_is_one_sentence_with_the_nearest_name():
    with pytest.raises(ConfigError) as caught:
        make_provider(Policy(name="a", provider="embeded", model="m"))
    assert caught.value.sentence.startswith("There is no provider embeded;")
    assert caught.value.what_to_do == "Write provider: embedded."
    with pytest.raises(ConfigError):
        capabilities("nowhere")


def test_providers_are_made_for_policies_and_judges():
    assert isinstance(make_provider(Policy(name="a", provider="scripted", model="m")), ScriptedProvider)
    assert isinstance(make_provider(Judge(kind="score", provider="scripted", model="m")), ScriptedProvider)
    assert isinstance(make_provider(Judge()), RecordedProvider)


def test_the_embedded_provider_knows_one_model():
    with pytest.raises(ConfigError, match="only the model SmolLM2-135M-Instruct, not gpt"):
        make_provider(Policy(name="a", provider="embedded", model="gpt"))


def test_without_the_model_the_embedded_provider_says_how_to_get_it(tmp_path, monkeypatch):
    pytest.importorskip("gguf", reason="the extra [embedded] is not installed")
    pytest.importorskip("tokenizers", reason="the extra [embedded] is not installed")
    monkeypatch.setenv("CJE_AUDIT_MODELS", str(tmp_path))
    with pytest.raises(ModelMissing) as caught:
        make_provider(Policy(name="a", provider="embedded", model="SmolLM2-135M-Instruct"))
    assert "cje-audit fetch-model" in (caught.value.what_to_do or "")
