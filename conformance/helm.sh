#!/bin/bash
# Prints the path of a Helm of the version that the chart is tested with; builds it into the cache if it is not there.
set -euo pipefail
. "$(dirname "$0")/cluster/lib.sh"

HELM_VERSION=v3.22.0

build_helm() {
  local folder
  folder=$(mktemp -d)
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 GOBIN=$folder go install -trimpath -ldflags "-s -w -X helm.sh/helm/v3/internal/version.version=$HELM_VERSION" "helm.sh/helm/v3/cmd/helm@$HELM_VERSION"
  mv "$folder/helm" "$1"
  rmdir "$folder"
}

[ -x "$PROGRAMS/helm" ] || require_go
build_once helm "$HELM_VERSION $RECENT_GO" build_helm
echo "$PROGRAMS/helm"
