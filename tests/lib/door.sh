# shellcheck shell=bash
# door.sh: the fixture for contained-shell: users who have it as their login shell, and no PAM module anywhere.
#
#	. tests/lib/door.sh; door_start; sshd_start …; fixture_end; done_testing
#
# ctest1 and ctest2 come through the door, ctestg has bash, ctestx is exempt and comes through the door, too.

. "$(dirname "${BASH_SOURCE[0]}")/fixture.sh"

DOOR=$P/bin/contained-shell
DOOR_CONF=$P/etc/contained/contained.conf # compiled into the private build
SSHD_PAM=without

door_start()
{
	local user

	fixture_start
	[ -x "$DOOR" ] || bail "no $BUILD/contained-shell: run make private"
	for user in ctest1 ctest2 ctestx; do
		usermod -s "$DOOR" "$user" || bail "usermod $user failed"
	done
	door_conf </dev/null
}

# Lines behind those of [default] that every test needs: without root there are no control groups.
door_conf()
{
	{
		printf '%s\n' '[contained]' 'exempt_users = ctestx' '[default]' 'limits = try'
		cat
	} >"$DOOR_CONF.new" && mv "$DOOR_CONF.new" "$DOOR_CONF"
}

# Every process of a user, but the dead: zombies, and a PID 1 that waits for the machine's init to reap the last
# zombie of its namespace (leftovers.sh).
door_processes()
{
	ps -o pid=,stat=,args= -U "$1" 2>/dev/null | awk '$2 !~ /^Z/ && $3 != "[contained-init]"'
}

door_user_gone()
{
	[ -z "$(door_processes "$1")" ]
}

# door_gone NAME [USER]: nothing of the user runs and no state is left, two seconds from now at the latest
door_gone()
{
	local user=${2:-ctest1}

	if eventually 2 door_user_gone "$user"; then
		ok "$1: no process is left within 2 s"
	else
		not_ok "$1: no process is left within 2 s" "$(door_processes "$user")"
	fi
	is "$1: no state is left" "$(door_states "$user")" ""
}

# The live sessions of a user, by their state (engine/host.c).
door_states()
{
	local uid

	uid=$(id -u "$1")
	find "/tmp/contained-$uid" "/run/user/$uid/contained" -mindepth 1 -maxdepth 1 -type d ! -name '.*' \
		-printf '%f\n' 2>/dev/null
}
