#!/bin/sh
# What systemd.sh runs in its machine: installs the package, and sees whether the units do what they promise. Prints a line a step.
set -u
cd /
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
began=$(cut -d. -f1 /proc/uptime)
say() { echo "$(($(cut -d. -f1 /proc/uptime) - began))s $1: $(echo "$2" | tr '\n' '|')"; }
code() { if "$@" >/tmp/said 2>&1; then echo 0; else echo "$? $(tail -n 3 /tmp/said)"; fi; }
show() { systemctl show --property "$1" --value "${2:-watchkeeper}"; }
as_poller() { sudo -u watchkeeper "$@"; }
# Waits until a command succeeds, for at most so many seconds.
until_ok() { most=$1; shift; left=$most; while ! "$@" >/dev/null 2>&1; do left=$((left - 1)); [ "$left" -gt 0 ] || { echo "not within $most s"; return 1; }; sleep 1; done; echo yes; }
logged() { journalctl --quiet --no-pager -u "$1" -o cat | grep -q -i "$2"; }
metric() { curl -s --max-time 20 http://127.0.0.1:9824/metrics | grep "^$1"; }
metric_is() { metric "$1" | grep -q "$2"; }
# Tries to connect as a process of a unit's cgroup, as root: only the addresses of the unit stand in its way.
from_unit() { /bin/sh -c "echo \$\$ >/sys/fs/cgroup/system.slice/$1/cgroup.procs; exec python3 /root/connect.py $2 $3"; }
# As root within the mounts of a service: only a mount that is read-only, or none, refuses that.
write_in() { nsenter --target "$1" --mount -- /bin/sh -c "echo >>$2" 2>&1 | grep -o 'Read-only file system\|Permission denied\|No such file' || echo written; }

cat >/root/connect.py <<'PY'
import socket, sys, errno
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3): print("connected")
except OSError as error: print(errno.errorcode.get(error.errno, str(error)))
PY
cat >/root/plc.py <<'PY'
# A Modbus device that answers FC 43/14 to whoever asks, and says which address of it was asked.
import socket, threading
def serve(connection):
    with connection:
        place = connection.getsockname()[0]
        while True:
            try: asked = connection.recv(260)
            except ConnectionResetError: return
            if not asked: return
            with open("/root/asked", "a") as log: log.write(f"{place} {asked.hex()}\n")
            said = bytes([asked[7], 0x0E, 1, 1, 0, 0, 3]) + b"".join(bytes([at, len(text)]) + text for at, text in enumerate((b"nobody", b"P1", b"1.0")))
            connection.sendall(asked[:4] + (len(said) + 1).to_bytes(2, "big") + asked[6:7] + said)
with socket.create_server(("0.0.0.0", 502)) as server:
    while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
PY
cat >/root/office.py <<'PY'
# A log server (syslog over TCP, octet counting).
import socket, threading
def serve(connection):
    with connection, open("/root/told", "ab") as log:
        while text := connection.recv(65536): log.write(text); log.flush()
with socket.create_server(("10.9.0.25", 514)) as server:
    while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
PY

say systemd "$(systemctl --version | head -n 1), kernel $(uname -r), $(stat -f -c %T /sys/fs/cgroup)"
for place in plc:10.20.1.5:10.20.1.11 office:10.9.0.4:10.9.0.25; do
  name=${place%%:*} rest=${place#*:}
  ip netns add "$name"
  ip link add "$name" type veth peer name eth0 netns "$name"
  ip addr add "${rest%:*}/24" dev "$name"
  ip link set "$name" up
  ip -n "$name" addr add "${rest#*:}/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" link set lo up
done
ip -n plc addr add 10.20.1.99/24 dev eth0
ip netns exec plc python3 /root/plc.py &
ip netns exec office python3 /root/office.py &

touch /root/told /root/asked
echo 127.0.0.1 localhost "$(hostname)" >/etc/hosts
say install "$(code dpkg --install /root/in/old.deb)"
say units "$(systemctl list-unit-files --no-legend 'watchkeeper*')"
say "not started" "$(systemctl is-active watchkeeper watchkeeper-notify)"
say version "$(watchkeeper --version) $(cat /usr/lib/watchkeeper/REVISION)"
say accounts "$(getent passwd | grep watchkeeper) $(stat -c '%n %U:%G %a' /etc/watchkeeper /var/lib/watchkeeper*)"
say "start without a site" "$(code systemctl start watchkeeper) $(show ActiveState) $(show ConditionResult)"

say init "$(code as_poller watchkeeper init /etc/watchkeeper --site oracle --state /var/lib/watchkeeper/state)"
cat >/etc/watchkeeper/watchlist.yaml <<'YAML'
schema: watchlist/v1
segments:
  - {id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}
devices:
  - id: plc
    name: Fresh water plant
    address: 10.20.1.11
    segment: hvac
    function: control
    category: II
    profile: generic-modbus-tcp
    statements: {otherClients: [], watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}}
    checks: [{method: modbus-fc43, unitId: 1, interval: 60s}]
