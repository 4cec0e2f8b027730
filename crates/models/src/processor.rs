//! What the processor can do.

/// Whether it multiplies brain floats, with AVX-512 or, where that is, AMX.
pub(crate) fn has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether it multiplies tiles of brain floats (AMX).
pub(crate) fn has_amx() -> bool {
    // AMX-BF16 in the structured extended features, as Intel's manual (volume 2A, CPUID) has it.
    #[cfg(target_arch = "x86_64")]
    return std::arch::x86_64::__cpuid_count(7, 0).edx >> 22 & 1 == 1;
    #[cfg(not(target_arch = "x86_64"))]
    false
}
