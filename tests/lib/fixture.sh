# shellcheck shell=bash
# fixture.sh: a private installation, throwaway users and a syslog, for one suite, and nothing of them
# afterwards.
#
#	. tests/lib/fixture.sh; fixture_start; conf_write … ; sshd_start …; fixture_end; done_testing
#
# The host's own files are not touched, except that useradd and userdel do their work on the account
# files, which end as they began.

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$TOP/tests/lib/tap.sh"
. "$TOP/tests/lib/leftovers.sh"
. "$TOP/tests/lib/sshd.sh"

# Compiled into the private build (Makefile, PRIVATE). Every directory above it is root's alone.
P=/var/lib/contained-test
BUILD=${PRIVATE_BUILD:-$TOP/build/private}
USERS=(ctest1 ctest2 ctestx ctestg) # ctestx is exempt by name, ctestg through the group ctestadm
GROUP=ctestadm
CARD='^[0-9a-f]{5,}-[a-z]+(-[a-z]+)*$'
PAM_FILES=()
fixture_up=

[ "$(id -u)" -eq 0 ] || {
	skip "needs root" "$(basename "$0")"
	done_testing
}

fixture_start()
{
	local user

	# one at a time on a machine: names, paths and PAM services are fixed
	exec 8</var/lib
	flock -w 500 8 || bail "another test run holds this machine"
	fixture_clear_stale
	for user in "${USERS[@]}"; do
		! id "$user" >/dev/null 2>&1 || bail "there is a user $user on this machine already"
	done
	records_forget
	leftovers_before
	trap fixture_stop EXIT
	trap 'exit 130' INT TERM HUP
	fixture_up=1
	umask 022
	mkdir -m 0755 "$P" "$P/bin" "$P/libexec" "$P/etc" "$P/etc/contained" || bail "cannot make $P"
	mkdir -m 0700 "$P/ssh" "$P/private"
	cp -p /etc/passwd /etc/group /etc/shadow /etc/gshadow "$P/private/"
	for user in passwd group shadow gshadow subuid subgid; do
		[ ! -e "/etc/$user-" ] || cp -p "/etc/$user-" "$P/private/"
	done
	groupadd "$GROUP" || bail "groupadd failed"
	for user in "${USERS[@]}"; do
		useradd -m -s /bin/bash "$user" 2>"$P/private/useradd" ||
			bail "useradd $user failed" "$(cat "$P/private/useradd")"
	done
	usermod -a -G "$GROUP" ctestg
	fixture_install
	syslog_start
	: >"$P/contained.conf"
}

# CONTAINED_MODULE=pam_permit.so proves the fixture itself, without anything of ours in it
fixture_install()
{
	local file

	MODULE=${CONTAINED_MODULE:-$P/pam_contained.so}
	PAM_ARGS="conf=$P/contained.conf exempt=ctestx exempt_group=$GROUP"
	for file in contained-init contained-subject contained-scope contained-record; do
		[ ! -e "$BUILD/$file" ] || install -m 0755 "$BUILD/$file" "$P/libexec/$file"
	done
	for file in contained contained-shell probe; do
		[ ! -e "$BUILD/$file" ] || install -m 0755 "$BUILD/$file" "$P/bin/$file"
	done
	PROBE=$P/bin/probe
	# where a session can read it, which the clone need not be (/root is another's home)
	install -m 0755 "$TOP/tests/lib/answer.py" "$P/bin/answer.py"
	[ -n "${CONTAINED_MODULE:-}" ] && return
	[ -e "$BUILD/pam_contained.so" ] || bail "no $BUILD/pam_contained.so: run make private"
	install -m 0644 "$BUILD/pam_contained.so" "$P/pam_contained.so"
	OUR_PROGRAMS="$(stat -c %d:%i "$P"/libexec/* "$P/bin/contained-shell" | paste -sd' ') $(stat -L -c %d:%i "$(sshd_binary)" 2>/dev/null)"
}

# The configuration that the PAM line names; from standard input.
conf_write()
{
	cat >"$P/contained.conf.new" && mv "$P/contained.conf.new" "$P/contained.conf"
}

# pam_service NAME [LINE…]: a PAM service of our own with our module in the session stack
pam_service()
{
	local name=$1

	shift
	[ ! -e "/etc/pam.d/$name" ] || bail "/etc/pam.d/$name exists already"
	PAM_FILES+=("/etc/pam.d/$name")
	printf '%s\n' "# made by the tests of contained, which remove it at their end" "$@" >"/etc/pam.d/$name"
}

# --- syslog -----------------------------------------------------------------------------------
# The machine's own where there is one (CONTAINED_SYSLOG names its file where that is an unusual one),
# else a listener of ours.
syslog_start()
{
	local try mark="contained-test $$ asks who listens"

	SYSLOG=$P/private/syslog
	SYSLOG_PID=
	# somebody else's tests may have one for a while
	for try in 1 2 3 4 5 6; do
		if [ ! -e /dev/log ]; then
			python3 "$TOP/tests/lib/syslog.py" /dev/log "$SYSLOG" 8<&- &
			SYSLOG_PID=$!
			echo "$SYSLOG_PID" >"$P/private/syslog.pid"
			eventually 5 test -S /dev/log || bail "no syslog listener"
		fi
		log_mark
		logger -p authpriv.info "$mark"
		log_wait "$mark" 3 >/dev/null && return
		sleep 5
	done
	bail "this machine's syslog does not write where the tests could read it"
}

