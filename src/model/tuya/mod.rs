//! The vendor's settings in a stock dump.
