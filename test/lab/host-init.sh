#!/bin/sh
# First process of a lab host, in its own mount, PID, UTS, IPC and network namespaces.
# When it dies the kernel kills everything on the host, as when a machine loses power.
# usage: host-init.sh FOLDER NAME
set -eu
folder=$1
name=$2
hostname "$name"

# /sys belongs to the network namespace of whoever mounts it; the cgroup mounts below it must stay.
mkdir -p "$folder/cgroup"
mount --rbind /sys/fs/cgroup "$folder/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
umount -l "$folder/cgroup"
rmdir "$folder/cgroup"

# Sockets, plugins and namespaces of this host only; empty again after each start, as after a reboot.
for private in /run/docker /run/containerd /run/netns; do
  mount -t tmpfs -o mode=755 tmpfs "$private"
done

# The engine keeps its identity (key.json) and registry certificates in /etc/docker.
mkdir -p "$folder/etc-docker"
mount --bind "$folder/etc-docker" /etc/docker
mount --bind "$folder/hosts" /etc/hosts
mount --bind "$folder/machine-id" /etc/machine-id
if [ -e "$folder/resolv.conf" ]; then mount --bind "$folder/resolv.conf" /etc/resolv.conf; fi

touch "$folder/booted"
trap 'exit 0' TERM INT
# wait also reaps what is handed to the first process of a PID namespace
while :; do
  sleep 3600 &
  wait $! || true
done
