//! Frames to bytes; [`super::scan`] is the way back.

/// The bytes every command and, behind `04 0E len`, every reply begins with.
pub(super) const MARK: [u8; 3] = [0x01, 0xE0, 0xFC];
/// Announces a long frame in the length byte.
pub(super) const LONG: u8 = 0xFF;
/// The flash command group.
pub(super) const FLASH: u8 = 0xF4;

/// Shape of a command frame, with its code and payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `01 E0 FC N code ..`
    Short,
    /// `01 E0 FC FF F4 N N code ..`
    Long,
}

/// Builds a command frame.
pub fn command(shape: Shape, code: u8, payload: &[u8]) -> Vec<u8> {
    let count = payload.len() + 1;
    let mut out = Vec::with_capacity(count + 7);
    out.extend(MARK);
    match shape {
        Shape::Short => out.push(count as u8),
        Shape::Long => {
            out.extend([LONG, FLASH]);
            out.extend((count as u16).to_le_bytes());
        }
    }
    out.push(code);
    out.extend(payload);
    out
}

/// Builds a reply frame; in a long one `payload` begins with the status byte.
pub fn reply(shape: Shape, code: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 10);
    out.extend([0x04, 0x0E]);
    match shape {
        Shape::Short => {
            out.push(payload.len() as u8 + 4);
            out.extend(MARK);
        }
        Shape::Long => {
            out.push(LONG);
            out.extend(MARK);
            out.push(FLASH);
            // the GetMID reply of some ROMs counts one too few; ours counts right
            out.extend((payload.len() as u16 + 1).to_le_bytes());
        }
    }
    out.push(code);
    out.extend(payload);
    out
}
