#!/bin/bash
# Prints the path of a Helm of the version that the chart is tested with; builds it into the cache if it is not there.
set -euo pipefail
. "$(dirname "$0")/cluster/lib.sh"

HELM_VERSION=v3.22.0

# A Helm that is built from its module does not know by itself its version, nor the Kubernetes to render for without a cluster.
build_helm() {
  local folder minor=${KUBERNETES_VERSION#*.} helm=helm.sh/helm/v3
  folder=$(mktemp -d)
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 GOBIN=$folder go install -trimpath -ldflags "-s -w \
    -X $helm/internal/version.version=$HELM_VERSION -X $helm/pkg/chartutil.k8sVersionMajor=${KUBERNETES_VERSION%%.*} \
    -X $helm/pkg/chartutil.k8sVersionMinor=${minor%.*}" "$helm/cmd/helm@$HELM_VERSION"
  mv "$folder/helm" "$1"
  rmdir "$folder"
}

[ -x "$PROGRAMS/helm" ] || require_go
build_once helm "$HELM_VERSION $RECENT_GO $KUBERNETES_VERSION" build_helm
echo "$PROGRAMS/helm"
