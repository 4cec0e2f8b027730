# Raw reviews to clean shards.
# Build context: the repository (`docker build --file docker/etl.Dockerfile .`).
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
# Debian removes old versions from its archive, so a pinned one soon cannot be installed.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY crates crates
COPY tests tests
RUN cargo build --release --locked --package tamiz-etl --bin tamiz-etl

FROM ${RUNTIME_IMAGE}
# Unpinned, as above; only the certificate authorities are added.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/tamiz-etl /usr/local/bin/tamiz-etl
# Numeric, as in the job definition: Batch and Lambda know no names of an image.
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/tamiz-etl"]
