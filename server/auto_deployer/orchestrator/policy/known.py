"""What is known to do no harm when a model asks for it: programs with their verbs and options; everything else is asked about.

A line is `names | verbs | options`. `*` stands for any, nothing for none; `=` behind an option says that it takes a value. What
a program reads, writes or runs is judged by the other rules all the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A program's harmless uses.

    Attributes:
        verbs: The first words that are known; None: any.
        options: Options that are known; None: any.
        valued: Those that take a value.
    """

    verbs: frozenset[str] | None
    options: frozenset[str] | None
    valued: frozenset[str]


_NPM = (
    "--no-audit --no-fund --legacy-peer-deps --force --save --save-dev --save-exact --save-optional --save-peer -D -S -E -O -P "
    "-f --production --omit= --include= --ignore-scripts --prefer-offline --offline --silent -s --quiet -q --verbose "
    "--loglevel= --no-save --no-optional --no-package-lock --package-lock-only --prefix= --workspace= -w= --workspaces "
    "--if-present --yes -y --no-install --frozen-lockfile --no-frozen-lockfile --immutable --no-immutable --non-interactive "
    "--network-timeout= --ignore-engines --ignore-platform --ignore-optional --dev --prod --shamefully-hoist "
    "--no-strict-peer-dependencies --strict-peer-dependencies --filter= --recursive -r --cwd= --dir= -C= "
    "--location= --version -v --help -h --depth= --json --long --global-style --install-strategy= --no-progress --progress "
    "--no-color --reporter= --maxsockets= --fetch-timeout= --fetch-retries= --mode= --check-cache --inline-builds --package= "
    "-p= --dedupe --save-dev --no-bin-links"
)
_PIP = (
    "-r= --requirement= -c= --constraint= -e= --editable= -U --upgrade --no-cache-dir --no-deps --no-input -q --quiet -v "
    "--verbose --user --pre --force-reinstall --ignore-installed -I --only-binary= --no-binary= --prefer-binary "
    "--no-build-isolation --use-pep517 --default-timeout= --timeout= --retries= --disable-pip-version-check "
    "--no-warn-script-location --progress-bar= --upgrade-strategy= "
    "--no-index --no-color -y --yes --target= -t= --prefix= --root= --format= --version -V --outdated "
    "--all-extras --extra= --group= --no-dev --dev --frozen --locked --python= -p= --no-root --with= --without= --only= "
    "--no-interaction -n --sync --no-ansi --deploy --system --no-sync --no-install-project --seed --clear "
    "--break-system-packages --ignore-requires-python --platform= --python-version= --quiet --no-compile --isolated "
    "--relocatable --directory= --project= --module --without-hashes --output= -o= --link-mode="
)
_CURL = (
    "-f --fail -s --silent -S --show-error -L --location -o= --output= -O --remote-name -I --head -i --include -k --insecure -v "
    "--verbose -m= --max-time= --connect-timeout= --retry= --retry-delay= --retry-connrefused --retry-all-errors -w= "
    "--write-out= --compressed -4 -6 -q --create-dirs --output-dir= --fail-with-body --no-progress-meter -# --progress-bar "
    "--http1.1 -A= -N --no-buffer -V --version --remote-header-name -J"
)
_WGET = (
    "-q --quiet -O= --output-document= -P= --directory-prefix= -c --continue -nv --no-verbose -T= --timeout= -t= --tries= -nc "
    "--no-clobber --spider -S --server-response --no-check-certificate --version -V"
)
_TABLE = f"""
ls dir stat test [ [[ basename dirname realpath readlink du file which type id pwd dirs whoami hostname uname date df free \
uptime nproc arch tty groups locale true false : exit return break continue shift wait sleep seq expr logger wc cut paste tr nl \
od xxd base64 hexdump strings column comm join fold fmt rev tac sha256sum sha1sum sha512sum md5sum cksum b2sum tree cmp getent \
lsb_release lsof ss pgrep lscpu lsblk vmstat printf echo read local declare typeset readonly export unset set umask ulimit \
getopts hash let cat head tail cd chdir pushd popd touch mkdir rmdir rm unlink cp mv ln chmod tee mktemp sync jobs fg bg kill ps \
top netstat numfmt shuf factor yes tsort pathchk egrep fgrep grep uniq shopt builtin command exec time nohup timeout nice ionice \
setsid stdbuf eval source . trap mapfile readarray sh bash dash ash zsh ksh xargs find jq diff more zcat bzcat xzcat gzip gunzip \
bzip2 bunzip2 xz unxz zstd unzip install truncate rsync dd env sed gsed awk gawk mawk nawk cmp nslookup lsmod groups gtimeout \
tini dumb-init alias unalias test times caller busybox toybox zip cpio 7z 7za split csplit csh coproc then do done fi else elif \
esac {{ }} python python2 python3 pypy ipython node nodejs bun deno php perl ruby lua Rscript julia pwsh | * | *
sort | * | -n -r -u -k= -t= -o= -f -b -h -V -s -z -c -g -M -d -i -m --numeric-sort --reverse --unique --key= --output= \
--version-sort
rg | * | -n -i -l -c -v -w -F -e= -g= -t= -A= -B= -C= -S -u -s -o -q -r= -m= --files --hidden --no-ignore --glob= --type= --json \
--count --line-number --ignore-case --files-with-matches --max-count= --no-heading --color=
tar gtar bsdtar | * | -x -z -f= -v -c -C= -t -j -J -k -p -h --strip-components= --exclude= --directory= --file= --extract --list \
--create --gzip --verbose --no-same-owner --no-same-permissions --wildcards --xz --bzip2 --zstd --totals
patch | * | -p= -i= -N -R -f -s -d= -b --strip= --forward --dry-run --input= --directory= --batch --reverse
less | * | -R -F -X -N -S -i
flock | * | -n -w= -x -s -u -e --nonblock --timeout= --exclusive --shared -c
npm | ci install i add in run run-script start test t stop restart ls list outdated view info show why explain rebuild prune \
dedupe audit fund pack version root prefix bin help ping uninstall un rm remove r update up exec x init cache doctor query \
search | {_NPM}
pnpm | install i add run start test ls list why outdated update up remove rm uninstall build dev exec dlx rebuild prune dedupe \
store deploy audit fetch import root bin approve-builds | {_NPM}
yarn | install add run start test build dev list why outdated info upgrade up remove workspaces workspace dlx exec node set \
dedupe cache check rebuild audit import | {_NPM}
bun | install i add run start test build remove rm update x pm outdated init | {_NPM}
npx bunx pnpx | * | {_NPM}
corepack | enable disable prepare use install up pnpm yarn npm | --activate --install-directory=
nvm fnm volta n | use install ls list current which exec alias default pin lts run | --lts --silent --install --no-progress
pip pip3 | install list show freeze check download wheel cache config debug index inspect hash help uninstall | {_PIP}
pipx | install list ensurepath upgrade inject environment run uninstall | {_PIP}
uv | sync pip venv lock add remove run tool python tree export version build init cache self help | {_PIP}
uvx | * | {_PIP}
poetry | install add remove lock update run show check version build env config export sync self | {_PIP}
pipenv | install sync lock run uninstall update graph check requirements | {_PIP}
pdm rye hatch pixi | install sync add remove lock update run build list show version env | {_PIP}
conda mamba micromamba | install create run list info env activate update config search remove | {_PIP} -c= --name=
virtualenv | * | {_PIP}
git | status log diff show rev-parse ls-files ls-tree ls-remote describe branch tag remote fetch pull clone checkout switch \
restore add commit stash reset clean submodule init config cat-file blame shortlog rev-list symbolic-ref merge-base name-rev \
count-objects version help grep archive apply am merge mv rm lfs sparse-checkout worktree update-index hash-object check-ignore \
gc fsck | *
make gmake | * | -j= -B -k -s -n -q -w -i -C= -f= --jobs= --directory= --file= --makefile= --silent --always-make --keep-going \
--dry-run --just-print --version -v --no-print-directory --output-sync= -O --trace
cmake | * | -S= -B= -G= -D= -E --build --install --config= --target= --parallel= -j= --prefix= --version --clean-first -A= -T= \
--preset= -L -N --fresh -W=
ninja meson | * | -C= -j= -v -k= -n --version --prefix= --buildtype= -D=
just task | * | -l --list --version --dry-run -n
gcc g++ cc c++ clang clang++ | * | -o= -c -O= -g -W= -I= -L= -l= -D= -std= -fPIC -shared -static -pthread -v --version -E -S -m= \
-pedantic -Wall -Wextra -O0 -O1 -O2 -O3 -Os
go | build run install get mod test vet fmt list version env generate work clean doc tool | -o= -v -x -race -tags= -ldflags= \
-mod= -trimpath -count= -timeout= -u -t -d -n -a -p= -json -short -run= -w -m -C= -f=
cargo | build run test check install fetch update add remove metadata version tree clean doc clippy fmt init vendor \
generate-lockfile search | --release -r --locked --frozen --offline --manifest-path= --bin= --bins -p= --package= --all \
--workspace --features= -F= --no-default-features --all-features --target= --target-dir= -j= --jobs= -q --quiet -v --verbose \
--lib --example= --path= --root= --version -V --dry-run --profile= --force -f --all-targets --color=
rustup | show toolchain target component update default which override | --profile= --no-self-update --version
mvn mvnw | clean compile package install test verify validate dependency:resolve dependency:go-offline dependency:tree \
spring-boot:run spring-boot:build-info versions:display-dependency-updates site help:effective-pom -version --version -v \
wrapper:wrapper quarkus:build quarkus:dev jetty:run process-resources generate-sources test-compile | -q -B -ntp -DskipTests \
-Dmaven.test.skip=true -U -o -X -e --no-transfer-progress --batch-mode -T= -pl= -am -P= -N --quiet --version -v -DskipTests=true \
-Dmaven.test.skip -Djava.version= -Dmaven.compiler.source= -Dmaven.compiler.target= -Dmaven.compiler.release= \
-Dspring-boot.run.profiles= --projects= --also-make -f= -V -Dcheckstyle.skip -Denforcer.skip -Dspotless.check.skip \
-Dcheckstyle.skip=true -Denforcer.skip=true -Dspotless.check.skip=true
gradle gradlew | build assemble clean test check bootJar bootRun jar shadowJar run tasks dependencies installDist distZip \
classes war bootWar wrapper help projects properties javaToolchains compileJava quarkusBuild nativeCompile | -x= --no-daemon \
--quiet -q --info --stacktrace --debug --offline --refresh-dependencies --parallel --console= --warning-mode= -Pprofile= \
--version -v --rerun-tasks --continue --no-build-cache -p= --project-dir= -S --gradle-version= --no-configuration-cache
ant | * | -q -v -version -f= -buildfile=
java javac | * | -jar= -version --version -Xmx= -Xms= -Xmx256m -Xmx512m -Xmx1g -Xmx2g -D= -d= -cp= -classpath= --release= \
-source= -target= -g -encoding=
dotnet | restore build publish run test clean tool new list add remove nuget --version --info --list-sdks --list-runtimes ef | \
-c= --configuration= -o= --output= --no-restore --no-build -r= --runtime= --self-contained --verbosity= -v= -f= --framework= \
-p:= --nologo --project= --urls= --launch-profile= --no-launch-profile --version --info --list-sdks --list-runtimes
bundle bundler | install update exec check config add list show lock info outdated clean binstubs package cache env | --path= \
--jobs= --without= --with= --deployment --local --quiet --retry= --full-index --no-prune --binstubs --gemfile= -j= --version \
--conservative --add-platform= --skip-install --version= --group=
gem | install list env environment info search outdated contents which uninstall update | -v= --version= --no-document \
--user-install -N --conservative --system --install-dir=
rake rails rspec | * | -T -v --trace --version -t -p= -b= -e= --environment= --port= --binding=
composer | install update require remove dump-autoload dumpautoload show validate check-platform-reqs run-script run exec \
outdated why diagnose clear-cache config | --no-dev --no-interaction -n --optimize-autoloader -o --prefer-dist --no-scripts \
--no-progress --ignore-platform-reqs --ignore-platform-req= --no-plugins --quiet -q --no-ansi --dev --classmap-authoritative -a \
--with-all-dependencies -W --working-dir= -d= --version -V -vvv -v
mix | deps.get deps.compile compile release ecto.migrate ecto.create ecto.setup phx.digest assets.deploy assets.build \
assets.setup phx.server run test local.hex local.rebar hex.info format help deps archive.install do | --only= --force \
--if-missing --overwrite --no-compile --no-start --all --no-halt
rebar3 stack cabal sbt lein bazel elm opam dune esy zig swift nimble shards crystal v gleam | build compile install run test \
release update package fetch deps get make resolve stage assembly uberjar | --release --production -j=
docker podman nerdctl | build ps images logs inspect pull compose version info run network volume image container buildx stats \
top port start history tag | *
docker-compose podman-compose | build up down ps logs config pull start restart stop run images version | *
systemctl service | status is-active is-enabled is-failed show cat list-units list-unit-files list-timers | *
journalctl | * | -u= -n= --no-pager -e -x -xe --since= --until= -b -p= --user -o= -r -k -q
crontab | | -l
apt apt-cache dpkg dpkg-query rpm brew apk | list show policy search madison info | -l -L -s -W -f= -q -qa -qi -ql --installed \
--version --upgradable
ufw iptables ip | status -L a addr address route link show | -L -n -v -l --list -br
fdisk | | -l
curl | * | {_CURL}
wget wget2 | * | {_WGET}
hugo zola jekyll mkdocs eleventy sphinx-build gatsby astro docusaurus vitepress vuepress hexo pelican | * | -D -E -F --minify \
--gc -d= -s= --destination= --source= --baseURL= -b= --environment= -e= --logLevel= --quiet -q --strict --clean --site-dir= \
--version --output= --input= --buildDrafts --buildFuture --templateMetrics --cleanDestinationDir --no-minify --host= --port= -p= \
--outDir= --base= build serve
vite tsc next nuxt nuxi ng webpack rollup esbuild parcel react-scripts vue-cli-service svelte-kit remix turbo nx lerna eslint \
prettier jest vitest mocha tailwindcss postcss sass swc babel tsup gulp grunt browserify ember quasar ionic expo craco prisma \
typeorm sequelize sequelize-cli knex drizzle-kit serve http-server nodemon ts-node tsx pm2 nest strapi gatsby-cli stencil rspack \
rsbuild node-gyp husky patch-package typescript @angular/cli @nestjs/cli @vue/cli-service create-vite create-next-app \
create-react-app degit npm-check-updates ncu update-browserslist-db browserslist @tailwindcss/cli wireit concurrently cross-env \
npm-run-all run-p run-s rimraf del-cli shx cpy-cli mkdirp copyfiles dotenv wait-on | * | *
gunicorn uvicorn hypercorn daphne waitress-serve flask django-admin celery alembic pytest tox nox ruff black mypy streamlit \
gradio jupyter fastapi sanic aerich invoke puma rackup thin unicorn foreman honcho caddy php-fpm artisan symfony sqlx diesel \
goose migrate dbmate | * | *
createdb pg_isready redis-cli | * | -h= -p= -U= -n= -a=
psql mysql mariadb sqlite3 sqlite mongosh | | --version -V
sudo doas su apt-get yum dnf pacman snap zypper aptitude | * | *
"""  # noqa: S608 - no SQL
"""The last line: they are asked about by rules of their own."""

