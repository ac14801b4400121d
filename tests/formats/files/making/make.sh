#!/usr/bin/env bash
# Make the logs of this folder with the real tools: make.sh OUT. Wants inspect, lm-eval and promptfoo on the PATH.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); mkdir -p "$1"; out=$(cd "$1" && pwd); tool=${2:-all}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cp -r "$here/." "$work"; cd "$work"
wants() { [ "$tool" = all ] || [ "$tool" = "$1" ]; }
if wants inspect; then
  inspect eval inspect_task.py@plain --model mockllm/model --log-dir logs --log-format eval --display none
  inspect eval inspect_task.py@with_logprobs --model mockllm/model --log-dir logs --log-format json --display none --limit 3
  mv logs/*plain*.eval "$out/inspect.eval"; mv logs/*logprobs*.json "$out/inspect_with_logprobs.json"
fi
if wants lm-eval; then
  export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 HF_HOME="$work/cache"
  (cd lm_eval && lm-eval run --model dummy --tasks capitals_words,capitals_choice --include_path . --log_samples --output_path out)
  find lm_eval/out -name 'samples_*' -exec mv {} "$out/" \;
fi
if wants promptfoo; then
  export PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 PROMPTFOO_DISABLE_REMOTE_GENERATION=1
  export PROMPTFOO_CONFIG_DIR="$work/home"
  # promptfoo exits 100 where a test case fails, as some here do
  (cd promptfoo && promptfoo eval -c promptfooconfig.yaml --no-cache --no-write --no-progress-bar -o promptfoo.json) || [ $? = 100 ]
  mv promptfoo/promptfoo.json "$out/"
fi
