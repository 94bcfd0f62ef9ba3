# Saker's image: compiled JavaScript, its production dependencies, Node, and the few programs that Saker calls. No package
# manager, no TypeScript, one shell. docs/image.md says how to build and run it; `pnpm image-root` builds the same root
# without a container engine, by reading this file.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-trixie-slim AS pnpm
ARG PNPM_VERSION=12.21.0
# How old a version has to be was judged when it entered the lockfile; judging it again fetches the history of every package.
ENV CI=true \
  PNPM_CONFIG_MINIMUM_RELEASE_AGE=0
RUN npm install --global pnpm@${PNPM_VERSION}
WORKDIR /opt/saker
COPY . .

# TypeScript becomes JavaScript; what that takes stays behind.
FROM pnpm AS compiled
RUN --mount=type=cache,id=saker-pnpm,target=/root/.local/share/pnpm/store \
  pnpm --filter '!@saker/test' install --frozen-lockfile && \
  node tools/build.mjs /compiled

# What the command needs at run time, exactly as locked. Optional packages are native accelerators: left out, so that the
# JavaScript is the same for every processor.
FROM pnpm AS application
RUN --mount=type=cache,id=saker-pnpm,target=/root/.local/share/pnpm/store \
  pnpm --filter '@saker/cli...' install --prod --no-optional --frozen-lockfile && \
  pnpm --filter @saker/cli sbom --prod --no-optional --sbom-type application \
    --sbom-format cyclonedx --sbom-spec-version 1.6 --out /npm-sbom.json
COPY --from=compiled /compiled /compiled
RUN sh tools/image/lay-application.sh /compiled /image/opt/saker

FROM node:${NODE_VERSION}-trixie-slim AS system
COPY tools/image /tools
COPY --from=application /npm-sbom.json /
# Debian keeps only the newest version of a package, so a pinned one could not be built next month. The symbols of node are
# 18 MB for debuggers.
# hadolint ignore=DL3008
RUN apt-get -o Acquire::Retries=3 update && \
  apt-get -o Acquire::Retries=3 install --yes --no-install-recommends binutils && \
  sh /tools/lay-system.sh /image && \
  mkdir /data && \
  strip -o /image/usr/local/bin/node /usr/local/bin/node && \
  install -m 755 /tools/saker.sh /image/usr/local/bin/saker && \
  node /tools/write-sbom.mjs /npm-sbom.json /image/var/lib/dpkg/status.d /image/usr/share/saker/sbom.json && \
  rm -rf /var/lib/apt/lists/*

FROM scratch
COPY --from=system /image/ /
COPY --from=system --chown=65532:65532 /data/ /var/lib/saker/
COPY --from=application /image/opt/saker/ /opt/saker/
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="saker" \
  org.opencontainers.image.description="Answers Falco alerts in Git: edits the desired state that Flux and Argo CD apply" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV PATH=/usr/local/bin:/usr/bin \
  HOME=/var/lib/saker \
  NODE_ENV=production \
  SAKER_DATA_DIR=/var/lib/saker
# The number that the chart and others expect for nobody in particular; a number, so that Kubernetes can tell it from root.
USER 65532:65532
WORKDIR /var/lib/saker
VOLUME /var/lib/saker
EXPOSE 8080 8081
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "saker"]
CMD ["--help"]
