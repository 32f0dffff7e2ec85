# Traefik from its Go module: the program, and the manifests of its documentation. Sourced by conformance/bench.sh.
# shellcheck shell=bash

TRAEFIK_MODULE=github.com/traefik/traefik/v3
# The newest that can be had whole: those after it need a module of which the proxy does not have the version.
TRAEFIK_VERSION=v3.6.12
# The CRDs that its documentation names.
TRAEFIK_GATEWAY_API=v1.4.0

peer_version() { echo $TRAEFIK_VERSION; }

build_peer() {
  build_main_module traefik $TRAEFIK_MODULE cmd/traefik $TRAEFIK_VERSION "-X $TRAEFIK_MODULE/pkg/version.Version=${TRAEFIK_VERSION#v}"
}

install_peer() {
  local image=docker.io/library/traefik:$TRAEFIK_VERSION documentation
  documentation=$(module_folder $TRAEFIK_MODULE $TRAEFIK_VERSION)/docs/content/reference/dynamic-configuration
  # Its own image runs as root, too.
  program_image $image traefik /traefik /traefik 0:0
  say "installing Traefik $TRAEFIK_VERSION"
  in_namespace kubectl apply --server-side -f "$(module_folder sigs.k8s.io/gateway-api $TRAEFIK_GATEWAY_API)/config/crd/standard" >"$work/crds.log" 2>&1 ||
    { tail -5 "$work/crds.log" >&2 && die "the CRDs for Traefik could not be installed"; }
  in_namespace kubectl wait --for=condition=Established --timeout=60s crd --all >/dev/null
  # As its chart does it: the Gateway gets the address of the Service. Nothing asks for newer versions; all else is as it comes.
  sed -e "s|image: traefik:.*|image: $image|" -e 's|^\( *\)- --providers.kubernetesgateway$|&\
\1- --providers.kubernetesgateway.statusaddress.service.namespace=default\
\1- --providers.kubernetesgateway.statusaddress.service.name=traefik\
\1- --global.checknewversion=false|' "$documentation/kubernetes-gateway-traefik-lb-svc.yml" |
    in_namespace kubectl apply -f "$documentation/kubernetes-gateway-rbac.yml" -f - >"$work/traefik.log" 2>&1 ||
    { tail -5 "$work/traefik.log" >&2 && die "the manifests of Traefik could not be installed"; }
  in_namespace kubectl rollout status --timeout=180s deployment/traefik >/dev/null ||
    { in_namespace kubectl get pods,events -A >&2 && die "Traefik does not become ready"; }
}
