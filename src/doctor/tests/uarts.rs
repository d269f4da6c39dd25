//! Ports against nodes, overlays and wires.

use super::*;
use crate::jig::header::Model;
use std::os::unix::fs::symlink;

const PI4: [(&str, &str); 4] =
    [("ttyAMA0", "fe201000"), ("ttyAMA3", "fe201600"), ("ttyAMA4", "fe201800"), ("ttyAMA5", "fe201a00")];
const PI5: [(&str, &str); 4] =
    [("ttyAMA0", "1f00030000"), ("ttyAMA2", "1f00038000"), ("ttyAMA3", "1f0003c000"), ("ttyAMA4", "1f00040000")];

impl Machine {
    /// A port and the device of its registers, as kernels since 6.6 have them: two devices lie between.
    fn uart(&self, port: &str, node: &str) {
        let registers = format!("sys/devices/platform/soc/{node}.serial");
        self.put(&format!("{registers}/of_node/compatible"), "arm,pl011\0");
        let tty = format!("{registers}/{node}.serial:0/{node}.serial:0.0/tty/{port}");
        self.put(&format!("{tty}/console"), "N\n");
        self.put(&format!("dev/{port}"), "");
        let root = self.0.path();
        fs::create_dir_all(root.join("sys/class/tty")).unwrap();
        symlink(root.join(&tty), root.join("sys/class/tty").join(port)).unwrap();
        symlink("../..", root.join(&tty).join("device")).unwrap();
    }

    /// What udev's rules make of it.
    fn link(&self, tx: u32, port: &str) {
        let folder = self.0.path().join("dev/flashjig");
        fs::create_dir_all(&folder).unwrap();
        _ = fs::remove_file(folder.join(format!("gpio{tx}")));
        symlink(format!("../{port}"), folder.join(format!("gpio{tx}"))).unwrap();
    }

    /// A Pi with four slots by the project's own files.
    fn four(model: Model) -> Self {
        let machine = Self::pi();
        fs::remove_file(machine.0.path().join("dev/ttyAMA0")).unwrap();
        machine.put("dev/gpiochip0", "");
        machine.put("boot/firmware/config.txt", include_str!("../../../deploy/pi/config-four-slots.txt"));
        let (words, uarts, sample) = if model == Model::Pi5 {
            let sample = include_str!("../../../deploy/pi/flashjig-four-slots-pi5.toml");
            ("Raspberry Pi 5 Model B Rev 1.0\0", PI5, sample)
        } else {
            let sample = include_str!("../../../deploy/pi/flashjig-four-slots-pi4.toml");
            ("Raspberry Pi 4 Model B Rev 1.4\0", PI4, sample)
        };
        machine.put("proc/device-tree/model", words);
        for ((port, node), tx) in uarts.into_iter().zip([14, 4, 8, 12]) {
            machine.uart(port, node);
            machine.link(tx, port);
        }
        machine.put("flashjig.toml", &sample.replace("/var/lib/flashjig", "/data"));
        machine
    }

    fn is_well(&self) -> bool {
        self.findings().iter().all(|finding| finding.level == Level::Ok || finding.subject == "disk")
    }

    fn found(&self, subject: &str) -> String {
        self.findings().into_iter().find(|finding| finding.subject == subject).expect(subject).found
    }
}

fn slot(uart: &str, lines: &str) -> String {
    format!(
        "[station]\ndata_dir = \"/data\"\n[[slot]]\nname = \"A\"\nuart = \"{uart}\"\nstart = \"remote\"\n\
         [slot.lines]\nkind = \"gpio\"\n{lines}\n"
    )
}

#[test]
fn four_slots_by_the_projects_files_are_well_on_a_pi_4_and_on_a_pi_5() {
    for (model, slot_b) in
        [(Model::Pi4, "ttyAMA3 is uart3: TX GPIO4, RX GPIO5"), (Model::Pi5, "ttyAMA2 is uart2: TX GPIO4, RX GPIO5")]
    {
        let machine = Machine::four(model);
        assert!(machine.is_well(), "{:#?}", machine.findings());
        assert_eq!(machine.found("wires of slot B"), slot_b);
    }
}

