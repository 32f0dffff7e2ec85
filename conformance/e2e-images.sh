#!/bin/bash
# Makes the images that only the end-to-end tests need and imports them into the running cluster: the rate limit service that the chart
# brings, a Redis, an older Envoy, and servers of the tests, bundled, with a Node.
set -euo pipefail
# shellcheck source=cluster/lib.sh
. "$(dirname "$0")/cluster/lib.sh"

conformance=$(cd "$(dirname "$0")" && pwd)
repository=$(dirname "$conformance")
node=$(readlink -f "$(PATH="$repository/node_modules/.bin:$PATH" command -v node)")
users='root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n'

require_root_on_linux
require_packages redis-server=redis-server

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

image() {
  "$CLUSTER_SOURCE/mkimage.py" --output "$folder/image.tar" --text "/etc/passwd=$users" --user 65532:65532 "$@"
  import_image "$folder/image.tar"
}

# The name and tag are those that the chart has by default.
tag=$(sed -n '/repository: envoyproxy\/ratelimit/{n;s/.*tag: *//p;}' "$repository/charts/headgate/values.yaml")
image --name "docker.io/envoyproxy/ratelimit:$tag" --entrypoint /bin/ratelimit --program "$("$conformance/ratelimit/build.sh"):/bin/ratelimit"

image --name docker.io/headgate/redis:e2e --entrypoint /bin/redis-server --program "$(readlink -f "$(command -v redis-server)"):/bin/redis-server"

# Another Envoy, from which and to which fleets change.
older=$(sed -n "s/^export const REPLACED_ENVOY_VERSION = '\(.*\)'$/\1/p" "$repository/envoy/find-envoy.ts")
envoy=$("$node" --import tsx "$conformance/find-envoy.ts" "$older")
image --name "docker.io/envoyproxy/envoy:distroless-v$older" --entrypoint /usr/local/bin/envoy --program "$envoy:/usr/local/bin/envoy"

# Dependencies written as CommonJS call `require`; an ES module has none of its own.
"$repository/node_modules/.bin/esbuild" "$repository/test/policies/support/run-oidc-provider.ts" "$repository"/test/cluster/programs/*.ts \
  --bundle --platform=node --target=node24 --format=esm --outdir="$folder/programs" --entry-names='[name]' --out-extension:.js=.mjs --log-level=warning \
  --banner:js='import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);'
image --name docker.io/headgate/test-programs:e2e --entrypoint /usr/local/bin/node --program "$node:/usr/local/bin/node" --file "$folder/programs:/programs"
