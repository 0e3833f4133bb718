#!/bin/busybox sh
# shellcheck shell=dash
# The first and only program of the machine that scripts/lines starts: mounts what it sees of the machine
# around it, with a layer in memory for what is written, and runs the job of the kernel's command line.
busybox() { /bin/busybox "$@"; }

busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs dev /dev
for module in netfs 9pnet 9pnet_virtio 9p overlay configfs gpio-sim; do
  busybox insmod "/modules/$module.ko" || echo "module $module cannot be loaded"
done
busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose host /below
busybox mount -t tmpfs tmpfs /above
busybox mkdir /above/files /above/work
busybox mount -t overlay -o lowerdir=/below,upperdir=/above/files,workdir=/above/work overlay /host
for folder in proc dev; do busybox mount --bind "/$folder" "/host/$folder"; done
busybox mount -t sysfs sysfs /host/sys
busybox mount -t configfs configfs /host/sys/kernel/config
busybox mount -t tmpfs tmpfs /host/tmp
busybox ip link set lo up

job=$(busybox sed 's/.*JOB=//' /proc/cmdline | busybox base64 -d)
printf '\nTHE LINES\n'
busybox chroot /host /bin/sh -c "export PATH=/usr/local/bin:/usr/bin:/bin HOME=/root; $job"
printf '\nTHE TESTS EXITED WITH %d\n' "$?"
busybox poweroff -f
