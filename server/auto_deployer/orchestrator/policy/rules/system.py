"""Programs that change the machine: disks, power, firewall, accounts, services, processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..calls import Call, options
from ..findings import Finding, ask, deny

Rule = Callable[[Call], Iterator[Finding]]

_FIREWALLS = frozenset(
    {"ufw", "firewalld", "nftables", "iptables", "ip6tables", "netfilter-persistent", "apparmor", "fail2ban", "auditd"}
)
_LISTING = frozenset({"-l", "--list", "-h", "--help", "--version", "-V", "print", "-lf", "status", "list", "show"})


def _denies(rule: str, reason: str) -> Rule:
    return lambda call: iter((deny(rule, f"{call.name} {reason}"),))


def _asks(rule: str, reason: str) -> Rule:
    return lambda call: iter((ask(rule, f"{call.name} {reason}"),))


def _unless_listing(call: Call) -> Iterator[Finding]:
    if not any(word in _LISTING for word in call.args):
        yield deny("raw-disk", f"{call.name} changes disks or partitions.")


def _init(call: Call) -> Iterator[Finding]:
    yield (
        deny("power", f"{call.name} changes the machine's run level.") if call.args[:1] else ask("power", "It is the init program.")
    )


def _systemctl(call: Call) -> Iterator[Finding]:
    given = options(call.args, "tHMnopP", ("--type", "--host", "--machine", "--state", "--property"))
    verb, units = (given.operands[0], given.operands[1:]) if given.operands else ("", ())
    if verb in (
        "poweroff",
        "reboot",
        "halt",
        "kexec",
        "suspend",
        "hibernate",
        "hybrid-sleep",
        "emergency",
        "rescue",
        "isolate",
        "soft-reboot",
        "exit",
    ):
        yield deny("power", f"systemctl {verb} ends what runs on this machine.")
    elif verb in ("stop", "disable", "mask", "kill") and any(unit.removesuffix(".service") in _FIREWALLS for unit in units):
        yield deny("firewall", f"systemctl {verb} {' '.join(units)} takes the machine's protection away.")
    elif verb not in ("", "status", "is-active", "is-enabled", "is-failed", "show", "cat", "help") and not verb.startswith("list-"):
        yield ask("services", f"systemctl {verb} changes services of the machine.")


def _service(call: Call) -> Iterator[Finding]:
    words = [word for word in call.args if not word.startswith("-")]
    if len(words) < 2 or words[1] == "status":
        return
    if words[0] in _FIREWALLS and words[1] in ("stop", "disable"):
        yield deny("firewall", f"It stops {words[0]}.")
    else:
        yield ask("services", f"service {' '.join(words[:2])} changes a service of the machine.")


def _ufw(call: Call) -> Iterator[Finding]:
    words = [word for word in call.args if not word.startswith("-")]
    if words[:1] in (["disable"], ["reset"]) or words[:2] == ["default", "allow"]:
        yield deny("firewall", f"ufw {words[0]} takes the machine's protection away.")
    elif words[:1] not in ([], ["status"], ["show"], ["app"], ["version"]):
        yield ask("firewall", "It changes the machine's firewall.")


def _iptables(call: Call) -> Iterator[Finding]:
    given = options(call.args, "tPIADN", ("--policy", "--table"))
    opens = any(option in ("-P", "--policy") for option, _ in given.values) and "ACCEPT" in call.args
    if given.has("FX", "flush", "delete-chain") or opens:
        yield deny("firewall", f"{call.name} takes the machine's firewall rules away.")
    elif not given.has("LSnV", "list", "list-rules", "version") or given.has(
        "AIDNRPE", "append", "insert", "delete", "replace", "policy"
    ):
        yield ask("firewall", "It changes the machine's firewall.")


def _nft(call: Call) -> Iterator[Finding]:
    words = " ".join(call.args).split()
    if any(word in ("flush", "delete", "destroy", "reset") for word in words):
        yield deny("firewall", "nft takes the machine's firewall rules away.")
    elif "list" not in words[:1]:
        yield ask("firewall", "It changes the machine's firewall.")


def _firewall_cmd(call: Call) -> Iterator[Finding]:
    if any(word.startswith(("--remove", "--panic", "--set-default", "--delete")) for word in call.args):
        yield deny("firewall", "firewall-cmd takes the machine's protection away.")
    elif not any(word.startswith(("--list", "--get", "--state", "--query", "--version")) for word in call.args):
        yield ask("firewall", "It changes the machine's firewall.")


def _pfctl(call: Call) -> Iterator[Finding]:
    yield (
        deny("firewall", "pfctl -d or -F takes the firewall away.")
        if options(call.args).has("dF")
        else ask("firewall", "It talks to the firewall.")
    )


def _crontab(call: Call) -> Iterator[Finding]:
    if call.args != ("-l",):
        yield deny("cron", "It plants commands that run later, out of sight.")


def _kill(call: Call) -> Iterator[Finding]:
    words = list(call.args)
    if words[:1] and (words[0] in ("-l", "-L", "-0", "--list") or words[:2] == ["-s", "0"]):
        return
    if words[:1] and words[0] in ("-s", "-n", "--signal"):
        words = words[2:]
    elif words[:1] and words[0].startswith("-") and words[0] != "--" and len(words) > 1:
        words = words[1:]
    for word in words:
        if word in ("-1", "1", "0"):
            yield deny("kill-all", f"kill {word} ends everything, or what everything hangs on.")
        elif not word.startswith("%") and word != "--":
            yield ask("kill", "It may end a process that is not the deployment's.")


def _killall(call: Call) -> Iterator[Finding]:
    if call.args not in (("--version",), ("-l",)):
        yield ask("kill", f"{call.name} ends processes by name, others' too.")


def _fuser(call: Call) -> Iterator[Finding]:
    if options(call.args, "n").has("k", "kill"):
        yield ask("kill", "fuser -k ends whatever uses a file or port.")


_PS_LETTERS = frozenset("aAcefghjlmnorsStTuvwxX")
_PS_VALUED = frozenset(
    {"-o", "-O", "-C", "-u", "-U", "-p", "-q", "-t", "-g", "-G", "--format", "--sort", "--pid", "--user", "o", "O", "p"}
)


def _ps(call: Call) -> Iterator[Finding]:
    """BSD's `e` shows the environment of processes, which may hold keys."""
    for before, word in zip(("", *call.args), call.args, strict=False):
        if "e" in word and _PS_LETTERS.issuperset(word) and before not in _PS_VALUED:
            yield deny("key-files", "`ps e` shows the environment of other processes, keys and all.")


