//! A mosquitto of our own on a loopback port, a relay in front of it that can be cut, and somebody who listens.

use flashjig::broker::Broker;
use flashjig::config::{Config, Mqtt};
use flashjig::testdata;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, PublishOptions, QoS};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Far more than anything here takes; a test that waits this long has failed.
pub const LONG: Duration = Duration::from_secs(120);

/// The program, which ends with the test.
pub struct Mosquitto {
    program: Option<Child>,
    folder: TempDir,
    pub port: u16,
}

/// A port that is free now.
fn free() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Mosquitto {
    /// One that takes everybody; `None`, saying why, where it is not installed.
    pub async fn start() -> Option<Self> {
        Self::with("allow_anonymous true", |_| {}).await
    }

    /// The same with these lines in its configuration, in which DIR is its folder; `prepare` may put files there.
    pub async fn with(lines: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if Command::new("mosquitto").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            testdata::skipped("mosquitto is not installed");
            return None;
        }
        let port = free();
        let at = folder.path().display().to_string();
        // as root it would step down to a user of its own, who may not read this folder
        let user = if rustix::process::geteuid().is_root() { "user root" } else { "" };
        let text = format!(
            "{user}\npersistence true\npersistence_location {at}/\nmax_queued_messages 0\nlistener {port} 127.0.0.1\n{}\n",
            lines.replace("DIR", &at)
        );
        std::fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        prepare(folder.path());
        let mut mosquitto = Self { program: None, folder, port };
        mosquitto.go().await;
        Some(mosquitto)
    }

    /// Starts it, and waits until it listens.
    pub async fn go(&mut self) {
        let file = self.folder.path().join("mosquitto.conf");
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let program = Command::new("mosquitto").arg("-c").arg(file).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.program = Some(program);
        let listens = async {
            while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let up = timeout(LONG, listens).await;
        let said = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(up.is_ok(), "mosquitto does not listen: {said}");
    }

    /// Ends it in order: what it holds for others is on disk.
    pub fn stop(&mut self) {
        if let Some(mut program) = self.program.take() {
            let pid = rustix::process::Pid::from_child(&program);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
            program.wait().unwrap();
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(program) = &mut self.program {
            _ = program.kill();
            _ = program.wait();
        }
    }
}

/// The `[mqtt]` of a configuration with these lines.
pub fn plan(lines: &str) -> Mqtt {
    let text = format!("[station]\ndata_dir = \"/d\"\n[mqtt]\n{lines}\n[[slot]]\nname = \"A\"\nuart = \"/dev/null\"\n");
    let (config, _): (Config, _) = flashjig::config::parse(Path::new("/f.toml"), &text).unwrap();
    config.mqtt.unwrap()
}

/// A broker at this port, in plain.
pub fn at(port: u16) -> Broker {
    Broker::open(&plan(&format!("url = \"mqtt://127.0.0.1:{port}\""))).unwrap()
}

/// A file for its owner alone.
pub fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A way to a port that can be cut: every connection through it ends at once, and new ones go through again.
pub struct Relay {
    pub port: u16,
    cuts: watch::Sender<u64>,
    _task: AbortOnDropHandle<()>,
}

impl Relay {
    pub async fn to(port: u16) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (cuts, cut) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut broker) =
                        tokio::net::TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
                    else {
                        return;
                    };
                    tokio::select! {
                        _ = cut.changed() => {}
                        _ = tokio::io::copy_bidirectional(&mut client, &mut broker) => {}
                    }
                });
            }
        });
        Self { port: own, cuts, _task: AbortOnDropHandle::new(task) }
    }

    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

/// A message that was heard.
#[derive(Clone, Debug)]
pub struct Message {
    pub topic: String,
    pub text: String,
    pub retained: bool,
}

/// Somebody who listens, with a session that the broker remembers.
pub struct Listener {
    pub client: AsyncClient,
    heard: mpsc::UnboundedReceiver<Message>,
    _task: AbortOnDropHandle<()>,
}

impl Listener {
    /// Listens to these; it does by the time that this returns.
    pub async fn new(port: u16, name: &str, filters: &[&str]) -> Self {
        let mut options = MqttOptions::new(name, rumqttc::Broker::tcp("127.0.0.1", port));
        options.set_clean_session(false);
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut line) = AsyncClient::builder(options).capacity(64).build();
        for filter in filters {
            client.subscribe(*filter, QoS::AtLeastOnce).await.unwrap();
        }
        let (tell, heard) = mpsc::unbounded_channel();
        let (listens, mut listening) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                match line.poll().await {
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        _ = tell.send(Message {
                            topic: String::from_utf8(message.topic.to_vec()).unwrap(),
                            text: String::from_utf8_lossy(&message.payload).into_owned(),
                            retained: message.retain,
                        });
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => _ = listens.send(()),
                    Ok(_) => {}
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        });
        for _ in filters {
            timeout(LONG, listening.recv()).await.expect("a subscription is acknowledged").unwrap();
        }
        Self { client, heard, _task: AbortOnDropHandle::new(task) }
    }

    pub async fn next(&mut self) -> Message {
        timeout(LONG, self.heard.recv()).await.expect("a message comes").unwrap()
    }

    /// The next message of this topic that is so.
    pub async fn until(&mut self, topic: &str, so: impl Fn(&Message) -> bool) -> Message {
        loop {
            let message = self.next().await;
            if message.topic == topic && so(&message) {
                return message;
            }
        }
    }

    pub async fn say(&self, topic: &str, text: &str) {
        let options = PublishOptions::new(QoS::AtLeastOnce);
        let told = self.client.publish_tracked(topic, text.as_bytes().to_vec(), options).await.unwrap();
        timeout(LONG, told.wait_completion_async()).await.expect("the broker takes it").unwrap();
    }
}
