#!/usr/bin/env bash
# `npm run bench:memory [-- OPTION...]`: the resident memory of the controller and its cold start, as a process of its own that is started
# with the flags of its image, at a real kube-apiserver and with a real Envoy, without a cluster. Needs Linux and root.
#   --routes N,...        routes to one Service that come one after the other (default: 0,1000,3000)
#   --sets N              ListenerSets with HTTPS that come behind these, with 16 routes each (default: 150)
#   --own N               routes with Services of their own that are there when the controller starts (default: 5000; 0: none)
#   --churn-seconds N     for how long 10 routes and endpoints a second change then (default: 60)
#   --node-flags="..."    flags of Node to try, after those of the image
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
"$repository/conformance/cluster/programs.sh" >&2
exec node --import tsx "$repository/scripts/memory/main.ts" "$@"
