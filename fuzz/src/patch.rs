//! Inputs that change a large made-up file in a few places: a mutator would never find its way to the deep parts of a
//! 2 MiB flash from nothing.
//!
//! Byte 0 chooses: 0, the rest is the file itself; n, the n-th base. Then three bytes, little endian: the size that the
//! base is cut to, 0 for all of it. Then patches: three bytes offset, one byte length, the bytes.

/// The file that an input stands for.
pub fn apply(data: &[u8], bases: &[Vec<u8>]) -> Vec<u8> {
    let Some((&choice, mut rest)) = data.split_first() else { return Vec::new() };
    let Some(base) = usize::from(choice).checked_sub(1).and_then(|n| bases.get(n % bases.len().max(1))) else {
        return rest.to_vec();
    };
    let mut file = base.clone();
    match number(&mut rest) {
        Some(0) | None => {}
        Some(size) => file.truncate(size),
    }
    while let (Some(offset), Some((&len, more))) = (number(&mut rest), rest.get(..).and_then(<[u8]>::split_first)) {
        let (bytes, left) = more.split_at(usize::from(len).min(more.len()));
        rest = left;
        let at = offset % file.len().max(1);
        for (to, from) in file.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    }
    file
}

/// The input that stands for a base with these patches.
pub fn input(base: u8, size: u32, patches: &[(u32, &[u8])]) -> Vec<u8> {
    let mut data = vec![base];
    data.extend(&size.to_le_bytes()[..3]);
    for (offset, bytes) in patches {
        data.extend(&offset.to_le_bytes()[..3]);
        data.push(bytes.len() as u8);
        data.extend(*bytes);
    }
    data
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let ([a, b, c], left) = rest.split_first_chunk::<3>()?;
    *rest = left;
    Some(u32::from_le_bytes([*a, *b, *c, 0]) as usize)
}
