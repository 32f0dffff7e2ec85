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

run_cluster_tests HEADGATE_GATEWAY_API_CRDS="$(gateway_api_crds)" HEADGATE_MCS_CRDS="$mcs_crds" -- "$@"
