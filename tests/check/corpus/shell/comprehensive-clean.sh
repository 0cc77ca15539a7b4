#!/usr/bin/env bash
set -Eeuo pipefail
readonly LOG=/var/log/deploy.log
exec > >(tee -a "$LOG") 2>&1
retry() {
    local n=0 max=5
    until "$@"; do
        n=$((n + 1))
        [[ $n -ge $max ]] && return 1
        sleep $((n * 2))
    done
}
cleanup() { rm -rf "${WORK:-}"; }
trap cleanup EXIT
WORK=$(mktemp -d)
retry dnf install -y git jq make
retry curl -fsSL https://example.com/x.json -o "$WORK/x.json"
mapfile -t names < <(jq -r '.[].name' "$WORK/x.json")
for name in "${names[@]}"; do
    git clone --depth 1 "https://example.com/$name.git" "$WORK/$name"
    make -C "$WORK/$name" test
done
