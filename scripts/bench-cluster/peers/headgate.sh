# This project from its chart, as for users. Sourced by conformance/bench.sh.
# shellcheck shell=bash

# Built already: the backend of all peers comes with it.
build_peer() { :; }

install_peer() {
  install_crds
  install_chart "$conformance/bench-values.yaml"
}

peer_version() { git -C "$repository" rev-parse --short=12 HEAD; }