#[test]
fn a_name_that_leads_to_the_wires_of_another_slot_is_a_fault() {
    let machine = Machine::four(Model::Pi5);
    // what the numbers of a Pi 4 would make of it
    machine.link(4, "ttyAMA3");
    machine.link(8, "ttyAMA2");
    let findings = machine.findings();
    let bad: Vec<_> = findings.iter().filter(|f| f.level == Level::Fault).collect();
    let subjects: Vec<_> = bad.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["wires of slot B", "wires of slot C"]);
    assert_eq!(bad[0].expected.as_deref(), Some("TX at GPIO4, by the port's name"));
    assert_eq!(bad[0].found, "ttyAMA3 is uart3: TX GPIO8, RX GPIO9");
}

#[test]
fn a_parked_tx_that_is_not_the_ports_is_a_fault_and_a_number_a_warning() {
    let machine = Machine::four(Model::Pi5);
    machine.put("flashjig.toml", &slot("/dev/ttyAMA3", "reset = { pin = 27 }\npark = { tx = 4 }"));
    let finding = machine.complaint();
    assert_eq!((finding.level, finding.subject.as_str()), (Level::Fault, "wires of slot A"));
    assert_eq!(finding.remedy.unwrap(), "write uart = \"/dev/flashjig/gpio4\"");
    machine.put("flashjig.toml", &slot("/dev/ttyAMA2", "reset = { pin = 27 }\npark = { tx = 4 }"));
    let finding = machine.complaint();
    assert_eq!((finding.level, finding.subject.as_str()), (Level::Warning, "wires of slot A"));
    assert_eq!(finding.remedy.unwrap(), "write uart = \"/dev/flashjig/gpio4\"");
}

#[test]
fn a_pin_that_the_ports_own_node_or_a_line_of_config_txt_has_is_a_fault() {
    let machine = Machine::four(Model::Pi4);
    // an older kernel without aliases, which counts from 1
    machine.uart("ttyAMA1", "fe201400");
    machine.put("flashjig.toml", &slot("/dev/ttyAMA1", "reset = { pin = 27 }\nled_red = { pin = 0 }"));
    let bad: Vec<_> = machine.findings().into_iter().filter(|f| f.level == Level::Fault).collect();
    assert_eq!(bad.len(), 1, "{bad:#?}");
    assert_eq!(bad[0].remedy.as_deref(), Some("give led_red another pin"));
    machine.put("flashjig.toml", &slot("/dev/flashjig/gpio14", "reset = { pin = 27 }\nled_red = { pin = 9 }"));
    assert_eq!(machine.complaint().found, "dtoverlay=uart4 in /boot/firmware/config.txt has it");
    machine.put("boot/firmware/config.txt", "dtparam=spi=on\n[pi5]\ndtparam=spi=off\n");
    assert_eq!(machine.complaint().found, "dtparam=spi=on in /boot/firmware/config.txt has it");
    machine.put("boot/firmware/config.txt", "[pi5]\ndtparam=spi=on\n[all]\nenable_uart=1\n");
    assert!(machine.is_well(), "a section for another model does not count");
}

#[test]
fn two_slots_on_one_port_under_two_names_are_a_fault() {
    let machine = Machine::four(Model::Pi4);
    let sample = fs::read_to_string(machine.0.path().join("flashjig.toml")).unwrap();
    machine.link(4, "ttyAMA0");
    machine.put("flashjig.toml", &sample);
    let subjects: Vec<_> =
        machine.findings().into_iter().filter(|f| f.level == Level::Fault).map(|f| f.found).collect();
    assert!(subjects.iter().any(|found| found == "/dev/ttyAMA0 is the port of slot A, too"), "{subjects:?}");
}

#[test]
fn a_pi_5_whose_uart_receives_by_dma_is_a_fault() {
    let machine = Machine::four(Model::Pi5);
    machine.put("sys/devices/platform/soc/1f00030000.serial/of_node/dmas", "x");
    let finding = machine.complaint();
    assert_eq!((finding.level, finding.subject.as_str()), (Level::Fault, "DMA of slot A"));
    assert!(finding.remedy.unwrap().contains("full-upgrade"));
    // the processors before it have DMA, which their driver does well without
    let machine = Machine::four(Model::Pi4);
    machine.put("sys/devices/platform/soc/fe201000.serial/of_node/dmas", "x");
    assert!(machine.is_well());
}

