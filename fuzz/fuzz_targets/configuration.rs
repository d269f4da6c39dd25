#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| flashjig_fuzz::configuration::check(data));
