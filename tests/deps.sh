#!/bin/bash
# deps.sh try|test|vm: installs what is missing to build and to try (or to test) contained, and lists it.
#
# No service is started by it: packages such as openssh-server start theirs on installation, so a
# policy-rc.d that says no stands in the way meanwhile (invoke-rc.d(8)).
set -u
cd "$(dirname "$0")/.." || exit 1

build=(gcc make libc6-dev libpam0g-dev libseccomp-dev libcap-dev libiniparser-dev libsystemd-dev pkgconf)
try=(openssh-server openssh-client python3 procps util-linux)
test=(libcmocka-dev clang clang-tidy cppcheck shellcheck pamtester rsync git vim busybox-static passt uidmap
	login passwd cron sudo iproute2 libcap2-bin mandoc mmdebstrap musl-tools lxcfs zsh ansible-core dropbear-bin
	putty-tools mosh python3-paramiko python3-asyncssh openssh-tests)

vm=(qemu-system-x86 mmdebstrap e2fsprogs openssh-client python3 rsync debhelper dpkg-dev lintian)

case ${1:-} in
try) wanted=("${build[@]}" "${try[@]}") ;;
test) wanted=("${build[@]}" "${try[@]}" "${test[@]}") ;;
vm) wanted=("${vm[@]}") ;;
*)
	echo "usage: deps.sh try|test|vm" >&2
	exit 2
	;;
esac

# The same, by the names of other distributions, for people to install themselves.
elsewhere()
{
	{
		echo "Packages are installed automatically only where there is apt. Here, install:"
		if command -v dnf >/dev/null; then
			echo "  dnf install gcc make pam-devel libseccomp-devel libcap-devel iniparser-devel systemd-devel pkgconf \\"
			echo "    libcmocka-devel clang clang-tools-extra compiler-rt cppcheck ShellCheck pamtester \\"
			echo "    openssh-server openssh-clients python3 procps-ng util-linux rsync git vim-enhanced \\"
			echo "    glibc-static busybox cronie iproute"
		elif command -v pacman >/dev/null; then
			echo "  pacman -S --needed base-devel pam libseccomp libcap iniparser systemd-libs pkgconf cmocka clang cppcheck \\"
			echo "    shellcheck openssh python procps-ng util-linux rsync git vim busybox cronie iproute2"
		elif command -v apk >/dev/null; then
			echo "  apk add build-base linux-headers linux-pam-dev libseccomp-dev libcap-dev iniparser-dev \\"
			echo "    cmocka-dev clang clang-extra-tools cppcheck shellcheck openssh openssh-server-pam bash \\"
			echo "    python3 procps util-linux shadow rsync git vim busybox-static iproute2"
		else
			echo "  a C compiler, make, and the development files of PAM, libseccomp, libcap, iniparser, libsystemd and"
			echo "  cmocka; OpenSSH (server and client), Python 3, procps, util-linux; for the tests clang,"
			echo "  clang-tidy, cppcheck, shellcheck, pamtester, rsync, git, vim, busybox (static), cron"
		fi
		echo "then run make again."
	} >&2
	exit 1
}

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || elsewhere

installed()
{
	dpkg-query -W -f '${db:Status-Status} ${binary:Package} ${Version}\n' 2>/dev/null |
		sed -n 's/^installed //p' | sort
}

missing=()
for package in "${wanted[@]}"; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] && continue
	[ "$package" = vim ] && command -v vim >/dev/null && continue
	missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "every package is there already"
	exit 0
fi
[ "$(id -u)" -eq 0 ] || {
	echo "missing: ${missing[*]}; make deps installs them, as root" >&2
	exit 1
}

policy=/usr/sbin/policy-rc.d
made=
work=$(mktemp -d) || exit 1
trap '[ -z "$made" ] || rm -f "$policy"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
printf '#!/bin/sh\n# no service starts while packages are installed for contained\nexit 101\n' >"$work/deny"
chmod 0755 "$work/deny"

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold install)
if [ ! -e "$policy" ]; then
	made=1
	cp "$work/deny" "$policy"
else
	# the machine has a policy of its own: it stays as it is, and ours counts for this command alone
	apt=(unshare --mount -- sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$work/deny" "$policy"
		"${apt[@]}")
fi

echo "installing: ${missing[*]}"
installed >"$work/before"
if ! "${apt[@]}" "${missing[@]}" >"$work/log" 2>&1; then
	# lists may be absent or old on a fresh machine
	apt-get -q update >>"$work/log" 2>&1
	"${apt[@]}" "${missing[@]}" >>"$work/log" 2>&1 || {
		tail -n 25 "$work/log" >&2
		echo "apt-get could not install: ${missing[*]}" >&2
		exit 1
	}
fi
installed >"$work/after"
echo "installed, and no service of them was started:"
comm -13 "$work/before" "$work/after" | sed 's/^/  /'
