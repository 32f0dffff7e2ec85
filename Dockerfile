# The controller's image: Node, one bundle, nothing else. Build for both platforms:
#   docker buildx build --platform linux/amd64,linux/arm64 -t headgate/headgate:0.1.0 .

# The bundle is the same for every platform: it is built once, on the builder's own.
FROM --platform=$BUILDPLATFORM docker.io/library/node:24.9.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY protos protos
COPY envoy envoy
COPY src src
RUN npm run build

FROM docker.io/library/node:24.9.0-bookworm-slim AS node

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Headgate" \
      org.opencontainers.image.description="A control plane that implements the Kubernetes Gateway API on Envoy" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /src/dist /app/dist
COPY package.json LICENSE /app/
ENV NODE_ENV=production PATH=/usr/local/bin
USER 65532:65532
# xDS, health, metrics
EXPOSE 18000 19001 19002
# More room for young objects would cost 25 MB and save no time: measured from 2 to 16 MB at 3,000 routes.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "/app/dist/headgate.mjs"]
