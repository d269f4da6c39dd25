//! The planner (to come).
