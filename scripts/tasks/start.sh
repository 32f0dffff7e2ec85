#!/usr/bin/env bash
# `npm start [-- OPTIONS]`: builds what changed and becomes the control plane.
set -eu
tasks=$(cd "$(dirname "$0")" && pwd)
node --import tsx "$tasks/build.ts" --quiet
exec node "$tasks/../../dist/headgate.mjs" "$@"
