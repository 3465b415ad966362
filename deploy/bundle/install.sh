#!/bin/sh
# Installs Watchkeeper from this folder, without a network, a compiler or a package manager. Starts nothing.
#   ./install.sh [--key release.pub]     checks every file, then installs; with a key the signature too
#   ./install.sh --remove                removes what was installed, and leaves the site, its approvals and its audit
# DESTDIR=/some/root installs into another root.
set -eu
umask 022
cd "$(dirname "$0")"

fail() { echo "install.sh: $*" >&2; exit 1; }

action=install key=
while [ $# -gt 0 ]; do
  case "$1" in
    --key) [ $# -ge 2 ] || fail "--key: found nothing after it, expected the file of the builder's public key"; key=$2; shift ;;
    --remove) action=remove ;;
    *) sed -n '2,5s/^# *//p' "$0"; exit 2 ;;
  esac
  shift
done
root=${DESTDIR:-}
stop="systemctl stop watchkeeper watchkeeper-notify"
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  # Both load parts of themselves when they are first needed. One that waits to be started again ("activating") is not over either.
  for unit in watchkeeper watchkeeper-notify; do
    case "$(systemctl is-active "$unit.service" || true)" in
      inactive | failed | unknown) ;;
      *) fail "$unit runs; end both first: $stop" ;;
    esac
  done
fi
[ -w "$root/usr" ] || fail "$root/usr cannot be written; run it as root"

if [ "$action" = remove ]; then
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl --quiet disable --now watchkeeper.service watchkeeper-notify.service watchkeeper-fence.timer || true
  fi
  rm -rf "$root/usr/lib/watchkeeper" "$root/usr/share/doc/watchkeeper"
  rm -f "$root/usr/bin/watchkeeper" "$root/usr/lib/sysusers.d/watchkeeper.conf" "$root/etc/sysctl.d/60-watchkeeper.conf" \
    "$root/usr/lib/systemd/system/watchkeeper.service" "$root/usr/lib/systemd/system/watchkeeper-notify.service" \
    "$root/usr/lib/systemd/system/watchkeeper-fence.service" "$root/usr/lib/systemd/system/watchkeeper-fence.timer"
  echo "Removed. /etc/watchkeeper and /var/lib/watchkeeper are left as they are: approvals and audit belong to the site's owner."
  exit 0
fi

if [ -n "$key" ]; then
  openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null ||
    fail "SHA256SUMS is not what the holder of that key has signed; install nothing of this, and ask where it came from"
else
  echo "The signature was not checked: give --key with the builder's public key, which must have come to you another way than this bundle."
fi
# A link would be followed by the sums and copied as it is.
odd=$(find root ! -type d ! -type f)
[ -z "$odd" ] || fail "found what is neither a file nor a folder: $odd"
sha256sum --quiet --check SHA256SUMS || fail "a file is damaged or was changed; copy the bundle again"
# What is not in the sums was put here by somebody else.
extra=$({ cut -c 67- SHA256SUMS | grep '^root/'; find root ! -type d; } | sort | uniq -u)
[ -z "$extra" ] || fail "found files that are not in SHA256SUMS: $extra"
wanted=$(cat architecture)
[ "$(uname -m)" = "$wanted" ] || fail "found the architecture $(uname -m), expected $wanted"

# An older version's files must not stay among the new.
rm -rf "$root/usr/lib/watchkeeper"
kept=$root/etc/sysctl.d/60-watchkeeper.conf
[ ! -e "$kept" ] || cp -p "$kept" "$kept.kept"
cp -R root/. "$root/"
[ ! -e "$kept.kept" ] || mv "$kept.kept" "$kept"

if ! grep -q '^watchkeeper:' "$root/etc/passwd"; then
  if command -v systemd-sysusers >/dev/null; then systemd-sysusers ${root:+--root="$root"} watchkeeper.conf
  else useradd ${root:+--root "$root"} --system --home-dir /var/lib/watchkeeper --no-create-home --shell /usr/sbin/nologin watchkeeper; fi
fi
owner=$(sed -n 's/^watchkeeper:[^:]*:\([0-9]*\):\([0-9]*\):.*/\1:\2/p' "$root/etc/passwd")
chown "$owner" "$root/etc/watchkeeper"
chmod 0750 "$root/etc/watchkeeper"
mkdir -p "$root/var/lib/watchkeeper"
chown "$owner" "$root/var/lib/watchkeeper"
chmod 0700 "$root/var/lib/watchkeeper"
[ -n "$root" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload
echo "Installed; nothing was started. Next: /usr/share/doc/watchkeeper/docs/operations.md"
