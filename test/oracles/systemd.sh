#!/bin/bash
# Boots a Debian whose first process is its own systemd, without a network, and runs systemd-inside.sh in it. What came of it: systemd.md.
#   systemd.sh WORK OLD.deb NEW.deb          in namespaces of its own, on this machine's kernel; about 6 min, most of it waiting
#   QEMU=1 systemd.sh WORK OLD.deb NEW.deb   in qemu, on Debian's kernel; by software emulation ten times as long
# WORK: a folder for Debian's root, made where it is not there yet (1.2 GB). NEW.deb is what OLD.deb is upgraded to; both may be the same.
# By root; needs mmdebstrap and Debian's mirror, cgroup v2 (mounted or not) for the first, qemu-system-x86 and e2fsprogs for the second.
set -eu

# Second part: in the new namespaces, where everything but the log is in memory.
if [ -n "${INSIDE:-}" ]; then
  root=$1 tar=$2 log=$3
  mount -t tmpfs none /mnt
  mkdir /mnt/upper /mnt/work /mnt/root
  mount -t overlay none -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
  cd /mnt/root
  hostname oracle
  ip link set lo up
  mount -t proc proc proc
  # What belongs to the machine is read-only: systemd then leaves it alone.
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 none sys/fs/cgroup
  mount --bind proc/sys proc/sys
  mount -o remount,bind,ro proc/sys
  mount -t tmpfs -o mode=755 none dev
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 none dev/pts
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  for name in null zero full random urandom tty; do touch "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
  touch dev/ttyS0 dev/vdb
  mount --bind "$log" dev/ttyS0
  mount --bind "$tar" dev/vdb
  mount -t tmpfs none run
  mount -t tmpfs none tmp
  : >etc/fstab
  mkdir -p old
  pivot_root . old
  exec env -i container=oracle PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . \
    setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio --inh-caps=-sys_module,-sys_time,-sys_rawio \
    /bin/sh -c 'umount -l /old; exec /lib/systemd/systemd --system --show-status=0 --log-target=null'
fi

work=$1 old=$2 new=$3
here=$(cd "$(dirname "$0")" && pwd)
packages=systemd,systemd-sysv,dbus,linux-image-amd64,sudo,iproute2,nftables,iputils-ping,python3-minimal,curl,procps,kmod,udev
if [ ! -d "$work/root" ]; then
  mmdebstrap --variant=minbase --include="$packages" bookworm "$work/root"
  echo '/dev/vda / ext4 defaults 0 1' >"$work/root/etc/fstab"
  cat >"$work/root/etc/systemd/system/scene.service" <<'UNIT'
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStartPre=/bin/sh -c 'mkdir -p /root/in && tar -x -f /dev/vdb -C /root/in'
ExecStart=/bin/sh /root/in/systemd-inside.sh
StandardOutput=append:/dev/ttyS0
StandardError=append:/dev/ttyS0
[Install]
WantedBy=multi-user.target
UNIT
  chroot "$work/root" systemctl --quiet enable scene.service
  # It would hang up the line that the scene speaks on.
  chroot "$work/root" systemctl --quiet mask serial-getty@ttyS0.service
fi
mkdir -p "$work/in"
cp "$old" "$work/in/old.deb"
if cmp -s "$old" "$new"; then ln -f "$work/in/old.deb" "$work/in/new.deb"; else cp "$new" "$work/in/new.deb"; fi
cp "$here/systemd-inside.sh" "$work/in/"
tar -c -f "$work/in.tar" -C "$work/in" .

if [ -n "${QEMU:-}" ]; then
  [ -e "$work/root.ext4" ] || mke2fs -q -t ext4 -d "$work/root" "$work/root.ext4" 3G
  kernel=$(ls "$work/root/boot" | sed -n 's/^vmlinuz-//p')
  exec qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 3072 -smp 2 -display none -nic none -no-reboot -serial stdio \
    -kernel "$work/root/boot/vmlinuz-$kernel" -initrd "$work/root/boot/initrd.img-$kernel" \
    -append "console=ttyS0 root=/dev/vda rw panic=-1 quiet loglevel=3 systemd.show_status=false" \
    -drive "file=$work/root.ext4,if=virtio,format=raw,snapshot=on" -drive "file=$work/in.tar,if=virtio,format=raw,readonly=on"
fi

# A group of processes of its own, so that systemd there sees and ends no other.
groups=$(mktemp -d)
mount -t cgroup2 none "$groups"
mkdir -p "$groups/oracle"
echo $$ >"$groups/oracle/cgroup.procs"
umount "$groups"
rmdir "$groups"
: >"$work/log"
INSIDE=1 unshare --mount --net --uts --ipc --cgroup --pid --fork --kill-child --propagation private /bin/bash "$0" \
  "$work/root" "$work/in.tar" "$work/log" || true
cat "$work/log"
