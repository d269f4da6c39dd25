//! Firmware images (to come).
