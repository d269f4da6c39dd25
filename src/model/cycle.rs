//! The unit's state machine (to come).