def _sysctl(call: Call) -> Iterator[Finding]:
    if options(call.args).has("wp", "write", "load", "system") or any("=" in word for word in call.args):
        yield ask("kernel", "It changes how the kernel works.")


def _history(call: Call) -> Iterator[Finding]:
    if call.args:
        yield ask("hides-traces", "It changes the shell's history.")


def _names(text: str) -> list[str]:
    return text.split()


_DISK = _names("""
    mke2fs mkswap wipefs blkdiscard mkntfs mkdosfs cryptsetup lvremove vgremove pvremove pvcreate mdadm badblocks hdparm nvme sgdisk
    zpool zfs fsck tune2fs resize2fs newfs diskutil swapon swapoff losetup
""")
_FILE_SYSTEMS = _names("ext2 ext3 ext4 xfs btrfs vfat fat ntfs f2fs minix exfat msdos cramfs bfs")
_ACCOUNTS = _names("""
    useradd userdel usermod adduser deluser groupadd groupdel groupmod addgroup delgroup gpasswd passwd chpasswd chgpasswd chsh chfn
    visudo vipw vigr newusers pwconv grpconv ssh-copy-id dscl chage
""")
_MACHINE = _names("""
    modprobe insmod rmmod update-grub grub-install efibootmgr setcap ldconfig update-alternatives update-rc.d chkconfig timedatectl
    hostnamectl nmcli ifconfig route
""")
_POWER = _names("shutdown reboot halt poweroff kexec pm-suspend pm-hibernate")
_IPTABLES = _names("iptables ip6tables iptables-legacy iptables-nft ip6tables-legacy ip6tables-nft")
_BY_NAME = _names("pkill killall skill slay xkill")

RULES: dict[str, Rule] = {
    **dict.fromkeys(("mkfs", *(f"mkfs.{kind}" for kind in _FILE_SYSTEMS)), _denies("raw-disk", "makes a file system.")),
    **dict.fromkeys(_DISK, _denies("raw-disk", "works on disks.")),
    **dict.fromkeys(("parted", "fdisk", "sfdisk", "cfdisk", "gdisk"), _unless_listing),
    **dict.fromkeys(_POWER, _denies("power", "ends what runs on this machine.")),
    **dict.fromkeys(("init", "telinit"), _init),
    "systemctl": _systemctl,
    **dict.fromkeys(("service", "rc-service"), _service),
    "launchctl": _asks("services", "changes services."),
    "ufw": _ufw,
    **dict.fromkeys(_IPTABLES, _iptables),
    "nft": _nft,
    "firewall-cmd": _firewall_cmd,
    "pfctl": _pfctl,
    "iptables-restore": _denies("firewall", "replaces the machine's firewall rules."),
    **dict.fromkeys(("setenforce", "aa-disable", "aa-teardown"), _denies("firewall", "changes the machine's protection.")),
    **dict.fromkeys(("crontab", "fcrontab"), _crontab),
    **dict.fromkeys(_ACCOUNTS, _denies("accounts", "changes who may use this machine.")),
    "kill": _kill,
    **dict.fromkeys(_BY_NAME, _killall),
    "killall5": _denies("kill-all", "ends everything."),
    "fuser": _fuser,
    "ps": _ps,
    "sysctl": _sysctl,
    "history": _history,
    **dict.fromkeys(_MACHINE, _asks("kernel", "changes the machine.")),
}
