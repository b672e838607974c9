#!/bin/bash
# Runs one node of Ceph that keeps its objects in memory: a monitor, an OSD and the gateway, as
# launcher/src/stores/ceph.rs does. For the container of compose.yaml. Ends when one of the three ends.
# Arguments: the configuration, a folder that it may empty.
set -euo pipefail

configuration=$1 folder=$2
address=${CEPH_GATEWAY:-0.0.0.0:9000}
monitor_port=${CEPH_MONITOR_PORT:-6789}

trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
trap 'exit 143' TERM INT

new_id() { cat /proc/sys/kernel/random/uuid; }

rm -rf "$folder"
mkdir -p "$folder"/{mon,osd,run}
cd "$folder"
export CEPH_CONF=ceph.conf

cluster=$(new_id)
sed -e "s/CLUSTER_ID/$cluster/; s/MONITOR_PORT/$monitor_port/; s/127\.0\.0\.1:GATEWAY_PORT/$address/" "$configuration" >ceph.conf

ceph-authtool -C keyring
ceph-authtool keyring --gen-key -n mon. --cap mon 'allow *'
ceph-authtool keyring --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
ceph-authtool keyring --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
ceph-authtool keyring --gen-key -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx'

monmaptool --create --fsid "$cluster" --addv a "[v1:127.0.0.1:$monitor_port]" monmap
ceph-mon -c ceph.conf --mkfs -i a --monmap monmap --keyring keyring
ceph-mon -f -i a &
monitor=$!
# A client that comes before the monitor listens waits for seconds before it tries again.
until (: <"/dev/tcp/127.0.0.1/$monitor_port") 2>/dev/null; do
  kill -0 "$monitor"
  sleep 0.1
done

osd=$(new_id)
ceph -c ceph.conf --connect-timeout 120 osd new "$osd"
ceph-osd -c ceph.conf -i 0 --mkfs --osd-uuid "$osd"
ceph-osd -f -i 0 &
radosgw -f -n client.rgw &

radosgw-admin -c ceph.conf user create --uid=sluice --display-name=sluice \
  --access-key="$SLUICE_STORE_CEPH_ACCESS_KEY_ID" --secret-key="$SLUICE_STORE_CEPH_SECRET_ACCESS_KEY" >/dev/null
# The health check tests for this file.
touch ready
wait -n
