# Two images, targets `operator` and `sidecar`: node, the shared libraries that it links, one bundle, the list of what is
# in it (CycloneDX, for scanners). No shell, no npm.
# `make images` bundles first and passes BASE: the image below, or a root file system made by debootstrap. A digest, as
# a tag can be moved; test/e2e/cluster/settings.sh and the test images name the same.
ARG BASE=debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171
FROM ${BASE} AS libraries
RUN [ -s /etc/ssl/certs/ca-certificates.crt ] \
 || (apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*)
ARG NODE_ARCH=x64
COPY node.sha256 /build/
COPY node_modules/node-linux-${NODE_ARCH}/bin/node /build/node_modules/node-linux-${NODE_ARCH}/bin/node
# Not readable for its own user: the kernel then keeps a process of the same user out of /proc/PID/root and mem. In a pod
# with shareProcessNamespace the app could else read the Secrets that are mounted for the sidecar alone.
# Before anything runs it: a registry or a mirror that gives out another binary ends the build here.
RUN set -eu; cd /build; \
    grep "/node-linux-${NODE_ARCH}/" node.sha256 | sha256sum --check --strict; \
    install -D -m 0711 "node_modules/node-linux-${NODE_ARCH}/bin/node" /root-of-image/usr/bin/node
# What ldd names lies at the same path in the image, the dynamic loader included. Since glibc 2.34 name resolution
# needs no further library; nsswitch.conf makes it look into /etc/hosts before DNS.
RUN set -eu; cd /root-of-image; \
    ldd usr/bin/node | grep -o '/[^ ]*' | while read -r library; do \
      mkdir -p ".$(dirname "$library")"; cp -L "$library" ".$library"; \
    done; \
    mkdir -p etc/ssl/certs; cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; \
    echo 'hosts: files dns' > etc/nsswitch.conf; \
    echo 'nonroot:x:65532:65532:nonroot:/:/nonexistent' > etc/passwd; \
    echo 'nonroot:x:65532:' > etc/group; \
    usr/bin/node -e 'if (!process.version.startsWith("v24.")) throw new Error("not Node 24: " + process.version)'

# What both programs stand on; `make images` also tags it for the example app and the test client.
FROM scratch AS node
COPY --from=libraries /root-of-image/ /
ENV NODE_ENV=production PATH=/usr/bin
USER 65532:65532

# A sidecar's memory is paid once per pod. No optimising compiler, a young generation of 1 MB, a bounded heap, fewer
# helper threads and one malloc arena: about half of what node takes by itself. --expose-gc lets the program free what
# V8 does not count (checks/tls/authorities.ts). The flags stand here because NODE_OPTIONS refuses some of them. Two
# threads serve files and password hashing, so that one cannot block the other.
# The program is named by its whole path, so that no PATH of a pod puts another one in its place. SIGUSR1 would open
# node's debugger on the pod's loopback: whoever may send it, as any process of the same user in a shared process
# namespace, could run code in the sidecar.
FROM node AS sidecar
COPY dist/sidecar.cjs dist/sidecar.cdx.json /
ENV MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=2
ENTRYPOINT ["/usr/bin/node", "--lite-mode", "--max-old-space-size=24", "--max-semi-space-size=1", "--single-threaded", "--expose-gc", "--disable-sigusr1", "/sidecar.cjs"]

# Half of the container's memory limit is for objects, the rest for what node takes beside them: code, connections,
# bodies. By itself node takes 256 MB, whatever the limit, and is ended before it collects garbage. A small young
# generation, because what a large body leaves there is counted three times. One malloc arena and a fixed threshold give
# the memory of large buffers back to the system.
FROM node AS operator
COPY dist/operator.cjs dist/operator.cdx.json /
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072
ENTRYPOINT ["/usr/bin/node", "--max-old-space-size-percentage=50", "--max-semi-space-size=2", "--disable-sigusr1", "/operator.cjs"]
