"""Programs that are told to run another one by an option, to delete what lies at a provider, or to send something out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..calls import Call
from ..downloads import is_local
from ..findings import Finding, ask, deny
from ..marks import GLOB, is_computed, readable

_RUNNING_OPTIONS = {
    "rg": "--pre --hostname-bin", "ag": "--pager", "ack": "--pager", "sort": "--compress-program", "split": "--filter",
    "man": "-P --pager -H --html", "bat": "--pager", "psql": "--pset=pager", "mysql": "--pager", "mariadb": "--pager",
    "gcc": "-wrapper -fplugin -B", "g++": "-wrapper -fplugin -B", "clang": "-fplugin -B", "cc": "-wrapper -fplugin -B",
    "ld": "-plugin", "cmake": "-P -C --toolchain", "ctest": "-S", "gradle": "-I --init-script", "gradlew": "-I --init-script",
    "node": "-r --require --import --loader --experimental-loader",
    "nodejs": "-r --require --import --loader --experimental-loader", "ruby": "-r -I", "perl": "-M -m -I -d", "php": "-d -z",
    "tcpdump": "-z", "nmap": "--script", "cargo": "--config",
    "npm": "--script-shell --node-options --globalconfig --userconfig", "pnpm": "--script-shell --node-options",
    "mvn": "-Dexec.executable -Dexec.args -Dmaven.ext.class.path -s --settings -gs",
    "mvnw": "-Dexec.executable -Dexec.args -Dmaven.ext.class.path",
    "java": "-javaagent -agentlib -agentpath -XX:OnError -XX:OnOutOfMemoryError", "dotnet": "-p:PreBuildEvent",
    "pytest": "-p --rootdir -c --confcutdir", "gunicorn": "-c --config", "flask": "--app", "screen": "-X", "make": "-E --eval",
    "gmake": "-E --eval", "docker": "--config", "ssh-keygen": "-D -w", "openssl": "-engine -provider", "logrotate": "-f",
    "rsync": "-M --remote-option", "start-stop-daemon": "-x", "jest": "--globalSetup --setupFiles", "mocha": "-r --require",
    "eslint": "--rulesdir --resolve-plugins-relative-to", "pip": "--python --config-file",
    "wget": "--use-askpass --config -e --execute", "sqlite3": "-init", "bundle": "--gemfile",
    "go": "-toolexec -exec -vettool -overlay -modfile", "less": "-k", "lua": "-l",
}  # fmt: skip
"""Program -> options whose value is run, loaded, or names what is."""
_OF_THE_PROJECT = frozenset({
    "gunicorn", "pytest", "cmake", "flask", "gradle", "jest", "mocha", "bundle", "mvn", "ruby", "pip", "cargo", "node",
    "nodejs",
})  # fmt: skip
"""Programs for which the value usually is a file or a module of the project: only others are asked about."""
_CLOUDS = frozenset({
    "terraform", "tofu", "terragrunt", "pulumi", "kubectl", "k", "oc", "helm", "helmfile", "aws", "gcloud", "gsutil", "bq",
    "az", "heroku", "fly", "flyctl", "doctl", "vercel", "netlify", "firebase", "gh", "glab", "hub", "wrangler", "railway",
    "render", "eksctl", "serverless", "sls", "cdk", "sam", "vagrant", "minikube", "kind", "k3d", "nomad", "consul", "etcdctl",
    "vault", "rabbitmqctl", "kafka-topics", "kafka-topics.sh", "influx", "mc", "s3cmd", "s5cmd", "rclone", "b2", "restic",
    "borg", "linode-cli", "hcloud", "scw", "ibmcloud", "oci", "aliyun", "packer", "ansible", "ansible-playbook", "salt",
    "knife", "puppet", "dokku", "caprover", "cf", "supabase", "neonctl", "turso", "planetscale", "pscale", "copilot",
    "amplify", "eb", "surge", "now", "virsh", "multipass", "lxc", "incus", "qm", "pct", "argocd", "flux", "kustomize",
    "skaffold", "istioctl", "velero", "influxd", "mongocli", "atlas", "elasticdump", "confluent", "databricks", "snowsql",
})  # fmt: skip
"""Programs for what lies at a provider or in a cluster."""
_TAKES_AWAY = re.compile(
    r"(?:^|[:\-_./])(?:delete|del|destroy|remove|rm|rb|purge|terminate|uninstall|un-?deploy|down|drop|reset|prune|wipe|forget|drain|teardown|stop|"
    r"deregister|revoke|rollback|apply|scale|replace|cordon|taint|evict|empty|detach|disable|erase|clear|kill|stop-instances|sync|deploy|up|"
    r"import|exec|ssh|put|create|update|push|set|run|publish|mv|cp|patch|edit|install|upgrade|restore)(?:$|[:\-_])",
    re.IGNORECASE,
)
_DATA_OPTIONS = re.compile(
    r"-(?:[a-zA-Z#]*?[dFT])(.*)|--(?:data(?:-\w+)?|form(?:-string)?|upload-file|json|post-data|post-file|body-data|body-file|url-query)(?:=(.*))?",
    re.DOTALL,
)
_HEADER = re.compile(r"-[a-zA-Z]*?[HAeub](.*)|--(?:header|user-agent|referer|cookie|user)(?:=(.*))?", re.DOTALL)


def told(call: Call) -> Iterator[Finding]:
    """Findings on what a program is told by its options."""
    if call.name in _CLOUDS and any(_TAKES_AWAY.search(word) for word in call.args if not word.startswith("--format")):
        yield ask("provider", f"{call.name} changes or deletes what lies at a provider, in a cluster or on other machines.")
    yield from _running(call)
    if call.name in ("curl", "wget", "wget2", "http", "https", "xh", "curlie"):
        yield from _sending(call)
    elif call.name == "openssl" and "s_client" in call.args and call.stdin.kind != "none":
        yield ask("sends-data", "openssl sends out what flows into it.")
    elif call.name == "run-parts":
        yield from (found for word in call.args for found in call.judge.script(f"{word}/{GLOB}*", call))
    elif call.name in ("less", "more") and any(re.fullmatch(r"\+\+?[^\dGFg].*", word) for word in call.args):
        yield ask("hidden-code", f"{call.name} is told to run commands.")
    elif call.name in ("nc", "ncat", "netcat", "telnet", "socat") and call.stdin.kind != "none":
        yield ask("sends-data", f"{call.name} sends out what flows into it.")
    if call.name.startswith("git-credential") or (call.name == "git" and _asks_for_credentials(call)):
        yield deny("key-files", "It prints the user's passwords and tokens.")


def _asks_for_credentials(call: Call) -> bool:
    words = [word for word in call.args if not word.startswith("-")]
    return any(word.startswith("credential") and not word.startswith("credential.") for word in words[:2])


def _running(call: Call) -> Iterator[Finding]:
    options = _RUNNING_OPTIONS.get(call.name, "").split()
    for index, word in enumerate(call.args):
        name, equals, value = word.partition("=")
        option = next((each for each in options if name == each or (not each.startswith("--") and word.startswith(each))), None)
        if option is None:
            continue
        attached = value if equals else word[len(option) :]
        given = attached or next(iter(call.args[index + 1 : index + 2]), "")
        if call.name in _OF_THE_PROJECT and not _leads_out(call, given):
            continue
        if " " in given:
            yield from call.runs_code(given)
        yield ask("hidden-code", f"With {option}, {call.name} runs or loads {readable(given) or 'more code'}.")


def _leads_out(call: Call, word: str) -> bool:
    """Whether a value names a file that is not the project's."""
    return is_computed(word) or any(call.places.is_outside(spot.path) for spot in call.spots(word) if not spot.below)


def _sending(call: Call) -> Iterator[Finding]:
    addresses = [word for word in call.args if "://" in word or is_local(word)]
    if addresses and all(is_local(word) for word in addresses):
        return
    if call.stdin.kind in ("file", "computed") and call.name in ("http", "https", "xh"):
        yield ask("sends-data", f"{call.name} sends out what flows into it.")
    for index, word in enumerate(call.args):
        found = _DATA_OPTIONS.fullmatch(word)
        value = _value(found, call, index)
        sends = value is not None and (is_computed(value) or "@" in value or "<" in value or _is_upload(word))
        header = _value(_HEADER.fullmatch(word), call, index)
        if sends or (header is not None and is_computed(header)):
            yield ask("sends-data", f"{call.name} sends out what is only known when it runs, or a file.")
            return


def _is_upload(word: str) -> bool:
    return word.startswith(("--upload", "--post-file", "--body-file")) or (word[:1] == "-" and word[1:2] != "-" and "T" in word)


def _value(found: re.Match[str] | None, call: Call, index: int) -> str | None:
    if found is None:
        return None
    return next((group for group in found.groups() if group), None) or next(iter(call.args[index + 1 : index + 2]), "")
