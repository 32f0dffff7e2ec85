# Contour from its Go module: the program, and the manifests of its provisioner with their CRDs. Sourced by conformance/bench.sh.
# shellcheck shell=bash

CONTOUR_MODULE=github.com/projectcontour/contour
CONTOUR_VERSION=v1.33.8
# What the provisioner asks for if nothing else is said; it gets the Envoy that all get.
CONTOUR_ENVOY=docker.io/envoyproxy/envoy:distroless-v1.38.9

peer_version() { echo $CONTOUR_VERSION; }

build_peer() { build_module contour $CONTOUR_MODULE cmd/contour $CONTOUR_VERSION "-X $CONTOUR_MODULE/internal/build.Version=$CONTOUR_VERSION"; }

install_peer() {
  program_image ghcr.io/projectcontour/contour:$CONTOUR_VERSION contour /bin/contour
  ctr -a "$CONTAINERD_SOCKET" -n k8s.io images tag --force docker.io/envoyproxy/envoy:distroless-v1.40.0 $CONTOUR_ENVOY >/dev/null
  say "installing the provisioner of Contour $CONTOUR_VERSION"
  in_namespace kubectl apply --server-side --force-conflicts \
    -f "$(module_folder $CONTOUR_MODULE $CONTOUR_VERSION)/examples/render/contour-gateway-provisioner.yaml" >"$work/crds.log" 2>&1 ||
    { tail -5 "$work/crds.log" >&2 && die "the manifests of Contour could not be installed"; }
  in_namespace kubectl wait --for=condition=Established --timeout=60s crd --all >/dev/null
  in_namespace kubectl rollout status --timeout=180s --namespace projectcontour deployment/contour-gateway-provisioner >/dev/null
}
