//! Has the C library's heap give large blocks back to the system as soon as they are free.
//!
//! A flash is 2 MiB, and a station handles several of them for each of its slots. glibc takes a freed block of that size as a
//! sign that there will be more, and from then on keeps blocks of up to 32 MiB in its heap, one for each of up to eight
//! threads a core (mallopt(3), `M_MMAP_THRESHOLD`, `M_ARENA_MAX`): the memory of all slots at their worst stays taken.
//!
//! A crate of its own for one reason: mallopt is a function of C, and flashjig forbids `unsafe` in its own code.

/// Blocks of this size and more are the system's: below it are those that come by the thousand.
pub const LARGE: i32 = 128 * 1024;

/// Heaps beside each other: two threads that allocate at the same time do not wait.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: i32 = 2;

/// Bounds the heap of this program. To be called before its threads begin. Other C libraries than glibc do as they do.
pub fn bound() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (what, to) in [(libc::M_MMAP_THRESHOLD, LARGE), (libc::M_ARENA_MAX, HEAPS)] {
        // SAFETY: it takes two numbers, and locks the heap itself; a number that it does not take changes nothing
        unsafe { libc::mallopt(what, to) };
    }
}

/// Gives back what is free inside the heap, small blocks that came to lie between others (`malloc_trim(3)`). A matter of less
/// than a millisecond for a heap of some MiB. Other C libraries than glibc do as they do.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes a number, and locks the heap itself
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn resident_kib() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// What is measured is the whole program.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn small_blocks_are_given_back_though_one_above_them_stays() {
        let _alone = ALONE.lock().unwrap();
        bound();
        let small: Vec<Vec<u8>> = (0..4096).map(|_| vec![1_u8; 8 << 10]).collect();
        let above = vec![1_u8; 8 << 10];
        let full = resident_kib();
        drop(small);
        give_back();
        let left = resident_kib();
        assert!(left + 24 * 1024 < full, "{left} KiB are still there of {full}");
        drop(above);
    }

    #[test]
    fn large_blocks_are_given_back_though_small_ones_between_them_stay() {
        let _alone = ALONE.lock().unwrap();
        bound();
        // what glibc takes as a sign that there will be more
        drop(vec![1_u8; 2 << 20]);
        let before = resident_kib();
        let mut small = Vec::new();
        let large: Vec<Vec<u8>> = (0..32)
            .map(|_| {
                let block = vec![1_u8; 2 << 20];
                small.push(vec![1_u8; 1 << 10]);
                block
            })
            .collect();
        assert!(resident_kib() > before + 60 * 1024);
        drop(large);
        let left = resident_kib();
        assert!(
            left < before + 8 * 1024,
            "{left} KiB are still there, {before} were before; {} small ones",
            small.len()
        );
    }
}
