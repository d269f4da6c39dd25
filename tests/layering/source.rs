//! What one file names, read from its tokens: a comment or a text is never taken for code, and a path counts the same in
//! a `use`, an expression, a type, an attribute and a macro, whose inside a parser of whole files would leave unread.

use super::tokens::{Path, Tokens};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A name that a `use` brings in; `*` for all names of a module.
pub struct Import {
    pub scope: usize,
    pub path: Path,
    pub name: String,
    /// Passed on with `pub`: the file itself needs it only when it names it elsewhere too.
    pub passed_on: bool,
}

/// A path in code.
pub struct Mention {
    pub scope: usize,
    pub path: Path,
}

/// Where a name holds: a module or a block.
pub struct Scope {
    pub module: Path,
    /// The scope around a block; a module sees nothing of what is around it.
    pub around: Option<usize>,
}

/// What stands in one file, tests left out.
#[derive(Default)]
pub struct Source {
    pub scopes: Vec<Scope>,
    pub imports: Vec<Import>,
    pub mentions: Vec<Mention>,
    /// Modules that only tests have.
    pub tests: Vec<Path>,
    /// What would hide code from this reading.
    pub hides: Vec<&'static str>,
}

impl Source {
    /// Reads the file of this module.
    pub fn read(text: &str, module: &[String]) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{module:?}: not Rust: {error}"));
        let mut source = Self::default();
        source.scope(tokens, module.to_vec(), None);
        source
    }

    /// The `use` that brings a name into a scope, other than this one.
    pub fn import(&self, scope: usize, name: &str, but: Option<usize>) -> Option<usize> {
        let here = |(at, import): &(usize, &Import)| import.scope == scope && import.name == name && Some(*at) != but;
        let found = self.imports.iter().enumerate().find(here).map(|(at, _)| at);
        found.or_else(|| self.import(self.scopes[scope].around?, name, but))
    }

    fn scope(&mut self, tokens: TokenStream, module: Path, around: Option<usize>) {
        self.scopes.push(Scope { module, around });
        self.walk(tokens, self.scopes.len() - 1);
    }

    fn walk(&mut self, tokens: TokenStream, scope: usize) {
        let tokens = Tokens::new(tokens);
        let mut at = 0;
        while at < tokens.0.len() {
            at = self.step(&tokens, at, scope);
        }
    }

    /// Reads what begins at a token; where the next thing begins.
    fn step(&mut self, tokens: &Tokens, at: usize, scope: usize) -> usize {
        match &tokens.0[at] {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                self.scope(group.stream(), self.scopes[scope].module.clone(), Some(scope));
            }
            // `pub(in crate::flow)` needs nothing of it
            TokenTree::Group(_) if at > 0 && tokens.is(at - 1, "pub") => {}
            TokenTree::Group(group) => self.walk(group.stream(), scope),
            TokenTree::Punct(_) if tokens.is(at, "#") => return self.attribute(tokens, at, scope),
            TokenTree::Punct(_) if tokens.is_path_mark(at) => {
                let (path, end) = tokens.path(at + 2);
                // behind `<T as Trait>` or `Vec::<T>` it goes on with no path of its own
                if !path.is_empty() && !tokens.ends_generics(at) {
                    self.mentions.push(Mention { scope, path: [vec![String::new()], path].concat() });
                }
                return end.max(at + 2);
            }
            TokenTree::Ident(_) => return self.word(tokens, at, scope),
            _ => {}
        }
        at + 1
    }

    fn word(&mut self, tokens: &Tokens, at: usize, scope: usize) -> usize {
        let (path, end) = tokens.path(at);
        if tokens.is_field(at) {
            return end;
        }
        match path[0].as_str() {
            "use" if !tokens.is(at + 1, "<") => {
                return self.bring(tokens, at + 1, scope, vec![], tokens.is_public(at));
            }
            "extern" if tokens.is(at + 1, "crate") => {
                return self.bring(tokens, at + 2, scope, vec![String::new()], tokens.is_public(at));
            }
            "mod" if tokens.is_brace(at + 2) => {
                let name = tokens.text(at + 1);
                let module = [self.scopes[scope].module.clone(), vec![name]].concat();
                self.scope(tokens.group(at + 2), module, None);
                return at + 3;
            }
            "mod" if tokens.is(at + 2, ";") => return at + 3,
            "include" if tokens.is(at + 1, "!") => self.hides.push("include!"),
            "crate" | "self" | "super" if tokens.is_path_mark(end) && tokens.is(end + 2, "$") => {
                self.hides.push("a path that a macro puts together");
            }
            _ => {}
        }
        self.mentions.push(Mention { scope, path });
        end
    }

    /// An attribute; with one that says `cfg(test)` what it stands at is left out.
    fn attribute(&mut self, tokens: &Tokens, at: usize, scope: usize) -> usize {
        let inner = tokens.is(at + 1, "!");
        let body = at + 1 + usize::from(inner);
        let content = Tokens::new(tokens.group(body));
        let module = &self.scopes[scope].module;
        if content.is(0, "cfg") && tokens.group(body).to_string().replace(' ', "") == "cfg(test)" {
            if inner {
                self.tests.push(module.clone());
                return tokens.0.len();
            }
            let end = tokens.end_of_item(body + 1);
            let name = (body + 1..end).find(|at| tokens.is(*at, "mod")).map(|at| tokens.text(at + 1));
            self.tests.extend(name.map(|name| [module.clone(), vec![name]].concat()));
            return end;
        }
        if content.is(0, "path") {
            self.hides.push("#[path]");
        }
        if !content.is(0, "doc") {
            self.walk(tokens.group(body), scope);
            self.texts(tokens.group(body), scope);
        }
        body + 1
    }

    /// Paths in the texts of an attribute, such as `#[serde(default = "crate::clock::now")]`.
    fn texts(&mut self, tokens: TokenStream, scope: usize) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.texts(group.stream(), scope),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if text.contains("::")
                        && let Ok(tokens) = text.trim_matches('"').parse()
                    {
                        self.walk(tokens, scope);
                    }
                }
                _ => {}
            }
        }
    }

    /// The tree of a `use`, up to its end.
    fn bring(&mut self, tokens: &Tokens, at: usize, scope: usize, mut path: Path, passed_on: bool) -> usize {
        let mut at = at;
        let mut renamed = None;
        loop {
            match tokens.0.get(at) {
                Some(TokenTree::Ident(_)) if tokens.is(at, "as") => {
                    renamed = Some(tokens.text(at + 1));
                    at += 1;
                }
                Some(TokenTree::Ident(_)) => path.push(tokens.text(at)),
                Some(TokenTree::Group(group)) => {
                    let branches = Tokens::new(group.stream());
                    let mut branch = 0;
                    while branch < branches.0.len() {
                        branch = self.bring(&branches, branch, scope, path.clone(), passed_on);
                    }
                    return at + 1 + usize::from(tokens.is(at + 1, ";") || tokens.is(at + 1, ","));
                }
                Some(TokenTree::Punct(_)) if tokens.is(at, "*") => renamed = Some("*".into()),
                Some(TokenTree::Punct(_)) if tokens.is_path_mark(at) => {
                    if path.is_empty() {
                        path.push(String::new());
                    }
                    at += 1;
                }
                _ => break,
            }
            at += 1;
        }
        // `a::{self}` is `a`; a `self` alone is the module
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last() {
            let name = renamed.unwrap_or_else(|| last.clone());
            self.imports.push(Import { scope, path, name, passed_on });
        }
        at + 1
    }
}
