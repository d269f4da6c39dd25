# One package from a built program, with nothing but dpkg-deb. To be sourced; the current folder is the project's root.
# shellcheck shell=bash

# Architectures of Debian and what Rust calls them.
declare -A RUST_TARGET=(
  [arm64]=aarch64-unknown-linux-gnu [armhf]=armv7-unknown-linux-gnueabihf [amd64]=x86_64-unknown-linux-gnu)

# The newest version of the C library that a program asks for.
_libc_of() {
  readelf --version-info --wide "$1" | grep -o 'GLIBC_[0-9.]*' | sort --unique --version-sort | tail -n 1 | sed 's/GLIBC_//'
}

_crates() {
  echo "Rust crates that are linked into flashjig: name, version, licence. The source of each is on crates.io."
  cargo tree --locked --offline --edges normal --target "$1" --prefix none --no-dedupe --format '{p}	{l}' |
    sed 's/ (proc-macro)//; s/ (\/[^)]*)//' | grep -v '^flashjig ' | sort --unique
}

_date() { date --utc --date "@$SOURCE_DATE_EPOCH" "$@"; }

# pack ARCH PROGRAM: makes target/deploy/out/flashjig_VERSION_ARCH.deb.
pack() (
  arch=$1 program=$2 here=deploy/debian out=${FLASHJIG_DEB_OUT:-target/deploy/out} root=target/deploy/root-$1
  [ -x "$program" ] || { echo "$program: expected the program for $arch, found none; run deploy/build-deb $arch" >&2; exit 2; }
  umask 022
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
  export SOURCE_DATE_EPOCH
  version=${FLASHJIG_DEB_VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
  rm -rf "$root" && mkdir -p "$root" "$out"
  maintainer=${FLASHJIG_DEB_MAINTAINER:-$(sed -n 's/^Maintainer: //p' $here/control.in)}
  share=$root/usr/share doc=$root/usr/share/doc/flashjig
  put() { install -D -m "$1" "$2" "$root/$3"; }

  put 755 "$program" usr/bin/flashjig
  put 644 config/flashjig.toml etc/flashjig/flashjig.toml
  _services
  for file in config/recipes/*.toml config/devices/*.toml; do put 644 "$file" "usr/share/doc/flashjig/examples/${file#config/}"; done
  for file in deploy/pi/* deploy/jig/*.*; do
    case $file in deploy/pi/*) folder=raspberry-pi ;; *) folder=jig ;; esac
    put 644 "$file" "usr/share/doc/flashjig/$folder/${file##*/}"
  done
  put 644 "$here/copyright" usr/share/doc/flashjig/copyright
  for file in docs/*.md; do put 644 "$file" "usr/share/doc/flashjig/${file##*/}"; done
  put 644 CHANGELOG.md usr/share/doc/flashjig/NEWS.md
  _crates "${RUST_TARGET[$arch]}" >"$doc/crates.txt"
  printf 'flashjig (%s) unstable; urgency=medium\n\n  * What is new stands in NEWS.md.\n\n -- %s  %s\n' "$version" \
    "$maintainer" "$(_date --rfc-email)" >"$doc/changelog"
  mkdir -p "$share/man/man1"
  sed "s/@VERSION@/$version/; s/@DATE@/$(_date +%F)/" $here/flashjig.1 >"$share/man/man1/flashjig.1"
  gzip -9n "$doc/changelog" "$share/man/man1/flashjig.1"
  # policy: long texts are packed
  find "$doc" -name '*.md' -size +4k -exec gzip -9n {} +

  mkdir "$root/DEBIAN"
  sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$(du -sk --apparent-size "$root" | cut -f1)/
       s/@LIBC@/libc6 (>= $(_libc_of "$program"))/; s|^Maintainer: .*|Maintainer: $maintainer|" $here/control.in >"$root/DEBIAN/control"
  (cd "$root" && find etc -type f -printf '/%p\n') >"$root/DEBIAN/conffiles"
  (cd "$root" && find usr -type f -print0 | sort --zero-terminated | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  for script in postinst prerm postrm; do put 755 $here/$script DEBIAN/$script; done
  find "$root" -type d -exec chmod 755 {} +
  dpkg-deb --root-owner-group -Zxz --build "$root" "$out" >/dev/null
  ls -s --block-size=K "$out/flashjig_${version}_$arch.deb"
)

# Where each of systemd/ belongs.
_services() {
  local file
  put 644 systemd/flashjig.service usr/lib/systemd/system/flashjig.service
  for file in systemd/flashjig.service.d/*; do put 644 "$file" "usr/lib/systemd/system/${file#systemd/}"; done
  put 644 systemd/sysusers.d/flashjig.conf usr/lib/sysusers.d/flashjig.conf
  put 644 systemd/tmpfiles.d/flashjig.conf usr/lib/tmpfiles.d/flashjig.conf
  put 644 systemd/udev/61-flashjig.rules usr/lib/udev/rules.d/61-flashjig.rules
  put 644 systemd/polkit/50-flashjig.rules usr/share/polkit-1/rules.d/50-flashjig.rules
  put 644 systemd/dbus/org.flashjig.Station1.conf usr/share/dbus-1/system.d/org.flashjig.Station1.conf
  put 644 systemd/avahi/flashjig.service etc/avahi/services/flashjig.service
  for file in systemd/dbus/*.xml; do
    if [ -e "$file" ]; then put 644 "$file" "usr/share/dbus-1/interfaces/${file##*/}"; fi
  done
}
