//! An in-memory port for tests on a paused clock (to come).
