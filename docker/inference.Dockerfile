# Clean shards to predictions.
# Build context: the repository (`docker build --file docker/inference.Dockerfile .`).
# libtorch is the slim CPU build of scripts/libtorch.sh.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
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
RUN cargo build --release --locked --package tamiz-inference --bin tamiz-inference

FROM ${RUNTIME_IMAGE}
# Unpinned, as above; only the certificate authorities and the C++ runtime are added.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/libtorch/lib /opt/libtorch/lib
ENV LD_LIBRARY_PATH=/opt/libtorch/lib
COPY --from=build /src/target/release/tamiz-inference /usr/local/bin/tamiz-inference
# Numeric, as in the job definition: Batch knows no names of an image.
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/tamiz-inference"]
