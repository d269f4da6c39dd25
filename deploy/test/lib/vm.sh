# Virtual machines with Debian's arm64 kernel, for pins and serial ports that this machine does not have. To be sourced
# from the project's root after debian.sh and toolchain.sh. Needs qemu-system-arm, make, gcc, cpio and gzip.
# shellcheck shell=bash disable=SC2034

# vm_kernel FOLDER: fetches the kernel and sets KERNEL (its image) and MODULES (its tree of modules).
vm_kernel() {
  local folder=$1
  if [ -s "$folder/vm/release" ]; then
    RELEASE=$(<"$folder/vm/release")
  else
    debian_index "$folder"
    RELEASE=$(apt-cache "${APT[@]}" depends linux-image-arm64:arm64 | sed -n 's/.*Depends: linux-image-\([^:]*\).*/\1/p' | head -n 1)
    [ -n "$RELEASE" ] || { echo "linux-image-arm64: expected it to depend on one kernel, found none" >&2; return 2; }
    debian_unpack "$folder" "$folder/vm" "linux-image-$RELEASE:arm64" busybox-static:arm64
    echo "$RELEASE" >"$folder/vm/release"
  fi
  KERNEL=$folder/vm/boot/vmlinuz-$RELEASE
  MODULES=$folder/vm/lib/modules/$RELEASE/kernel
}

# vm_gpio_sim FOLDER: Debian's kernel has no gpio-sim; it is built from Debian's own source of that kernel, together with
# the simulated interrupts that it needs and that are not exported either. Sets GPIO_SIM.
vm_gpio_sim() {
  local folder=$1 version=${RELEASE%%-*} abi=${RELEASE%-arm64} build
  build=$folder/gpio-sim-$RELEASE
  version=${version%.*}
  GPIO_SIM=$build/gpio-sim.ko
  [ -e "$GPIO_SIM" ] && return
  debian_index "$folder"
  debian_unpack "$folder" "$folder/headers" "linux-headers-$RELEASE:arm64" "linux-headers-$abi-common" "linux-kbuild-$version:amd64"
  debian_unpack "$folder" "$folder/source" "linux-source-$version"
  rm -rf "$build" && mkdir -p "$build"
  tar --directory "$build" --strip-components 3 --wildcards -xJf "$folder/source/usr/src/linux-source-$version.tar.xz" \
    "*/drivers/gpio/gpio-sim.c" "*/drivers/gpio/gpiolib.h" "*/kernel/irq/irq_sim.c" 2>/dev/null ||
    tar --directory "$build" --strip-components 2 --wildcards -xJf "$folder/source/usr/src/linux-source-$version.tar.xz" \
      "*/drivers/gpio/gpio-sim.c" "*/drivers/gpio/gpiolib.h" "*/kernel/irq/irq_sim.c"
  find "$build" -mindepth 2 -name '*.[ch]' -exec mv {} "$build" \;
  mv "$build/gpio-sim.c" "$build/sim.c"
  # the one function of the simulated interrupts that modules can't reach has an exported twin
  sed -i 's/handle_simple_irq(irq_to_desc(\(.*\)));/generic_handle_irq(\1);/' "$build/irq_sim.c"
  # a line that nobody holds any more goes back to its pull here; the pins of a Pi and of most chips keep their level
  sed -i '/gc->free = gpio_sim_free;/d; s/^static void gpio_sim_free/static void __maybe_unused gpio_sim_free/' "$build/sim.c"
  # and one that is let go of keeps what it was driven to: an open drain would stay low
  sed -i '/^static int gpio_sim_direction_input/,/^}/ s/__set_bit(offset, chip->direction_map);/&\n\t__assign_bit(offset, chip->value_map, !!test_bit(offset, chip->pull_map));/' "$build/sim.c"
  cat >"$build/Kbuild" <<'END'
obj-m := gpio-sim.o
gpio-sim-y := sim.o irq_sim.o
ccflags-y := -DCONFIG_IRQ_SIM=1
END
  # Debian's headers name their other half by its place on an installed system
  sed -i "s#= */usr/src/linux-headers#= $folder/headers/usr/src/linux-headers#; s#include /usr/src/#include $folder/headers/usr/src/#" \
    "$folder/headers/usr/src/linux-headers-$RELEASE"/{Makefile,.kernelvariables} 2>/dev/null || true
  in_toolchain make --silent -C "$folder/headers/usr/src/linux-headers-$RELEASE" "M=$build" ARCH=arm64 \
    CROSS_COMPILE=aarch64-linux-gnu- modules >"$build/log" 2>&1 || { tail -n 20 "$build/log" >&2; return 2; }
  in_toolchain aarch64-linux-gnu-strip -g "$GPIO_SIM"
}

# vm_guest FOLDER ROOT PROGRAM: the files of a machine: busybox, the program with its libraries, and the wires.
vm_guest() {
  local folder=$1 root=$2 program=$3 library
  rm -rf "$root" && mkdir -p "$root"/{bin,sbin,lib,proc,sys,dev,tmp,run,etc/flashjig,var/lib/flashjig,modules}
  cp "$folder/vm/bin/busybox" "$root/bin/"
  cp "$program" "$root/bin/flashjig"
  for library in libc.so.6 libm.so.6 libgcc_s.so.1 ld-linux-aarch64.so.1; do
    cp -L "$TOOLS/usr/aarch64-linux-gnu/lib/$library" "$root/lib/"
  done
  in_toolchain aarch64-linux-gnu-gcc "--sysroot=$TOOLS" "-I$TOOLS/usr/aarch64-linux-gnu/include" -O1 -static \
    -o "$root/bin/wires" deploy/test/guest/wires.c
  cp deploy/test/guest/init deploy/test/guest/lib.sh "$root/"
  chmod 755 "$root/init"
}

# vm_initrd ROOT FILE
vm_initrd() (cd "$1" && find . | cpio --quiet -o -H newc | gzip -1 >"$2")

# vm_verdict LOG: what the checks in the machine came to. 0 when there were some and none failed.
vm_verdict() {
  local good bad
  good=$(grep -ac '^ok ' "$1" || true) bad=$(grep -ac '^not ok ' "$1" || true)
  if ! grep -aq '^checks done' "$1"; then
    tail -n 40 "$1" >&2
    echo "the machine ended before its checks did; all that it said: $1" >&2
    return 1
  fi
  [ "$bad" -eq 0 ] || grep -a -A 12 '^not ok ' "$1" >&2
  echo "$good passed, $bad failed ($SECONDS s); all that the machine said: $1"
  [ "$bad" -eq 0 ] && [ "$good" -gt 0 ]
}
