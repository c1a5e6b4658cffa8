#!/usr/bin/env bash
# The command and the program whose instructions are counted, built once for all that need them: what is built together
# shares its features, and nothing is compiled again. Prints their paths: bash .ci/release.sh limpid|instructions
#
# PROFILE=dist builds them as the command is shipped, which takes three times as long.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

built="$(cargo build --profile "${PROFILE:-release}" --locked -p limpid-cli -p limpid --bin limpid --bench instructions --message-format=json)"
case "${1:-}" in
limpid) wanted='[^"]*/limpid' ;;
instructions) wanted='[^"]*/instructions-[^"]*' ;;
*)
    echo "usage: bash .ci/release.sh limpid|instructions" >&2
    exit 2
    ;;
esac
path="$(grep -oE "\"executable\":\"$wanted\"" <<<"$built" | tail -n 1 | cut -d'"' -f4)"
[[ -x "$path" ]] || { echo "cargo has built no $1" >&2; exit 1; }
printf '%s\n' "$path"
