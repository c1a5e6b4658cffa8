#!/usr/bin/env bash
# The book as a site: made within a minute, from a folder that is not the checkout, and opened page by page in a browser.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

limpid="$(bash .ci/release.sh limpid)"
data="$(realpath data/mnist)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

began="$(date +%s%N)"
(cd "$work" && LIMPID_DATA="$data" "$limpid" book --all --output site 2>"$work/told") || {
    cat "$work/told" >&2
    exit 1
}
milliseconds=$((($(date +%s%N) - began) / 1000000))
printf 'the site: %d.%d s (at most 60), %s\n' $((milliseconds / 1000)) $((milliseconds % 1000 / 100)) \
    "$(du -sh "$work/site" | cut -f1)"
if ((milliseconds > 60000)); then
    echo "the site took over 60 s" >&2
    exit 1
fi

python3 .ci/pages.py "$work/site"
