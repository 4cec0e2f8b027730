# Report and mail of a run.
# Build context: the repository (`docker build --file docker/monitor.Dockerfile .`).
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
RUN cargo build --release --locked --package tamiz-monitor --bin tamiz-monitor

FROM ${RUNTIME_IMAGE}
# Unpinned, as above; only the certificate authorities are added.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/tamiz-monitor /usr/local/bin/tamiz-monitor
# Numeric, as in the job definition: Batch and Lambda know no names of an image.
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/tamiz-monitor"]
