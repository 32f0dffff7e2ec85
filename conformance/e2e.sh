#!/bin/bash
# Runs the end-to-end tests in test/cluster: real pods, real Services, traffic while things are replaced and fail. The last line is
# `N passed, N failed`. Arguments go to Jest.
set -euo pipefail
# shellcheck source=deploy.sh
. "$(dirname "$0")/deploy.sh"

begin false
build_and_import
"$conformance/e2e-images.sh"
install_crds
install_chart "$conformance/e2e-values.yaml"

mcs_crds=$(module_folder sigs.k8s.io/mcs-api@v0.5.2 config/crd)

results=$work/e2e.json
rm -f "$results"
code=0
# The tests run where the cluster's addresses are.
in_namespace env HELM_BIN="$("$conformance/helm.sh")" HEADGATE_TAG="$tag" HEADGATE_CLUSTER_STATE="$STATE" HEADGATE_CLUSTER_FAMILIES="$FAMILIES" \
  HEADGATE_GATEWAY_API_CRDS="$(gateway_api_crds)" HEADGATE_MCS_CRDS="$mcs_crds" \
  NODE_OPTIONS="--experimental-vm-modules --no-warnings=ExperimentalWarning" \
  node "$repository/node_modules/jest/bin/jest.js" --config "$repository/test/cluster/jest.config.js" --json --outputFile "$results" "$@" >&2 || code=$?
[ $code = 0 ] || collect_logs
[ -f "$results" ] || die "Jest did not run to its end; its last words are above."
node -e '
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(require("fs").readFileSync(process.argv[1]))
  console.log(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`)' "$results"
exit $code