#[test]
fn the_clock_of_a_pi_5_is_its_own_and_config_txt_does_not_reach_it() {
    let machine = Machine::four(Model::Pi5);
    assert!(machine.found("UART of slot A").contains("50 MHz gives 3125000 baud"));
    let sample = fs::read_to_string(machine.0.path().join("flashjig.toml")).unwrap();
    machine.put("flashjig.toml", &sample.replacen("start =", "max_baud = 4000000\nstart =", 1));
    assert_eq!(machine.complaint().remedy.unwrap(), "write max_baud = 3125000 or less for the slot");
    // what the kernel says counts before what is known of the model: the 3 MHz of an old firmware
    let machine = Machine::four(Model::Pi4);
    let node = "sys/devices/platform/soc/fe201000.serial/fe201000.serial:0/fe201000.serial:0.0/tty/ttyAMA0";
    machine.put(&format!("{node}/uartclk"), "3000000\n");
    let finding = machine.complaint();
    assert!(finding.found.contains("3 MHz gives 187500 baud"), "{finding:?}");
    assert!(finding.remedy.unwrap().starts_with("echo init_uart_clock=48000000 "));
}

#[test]
fn it_is_told_who_says_how_fast_a_slot_is() {
    let machine = Machine::four(Model::Pi4);
    assert!(machine.found("UART of slot A").contains("top 921600 baud, the default of such a port"));
    machine.put("data/loopback/A.json", "{\"highest_clean_baud\": 1500000}");
    assert!(machine.found("UART of slot A").contains("top 1500000 baud, measured by jig-test --loopback"));
    assert!(machine.found("UART of slot B").contains("top 921600 baud"), "each slot has its own");
}

#[test]
fn a_port_that_is_not_switched_on_is_answered_with_the_line_of_this_model() {
    for (model, line) in [(Model::Pi4, "dtoverlay=uart3"), (Model::Pi5, "dtoverlay=uart2-pi5")] {
        let machine = Machine::four(model);
        fs::remove_file(machine.0.path().join("dev/flashjig/gpio4")).unwrap();
        assert!(machine.complaint().remedy.unwrap().contains("udevadm trigger"), "the overlay is there");
        let text = include_str!("../../../deploy/pi/config-four-slots.txt").replace(&format!("{line}\n"), "");
        machine.put("boot/firmware/config.txt", &text);
        let remedy = machine.complaint().remedy.unwrap();
        assert!(remedy.starts_with(&format!("echo {line} | sudo tee -a")), "{remedy}");
    }
}

#[test]
fn the_debug_connector_of_a_pi_5_is_not_its_header() {
    let machine = Machine::four(Model::Pi5);
    fs::remove_file(machine.0.path().join("flashjig.toml")).unwrap();
    machine.uart("ttyAMA10", "107d001000");
    symlink("ttyAMA10", machine.0.path().join("dev/serial0")).unwrap();
    let finding = machine.complaint();
    assert!(finding.remedy.unwrap().starts_with("echo dtparam=uart0=on | sudo tee -a"));
}

#[test]
fn the_mini_uart_is_known_by_its_node() {
    let machine = Machine::four(Model::Pi4);
    machine.uart("ttyS7", "fe215040");
    machine.link(14, "ttyS7");
    let finding = machine.complaint();
    assert!(finding.found.contains("mini UART"), "{finding:?}");
}

#[test]
fn a_console_that_the_kernel_has_itself_is_a_fault() {
    let machine = Machine::four(Model::Pi4);
    let node = "sys/devices/platform/soc/fe201600.serial/fe201600.serial:0/fe201600.serial:0.0/tty/ttyAMA3";
    machine.put(&format!("{node}/console"), "Y\n");
    let finding = machine.complaint();
    assert_eq!((finding.level, finding.subject.as_str()), (Level::Fault, "console on ttyAMA3"));
}
