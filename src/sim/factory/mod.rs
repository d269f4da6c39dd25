//! Stock dumps out of thin air.
use crate::model::chip::Chip;
/// tmp
pub fn stock(_chip: Chip, unit: u32) -> Vec<u8> { super::seed::Seed::new(u64::from(unit)).bytes(0x20_0000) }
