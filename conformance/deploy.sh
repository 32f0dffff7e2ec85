# From a clone to a running Headgate on the cluster: what the conformance suite and the end-to-end tests share. Sourced, not run.
# shellcheck shell=bash

conformance=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cluster/lib.sh
. "$conformance/cluster/lib.sh"
repository=$(dirname "$conformance")
work=$HEADGATE_CACHE/conformance
release_namespace=headgate-system

# begin KEEP: brings the cluster up; takes it down at the end of the script, unless KEEP is true or it was up before. There is one
# cluster per machine: a second run waits for the first.
begin() {
  require_root_on_linux
  mkdir -p "$work"
  exec 8>"$work/lock"
  flock --nonblock 8 || { say "another run uses the cluster; waiting for its end" && flock --timeout 7200 8; } ||
    die "another run still uses the cluster after two hours: $(cat "$work/owner" 2>/dev/null)"
  echo "process $$, $0" >"$work/owner"
  export PATH="$repository/node_modules/.bin:$PATH"
  if [ "$1" != true ] && [ ! -e /run/netns/$NAMESPACE ]; then trap 'end_children; "$CLUSTER_SOURCE/down.sh"' EXIT; fi
  "$CLUSTER_SOURCE/up.sh"
}

# What this script waits for goes on when it is told to end, and would meet a cluster that goes away.
# shellcheck disable=SC2046  # several ids
end_children() { kill $(cat /proc/$$/task/$$/children) 2>/dev/null || true; }

# Builds the program and the images, and imports them. Sets tag.
build_and_import() {
  say "building Headgate and its images"
  node --import tsx "$repository/scripts/tasks/build.ts" >&2
  tag=$("$conformance/images.sh")
}

gateway_api_crds() {
  GOTOOLCHAIN=$RECENT_GO go list -C "$conformance/suite" -m -f '{{.Dir}}/config/crd/experimental' sigs.k8s.io/gateway-api
}

# module_folder MODULE@VERSION FOLDER: where a folder of a Go module is; fetched once, outside of the cluster's network.
module_folder() {
  local folder
  folder=$(GOTOOLCHAIN=$RECENT_GO GOFLAGS=-mod=mod go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)".*/\1/p')
  [ -d "$folder/$2" ] || die "the Go module $1 has no folder $2, or could not be fetched."
  echo "$folder/$2"
}

install_crds() {
  say "installing the Gateway API CRDs"
  in_namespace kubectl apply --server-side --force-conflicts -k "$(gateway_api_crds)" >"$work/crds.log" 2>&1 ||
    { tail -5 "$work/crds.log" >&2 && die "the Gateway API CRDs could not be installed; all messages: $work/crds.log"; }
  # Helm installs CRDs once and never changes them; a cluster that stayed up may have older ones.
  in_namespace kubectl apply --server-side --force-conflicts -f "$repository/charts/headgate/crds" >>"$work/crds.log" 2>&1 ||
    { tail -5 "$work/crds.log" >&2 && die "the CRDs of the chart could not be installed; all messages: $work/crds.log"; }
  in_namespace kubectl wait --for=condition=Established --timeout=60s crd --all >/dev/null
}

# install_chart VALUES [ARGUMENT OF HELM...]: installs or upgrades the release `headgate` with the image that build_and_import made.
install_chart() {
  local helm
  say "installing the chart"
  helm=$("$conformance/helm.sh")
  if ! in_namespace "$helm" upgrade --install headgate "$repository/charts/headgate" --namespace "$release_namespace" --create-namespace \
    --values "$@" --set "image.tag=$tag" --wait --timeout 3m >"$work/helm.log" 2>&1; then
    tail -20 "$work/helm.log" >&2
    collect_logs
    die "the chart could not be installed. Logs of the pods: $work"
  fi
}

# run_cluster_tests NAME=VALUE... -- JEST ARGUMENT...: runs the tests in test/cluster where the cluster's addresses are, and ends the script
# with the code of Jest. The last line is `N passed, N failed`.
run_cluster_tests() {
  local results=$work/e2e.json code=0 variables=()
  while [ "$1" != -- ]; do variables+=("$1") && shift; done
  shift
  rm -f "$results"
  in_namespace env HELM_BIN="$("$conformance/helm.sh")" HEADGATE_TAG="$tag" HEADGATE_CLUSTER_STATE="$STATE" HEADGATE_CLUSTER_FAMILIES="$FAMILIES" \
    NODE_OPTIONS="--experimental-vm-modules --no-warnings=ExperimentalWarning" "${variables[@]}" \
    node "$repository/node_modules/jest/bin/jest.js" --config "$repository/test/cluster/jest.config.js" --json --outputFile "$results" "$@" >&2 || code=$?
  [ $code = 0 ] || collect_logs
  [ -f "$results" ] || die "Jest did not run to its end; its last words are above."
  node -e '
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(require("fs").readFileSync(process.argv[1]))
    console.log(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`)' "$results"
  exit $code
}

# What a failure is looked for in, kept after the cluster is gone.
collect_logs() {
  local kubectl=(in_namespace kubectl --namespace "$release_namespace") pod
  for pod in $("${kubectl[@]}" get pods -o name 2>/dev/null); do
    "${kubectl[@]}" logs "$pod" --tail=-1 >"$work/${pod#pod/}.log" 2>&1 || true
    "${kubectl[@]}" logs "$pod" --previous --tail=-1 >"$work/${pod#pod/}.previous.log" 2>/dev/null || rm -f "$work/${pod#pod/}.previous.log"
  done
  in_namespace kubectl get pods,services -A -o wide >"$work/pods.txt" 2>&1 || true
  in_namespace kubectl describe pods -n "$release_namespace" >"$work/controller.txt" 2>&1 || true
  in_namespace kubectl get events -A --sort-by=.lastTimestamp >"$work/events.txt" 2>&1 || true
}
