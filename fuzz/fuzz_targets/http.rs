#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| flashjig_fuzz::http::check(data));
