#!/bin/bash
# Power cuts in a virtual machine: a demo converts units on an ext4 disk and acknowledges them over the serial line; the
# machine is killed at a random moment, booted again, and compared with what it had acknowledged.
#
#   tests/powercut/powercut.sh WORKDIR [CUTS] [BINARY]     20 cuts, target/debug/flashjig
#
# Killing qemu loses the guest's memory, its page cache with it; what the guest had flushed to its disk stays. Each boot
# sets the clock to another year, and it jumps while units are in work. SPREAD: latest cut, seconds after the page is up
# (12); PATIENCE: seconds in which a machine must boot (600). ACCEL=kvm runs it faster where that works; else it is software emulation.
# Needs Debian: qemu-system-x86, cpio, e2fsprogs; kernel and busybox are downloaded with apt-get into WORKDIR, not
# installed. Exits 0 when nothing that was acknowledged is lost, 1 when something is; SKIPPED and 0 without qemu.
set -euo pipefail
cd "$(dirname "$0")/../.."
WORK=$(realpath -m "${1:?usage: powercut.sh WORKDIR [CUTS] [BINARY]}")
CUTS=${2:-20}
BINARY=$(realpath "${3:-target/debug/flashjig}")
INIT=$(realpath tests/powercut/init)
for tool in qemu-system-x86_64 cpio mkfs.ext4 dpkg-deb apt-get; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool here (Debian: qemu-system-x86 cpio e2fsprogs)"; exit 0; }
done
mkdir -p "$WORK/deb" && cd "$WORK"

# kernel and busybox, from Debian's packages
if ! ls deb/linux-image-*.deb deb/busybox-static*.deb >/dev/null 2>&1; then
    KERNEL=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\)/\1/p' | head -1)
    (cd deb && apt-get -q download "$KERNEL" busybox-static >/dev/null)
fi
[ -d root ] || for package in deb/*.deb; do dpkg-deb -x "$package" root; done
MODULES=$(echo root/lib/modules/*/kernel)

# the machine's memory disk: busybox, the program with its libraries, the modules of the disk and of ext4
rm -rf memory && mkdir -p memory/{bin,dev,proc,sys,tmp,data,modules}
cp root/bin/busybox memory/bin/ && cp "$INIT" memory/init && chmod +x memory/init
cp "$BINARY" memory/bin/flashjig && strip memory/bin/flashjig
ldd "$BINARY" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "memory/$(dirname "$library")" && cp -L "$library" "memory/$library"
done
for module in virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk \
    libcrc32c crc32c_generic crc16 mbcache jbd2 ext4; do
    file=$(find "$MODULES" -name "$module.ko*" | head -1)
    [ -z "$file" ] || { cp "$file" memory/modules/ && echo "$(basename "$file")" >>memory/modules/order; }
done
(cd memory && find . | cpio -o -H newc --quiet | gzip -1) >memory.gz

# a fresh disk
rm -f disk.img && truncate -s 2G disk.img && mkfs.ext4 -q disk.img
: >passed && : >kept
# what an earlier run was told is no answer of this one
rm -f serial.*

# boots; the serial line goes to serial.N
boot() {
    qemu-system-x86_64 -accel "${ACCEL:-tcg}" -smp 2 -m 512 -kernel root/boot/vmlinuz-* -initrd memory.gz \
        -append "console=ttyS0 quiet panic=-1 year=$2 mode=$3" -drive file=disk.img,format=raw,if=virtio,cache=writeback \
        -nic none -display none -monitor none -no-reboot -serial "file:serial.$1" </dev/null &
    MACHINE=$!
}
# waits until a line is there; fails when the machine ends or takes too long
await() {
    for _ in $(seq $((4 * ${PATIENCE:-600}))); do
        grep -q "$2" "serial.$1" 2>/dev/null && return 0
        kill -0 $MACHINE 2>/dev/null || break
        sleep 0.25
    done
    echo "FAILED: boot $1 never said '$2':"; tail -n 20 "serial.$1"; kill -9 $MACHINE 2>/dev/null || true
    exit 1
}
# compares what the machine has with what it had acknowledged
compare() {
    await "$1" CHECKED
    # a copy: qemu goes on writing to the file
    tr -d '\r' <"serial.$1" | sed 's/\x1b\[[0-9;]*m//g' >said
    sed -n '/^LEDGER$/,/^BACKUPS$/p' said | grep -E '^[0-9]+,' | cut -d, -f1,5,9 | sort >ledger.now || true
    # a file is called after the digest of its flash, in whatever form it is kept; `backup check` says that it can be made of it
    sed -n '/^BACKUPS$/,/^CHECKED/p' said | grep -oE '^[0-9a-f]{64}' | sort -u >backups.now || true
    LOST=$(sort -u passed | comm -23 - ledger.now)
    GONE=$(sort -u kept | comm -23 - backups.now)
    DOUBLE=$(cut -d, -f1 ledger.now | sort | uniq -d)
    # a length that followed a clock that jumps would be years, or nothing
    LONG=$(sed -n '/^LEDGER$/,/^BACKUPS$/p' said | awk -F, '$1 ~ /^[0-9]+$/ && $14 > 3600000 { print $1 }')
    if [ -n "$LOST$GONE$DOUBLE$LONG" ] || ! grep -q '^CHECKED 0$' said; then
        printf 'FAILED after cut %s\nlost records: %s\nlost backups: %s\ndoubled: %s\nlength by the clock: %s\n' \
            "$1" "$LOST" "$GONE" "$DOUBLE" "$LONG"
        sed -n '/^BACKUPS$/,/^CHECKED/p' said | head -40
        kill -9 $MACHINE 2>/dev/null || true
        exit 1
    fi
}
# what it acknowledged: number, verdict and MAC of units shown, digests of backups said to be kept
acknowledged() {
    tr -d '\r' <"serial.$1" | sed 's/\x1b\[[0-9;]*m//g' >said
    # a last line that was cut is no acknowledgement
    grep -aE '^unit +[0-9]+ .* PASS .* s$' said | awk '{print $2 ",pass," $6}' >>passed || true
    grep -aoE 'backup kept, sha256 [0-9a-f]{64}' said | awk '{print $4}' >>kept || true
}

for cut in $(seq 1 "$CUTS"); do
    boot "$cut" $((1980 + RANDOM % 55)) run
    compare "$cut"
    await "$cut" '^page'
    sleep "$((RANDOM % ${SPREAD:-12})).$((RANDOM % 10))"
    kill -9 $MACHINE && wait $MACHINE 2>/dev/null || true
    acknowledged "$cut"
    echo "cut $cut: $(sort -u passed | wc -l) units and $(sort -u kept | wc -l) backups acknowledged so far," \
        "$(wc -l <ledger.now) records were there at the boot"
done
# a check of nothing is none
[ -s passed ] && [ -s kept ] || { echo "FAILED: no unit or no backup was acknowledged: raise SPREAD"; exit 1; }
boot last 2026 look
compare last
wait $MACHINE || true
TOLD=$(sed -n '/^LEDGER$/,/^BACKUPS$/p' said | grep -c ',S10,' || true)
echo "$CUTS cuts: $(sort -u passed | wc -l) acknowledged units and $(sort -u kept | wc -l) acknowledged backups, 0 lost;" \
    "$TOLD interrupted units told, $(wc -l <ledger.now) records in all"
