//! Users of this machine, as its databases of users and groups know them.

use nix::unistd::{Gid, Group, Uid, User, geteuid, getgrouplist};
use std::ffi::CString;

/// Its members may control the station; the policy of D-Bus names it, too.
const GROUP: &str = "flashjig";

/// Whether a user may control the station: root, who it runs as, and the members of its group.
pub(crate) fn may_control(uid: u32) -> bool {
    let uid = Uid::from_raw(uid);
    uid.is_root() || uid == geteuid() || is_member(uid)
}

fn is_member(uid: Uid) -> bool {
    let Ok(Some(group)) = Group::from_name(GROUP) else { return false };
    let Ok(Some(user)) = User::from_uid(uid) else { return false };
    groups(&user).contains(&group.gid)
}

fn groups(user: &User) -> Vec<Gid> {
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    getgrouplist(&name, user.gid).unwrap_or_default()
}

/// A user for people, such as `anna (1000)`.
pub(crate) fn name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => format!("{} ({uid})", user.name),
        _ => format!("user {uid}"),
    }
}

/// Who runs this program.
pub(crate) fn own_name() -> String {
    name(geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_programs_own_user_may_and_nobody_may_not() {
        assert!(may_control(0) && may_control(geteuid().as_raw()));
        let nobody = User::from_name("nobody").unwrap().map_or(65_534, |user| user.uid.as_raw());
        assert!(geteuid().as_raw() == nobody || !may_control(nobody));
        // no database knows this one
        assert!(!may_control(4_000_000_001));
    }

    #[test]
    fn the_groups_of_a_user_hold_the_first_one_and_users_have_names() {
        let root = User::from_uid(Uid::from_raw(0)).unwrap().unwrap();
        assert!(groups(&root).contains(&root.gid));
        assert_eq!((name(0).as_str(), name(4_000_000_001).as_str()), ("root (0)", "user 4000000001"));
    }
}
