"""Runs a program under the limits that a unit file names, set by mount, setpriv and a seccomp filter: what systemd would do, without systemd.

confine.py UNIT USER SITE STATE -- PROGRAM...: to be started by root in a mount namespace of its own (unshare --mount --propagation private).
SITE is shown read-only at /mnt/site, STATE (a folder in it) writable at its place there, and this checkout read-only at /mnt/product, since its
own place may be one that is hidden. A directive that is neither set here nor listed
as one that only systemd sets ends it: the unit and this file are kept in step.
"""

import ctypes
import errno
import os
import resource
import socket
import subprocess
import sys

import seccomp

# Set below with the value that the unit gives.
TAKEN = {
    "RestrictNamespaces", "RestrictAddressFamilies", "SystemCallFilter", "SystemCallErrorNumber", "UMask", "LimitNOFILE", "TasksMax",
}
# Set below, in the one way that is known here.
EXACT = {
    "User": "watchkeeper", "Group": "watchkeeper", "StateDirectory": "watchkeeper",
    "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "PrivateMounts": "yes",
    "PrivateUsers": "yes", "ProtectProc": "invisible", "ProtectKernelTunables": "yes", "ProtectControlGroups": "yes",
    "ProtectKernelLogs": "yes", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "",
    "SystemCallArchitectures": "native", "LimitCORE": "0",
}
# Hold because of the empty capability set and the filter above (clock, modules, host name), or need systemd itself (cgroups, restarts).
LEFT = {
    "Type", "ExecStart", "ExecReload", "WorkingDirectory", "Restart", "RestartSec", "RestartPreventExitStatus", "TimeoutStopSec", "KillMode",
    "StateDirectoryMode", "RuntimeDirectory", "RuntimeDirectoryMode", "DevicePolicy", "ProtectClock", "ProtectHostname", "ProtectKernelModules",
    "RemoveIPC", "KeyringMode", "RestrictSUIDSGID", "RestrictRealtime", "LockPersonality", "IPAddressDeny", "IPAddressAllow", "MemoryMax",
    "UnsetEnvironment",
}
NAMESPACES = {
    "mnt": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000,
}


CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
SHOWN = "/mnt/product"


def shown(path):
    """Where a file of this checkout stands once the places of users and of temporary files are hidden."""
    return path.replace(CHECKOUT + "/", SHOWN + "/")


def service_of(unit):
    directives, section = {}, None
    for line in open(unit, encoding="utf8"):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif line and line[0] not in "#;" and section == "[Service]":
            key, value = line.split("=", 1)
            directives.setdefault(key, []).append(value)
    unknown = set(directives) - TAKEN - set(EXACT) - LEFT
    if unknown:
        sys.exit(f"confine.py: does not know {', '.join(sorted(unknown))} of {unit}")
    for key, value in EXACT.items():
        if directives.get(key) != [value]:
            sys.exit(f"confine.py: found {key}={directives.get(key)} in {unit}, can only set {value}")
    return directives


def run(*argv):
    subprocess.run(argv, check=True)


def mounts():
    places = [line.split()[4].replace("\\040", " ") for line in open("/proc/self/mountinfo", encoding="utf8")]
    return [place for place in places if not place.startswith(("/proc", "/sys", "/dev", "/mnt"))]


def set_mounts(site, state, uid):
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/mnt")
    os.mkdir("/mnt/site")
    run("mount", "--bind", site, "/mnt/site")
    inner = os.path.join("/mnt/site", os.path.relpath(state, site))
    run("mount", "--bind", inner, inner)
    run("mount", "-o", "remount,bind,ro", "/mnt/site")
    os.mkdir(SHOWN)
    run("mount", "--bind", CHECKOUT, SHOWN)
    run("mount", "-o", "remount,bind,ro", SHOWN)
    for place in mounts():
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=False, stderr=subprocess.DEVNULL)
    run("mount", "-o", "remount,ro", "/mnt")
    for place in ("/tmp", "/var/tmp"):
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", place)
    for place in ("/home", "/root"):
        run("mount", "-t", "tmpfs", "-o", "mode=0000,ro", "none", place)
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/run")
    os.mkdir("/run/dev")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        open(f"/run/dev/{name}", "w", encoding="utf8").close()
        run("mount", "--bind", f"/dev/{name}", f"/run/dev/{name}")
    run("mount", "--rbind", "/run/dev", "/dev")
    run("mount", "-t", "proc", "-o", "hidepid=invisible", "none", "/proc")
    for place in ("/proc/sys", "/sys"):
        run("mount", "--bind", place, place)
        run("mount", "-o", "remount,bind,ro", place)
    run("mount", "--bind", "/dev/null", "/proc/kmsg")


def set_users():
    """A namespace of users in which this account alone is known, and no capability can be had in it either."""
    kernel, (user, group) = ctypes.CDLL(None, use_errno=True), (os.getuid(), os.getgid())
    if kernel.unshare(NAMESPACES["user"]) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="utf8") as file:
            file.write(text)
    drop = 24  # PR_CAPBSET_DROP
    for capability in range(64):
        kernel.prctl(drop, capability, 0, 0, 0)


def calls_of(name):
    """The system calls of a set, as systemd itself has it."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout.splitlines()
    words = [line.strip() for line in lines[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(calls_of(word) for word in words))


def set_filter(directives):
    allowed = calls_of("@default")
    for line in directives["SystemCallFilter"]:
        for word in line.lstrip("~").split():
            allowed = allowed - calls_of(word) if line.startswith("~") else allowed | calls_of(word)
    kept = set(directives["RestrictNamespaces"][0].split()) if directives["RestrictNamespaces"] != ["yes"] else set()
    families = [getattr(socket, name) for name in directives["RestrictAddressFamilies"][0].split()]
    refused = seccomp.ERRNO(getattr(errno, directives["SystemCallErrorNumber"][0]))
    rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(errno.ENOSYS))
    for name in sorted(calls_of("@known")):
        if name in ("socket", "clone", "unshare", "clone3", "setns"):
            continue
        try:
            rules.add_rule(seccomp.ALLOW if name in allowed else refused, name)
        except RuntimeError:
            pass  # libseccomp does not know the call, so it stays at ENOSYS
    for family in families:
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, int(family)))
    forbidden = [flag for name, flag in NAMESPACES.items() if name not in kept]
    mask = sum(forbidden)
    for name in ("clone", "unshare"):
        if name in allowed:
            rules.add_rule(seccomp.ALLOW, name, seccomp.Arg(0, seccomp.MASKED_EQ, mask, 0))
    rules.load()


def main():
    unit, user, site, state = sys.argv[1:5]
    program = sys.argv[sys.argv.index("--") + 1 :]
    directives = service_of(unit)
    if os.getuid() == 0:
        set_mounts(site, state, user)
        # What the machine itself allows may be less.
        limit = min(int(directives["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NPROC, (int(directives["TasksMax"][0]),) * 2)
        os.umask(int(directives["UMask"][0], 8))
        os.chdir(os.path.join("/mnt/site", os.path.relpath(state, site)))
        again = ["/usr/bin/python3", *(shown(word) for word in [os.path.realpath(__file__), *sys.argv[1:]])]
        powerless = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        os.execvp("setpriv", [*powerless, *again])
    set_users()
    set_filter(directives)
    os.execvp(program[0], program)


main()