PYTHON_MODULES = frozenset({
    "pip", "venv", "virtualenv", "ensurepip", "compileall", "http.server", "json.tool", "unittest", "zipfile", "tarfile",
    "gzip", "py_compile", "sysconfig", "site", "platform", "this", "sqlite3", "base64", "calendar", "uuid", "ast", "tokenize",
    "keyring",
})  # fmt: skip
"""Modules of the standard library that `python -m` may run; of others, those of the project and its packages."""
INTERPRETER_OPTIONS = {
    "python": "-m= -u -B -O -OO -s -E -V --version -W= -I -v -q -x -b -c= -h --help -",
    "node": "-v --version -e= --eval= -p= --print= -pe= --max-old-space-size= --env-file= --enable-source-maps --no-warnings "
    "--trace-warnings --openssl-legacy-provider --experimental-vm-modules --experimental-strip-types "
    "--experimental-modules --test -h --help --check -c -",
    "bun": _NPM + " --bun --watch --hot -e= --eval= -p= --print= --production",
    "deno": "-A --allow-net --allow-read --allow-env --allow-all --no-check --unstable --lock= --frozen --version -V --quiet "
    "-q --allow-write --node-modules-dir --port= --allow-sys --cached-only --no-lock",
    "php": "-v --version -S= -t= -m -i -l -r= -f= -h --ini -n -q --ri=",
    "perl": "-v --version -e= -E= -p -i -n -l -a -w -pi -pie= -0 -ne= -pe= -c -h -i.bak -pi.bak",
    "ruby": "-v --version -e= -w -c -h",
}
"""Options of interpreters; `-` alone is code from standard input."""

