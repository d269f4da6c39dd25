//! The table of flash chips (to come).
