#!/usr/bin/env bash
# Simulates $SCENARIO into $OUT, then judges it, against $BASELINE where that folder exists. Leaves
# $OUT/junit.xml, $OUT/benchmark.json and $OUT/bencher.json. Exits with the verdict: 0, 98 or 99.
set -uo pipefail
: "${SCENARIO:?the scenario to simulate}"
WAVETANK=${WAVETANK:-npx wavetank}
OUT=${OUT:-wavetank-results}
MAX_CHANGE=${MAX_CHANGE:-5}

# $WAVETANK may be a command with arguments.
$WAVETANK run "$SCENARIO" --out "$OUT"
code=$?
# 98 and 99 are verdicts of thresholds: the check below tells them again, with its reports.
if [ "$code" -ne 0 ] && [ "$code" -ne 98 ] && [ "$code" -ne 99 ]; then exit "$code"; fi

against=()
if [ -n "${BASELINE:-}" ] && [ -f "$BASELINE/manifest.json" ]; then
  against=(--baseline "$BASELINE" --max-change "$MAX_CHANGE" --rerun)
fi
$WAVETANK check "$OUT" ${against[@]+"${against[@]}"} --junit "$OUT/junit.xml" \
  --benchmark "$OUT/benchmark.json" --bencher "$OUT/bencher.json"
code=$?
if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "verdict=$code" >>"$GITHUB_OUTPUT"; fi
exit "$code"
