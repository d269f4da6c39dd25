//! Questions about a row of tokens.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The segments of a path. An empty first segment stands for a leading `::`.
pub type Path = Vec<String>;

/// How the items begin that a `cfg(test)` can take away; those of the second list end with a semicolon.
const BLOCKS: [&str; 9] = ["mod", "fn", "async", "struct", "enum", "union", "trait", "impl", "macro_rules"];
const LINES: [&str; 4] = ["use", "const", "static", "type"];

/// The tokens of a file or a group.
pub struct Tokens(pub Vec<TokenTree>);

impl Tokens {
    pub fn new(tokens: TokenStream) -> Self {
        Self(tokens.into_iter().collect())
    }

    /// The text of a word or a sign, a raw word's without its mark; empty for a group and behind the end.
    pub fn text(&self, at: usize) -> String {
        match self.0.get(at) {
            Some(TokenTree::Ident(ident)) => ident.to_string().trim_start_matches("r#").to_owned(),
            Some(TokenTree::Punct(punct)) => punct.as_char().to_string(),
            _ => String::new(),
        }
    }

    pub fn is(&self, at: usize, text: &str) -> bool {
        self.text(at) == text
    }

    pub fn is_ident(&self, at: usize) -> bool {
        matches!(self.0.get(at), Some(TokenTree::Ident(_)))
    }

    pub fn is_brace(&self, at: usize) -> bool {
        matches!(self.0.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
    }

    pub fn group(&self, at: usize) -> TokenStream {
        match self.0.get(at) {
            Some(TokenTree::Group(group)) => group.stream(),
            _ => TokenStream::new(),
        }
    }

    /// `::`
    pub fn is_path_mark(&self, at: usize) -> bool {
        let joined = matches!(self.0.get(at), Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
        joined && self.is(at, ":") && self.is(at + 1, ":")
    }

    /// The words from here that `::` joins, and where they end.
    pub fn path(&self, at: usize) -> (Path, usize) {
        let (mut path, mut end) = (Path::new(), at);
        while self.is_ident(end) {
            path.push(self.text(end));
            end += 1;
            if !(self.is_path_mark(end) && self.is_ident(end + 2)) {
                break;
            }
            end += 2;
        }
        (path, end)
    }

    /// Whether a `>` that is no arrow stands before.
    pub fn ends_generics(&self, at: usize) -> bool {
        let before = |back: usize, sign: &str| at >= back && self.is(at - back, sign);
        before(1, ">") && !before(2, "-") && !before(2, "=")
    }

    /// `.word`, but not behind the two dots of a range.
    pub fn is_field(&self, at: usize) -> bool {
        let before = |back: usize, sign: &str| at >= back && self.is(at - back, sign);
        before(1, ".") && !before(2, ".")
    }

    /// Whether `pub` or `pub(..)` stands before.
    pub fn is_public(&self, at: usize) -> bool {
        let before = |back: usize| at >= back && self.is(at - back, "pub");
        before(1) || (before(2) && matches!(self.0[at - 1], TokenTree::Group(_)))
    }

    /// Behind the item that begins here; here for what is no item: then nothing is left out.
    pub fn end_of_item(&self, at: usize) -> usize {
        let first = (at..self.0.len()).find(|at| self.is_ident(*at) && !self.is(*at, "pub"));
        let word = first.map(|at| self.text(at)).unwrap_or_default();
        let function = first.is_some_and(|at| self.is(at, "const") && BLOCKS.contains(&&*self.text(at + 1)));
        let (block, line) = (function || BLOCKS.contains(&&*word), LINES.contains(&&*word));
        let ends = |at: &usize| self.is(*at, ";") || (block && self.is_brace(*at));
        if block || line { (at..self.0.len()).find(ends).map_or(self.0.len(), |end| end + 1) } else { at }
    }
}
