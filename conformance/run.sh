#!/bin/bash
# Runs the official Gateway API conformance suite: cluster up, images made and imported, Gateway API CRDs and the chart installed,
# all five gateway profiles run, the official report written. The last line is `N passed, N failed`.
set -euo pipefail
# shellcheck source=deploy.sh
. "$(dirname "$0")/deploy.sh"

usable_address=10.89.7.200  # in the pool of the cluster's load balancer, far from where it begins
unusable_address=192.0.2.1  # outside of it: never given

usage() {
  cat <<TEXT
Usage: npm run conformance [-- OPTION...]
  --mode MODE    default (an Envoy fleet for each Gateway) or merged (one for all Gateways of the class)
  --run NAME     one test of the suite (for example HTTPRouteWeight) instead of all; writes no report
  --keep         leave the cluster up afterwards (it always stays up if it was up before)
  --fail-fast    stop at the first failure
TEXT
}

test_name=
mode=default
keep=false
suite_flags=()
while [ $# -gt 0 ]; do
  case $1 in
    --mode) mode=${2:?--mode needs default or merged} && shift 2 ;;
    --run) test_name=${2:?--run needs the name of a test} && shift 2 ;;
    --keep) keep=true && shift ;;
    --fail-fast) suite_flags+=(--fail-fast) && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "there is no option $1" ;;
  esac
done

case $mode in
  default) values=$conformance/values.yaml ;;
  merged) values=$conformance/merged-values.yaml ;;
  *) usage >&2 && die "there is no mode $mode" ;;
esac

begin "$keep"

build_suite() {
  cd "$conformance/suite"
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 go test -c -trimpath -ldflags '-s -w' -o "$1" .
}

version() {
  local commit changed=
  commit=$(git -C "$repository" rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
  [ -z "$(git -C "$repository" status --porcelain --untracked-files=no 2>/dev/null)" ] || changed=.changed
  echo "v$(node -p 'require(process.argv[1]).version' "$repository/package.json")+$commit$changed"
}

# Tests that cannot pass in a mode, whatever the implementation does there: they count neither as passed nor as failed.
# GatewayInfrastructureMetadata looks for pods, accounts and Services in the namespace of the Gateway; a fleet that Gateways share has them
# in that of the controller.
impossible() {
  if [ "$mode" = merged ]; then echo GatewayInfrastructureMetadata; fi
}

# A test that was planned and neither passed nor failed did not run, and counts as failed.
summarize() {
  awk -v impossible="$(impossible)" '
    BEGIN { split(impossible, names, " "); for (at in names) excused[names[at]] = 1 }
    $1 == "plan" { planned[$2] = 1 }
    $1 == "pass" && ($2 in planned) { passed[$2] = 1 }
    $1 == "skip" { skipped[$2] = 1 }
    $1 == "fail" { failed[$2] = 1 }
    END {
      for (name in planned) {
        if (name in passed) { good++; continue }
        if (name in excused) { print "IMPOSSIBLE in this mode: " name | "sort"; continue }
        bad++
        print ((name in failed) ? "FAILED   " : (name in skipped) ? "SKIPPED  " : "NOT RUN  ") name | "sort"
      }
      close("sort")
      printf "%d passed, %d failed\n", good, bad
      exit bad > 0 || good == 0
    }' "$1"
}

build_and_import
sources=("$conformance"/suite/go.mod "$conformance"/suite/go.sum "$conformance"/suite/*.go)
build_once conformance-suite "$RECENT_GO $(source_key "${sources[@]}")" build_suite
install_crds
install_chart "$values"

if [ -n "$test_name" ]; then
  suite_flags+=(--run-test "$test_name" -test.run '^TestConformance$')
else
  mkdir -p "$conformance/reports"
  suite_flags+=(--report-output "$conformance/reports/experimental-v1.7.0-$mode-report.yaml" -test.run '^Test(Conformance|SupportedFeatures)$')
fi
say "running the suite; log: $work/suite.log"
: >"$work/results"
tail -n +1 -f "$work/results" --pid=$$ 2>/dev/null | sed -u '/^plan /d' >&2 &
code=0
in_namespace "$PROGRAMS/conformance-suite" -test.v -test.timeout 120m --gateway-class headgate --mode "$mode" --version "$(version)" \
  --usable-address $usable_address --unusable-address $unusable_address --results-output "$work/results" \
  "${suite_flags[@]}" >"$work/suite.log" 2>&1 || code=$?
[ $code = 0 ] || collect_logs
# Go tells only that some test failed: what counts is said below.
if [ "$mode" = merged ]; then code=0; fi
grep -A3 -E '^\s*--- FAIL: ' "$work/suite.log" | grep -E -- '--- FAIL|Error|Messages' | head -40 >&2 || true
echo "Full log: $work/suite.log" >&2
summarize "$work/results" || code=1
exit $code
