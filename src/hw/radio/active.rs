//! A connection that is up, comes or goes; apart from the devices, whose signal has the same name.

use zbus::{OwnedObjectPath, proxy};

/// Of NMActiveConnectionState.
pub(super) const ACTIVATED: u32 = 2;
/// Of NMActiveConnectionState.
pub(super) const DEACTIVATING: u32 = 3;
/// Of NMActivationStateFlags: somebody else's, such as a bridge of containers.
pub(super) const EXTERNAL: u32 = 0x80;

#[proxy(
    interface = "org.freedesktop.NetworkManager.Connection.Active",
    default_service = "org.freedesktop.NetworkManager"
)]
pub(super) trait Active {
    #[zbus(property)]
    fn id(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn uuid(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn devices(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
    #[zbus(property, name = "State")]
    fn status(&self) -> zbus::Result<u32>;
    #[zbus(property)]
    fn state_flags(&self) -> zbus::Result<u32>;
    #[zbus(property)]
    fn ip4_config(&self) -> zbus::Result<OwnedObjectPath>;
    #[zbus(signal)]
    fn state_changed(&self, state: u32, reason: u32) -> zbus::Result<()>;
}
