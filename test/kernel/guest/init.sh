#!/usr/bin/busybox sh
# First process of the guest: mounts what programs need, then runs the tests that come by the second serial port. The first
# one is the console. The machine ends with them, or after an hour.
b=/usr/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
$b mount -t tmpfs tmpfs /run
$b mount -t tmpfs tmpfs /tmp
$b mkdir -p /run/netns /var/tmp
$b ln -s /run /var/run
echo root:x:0:0::/:/bin/sh >/etc/passwd
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
$b stty -F /dev/ttyS1 raw -echo
($b sleep 3600; $b poweroff -f) &
# loaded on demand they take longer here than programs wait for
/usr/sbin/modprobe --all xfrm_user esp4 esp6 gcm aesni_intel vxlan veth bridge br_netfilter nft_compat \
  8021q macvlan openvswitch tun
node=$($b sed -n 's/.* berth\.node=\([^ ]*\).*/\1/p' /proc/cmdline)
"$node" /guest.mjs </dev/ttyS1 >/dev/ttyS1 2>/dev/console
echo "the tests have ended with $?" >/dev/console
$b poweroff -f
