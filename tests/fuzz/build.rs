//! Lets binaries and tests below `target/release` find `target/libtorch` without any environment variable.

fn main() {
    for folder in ["$ORIGIN/../libtorch/lib", "$ORIGIN/../../libtorch/lib"] {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
