//! The UART download protocol of the BK72xx chips, both directions.
//!
//! Two unrelated servers speak it: the *L-boot* (a boot loader in flash: BK7231T, U, Q, BK7252) and the *ROM*
//! (mask ROM: BK7231N, M, BK7238, BK7252N). See [`dialect`] for what differs.
//!
//! | file | what |
//! |---|---|
//! | [`frame`] | frames to bytes: the two shapes |
//! | [`scan`] | bytes to frames: resynchronising scanners |
//! | [`command`] | host to chip |
//! | [`reply`] | chip to host |
//! | [`dialect`] | what each server knows, refuses and forgets |
//! | [`crc`] | the protocol's CRC-32, the code pages' CRC-16 |
//!
//! Sources: Beken's public boot code, disassembled boot loaders and the public tools bk7231tools, hid_download_py and
//! BK7231GUIFlashTool. All integers are little-endian.

pub mod command;
pub mod crc;
pub mod dialect;
pub mod frame;
pub mod reply;
pub mod scan;

pub use command::{Command, EraseSize};
pub use dialect::Dialect;
pub use reply::{Reply, Status};
