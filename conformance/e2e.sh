#!/bin/bash
# Runs the end-to-end tests in test/cluster: real pods, real Services, traffic while things are replaced and fail. The last line is
# `N passed, N failed`. Arguments go to Jest. With HEADGATE_CLUSTER_NODES=2 it is those that need two nodes, and no others.
set -euo pipefail
# shellcheck source=deploy.sh
. "$(dirname "$0")/deploy.sh"

begin false
build_and_import
"$conformance/e2e-images.sh"
install_crds
if [ "$NODES" = 1 ]; then
  install_chart "$conformance/e2e-values.yaml"
else
  # An Envoy on each, of which one may go at a time.
  install_chart "$conformance/e2e-values.yaml" --set gatewayClass.config.replicas=2,gatewayClass.config.disruptionBudget.maxUnavailable=1
  # Last: Jest takes all words behind it for more of the same.
  set -- "$@" --testMatch '**/test/cluster/*.nodes.ts'
fi

mcs_crds=$(module_folder sigs.k8s.io/mcs-api@v0.5.2 config/crd)

run_cluster_tests HEADGATE_GATEWAY_API_CRDS="$(gateway_api_crds)" HEADGATE_MCS_CRDS="$mcs_crds" -- "$@"
