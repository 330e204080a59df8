#!/bin/bash
# Everything: checks, unit tests, tests on real Docker Engines. As root on Debian or Ubuntu; what is missing is
# installed. The last line adds up all tests: "N passed, N failed".
# usage: test.sh [PART]...   parts: check unit lab cluster browser (default), kernel
set -u
cd "$(dirname "$(readlink -f "$0")")/.."
parts=${*:-check unit lab cluster browser}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

if [ "$(id -u)" != 0 ] && [[ " $parts " =~ ' lab '|' kernel '|' cluster '|' browser ' ]]; then
  echo "test: the tests on real Docker Engines need root -> run as root, or npm run test:unit" >&2
  exit 1
fi

times=()
run_part() {
  local name=$1 started=$SECONDS status=0
  shift
  echo "== $name"
  "$@" </dev/null || status=$?
  echo "$status" >"$results/$name.status"
  times+=("$(printf '%-8s %4d s  %s' "$name" $((SECONDS - started)) "$([ "$status" = 0 ] && echo ok || echo FAILED)")")
  return "$status"
}

vitest() {
  local name=$1
  shift
  run_part "$name" node_modules/.bin/vitest run --reporter=default --reporter=./test/failures-at-once.ts \
    --reporter=json --outputFile.json="$results/$name.json" "$@"
}

if run_part install sh scripts/install.sh; then
  for part in $parts; do
    case $part in
      check) run_part check node scripts/check.mjs ;;
      unit) vitest unit ;;
      lab) vitest lab --config vitest.lab.config.ts --project lab ;;
      kernel) vitest kernel --config vitest.lab.config.ts --project kernel ;;
      cluster) vitest cluster --config vitest.lab.config.ts --project cluster ;;
      browser) vitest browser --config vitest.lab.config.ts --project browser ;;
      *)
        echo "test: there is no part \"$part\" -> choose of check, unit, lab, kernel, cluster, browser" >&2
        echo 2 >"$results/$part.status"
        ;;
    esac
  done
fi

echo "== times"
printf '%s\n' "${times[@]}"
node scripts/sum-tests.mjs "$results"
