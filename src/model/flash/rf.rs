//! The calibration sector (to come).
