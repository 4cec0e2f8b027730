# Raw reviews to clean shards.
# Build context: the repository; scripts/build-images.sh builds all five.
ARG BUILD_IMAGE=rust:1.95-slim-bookworm

# ---- All programs, the same stage in every Dockerfile: built once, and from one set of features, as they are tested ----
FROM ${BUILD_IMAGE} AS build
# Debian removes old versions from its archive, so a pinned one soon cannot be installed.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ libc6-dev make python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# libtorch first: it is large and changes least.
COPY scripts/lib scripts/lib
COPY scripts/libtorch.sh scripts/
RUN ./scripts/libtorch.sh
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY crates crates
COPY tests tests
RUN cargo build --release --locked --workspace --bins \
    && install -D --target-directory /out target/release/tamiz-etl target/release/tamiz-inference \
        target/release/tamiz-monitor target/release/tamiz-retrain target/release/tamiz-dispatcher \
    && rm -rf target/release

# ---- A root file system of four packages, without a shell --------------------------------------------------------------
FROM ${BUILD_IMAGE} AS rootfs
COPY docker/rootfs.sh /
RUN /rootfs.sh /rootfs base-files ca-certificates libc6 libgcc-s1

# ---- The image ------------------------------------------------------------------------------------------------------------
FROM scratch
COPY --from=rootfs /rootfs /
COPY --from=build /out/tamiz-etl /usr/local/bin/tamiz-etl
ARG VERSION=0 REVISION=unknown
LABEL org.opencontainers.image.title="tamiz-etl" \
    org.opencontainers.image.description="Raw reviews to clean shards" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
# Numeric, as in the job definition: Batch and Lambda know no names of an image.
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/tamiz-etl"]
