//! How stock flashes of one model are kept in little room: one as it is, the others by what differs from it. docs/archive.md
//! argues it.
//!
//! | file | what |
//! |---|---|
//! | [`difference`] | a stock flash by what differs from another, its base |
//! | [`spare`] | the second copy of a base, deflated |
//! | [`sketch`] | what tells whether two flashes are alike, without reading both |
//! | [`wrong`] | why such a file can't be used |

pub mod difference;
pub mod sketch;
pub mod spare;
pub mod wrong;

use wrong::Wrong;

/// No flash of these chips is larger, by far: what a file claims must not fill the memory.
const MOST: u32 = 64 << 20;

/// The size of a flash that a file tells.
fn bounded(bytes: u32) -> Result<usize, Wrong> {
    let wrong = || Wrong::new(format!("a flash of at most {MOST} bytes"), bytes.to_string());
    if bytes > MOST { Err(wrong()) } else { Ok(bytes as usize) }
}
