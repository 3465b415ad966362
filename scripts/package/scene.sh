#!/bin/sh
# Installs, runs and removes what was packaged, in a root of its own: the machine's, with everything written to memory alone.
# scene.sh DEB [BUNDLE KEY], to be started by root: unshare --mount --net --pid --fork --propagation private. Prints a line a step.
# There is no network in it, no registry and no daemon. An upgrade and the bundle are tried where there is a bundle.
set -eu

if [ -z "${WATCHKEEPER_SCENE:-}" ]; then
  mount -t tmpfs none /mnt
  mkdir /mnt/upper /mnt/work /mnt/root
  mount -t overlay none -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
  mount -t proc none /mnt/root/proc
  mount --bind /dev /mnt/root/dev
  mount -t tmpfs none /mnt/root/tmp
  mkdir /mnt/root/tmp/in
  cp "$0" /mnt/root/tmp/in/scene.sh
  for file in "$@"; do cp "$file" /mnt/root/tmp/in/; done
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin WATCHKEEPER_SCENE=1 DEBIAN_FRONTEND=noninteractive \
    chroot /mnt/root /bin/sh /tmp/in/scene.sh "/tmp/in/${1##*/}" ${2:+"/tmp/in/${2##*/}" "/tmp/in/${3##*/}"}
fi

deb=$1 bundle=${2:-} key=${3:-}
cd /
say() { echo "$1: $2"; }
code() { if "$@" >/tmp/said 2>&1; then echo 0; else echo $?; fi; }
as_user() { setpriv --reuid watchkeeper --regid watchkeeper --clear-groups --no-new-privs --inh-caps=-all -- "$@"; }
left() { find /usr /etc /var/lib/watchkeeper -xdev -path '*watchkeeper*' ! -path '/etc/watchkeeper/*' ! -path '/var/lib/watchkeeper/*' \
  ! -path '/var/lib/dpkg/*' -newer /tmp/begin 2>/dev/null | sort | tr '\n' ' '; }

used() {
  say version "$(watchkeeper --version)"
  say revision "$(cat /usr/lib/watchkeeper/REVISION 2>/dev/null || true)"
  say account "$(getent passwd watchkeeper | cut -d: -f1,6,7) $(stat -c %U:%a /etc/watchkeeper /var/lib/watchkeeper | tr '\n' ' ')"
  say init "$(code as_user watchkeeper init /etc/watchkeeper --site packaged --state /var/lib/watchkeeper/state)"
  say check-config "$(code as_user watchkeeper check-config)"
  cd /usr/lib/watchkeeper
  say addons "$(code as_user runtime/node -e 'require("node-snap7"); require("@serialport/bindings-cpp")')"
  cd /
  # The unit's own command line.
  (exec setpriv --reuid watchkeeper --regid watchkeeper --clear-groups --no-new-privs --inh-caps=-all -- \
    $(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/watchkeeper.service)) >/tmp/run 2>&1 &
  poller=$!
  until grep -q 'checks asked: ' /tmp/run || ! kill -0 "$poller" 2>/dev/null; do sleep 0.2; done
  # Its exit code may be 1 on a machine so busy that the poller says that it stood still.
  say unheard "$(as_user watchkeeper status 2>&1 | grep -c 'no poller runs' || true)"
  kill -TERM "$poller"
  if wait "$poller"; then say ended 0; else say ended $?; fi
}

touch /tmp/begin
sleep 0.01
say install "$(code dpkg --install "$deb") $(grep -c 'asks nothing yet' /tmp/said)"
say enabled "$(find /etc/systemd/system -name 'watchkeeper*' | wc -l)"
say verify "$(dpkg --verify watchkeeper | wc -l)"
used
echo '# ours' >>/etc/sysctl.d/60-watchkeeper.conf
[ -z "$bundle" ] || say upgrade "$(code dpkg --install "$deb") $(tail -n 1 /etc/sysctl.d/60-watchkeeper.conf) $(ls /etc/watchkeeper | tr '\n' ' ')"
say remove "$(code dpkg --remove watchkeeper)"
say left "$(left)"
say purge "$(code dpkg --purge watchkeeper) $(grep -c 'is left as it is' /tmp/said)"
say left "$(left)"
say site "$(ls /etc/watchkeeper | tr '\n' ' ')."

[ -n "$bundle" ] || exit 0
rm -rf /etc/watchkeeper /var/lib/watchkeeper
mkdir /tmp/bundle
tar --extract --file "$bundle" --directory /tmp/bundle --strip-components=1
cd /tmp/bundle
say bundle "$(code ./install.sh --key "$key") $(tail -n 1 /tmp/said)"
cd /
used
cd /tmp/bundle
say bundle-remove "$(code ./install.sh --remove) $(left)"
echo ' ' >>root/usr/lib/watchkeeper/dist/main.js
say damaged "$(code ./install.sh --key "$key") $(tail -n 1 /tmp/said)"
sha256sum root/usr/lib/watchkeeper/dist/main.js >/tmp/sum
sed -i "s#^[0-9a-f]*  root/usr/lib/watchkeeper/dist/main.js#$(cat /tmp/sum)#" SHA256SUMS
say forged "$(code ./install.sh --key "$key") $(tail -n 1 /tmp/said)"
echo >root/usr/lib/watchkeeper/dist/added.js
say added "$(code ./install.sh) $(tail -n 1 /tmp/said)"
say left "$(left)"
