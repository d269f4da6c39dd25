# Compilers for the Raspberry Pi's two architectures, from Debian's packages, unpacked and never installed. To be
# sourced after debian.sh.
# shellcheck shell=bash

# What a compiler driver needs to link a Rust program, and cc1 to build kernel modules, by GNU triplet.
_cross_gcc() {
  local folder=$1 triplet=$2 arch=$3 release
  release=$(apt-cache "${APT[@]}" depends "gcc-$triplet" | sed -n "s/.*Depends: gcc-\([0-9]*\)-$triplet\$/\1/p")
  [ -n "$release" ] || { echo "gcc-$triplet: expected it to depend on one release of GCC, found none" >&2; return 2; }
  debian_unpack "$folder" "$folder/cross" "gcc-$triplet" "cpp-$triplet" "gcc-$release-$triplet" "cpp-$release-$triplet" \
    "binutils-$triplet" "libgcc-$release-dev-$arch-cross" "libgcc-s1-$arch-cross" "libc6-$arch-cross" "libc6-dev-$arch-cross" \
    "linux-libc-dev-$arch-cross" binutils-common:amd64 libbinutils:amd64 libjansson4:amd64 libgmp10:amd64 libisl23:amd64 \
    libmpc3:amd64 libmpfr6:amd64
}

# The newest Rust of Debian: rustc-web is kept new for browsers. rust_cross FOLDER: compiler, and the standard library of
# both packaged architectures; its source builds the one of armhf, which has no package here.
_cross_rust() {
  local folder=$1 std llvm
  std=$(apt-cache "${APT[@]}" show rustc-web | sed -n 's/^Version: \([0-9]*\.[0-9]*\)\..*/\1/p' | head -1)
  llvm=$(apt-cache "${APT[@]}" show "libstd-rust-web-$std" | sed -n 's/^Depends:.*\(libllvm[0-9]*\).*/\1/p' | head -1)
  debian_unpack "$folder" "$folder/cross" rustc-web:amd64 "libstd-rust-web-$std:amd64" "$llvm:amd64" libstd-rust-web-dev:amd64 \
    "libstd-rust-web-$std:arm64" libstd-rust-web-dev:arm64 rust-web-src
}

# toolchain FOLDER: fetches all of it (about 170 MB) unless it is there, and sets TOOLS, its root. For a newer one remove
# FOLDER/cross.
toolchain() {
  local folder=$1
  TOOLS=$folder/cross
  [ -e "$TOOLS/.complete" ] && return
  debian_index "$folder"
  _cross_gcc "$folder" aarch64-linux-gnu arm64
  _cross_gcc "$folder" arm-linux-gnueabihf armhf
  _cross_rust "$folder"
  : >"$TOOLS/.complete"
}

# in_toolchain COMMAND...: with the unpacked programs and their libraries first. Only for the programs of the toolchain:
# the machine's own would find foreign libraries.
in_toolchain() {
  PATH="$TOOLS/usr/bin:$PATH" LD_LIBRARY_PATH="$TOOLS/usr/lib/x86_64-linux-gnu" "$@"
}
