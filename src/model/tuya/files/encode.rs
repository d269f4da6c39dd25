//! Builds a file store, for the virtual bench's stock flashes and for tests of the reader.

use super::index::{ENTRY, MAGIC, MOST, MOST_BLOCKS, NAME, SUMMED_AT};
use super::{Areas, BLOCK};
use crate::model::tuya::format::sum;

/// One file: its name, its blocks, its content.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Up to 32 printable bytes.
    pub name: String,
    /// Length that the index tells; the content's own, unless a test wants another.
    pub length: usize,
    /// Logical blocks; too few are none of the encoder's business: readers must survive them.
    pub blocks: Vec<u16>,
    /// Bytes.
    pub content: Vec<u8>,
}

impl Plan {
    /// A file in these blocks.
    pub fn new(name: &str, blocks: &[u16], content: &[u8]) -> Self {
        Self { name: name.to_owned(), length: content.len(), blocks: blocks.to_vec(), content: content.to_vec() }
    }
}

/// An index sector. What does not fit is left out.
pub fn index(files: &[Plan], generation: u32) -> Vec<u8> {
    index_of(files, generation, 0, None, 0)
}

/// The same with all that the vendor's firmware never varies: number of the index, count, and what is behind the entries.
pub fn index_of(files: &[Plan], generation: u32, number: u16, count: Option<u16>, fill: u8) -> Vec<u8> {
    let files = files.get(..MOST).unwrap_or(files);
    let mut body = generation.to_le_bytes().to_vec();
    body.extend(number.to_le_bytes());
    body.extend(count.unwrap_or(files.len() as u16).to_le_bytes());
    for file in files {
        let end = body.len() + ENTRY;
        body.extend(file.name.bytes().chain(std::iter::repeat(0)).take(NAME));
        body.extend((file.length as u32).to_le_bytes());
        body.extend(file.blocks.iter().take(MOST_BLOCKS).flat_map(|block| block.to_le_bytes()));
        body.resize(end, 0);
    }
    body.resize(BLOCK - SUMMED_AT, fill);
    [MAGIC.to_le_bytes().to_vec(), sum(&body).to_le_bytes().to_vec(), body].concat()
}

/// Puts a sector where a block lies in a whole flash; outside of it nothing happens.
pub fn put(flash: &mut [u8], areas: &Areas, block: u16, bytes: &[u8]) {
    let at = areas.address(block) as usize;
    for (to, from) in flash.iter_mut().skip(at).zip(bytes.iter().take(BLOCK)) {
        *to = *from;
    }
}

/// Lays a store over a whole flash: both indexes, and each file in its blocks with blank flash behind it.
pub fn store(flash: &mut [u8], areas: &Areas, files: &[Plan], generation: u32) {
    let index = index(files, generation);
    put(flash, areas, 0, &index);
    put(flash, areas, 1, &index);
    for file in files {
        for (&block, part) in file.blocks.iter().zip(file.content.chunks(BLOCK)) {
            let mut sector = part.to_vec();
            sector.resize(BLOCK, 0xFF);
            put(flash, areas, block, &sector);
        }
    }
}
