#!/bin/bash
# Runs the official Gateway API conformance suite: cluster up, images made and imported, Gateway API CRDs and the chart installed,
# all five gateway profiles run, the official report written. The last line is `N passed, N failed`.
set -euo pipefail
. "$(dirname "$0")/cluster/lib.sh"

conformance=$(cd "$(dirname "$0")" && pwd)
repository=$(dirname "$conformance")
work=$HEADGATE_CACHE/conformance
release_namespace=headgate-system
usable_address=10.89.7.200  # in the pool of the cluster's load balancer, far from where it begins
unusable_address=192.0.2.1  # outside of it: never given

usage() {
  cat <<TEXT
Usage: npm run conformance [-- OPTION...]
  --run NAME     one test of the suite (for example HTTPRouteWeight) instead of all; writes no report
  --keep         leave the cluster up afterwards (it always stays up if it was up before)
  --fail-fast    stop at the first failure
TEXT
}

test_name=
keep=false
suite_flags=()
while [ $# -gt 0 ]; do
  case $1 in
    --run) test_name=${2:?--run needs the name of a test} && shift 2 ;;
    --keep) keep=true && shift ;;
    --fail-fast) suite_flags+=(--fail-fast) && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "there is no option $1" ;;
  esac
done

require_root_on_linux
mkdir -p "$work"
[ -e /run/netns/$NAMESPACE ] && keep=true
export PATH="$repository/node_modules/.bin:$PATH"

finish() {
  [ $keep = true ] || "$CLUSTER_SOURCE/down.sh"
}
trap finish EXIT

build_suite() {
  cd "$conformance/suite"
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 go test -c -trimpath -ldflags '-s -w' -o "$1" .
}

gateway_api_crds() {
  cd "$conformance/suite"
  GOTOOLCHAIN=$RECENT_GO go list -m -f '{{.Dir}}/config/crd/experimental' sigs.k8s.io/gateway-api
}

install_crds() {
  in_namespace kubectl apply --server-side --force-conflicts -k "$(gateway_api_crds)" >"$work/crds.log" 2>&1 ||
    { tail -5 "$work/crds.log" >&2 && die "the Gateway API CRDs could not be installed; all messages: $work/crds.log"; }
  # Helm installs CRDs once and never changes them; a cluster that stayed up may have older ones.
  in_namespace kubectl apply --server-side --force-conflicts -f "$repository/charts/headgate/crds" >>"$work/crds.log" 2>&1 ||
    { tail -5 "$work/crds.log" >&2 && die "the CRDs of the chart could not be installed; all messages: $work/crds.log"; }
  in_namespace kubectl wait --for=condition=Established --timeout=60s crd --all >/dev/null
}

install_chart() {
  local tag=$1 helm
  helm=$("$conformance/helm.sh")
  if ! in_namespace "$helm" upgrade --install headgate "$repository/charts/headgate" --namespace $release_namespace --create-namespace \
    --values "$conformance/values.yaml" --set "image.tag=$tag" --wait --timeout 3m >"$work/helm.log" 2>&1; then
    tail -20 "$work/helm.log" >&2
    collect_logs
    die "the chart could not be installed. Logs of the pods: $work"
  fi
}

# What a failure is looked for in, kept after the cluster is gone.
collect_logs() {
  local kubectl=(in_namespace kubectl --namespace "$release_namespace") pod
  for pod in $("${kubectl[@]}" get pods -o name 2>/dev/null); do
    "${kubectl[@]}" logs "$pod" --tail=-1 >"$work/${pod#pod/}.log" 2>&1 || true
    "${kubectl[@]}" logs "$pod" --previous --tail=-1 >"$work/${pod#pod/}.previous.log" 2>/dev/null || rm -f "$work/${pod#pod/}.previous.log"
  done
  in_namespace kubectl get pods,services -A -o wide >"$work/pods.txt" 2>&1 || true
  in_namespace kubectl describe pods -n $release_namespace >"$work/controller.txt" 2>&1 || true
  in_namespace kubectl get events -A --sort-by=.lastTimestamp >"$work/events.txt" 2>&1 || true
}

version() {
  local commit changed=
  commit=$(git -C "$repository" rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
  [ -z "$(git -C "$repository" status --porcelain --untracked-files=no 2>/dev/null)" ] || changed=.changed
  echo "v$(node -p 'require(process.argv[1]).version' "$repository/package.json")+$commit$changed"
}

# A test that was planned and neither passed nor failed did not run, and counts as failed.
summarize() {
  awk '
    $1 == "plan" { planned[$2] = 1 }
    $1 == "pass" && ($2 in planned) { passed[$2] = 1 }
    $1 == "skip" { skipped[$2] = 1 }
    $1 == "fail" { failed[$2] = 1 }
    END {
      for (name in planned) {
        if (name in passed) { good++; continue }
        bad++
        print ((name in failed) ? "FAILED   " : (name in skipped) ? "SKIPPED  " : "NOT RUN  ") name | "sort"
      }
      close("sort")
      printf "%d passed, %d failed\n", good, bad
      exit bad > 0 || good == 0
    }' "$1"
}

"$CLUSTER_SOURCE/up.sh"
say "building Headgate and its images"
node --import tsx "$repository/scripts/tasks/build.ts" >&2
tag=$("$conformance/images.sh")
sources=("$conformance"/suite/go.mod "$conformance"/suite/go.sum "$conformance"/suite/*.go)
build_once conformance-suite "$RECENT_GO $(source_key "${sources[@]}")" build_suite
say "installing the Gateway API CRDs and the chart"
install_crds
install_chart "$tag"

if [ -n "$test_name" ]; then
  suite_flags+=(--run-test "$test_name" -test.run '^TestConformance$')
else
  mkdir -p "$conformance/reports"
  suite_flags+=(--report-output "$conformance/reports/experimental-v1.7.0-default-report.yaml" -test.run '^Test(Conformance|SupportedFeatures)$')
fi
say "running the suite; log: $work/suite.log"
: >"$work/results"
tail -n +1 -f "$work/results" --pid=$$ 2>/dev/null | sed -u '/^plan /d' >&2 &
code=0
in_namespace "$PROGRAMS/conformance-suite" -test.v -test.timeout 120m --gateway-class headgate --version "$(version)" \
  --usable-address $usable_address --unusable-address $unusable_address --results-output "$work/results" \
  "${suite_flags[@]}" >"$work/suite.log" 2>&1 || code=$?
[ $code = 0 ] || collect_logs
grep -A3 -E '^\s*--- FAIL: ' "$work/suite.log" | grep -E -- '--- FAIL|Error|Messages' | head -40 >&2 || true
echo "Full log: $work/suite.log" >&2
summarize "$work/results" || code=1
exit $code