PROJECT_RUNNERS = frozenset({
    "make", "gmake", "npm", "pnpm", "yarn", "bun", "npx", "bunx", "pnpx", "gradle", "gradlew", "mvn", "mvnw", "ant", "cargo",
    "go", "rake", "bundle", "rails", "composer", "cmake", "ninja", "meson", "just", "task", "tox", "nox", "hatch", "poetry",
    "pipenv", "pdm", "uv", "uvx", "pip", "pip3", "docker", "docker-compose", "podman", "dotnet", "mix", "rebar3", "stack",
    "cabal", "sbt", "lein", "bazel", "flask", "gunicorn", "uvicorn", "hypercorn", "daphne", "celery", "alembic", "pytest",
    "django-admin", "streamlit", "rspec", "puma", "rackup", "php", "java", "hugo", "jekyll", "mkdocs", "sphinx-build", "vite",
    "next", "nuxt", "ng", "webpack", "rollup", "esbuild", "jest", "vitest", "mocha", "eslint", "gulp", "grunt", "tsx",
    "ts-node", "nodemon", "pm2", "nest", "prisma", "foreman", "honcho", "gcc", "g++", "cc", "clang", "javac", "swift", "zig",
    "crystal", "elixir", "iex", "virtualenv", "pre-commit", "husky", "caddy", "astro", "gatsby", "concurrently", "rustc",
    "tsc", "react-scripts", "turbo", "nx", "lerna", "sqlx", "goose", "migrate", "dbmate", "sass", "git",
})  # fmt: skip
"""Programs that run what lies in the folder in which they are called."""
GIT_LOOKS = frozenset({
    "status", "log", "diff", "show", "rev-parse", "ls-files", "ls-tree", "describe", "branch", "tag", "remote", "cat-file",
    "blame", "shortlog", "rev-list", "count-objects", "version", "help", "grep", "config", "init", "add", "rm", "mv",
})  # fmt: skip
"""Verbs of git that run no hook of the repository."""
MANAGERS = frozenset({"npm", "pnpm", "yarn", "bundle", "cargo", "go"})
"""Managers of packages, whose first word is a verb; an interpreter's is the file that it runs."""
MANAGERS_LOOK = frozenset({
    "ls", "list", "outdated", "view", "info", "show", "why", "ping", "help", "version", "root", "bin", "search",
})  # fmt: skip
"""Their verbs that run no script."""


def _read(table: str) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for line in table.strip().split("\n"):
        names, verbs, options = (part.split() for part in line.split("|"))
        every = None if options == ["*"] else frozenset(option.rstrip("=") for option in options)
        valued = frozenset(option.rstrip("=") for option in options if option.endswith("="))
        made = Known(None if verbs == ["*"] else frozenset(verbs), every, valued)
        known |= dict.fromkeys(names, made)
    return known


KNOWN = _read(_TABLE)
INTERPRETERS = {
    name: Known(None, frozenset(option.rstrip("=") for option in text.split()), frozenset(
        option.rstrip("=") for option in text.split() if option.endswith("=")))
    for name, text in INTERPRETER_OPTIONS.items()
}  # fmt: skip
