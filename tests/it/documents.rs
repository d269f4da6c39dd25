//! The documents lead somewhere: README is short, each relative link and anchor has its end, and the index has each file.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Folders that have documents of their own, and README.
const FOLDERS: [&str; 5] = [".", "docs", "deploy/jig", "deploy/pi", "deploy/hardware-reports"];

fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = FOLDERS
        .iter()
        .flat_map(|folder| std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    found.sort();
    assert!(found.len() > 20, "{found:?}");
    found
}

fn text(path: &Path) -> String {
    read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A document without what is code: links in it are none.
fn prose(document: &str) -> String {
    let mut fenced = false;
    let mut text = String::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(!fenced, "a block of code has no end");
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Where the links and pictures of a document lead.
fn links(document: &str) -> Vec<String> {
    let prose = prose(document);
    prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or_default().to_owned()).collect()
}

/// The anchors of a document's headings, as GitHub makes them: small letters, hyphens for blanks, no marks.
fn anchors(document: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let heading = line.trim_start_matches('#');
        if fenced || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        found
            .insert(kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect());
    }
    found
}

/// What is wrong with a link of the document at `path`.
fn fault(path: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { path.to_path_buf() } else { path.parent().unwrap().join(file) };
    if !target.exists() {
        return Some(format!("{}: {link} leads nowhere", path.display()));
    }
    let anchor = anchor?;
    (!anchors(&text(&target)).contains(anchor)).then(|| format!("{}: {link} has no such heading", path.display()))
}

#[test]
fn the_readme_is_short() {
    let lines = text(&Path::new(ROOT).join("README.md")).lines().count();
    assert!(lines <= 150, "README.md: expected 150 lines at most, found {lines}; move what is more into docs/");
}

#[test]
fn each_relative_link_leads_somewhere() {
    let mut count = 0;
    let mut faults = Vec::new();
    for path in documents() {
        for link in links(&text(&path)) {
            count += 1;
            faults.extend(fault(&path, &link));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 100, "{count} links: the reader of links sees too little");
}

#[test]
fn the_index_has_each_document() {
    let folder = Path::new(ROOT).join("docs");
    let listed = links(&text(&folder.join("README.md")));
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "README.md" && Path::new(&name).extension().is_some_and(|end| end == "md") {
            assert!(listed.contains(&name), "docs/README.md does not list {name}");
        }
    }
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let here = Path::new(ROOT).join("docs/README.md");
    for good in [
        "../README.md",
        "data-folder.md#when-the-ledger-says-that-something-is-lost",
        "https://x.example/#y",
        "#how-to",
    ] {
        assert_eq!(fault(&here, good), None);
    }
    for bad in ["no-such-file.md", "../README.md#no-such-heading", "#no-such-heading", "../../outside.md"] {
        assert!(fault(&here, bad).is_some(), "{bad}");
    }
    assert_eq!(links("[a](b.md) `[c](d.md)`\n```\n[e](f.md)\n```\n![g](h.png)"), ["b.md", "h.png"]);
    assert!(anchors("# Two *Words*, `code`\n```\n# none\n```").into_iter().eq(["two-words-code".to_owned()]));
}

#[test]
fn the_workflow_of_a_release_calls_what_there_is() {
    let workflow = text(&Path::new(ROOT).join(".github/workflows/release.yml"));
    let script = text(&Path::new(ROOT).join("deploy/build-deb"));
    let (_, call) = workflow.split_once("run: deploy/build-deb ").expect("deploy/build-deb is called");
    for arch in call.lines().next().unwrap().split_whitespace() {
        assert!(script.contains(&format!("    {arch} |")) || script.contains(&format!("| {arch}")), "{arch}");
    }
    let pack = text(&Path::new(ROOT).join("deploy/lib/pack.sh"));
    assert!(pack.contains("FLASHJIG_DEB_OUT:-target/deploy/out") && workflow.contains("target/deploy/out/*.deb"));
    for rust in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "armv7-unknown-linux-gnueabihf"] {
        assert!(pack.contains(&format!("={rust}")) && workflow.contains(&format!("={rust}")), "{rust}");
    }
    // a tag of somebody else's repository can be moved, a digest can't
    for line in workflow.lines().filter(|line| line.contains("uses: ") || line.contains("container: ")) {
        let pin = line.split('@').nth(1).unwrap_or_default().split_whitespace().next().unwrap_or_default();
        let digest = pin.trim_start_matches("sha256:");
        assert!(digest.len() >= 40 && digest.chars().all(|letter| letter.is_ascii_hexdigit()), "not pinned: {line}");
    }
}
