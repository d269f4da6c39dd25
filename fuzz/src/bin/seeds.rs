//! Writes the seeds of every target to `corpus/TARGET/`, where `cargo fuzz run TARGET` looks for them.

fn main() -> std::io::Result<()> {
    for (target, _, seeds) in flashjig_fuzz::TARGETS {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in seeds().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:02}")), seed)?;
        }
        println!("{}", folder.display());
    }
    Ok(())
}
