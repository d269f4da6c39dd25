//! The device list that flashjig brings along is the folder `config/devices`.

use flashjig::model::openbeken::Device;

#[test]
fn every_file_of_the_folder_is_built_in_and_readable() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/devices");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Device::parse(&name, &std::fs::read_to_string(&path).unwrap()).unwrap();
            name
        })
        .collect();
    files.sort();
    let built_in: Vec<String> = Device::built_in().into_iter().map(|device| device.name).collect();
    assert_eq!(built_in, files);
}
