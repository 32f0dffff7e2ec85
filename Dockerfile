# The controller's image: Node, one bundle, nothing else. Build for both platforms:
#   docker buildx build --platform linux/amd64,linux/arm64 -t headgate/headgate:0.1.0 .

# The bundle is the same for every platform: it is built once, on the builder's own.
FROM --platform=$BUILDPLATFORM docker.io/library/node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY protos protos
COPY envoy envoy
COPY src src
RUN npm run build

FROM docker.io/library/node:24.21.0-bookworm-slim AS node

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Headgate" \
      org.opencontainers.image.description="A control plane that implements the Kubernetes Gateway API on Envoy" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /src/dist /app/dist
COPY package.json LICENSE /app/
# Threads share two arenas of malloc instead of having one each: 15 MB less at 5,000 routes. V8's compilers take memory in blocks of 32 KiB, which
# go back to the system at once instead of lying between what stays: 10 MB less at 1,000 routes. As many as that may be out at a time.
ENV NODE_ENV=production PATH=/usr/local/bin MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_MMAP_MAX_=16384
USER 65532:65532
# xDS, health, metrics
EXPOSE 18000 19001 19002
# Room for young objects: 16 MB, which is usual, cost 25 MB and saved no time at 3,000 routes. Old objects are looked through when they have
# grown by 40 % instead of up to 300 %: 17 MB less at 3,000 routes, for a fifth more processor time of a cold start and none later.
# What both give, and how it is measured: docs/performance/memory.md, `npm run bench:memory`. By itself Node takes no more than half of the memory
# that a container may have, and ends there. conformance/images.sh starts it the same way.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=2", "--heap-growing-percent=40", "--max-old-space-size-percentage=70", "/app/dist/headgate.mjs"]
