#!/bin/bash
# Makes the images that a conformance run needs, from programs of this machine, and imports them into the running cluster:
# the controller, Envoy, and the backends of the suite. Prints the tag of the controller's image.
set -euo pipefail
. "$(dirname "$0")/cluster/lib.sh"

conformance=$(cd "$(dirname "$0")" && pwd)
repository=$(dirname "$conformance")
node=$(readlink -f "$(PATH="$repository/node_modules/.bin:$PATH" command -v node)")
certificates=/etc/ssl/certs/ca-certificates.crt
users='root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n'

require_root_on_linux
[ -S "$CONTAINERD_SOCKET" ] || die "the cluster is not up. Start it with: npm run cluster up"
[ -f "$repository/dist/headgate.mjs" ] || die "dist/headgate.mjs is missing. Build it with: npm run build"
[ -f $certificates ] || require_packages update-ca-certificates=ca-certificates

archive=$(mktemp --suffix .tar)
trap 'rm -f "$archive"' EXIT

image() {
  "$CLUSTER_SOURCE/mkimage.py" --output "$archive" --file "$certificates:$certificates" --text "/etc/passwd=$users" --user 65532:65532 "$@"
  import_image "$archive"
}

build_echo() {
  cd "$conformance/suite"
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w' -o "$1" \
    sigs.k8s.io/gateway-api-conformance-images/echo-basic
}

# The tag follows the content: pods of an upgraded release are replaced when, and only when, the controller or how it is started changed.
tag=$(source_key "$repository/dist/headgate.mjs" "$node" "$conformance/images.sh")
image --name "docker.io/headgate/headgate:$tag" --entrypoint "/usr/local/bin/node --max-semi-space-size=2 --heap-growing-percent=40 --max-old-space-size-percentage=70 /app/dist/headgate.mjs" \
  --env NODE_ENV=production --env PATH=/usr/local/bin --env MALLOC_ARENA_MAX=2 --env MALLOC_MMAP_THRESHOLD_=32768 --env MALLOC_MMAP_MAX_=16384 \
  --program "$node:/usr/local/bin/node" --file "$repository/package.json:/app/package.json" --file "$repository/dist:/app/dist"

envoy=$("$node" --import tsx "$conformance/find-envoy.ts")
image --name docker.io/envoyproxy/envoy:distroless-v1.40.0 --entrypoint /usr/local/bin/envoy --program "$envoy:/usr/local/bin/envoy"

build_once echo-basic "$RECENT_GO $(source_key "$conformance/suite/go.mod" "$conformance/suite/go.sum")" build_echo
# The base manifests of the suite name both versions; the older has all modes that they use.
image --name registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0 --name registry.k8s.io/gateway-api/conformance/echo-basic:v0.2.0 \
  --entrypoint /echo-basic --program "$PROGRAMS/echo-basic:/echo-basic"

echo "$tag"