YAML
covers=$(as_poller watchkeeper plan --json | grep -o '"covers": *"sha256:[0-9a-f]*' | head -n 1 | grep -o 'sha256:.*')
say approve "$(code as_poller watchkeeper approve generic-modbus-tcp --all-new --covers "$covers" --prepared-by eto-1 --accepted-by chief --basis risk --basis-text test --until "$(date -d '+90 days' +%F)" --change MOC-1)"
say "start without the drop-in" "$(code systemctl enable --now watchkeeper) $(show ActiveState)"
say "asks" "$(until_ok 120 logged watchkeeper 'checks asked: ')"
say "without the drop-in the device" "$(from_unit watchkeeper.service 10.20.1.11 502)"
install -d /etc/systemd/system/watchkeeper.service.d
as_poller watchkeeper fence print --format systemd >/etc/systemd/system/watchkeeper.service.d/plan.conf
install -d /etc/nftables.d
as_poller watchkeeper fence print --user watchkeeper >/etc/nftables.d/watchkeeper.nft
say "fence loaded" "$(code nft -f /etc/nftables.d/watchkeeper.nft)"
say "restart with the drop-in" "$(code systemctl daemon-reload) $(code systemctl restart watchkeeper) $(show ActiveState)"
say "drop-in" "$(code as_poller watchkeeper fence check --format systemd)"
say "up" "$(until_ok 180 metric_is watchkeeper_device_state 'state="up".* 1$') $(metric watchkeeper_device_state | grep ' 1$')"
say "asked of the device" "$(sort /root/asked | uniq -c)"
say "build info" "$(metric watchkeeper_build_info)"
say "status" "$(as_poller watchkeeper status | head -n 8)"
say "journal" "$(journalctl --quiet --no-pager -u watchkeeper -o cat | tail -n 3 | cut -c 1-300)"
say "exposure" "$(systemd-analyze security --no-pager watchkeeper | tail -n 1) $(systemd-analyze security --no-pager watchkeeper-notify | tail -n 1)"

pid=$(show MainPID)
say "process" "$(grep -E '^(Uid|Groups|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr '\t' ' ')"
for place in /etc/watchkeeper/watchlist.yaml /usr/x /etc/x /var/lib/x /var/lib/watchkeeper/state/x /tmp/x /root/x /dev/mem; do say "writes $place" "$(write_in "$pid" "$place")"; done
rm -f /var/lib/watchkeeper/state/x
say "sees processes" "$(nsenter --target "$pid" --mount -- sudo -u watchkeeper ls /proc | grep -c '^[0-9]*$')"
say "the device, from the unit" "$(from_unit watchkeeper.service 10.20.1.11 502)"
say "another address, from the unit" "$(from_unit watchkeeper.service 10.20.1.99 502)"
say "the same, from elsewhere" "$(python3 /root/connect.py 10.20.1.99 502)"
say "limits" "$(show MemoryMax) $(show TasksMax) $(show LimitNOFILE) used $(show MemoryCurrent) $(show TasksCurrent)"

say reload "$(code systemctl reload watchkeeper) $(until_ok 60 logged watchkeeper reload) $(show MainPID | grep -cx "$pid")"
say "fence timer" "$(code systemctl enable --now watchkeeper-fence.timer) $(show NextElapseUSecMonotonic watchkeeper-fence.timer)"
say "fence, by its unit" "$(code systemctl start watchkeeper-fence.service) $(journalctl --quiet --no-pager -u watchkeeper-fence -o cat | grep 'The fence')"
say "fence metric" "$(until_ok 60 metric_is watchkeeper_fence 'present.* 1$') $(stat -c '%U %a' /var/lib/watchkeeper/state/fence.json)"
nft delete table inet watchkeeper
say "fence gone, by its unit" "$(code systemctl start watchkeeper-fence.service | head -n 1) $(until_ok 60 metric_is watchkeeper_fence 'absent.* 1$')"
nft -f /etc/nftables.d/watchkeeper.nft

cat >/etc/watchkeeper/notify.yaml <<'YAML'
schema: notify/v1
groupWait: 1s
groupInterval: 1s
targets:
  - {id: office, kind: syslog, host: 10.9.0.25, port: 514, tls: none}
