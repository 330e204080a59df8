#!/bin/sh
# Both kinds of network that span hosts, from creation to removal. For a cluster whose hosts have an uplink to VLANs
# ("berth agent --vlan-uplink IF"); with NO_VLAN=1 for any other one.
#   DOCKER_HOST=unix:///run/berth/docker.sock sh examples/networks/walk.sh
set -eu
image=${IMAGE:-busybox}
vlan=${VLAN_ID:-1}

for name in n1-1 n1-2 n2-1 mynginx; do
  if docker container inspect "$name" >/dev/null 2>&1; then
    echo "there is a container $name already: remove it first" >&2
    exit 1
  fi
done
for name in x1 x2 vlan1; do
  if docker network inspect "$name" >/dev/null 2>&1; then
    echo "there is a network $name already: remove it first" >&2
    exit 1
  fi
done

clean_up() {
  docker rm -f n1-1 n1-2 n2-1 mynginx >/dev/null 2>&1 || true
  docker network rm x1 x2 vlan1 >/dev/null 2>&1 || true
}
trap clean_up EXIT

echo "# two networks of Berth's own, with the same addresses"
docker network create -d xoverlay --subnet=192.168.1.0/24 x1
docker network create -d xoverlay --subnet=192.168.1.0/24 x2
docker run -d --net=x1 --name n1-1 "$image" sleep 9999
docker run -d --net=x1 --name n1-2 "$image" sleep 9999
docker run -d --net=x2 --name n2-1 "$image" sleep 9999
docker ps --format 'table {{.Names}}\t{{.Status}}'

echo "# on one network they reach each other by name, wherever they are"
docker exec n1-1 ping -c 2 -W 1 n1-2
echo "# from another network they do not"
if docker exec n2-1 ping -c 1 -W 1 n1-2; then
  echo "n2-1 reaches n1-2: the networks are not apart" >&2
  exit 1
fi

if [ "${NO_VLAN:-}" = 1 ]; then exit 0; fi

echo "# a VLAN of the company, and a container with an address of the company's"
docker network create -d vlan --subnet=100.200.163.0/24 --opt VlanId="$vlan" vlan1
docker run -d --net=vlan1 --label com.docker.network.endpoint.ipv4address=100.200.163.11 --name mynginx "$image" sleep 9999
docker inspect -f '{{.NetworkSettings.Networks.vlan1.IPAddress}}' mynginx
docker exec mynginx ip address show eth0
