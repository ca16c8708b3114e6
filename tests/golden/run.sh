#!/bin/bash
# What `contained explain` and `contained check` say of made-up hosts, against the texts in expected/.
#
#	tests/golden/run.sh               compares
#	tests/golden/run.sh --regenerate  writes the texts anew: read the difference before it is kept
#
# Runs as anybody. The trees are copied first, because owners decide (a configuration that others own is
# refused, and so is a link that is not root's), and a clone may belong to anybody.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
. tests/lib/tap.sh
: "${B:=build}"
contained=$(realpath -- "$B")/contained
regenerate=
[ "${1:-}" != --regenerate ] || regenerate=1
[ -x "$contained" ] || bail "no $B/contained: run make"

umask 022
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp -R -P --no-preserve=mode,ownership "$here/trees" "$here/conf" "$here/sshd" "$work" || bail "cannot copy the trees"
cd "$work/conf" || exit 1

# How long the filters are is up to the libseccomp that built them.
normal()
{
	sed -E "s/\([0-9]+ instructions\)/(N instructions)/; s#$work#WORK#g"
}

# explain TREE CONF ARGUMENT…: what it prints, its complaints, its exit status
explain()
{
	local tree=$1 conf=$2 status

	shift 2
	"$contained" explain "$@" --conf "$conf.conf" --host-root "$work/trees/$tree" 2>"$work/complaints" </dev/null
	status=$?
	cat "$work/complaints"
	printf 'exit status %d\n' "$status"
}

# check TREE CONF ARGUMENT…: the same of contained check
check()
{
	local tree=$1 conf=$2

	shift 2
	"$contained" check "$@" --host-root "$work/trees/$tree" "$conf.conf" 2>&1 </dev/null
	printf 'exit status %d\n' "$?"
}

# check_ssh TREE CONF SSHD ARGUMENT…: the same of contained check --ssh; SSHD: what sshd -T printed
check_ssh()
{
	local tree=$1 conf=$2 sshd=$3

	shift 3
	"$contained" check --ssh --host-root "$work/trees/$tree" --conf "$conf.conf" --sshd-output "../sshd/$sshd.txt" \
		"$@" 2>&1 </dev/null
	printf 'exit status %d\n' "$?"
}

golden()
{
	compare "$1" "$(explain "${@:2}" | normal)"
}

golden_check()
{
	compare "$1" "$(check "${@:2}" | normal)"
}

golden_ssh()
{
	compare "$1" "$(check_ssh "${@:2}" | normal)"
}

# compare NAME TEXT
compare()
{
	local name=$1 said=$2 difference

	if [ -n "$regenerate" ]; then
		printf '%s\n' "$said" >"$here/expected/$name.txt"
	fi
	if difference=$(diff -u --label "expected/$name.txt" --label now "$here/expected/$name.txt" - <<<"$said"); then
		ok "$name"
	else
		not_ok "$name" "$difference"
	fi
}

golden v1 v1 empty alice
golden v2 v2 empty alice
golden hybrid hybrid empty alice
golden none-require none empty alice
golden none-try none try alice
golden none-off none off alice
golden separate-root separate-root jail alice
golden v1-profile v1 profiles alice --service su --tty pts/3
golden v2-profile v2 profiles alice --service login
golden v2-default-section v2 profiles alice
golden v2-named-profile v2 profiles alice --profile bare
golden no-such-profile v2 profiles alice --profile gone
golden shared-parent v2 empty dave
golden primary-group-dropped v2 empty carol
golden automounts-unnamed paths empty alice
golden user-namespace-required v2 userns alice
golden network-pasta-missing v2 pasta alice
golden exempt-user v2 profiles bob
golden exempt-system-user v2 empty daemon
golden exempt-root v2 empty root
golden no-such-user v2 empty mallory

golden_check check-fits pam-fits empty
golden_check check-no-pam v2 empty
golden_check check-debian pam-debian empty
golden_check check-wrong pam-wrong empty
golden_check check-errors pam-fits broken

# each way in with all doors closed, and with all of them open
golden_ssh ssh-pam-closed ssh-pam empty open-env alice
golden_ssh ssh-pam-open ssh-open empty weak alice
golden_ssh ssh-shell-closed ssh-shell try closed alice
golden_ssh ssh-shell-closed-10 ssh-shell try closed-10 alice
golden_ssh ssh-shell-open ssh-open empty open alice
golden_ssh ssh-shell-open-default ssh-shell empty default alice
golden_ssh ssh-shell-forced ssh-shell try closed-forced alice
golden_ssh ssh-shell-sftp-only ssh-shell try sftp-only alice
golden_ssh ssh-forced-open ssh-open empty open-forced bob
golden_ssh ssh-none ssh-open empty no-pam bob
golden_ssh ssh-none-sftp-only ssh-pam empty sftp-only-no-pam alice
golden_ssh ssh-group-pam ssh-pam empty default dave
golden_ssh ssh-exempt-line ssh-pam empty default ops
golden_ssh ssh-exempt-file ssh-open profiles default bob
golden_ssh ssh-exempt-root ssh-pam empty default root
golden_ssh ssh-nobody-pam ssh-pam empty default
golden_ssh ssh-nobody-shell ssh-shell try closed
golden_ssh ssh-nobody-none v2 empty default
golden_ssh ssh-no-such-user ssh-pam empty default mallory
golden_ssh ssh-broken-file ssh-pam broken default alice
golden_ssh ssh-no-text ssh-pam empty gone alice
golden_ssh ssh-two-users ssh-pam empty default alice bob

# The link /home -> export/home of this tree counts when it is root's, and refuses when it is not.
if [ "$(id -u)" -eq 0 ]; then
	golden paths paths paths alice
	golden paths-jail paths paths-jail alice
	golden path-to-a-secret paths paths-shadow alice
	golden symlinked-home symlinked-home empty alice
	# the v2 host, where systemd answers on the bus
	cp -R "$work/trees/v2" "$work/trees/systemd" && mkdir -p "$work/trees/systemd/run/systemd/system" \
		"$work/trees/systemd/run/dbus"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
		"$work/trees/systemd/run/dbus/system_bus_socket"
	golden systemd systemd profiles alice
	chown -h 12345:12345 "$work/trees/symlinked-home/home"
else
	skip "a link counts only when it is root's" "paths, symlinked-home, systemd"
fi
golden symlinked-home-of-somebody symlinked-home empty alice

# A plan is a function of what it is given: neither the order of calls nor the environment shows.
first=$(explain v2 profiles alice)
second=$(LC_ALL=C.UTF-8 TZ=Asia/Tokyo HOME=/nowhere explain v2 profiles alice)
is "twice the same" "$second" "$first"

# What of expected/ is nobody's any more?
stale=$(for file in "$here"/expected/*.txt; do
	name=$(basename "$file" .txt)
	grep -qE "^[[:space:]]*golden(_check|_ssh)? $name " "$here/run.sh" || echo "$name"
done)
is "every expected text is compared" "$stale" ""
done_testing
