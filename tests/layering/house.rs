//! All files of a source tree, and what the paths in them mean: through renames, through `self` and `super`, and through
//! names that a module passes on.

use super::source::Source;
use super::tokens::Path;
use std::collections::{BTreeMap, BTreeSet};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Something of ours, from the root on.
    Ours(Path),
    /// Something of a crate, or of the standard library.
    Outer(Path),
}

impl Target {
    fn below(self, rest: &[String]) -> Self {
        match self {
            Self::Ours(path) => Self::Ours([&path, rest].concat()),
            Self::Outer(path) => Self::Outer([&path, rest].concat()),
        }
    }
}

/// A file with what it names.
pub struct File {
    pub name: String,
    pub module: Path,
    pub source: Source,
}

/// A source tree.
pub struct House {
    pub files: Vec<File>,
    crates: BTreeSet<String>,
    /// The file of each module, those inside a file included.
    modules: BTreeMap<Path, usize>,
}

/// How often a name may lead to another one; more is a name that leads to itself.
const HOPS: usize = 16;

impl House {
    /// Reads the files, named from `src/` on, in a crate that may use these crates.
    pub fn read<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>, crates: &[impl AsRef<str>]) -> Self {
        let files = texts.into_iter().map(|(name, text)| {
            let module = module(name);
            File { name: name.to_owned(), source: Source::read(text, &module), module }
        });
        let all: Vec<File> = files.collect();
        let tests: Vec<Path> = all.iter().flat_map(|file| file.source.tests.clone()).collect();
        let files: Vec<File> =
            all.into_iter().filter(|file| !tests.iter().any(|test| file.module.starts_with(test))).collect();
        let modules = files.iter().enumerate().flat_map(|(at, file)| {
            file.source.scopes.iter().filter(|scope| scope.around.is_none()).map(move |s| (s.module.clone(), at))
        });
        let outer = ["std", "core", "alloc"].into_iter().chain(crates.iter().map(AsRef::as_ref));
        Self { modules: modules.collect(), crates: outer.map(str::to_owned).collect(), files }
    }

    /// Whether a name stands for a folder or a file at the root.
    pub fn is_layer(&self, name: &str) -> bool {
        self.modules.contains_key(&vec![name.to_owned()])
    }

    /// All that the file names outside of itself, as it is written; a `pub use` too.
    pub fn named(&self, file: &File) -> Vec<Target> {
        let source = &file.source;
        let imports = source.imports.iter().enumerate().filter_map(|(at, import)| {
            let target = self.target(file, import.scope, &import.path, Some(at), 0)?;
            let all = if import.name == "*" { vec![import.name.clone()] } else { Path::new() };
            Some(target.below(&all))
        });
        let mentions = source.mentions.iter().filter_map(|m| self.mentioned(file, m.scope, &m.path));
        imports.chain(mentions).collect()
    }

    /// The files in which what the file needs is written. What it only passes on it does not need.
    pub fn needed(&self, file: &File) -> BTreeSet<&str> {
        let source = &file.source;
        let imports = source.imports.iter().enumerate().filter(|(_, import)| !import.passed_on);
        let imports = imports.filter_map(|(at, import)| self.target(file, import.scope, &import.path, Some(at), 0));
        let mentions = source.mentions.iter().filter_map(|m| self.mentioned(file, m.scope, &m.path));
        let homes = imports.chain(mentions).filter_map(|target| self.home(&target, 0));
        homes.map(|at| self.files[at].name.as_str()).filter(|name| *name != file.name).collect()
    }

    /// A word alone counts when a `use` brought it in: then it stands for what that says.
    fn mentioned(&self, file: &File, scope: usize, path: &[String]) -> Option<Target> {
        let alone = path.len() == 1 && file.source.import(scope, &path[0], None).is_none();
        if alone { None } else { self.target(file, scope, path, None, 0) }
    }

    /// What a path means in a scope. `of` is the `use` that it stands in: that one does not explain itself.
    fn target(&self, file: &File, scope: usize, path: &[String], of: Option<usize>, hops: usize) -> Option<Target> {
        let module = &file.source.scopes[scope].module;
        let (head, rest) = path.split_first().filter(|_| hops < HOPS)?;
        let ours = |from: &[String], rest: &[String]| Some(Target::Ours([from, rest].concat()));
        match head.as_str() {
            "crate" | "flashjig" => ours(&[], rest),
            "self" | "super" => {
                let steps = path.iter().take_while(|word| ["self", "super"].contains(&word.as_str()));
                let ups = steps.clone().filter(|word| *word == "super").count();
                ours(&module[..module.len().checked_sub(ups)?], &path[steps.count()..])
            }
            // `extern crate self`
            "" if rest.is_empty() => ours(&[], &[]),
            "" => Some(Target::Outer(rest.to_vec())),
            name => {
                if let Some(at) = file.source.import(scope, name, of) {
                    let import = &file.source.imports[at];
                    return Some(self.target(file, import.scope, &import.path, Some(at), hops + 1)?.below(rest));
                }
                let child = [module.as_slice(), &path[..1]].concat();
                if self.modules.contains_key(&child) {
                    return ours(module, path);
                }
                if self.crates.contains(name) {
                    return Some(Target::Outer(path.to_vec()));
                }
                // what a `use` begins with is then an item of this module; other code may mean one of the prelude
                of.and_then(|_| ours(module, path))
            }
        }
    }

    /// The file in which something of ours is written.
    fn home(&self, target: &Target, hops: usize) -> Option<usize> {
        let Target::Ours(path) = target else { return None };
        let depth = (0..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth]))?;
        let at = self.modules[&path[..depth]];
        let (file, module, rest) = (&self.files[at], &path[..depth], &path[depth..]);
        let scope = file.source.scopes.iter().position(|s| s.around.is_none() && s.module == module)?;
        let import = rest.first().filter(|_| hops < HOPS).and_then(|name| file.source.import(scope, name, None));
        let Some(import) = import else { return Some(at) };
        let from = self.target(file, scope, &file.source.imports[import].path, Some(import), hops)?;
        self.home(&from.below(&rest[1..]), hops + 1)
    }
}

/// The module of a file.
fn module(name: &str) -> Path {
    let mut path: Path = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if ["mod", "lib"].contains(&path[path.len() - 1].as_str()) {
        path.pop();
    }
    path
}
