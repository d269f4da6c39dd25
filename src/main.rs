//! The `flashjig` program: see [`flashjig::cli`].

fn main() -> std::process::ExitCode {
    flashjig::cli::main()
}
