#!/bin/bash
# Follows docs/install.md on an empty cluster, command by command: test/cluster/install.page.ts. The last line is `N passed, N failed`.
# Arguments go to Jest.
set -euo pipefail
# shellcheck source=deploy.sh
. "$(dirname "$0")/deploy.sh"

begin false
! in_namespace kubectl get crd gateways.gateway.networking.k8s.io >/dev/null 2>&1 ||
  die "the cluster that is up is not empty. Take it down first: npm run cluster down"
build_and_import

# What the page has pushed to a registry is there already, and what it downloads is a file: the cluster's network has no way out.
version=$(node -p 'require(process.argv[1]).version' "$repository/package.json")
registry=registry.example
ctr -a "$CONTAINERD_SOCKET" -n k8s.io images tag --force "docker.io/headgate/headgate:$tag" "$registry/headgate/headgate:$version" >/dev/null
manifests=$work/experimental-install.yaml
kubectl kustomize "$(gateway_api_crds)" >"$manifests"

run_cluster_tests HEADGATE_REGISTRY=$registry HEADGATE_GATEWAY_API_MANIFESTS="$manifests" -- --testMatch '**/test/cluster/*.page.ts' "$@"
