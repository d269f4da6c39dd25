//! `flashjig backup export --without-secrets`: a flash for a report.

use super::stored::{save, stored};
use crate::cli::deed;
use crate::fail::Failure;
use crate::store::report::report;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the flash without its secrets, and the list of what was blanked beside it.
pub(super) async fn export(data_dir: &Path, seq: u64, file: &Path, key: Option<&Path>) -> Result<String, Failure> {
    if file == Path::new("-") {
        return Err(Failure::broken("name a file: the list of what was blanked is written beside it, as FILE.json"));
    }
    let (unit, _, flash) = stored(data_dir, seq, key).await?;
    let (bytes, report) = report(&unit, &flash).map_err(Failure::no)?;
    let json = serde_json::to_vec_pretty(&report).map_err(Failure::broken)?;
    let list = beside(file);
    save(&list, &json)?;
    save(file, &bytes).inspect_err(|_| {
        // a list of nothing is of no use, and in the way of the next try
        _ = fs::remove_file(&list);
    })?;
    deed::leave(data_dir, "report", &format!("unit {seq}"), Some(report.sha256));
    let size = bytes.len() / 1024;
    let mut told = format!("unit {seq}: {size} KiB to {}, the list to {}\nblanked:\n", file.display(), list.display());
    for line in &report.words {
        // writing into a text can't fail
        _ = writeln!(told, "  {line}");
    }
    told.push_str("look at both before you give them away; the station's own backup is as it was\n");
    Ok(told)
}

/// `stock.bin` has its list in `stock.bin.json`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail::BROKEN;
    use crate::model::chip::Chip;
    use crate::model::openbeken::holds_credentials;
    use crate::sim::factory;
    use crate::store::sample::unit;
    use crate::store::{Archive, Choices, Ledger};

    #[tokio::test]
    async fn a_flash_for_a_report_holds_no_credential_and_its_list_lies_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let flash = factory::stock(Chip::Bk7231T, 3);
        let mut unit = unit();
        unit.backup.as_mut().unwrap().sha256 =
            Archive::open(dir.path()).unwrap().keep(flash.clone().into()).await.unwrap();
        ledger.commit(unit).await.unwrap();
        let file = dir.path().join("report.bin");
        let told = export(dir.path(), 1, &file, None).await.unwrap();
        assert!(told.contains("the vendor's store of settings") && told.contains("report.bin.json"), "{told}");
        let left = fs::read(&file).unwrap();
        assert!(left.len() == flash.len() && holds_credentials(&flash) && !holds_credentials(&left));
        let list: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.path().join("report.bin.json")).unwrap()).unwrap();
        assert!(list["areas"].as_array().unwrap().iter().any(|area| area["blanked"] == true), "{list}");
        assert_eq!(Choices::open(dir.path()).left()[0].what, "report");
        let again = export(dir.path(), 1, &file, None).await.unwrap_err();
        assert!(again.code == BROKEN && again.message.contains("not overwritten"), "{again}");
        assert_eq!(export(dir.path(), 1, Path::new("-"), None).await.unwrap_err().code, BROKEN);
        let elsewhere = dir.path().join("none").join("x.bin");
        assert!(export(dir.path(), 1, &elsewhere, None).await.is_err());
    }
}
