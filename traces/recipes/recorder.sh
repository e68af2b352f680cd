# For the recipes beside it: a PostgreSQL, a recorder before it, and one trace a session.
#
#   begin CLIENT [OUT]   start both; OUT is the folder of the traces, traces/corpus/CLIENT if it is not given
#   session NAME         the next connection is called NAME
#   finish               end the recorder and give the traces their names
#
# PGCONFORM names the program, else the one in build/ is taken. `host` and `port` are where clients connect to.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pgconform=${PGCONFORM:-$root/build/conformance/cli/pgconform}
for variable in $(compgen -e PG); do unset "$variable"; done
export LC_ALL=C.UTF-8 TZ=UTC

begin() {
  out=${2:-$root/traces/corpus/$1}
  work=$(mktemp -d /tmp/pgconform-recipe.XXXXXX)
  recorder=
  trap 'end_all' EXIT
  "$root/ci/targets/postgresql" start --state "$work/state" >"$work/target.json"
  mkfifo "$work/said"
  "$pgconform" record --listen 127.0.0.1:0 --upstream "@$work/target.json" --out "$work/out" >"$work/said" &
  recorder=$!
  exec 3<"$work/said"
  read -r line <&3
  host=127.0.0.1 port=${line##*:}
  names=()
}

end_all() {
  [ -z "$recorder" ] || kill "$recorder" 2>/dev/null || true
  "$root/ci/targets/postgresql" stop --state "$work/state"
  rm -rf "$work"
}

session() { names+=("$1"); }

finish() {
  kill -INT "$recorder"
  wait "$recorder" || { echo "the recorder ended with status $?" >&2; exit 1; }
  recorder=
  local made=("$work"/out/*.trace) i
  [ "${#made[@]}" = "${#names[@]}" ] || { echo "${#names[@]} sessions, but ${#made[@]} connections" >&2; exit 1; }
  mkdir -p "$out"
  rm -f "$out"/*.trace
  for i in "${!names[@]}"; do cp "${made[$i]}" "$out/${names[$i]}.trace"; done
  echo "${#names[@]} traces in $out"
}
