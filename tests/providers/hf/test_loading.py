from cje_audit.providers.hf.loading import ENDS, fingerprint


def test_a_fingerprint_changes_with_every_small_file_and_with_the_ends_of_large_ones(tmp_path):
    weights, config = tmp_path / "model.safetensors", tmp_path / "config.json"
    weights.write_bytes(bytes(4 * ENDS))
    config.write_text("{}")
    seen = [fingerprint(tmp_path), fingerprint(weights)]
    config.write_text("{ }")
    seen.append(fingerprint(tmp_path))
    weights.write_bytes(bytes(4 * ENDS - 1) + b"\1")
    seen.append(fingerprint(tmp_path))
    weights.write_bytes(bytes(4 * ENDS - 1))
    seen += [fingerprint(tmp_path), fingerprint(weights)]
    assert len(set(seen)) == len(seen)
    assert fingerprint(weights) == seen[-1]