YAML
chown watchkeeper: /etc/watchkeeper/notify.yaml
notifying() { as_poller watchkeeper notify status | grep -q "$1"; }
say "notifier" "$(code systemctl enable --now watchkeeper-notify) $(until_ok 60 logged watchkeeper-notify 'of what happens')"
sleep 5
npid=$(show MainPID watchkeeper-notify)
for place in /etc/watchkeeper/watchlist.yaml /var/lib/watchkeeper/state/STOP /var/lib/watchkeeper/state/journal.sqlite /var/lib/watchkeeper/state/notify/x /usr/x; do say "notifier writes $place" "$(write_in "$npid" "$place")"; done
rm -f /var/lib/watchkeeper/state/notify/x
as_poller watchkeeper stop --by oracle --reason trial >/dev/null
say "told without a drop-in" "$(until_ok 60 logged watchkeeper-notify 'not delivered') $(wc -c </root/told)"
install -d /etc/systemd/system/watchkeeper-notify.service.d
printf '[Service]\nIPAddressAllow=10.9.0.25\n' >/etc/systemd/system/watchkeeper-notify.service.d/servers.conf
say "told with it" "$(code systemctl daemon-reload) $(code systemctl restart watchkeeper-notify) $(until_ok 60 grep -q WatchkeeperStopped /root/told) $(cut -c 1-200 /root/told | head -n 1)"
as_poller watchkeeper resume --by oracle --reason trial >/dev/null
say "told of the end" "$(until_ok 60 grep -q 'over\|again' /root/told)"
say "notifier's journal" "$(journalctl --quiet --no-pager -u watchkeeper-notify -o cat | tail -n 4)"
pid=$(show MainPID)
systemctl stop watchkeeper
systemctl restart watchkeeper-notify
sleep 5
say "notifier beside an ended poller" "$(systemctl is-active watchkeeper-notify) $(journalctl --quiet --no-pager -u watchkeeper-notify -o cat | grep -c 'cannot be')"
systemctl start watchkeeper
say "stop" "$(code systemctl stop watchkeeper) $(show Result) $(show ExecMainStatus)"
say "start" "$(code systemctl start watchkeeper)"
for time in ${CRASHES:-1 2 3 4 5 6}; do
  [ "$(show ActiveState)" = active ] || break
  kill -KILL "$(show MainPID)"
  sleep 2
  say "killed $time" "$(show ActiveState) $(show SubState) $(until_ok 25 systemctl is-active watchkeeper) restarts $(show NRestarts) $(show Result)"
done
say "start limit" "$(show ActiveState) $(show Result) $(code systemctl start watchkeeper)"
systemctl reset-failed watchkeeper
say "again" "$(code systemctl start watchkeeper) $(until_ok 120 metric_is watchkeeper_build_info version)"

cat >/etc/systemd/system/watchkeeper.socket <<'UNIT'
[Socket]
ListenStream=127.0.0.1:9825
UNIT
sed -i 's#^web:.*#web: {listenAddresses: ["unix:/run/watchkeeper/web.sock", systemd]}#' /etc/watchkeeper/watchkeeper.yaml
say "page by a socket file and by a socket unit" "$(code systemctl daemon-reload) $(systemctl stop watchkeeper) $(code systemctl start watchkeeper.socket) $(code systemctl start watchkeeper) $(until_ok 60 curl -sf -o /dev/null --unix-socket /run/watchkeeper/web.sock http://127.0.0.1/metrics) $(until_ok 60 curl -sf -o /dev/null http://127.0.0.1:9825/metrics) $(stat -c '%n %U:%G %a' /run/watchkeeper /run/watchkeeper/web.sock)"
say "settings" "$(grep '^web' /etc/watchkeeper/watchkeeper.yaml) $(journalctl --quiet --no-pager -u watchkeeper -o cat | grep -i 'page\|listen' | tail -n 2 | cut -c 1-200)"

looked() { [ "$(systemctl is-active watchkeeper-notify)" = active ] || say "notifier, looked into" "$(systemctl status --no-pager watchkeeper-notify | head -n 30)"; }
looked
say "upgrade" "$(code dpkg --install /root/in/new.deb) $(watchkeeper --version) poller $(systemctl is-active watchkeeper) notifier $(systemctl is-active watchkeeper-notify)"
systemctl stop watchkeeper
say "upgrade of one that does not run" "$(code dpkg --install /root/in/new.deb) poller $(systemctl is-active watchkeeper) notifier $(systemctl is-active watchkeeper-notify)"
looked
systemctl start watchkeeper
say "remove" "$(code dpkg --remove watchkeeper) $(systemctl is-active watchkeeper watchkeeper-notify) $(systemctl is-enabled watchkeeper 2>&1)"
say "purge" "$(code dpkg --purge watchkeeper) $(tail -n 2 /tmp/said)"
say "left" "$(find /usr /etc /var/lib /run -xdev -name '*watchkeeper*' ! -path '/var/lib/dpkg/*' 2>/dev/null | sort)"
say "failed units" "$(systemctl --failed --no-legend)"