syslog_answers()
{
	python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect("/dev/log")' 2>/dev/null
}

# Remembers where the log ends now; log_since prints what came later.
log_mark()
{
	LOG_TIME=$(date '+%F %T')
	LOG_LINES=$(log_all | wc -l)
}

log_all()
{
	if [ -n "$SYSLOG_PID" ]; then
		cat "$SYSLOG" 2>/dev/null
	elif [ -d /run/systemd/journal ]; then
		journalctl -q --no-pager --since "${LOG_TIME:-today}" 2>/dev/null
	else
		cat ${CONTAINED_SYSLOG:+"$CONTAINED_SYSLOG"} /var/log/messages /var/log/syslog /var/log/auth.log /var/log/secure 2>/dev/null
	fi
}

log_since()
{
	if [ -z "$SYSLOG_PID" ] && [ -d /run/systemd/journal ]; then
		log_all
	else
		log_all | tail -n +$((LOG_LINES + 1))
	fi
}

log_has()
{
	log_since | grep -qE -- "$1"
}

# log_wait REGEX [SECONDS]: prints the first line that matches
log_wait()
{
	eventually "${2:-5}" log_has "$1" || return 1
	log_since | grep -E -m 1 -- "$1"
}

# --- the end ----------------------------------------------------------------------------------
user_pids()
{
	local user

	for user in "${USERS[@]}"; do
		ps -o pid= -U "$user" 2>/dev/null
	done
}

# kill_pids PID…: asks, then insists
kill_pids()
{
	[ $# -gt 0 ] || return 0
	kill -TERM "$@" 2>/dev/null
	eventually 2 gone_pids "$@" || kill -KILL "$@" 2>/dev/null
	eventually 2 gone_pids "$@"
}

gone_pids()
{
	local pid

	for pid in "$@"; do
		# a zombie is gone; only its parent has not looked yet
		case $(ps -o stat= -p "$pid") in
		"" | Z*) ;;
		*) return 1 ;;
		esac
	done
}

# The host's records of logins are real files of the machine, in which others write meanwhile.
records_forget()
{
	python3 "$TOP/tests/lib/forget.py" "$(stat -c %Y "$P/libexec" 2>/dev/null || date +%s)" "${USERS[@]}"
	[ ! -e "$P/private/made-utmp" ] || rm -f /run/utmp
}

remove_accounts()
{
	local user file

	for user in "${USERS[@]}"; do
		! id "$user" >/dev/null 2>&1 || userdel -r "$user" >/dev/null 2>&1 || userdel -rf "$user" >/dev/null 2>&1
		! getent group "$user" >/dev/null || groupdel "$user"
	done
	! getent group "$GROUP" >/dev/null || groupdel "$GROUP"
	# the editors of the account files keep a backup that would still name the users
	for file in passwd group shadow gshadow subuid subgid; do
		if [ -e "$P/private/$file-" ]; then
			cp -p "$P/private/$file-" "/etc/$file-"
		else
			rm -f "/etc/$file-"
		fi
	done
}

# What an interrupted run left: it had no chance to clean up itself.
fixture_clear_stale()
{
	local user

	[ -d "$P" ] || return 0
	SYSLOG_PID=$(cat "$P/private/syslog.pid" 2>/dev/null)
	if ! tr '\0' ' ' 2>/dev/null <"/proc/${SYSLOG_PID:-none}/cmdline" | grep -q 'syslog\.py /dev/log'; then
		# our listener is dead: the socket goes, unless somebody else made one since
		[ -z "$SYSLOG_PID" ] || syslog_answers || rm -f /dev/log
		SYSLOG_PID=
	fi
	PAM_FILES=(/etc/pam.d/contained-test-*)
	for user in "${USERS[@]}"; do
		! id "$user" >/dev/null 2>&1 || [ -e "$P/private/passwd" ] || bail "a user $user of unknown origin"
	done
	diag "clearing what an interrupted run left"
	fixture_remove
	PAM_FILES=()
}

fixture_remove()
{
	local pids

	sshd_stop
	mapfile -t pids < <(user_pids)
	kill_pids "${pids[@]// /}"
	[ ${#PAM_FILES[@]} -eq 0 ] || rm -f "${PAM_FILES[@]}"
	if [ -n "${SYSLOG_PID:-}" ]; then
		kill "$SYSLOG_PID" 2>/dev/null
		wait "$SYSLOG_PID" 2>/dev/null
		rm -f /dev/log
	fi
	# the watchers write to the very end
	eventually 2 sessions_gone
	records_forget
	leftovers_users
	remove_accounts
	leftovers_remove_parents
	rm -rf "$P"
}

fixture_stop()
{
	[ -n "$fixture_up" ] || return 0
	fixture_up=
	fixture_remove
}

# Ends everything and tests that nothing is left. Before done_testing.
fixture_end()
{
	sshd_stop
	# a session that ends with its sshd has the two seconds of RULES.md to clear itself up
	leftovers_sessions
	fixture_stop
	trap - EXIT
	leftovers_after
	flock -u 8
}
