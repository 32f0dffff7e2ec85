#!/usr/bin/env bash
# Builds the rate limit service (github.com/envoyproxy/ratelimit) once, and prints its path.
set -eu
cd "$(dirname "$0")"
folder=${HEADGATE_CACHE:-$HOME/.cache/headgate}/ratelimit
version=$(go list -m -f '{{.Version}}' github.com/envoyproxy/ratelimit)
program=$folder/$version/ratelimit
if [ ! -x "$program" ]; then
  mkdir -p "$(dirname "$program")"
  CGO_ENABLED=0 go build -trimpath -o "$program.new" github.com/envoyproxy/ratelimit/src/service_cmd >&2
  mv "$program.new" "$program"
fi
echo "$program"
