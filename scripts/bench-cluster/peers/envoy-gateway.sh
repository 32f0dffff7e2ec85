# Envoy Gateway from its Go module: the program, and the chart with its CRDs. Sourced by conformance/bench.sh.
# shellcheck shell=bash

EG_MODULE=github.com/envoyproxy/gateway
EG_VERSION=v1.9.1

peer_version() { echo $EG_VERSION; }

build_peer() { build_module envoy-gateway $EG_MODULE cmd/envoy-gateway $EG_VERSION "-X $EG_MODULE/internal/cmd/version.envoyGatewayVersion=$EG_VERSION"; }

install_peer() {
  local image=docker.io/envoyproxy/gateway:$EG_VERSION chart values helm
  program_image $image envoy-gateway /usr/local/bin/envoy-gateway /usr/local/bin/envoy-gateway
  chart=$(module_folder $EG_MODULE $EG_VERSION)/charts/gateway-helm
  helm=$("$conformance/helm.sh")
  say "installing the chart of Envoy Gateway $EG_VERSION"
  # A release fills these two in when it packs the chart.
  values=$(sed "s|\${GatewayImage}|$image|; s|\${GatewayImagePullPolicy}|IfNotPresent|" "$chart/values.tmpl.yaml")
  in_namespace "$helm" install eg "$chart" --namespace envoy-gateway-system --create-namespace --values <(echo "$values") \
    --set global.images.envoyProxy.image=docker.io/envoyproxy/envoy:distroless-v1.40.0 --wait --timeout 5m >"$work/helm.log" 2>&1 ||
    { tail -20 "$work/helm.log" >&2 && in_namespace kubectl get pods,events -A >&2 && die "the chart of Envoy Gateway could not be installed"; }
}
