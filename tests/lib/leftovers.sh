# shellcheck shell=bash
# leftovers.sh: what there was before a run and what there is after it.

LEFT_CGROUPS='/sys/fs/cgroup'
LEFT_FILES=(/run /tmp /var/tmp /dev/shm /home /var/mail /var/lib/contained-test /usr/libexec)

left_mounts()
{
	# ids are given anew; what is mounted where and from what counts
	sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //' /proc/self/mountinfo | sort
}

# A machine may have sessions of its own, or of somebody else's tests, while ours run. A session is ours
# unless its state says that it is another user's.
ours()
{
	! [ -s "/run/contained/$1/session" ] || grep -q '^user=ctest' "/run/contained/$1/session" 2>/dev/null
}

left_cgroups()
{
	local dir name

	find "$LEFT_CGROUPS" -type d \( -name contained -o -path '*/contained/*' \) 2>/dev/null | sort |
		while IFS= read -r dir; do
			name=${dir##*/contained/}
			if [ "$name" = "$dir" ]; then
				# the parent of others' sessions is theirs
				! compgen -G "$dir/*/" >/dev/null || continue
			else
				ours "${name%%/*}" || continue
			fi
			[ -d "$dir" ] || continue # another's, which was just being removed
			echo "$dir"
		done
}

# The file that a process executes is told by its inode: PID 1's has no name that could be seen from here.
executes_ours()
{
	local id

	id=$(stat -L -c %d:%i "/proc/$1/exe" 2>/dev/null) && [[ " ${OUR_PROGRAMS:-} " == *" $id "* ]]
}

left_processes()
{
	local pid

	for pid in $(pgrep '^contained'); do
		# what has no executable is dead, and waits for its parent to notice
		! executes_ours "$pid" || printf '%s %s\n' "$pid" "$(cat "/proc/$pid/comm" 2>/dev/null)"
	done
	# by number, because the names are gone afterwards
	[ -z "${LEFT_UIDS:-}" ] || ps -o pid=,stat=,args= -U "$LEFT_UIDS" 2>/dev/null | awk '$2 !~ /^Z/'
}

# Names and times below the directories where a session or a test could leave something; the account
# files, rewritten with the same content, are compared by content.
left_files()
{
	find /etc -xdev \( -path '/etc/passwd*' -o -path '/etc/group*' -o -path '/etc/*shadow*' \
		-o -path '/etc/subuid*' -o -path '/etc/subgid*' \) -prune -o -type f -printf '%p %T@\n' 2>/dev/null | sort
	find "${LEFT_FILES[@]}" -xdev -maxdepth 2 \( -iname '*contained*' -o -iname '*ctest*' \) 2>/dev/null | sort
	sha256sum /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid \
		/etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- 2>/dev/null
	session_names | sed 's/^/state of a session: /'
	ls -d /dev/log /run/sshd /run/utmp 2>/dev/null
	grep -aoE 'ctest[0-9a-z]+' /var/log/wtmp 2>/dev/null | sort | uniq -c
}

# While there are names to ask by.
leftovers_users()
{
	LEFT_UIDS=$(for user in "${USERS[@]}"; do id -u "$user" 2>/dev/null; done | paste -sd,)
}

leftovers_before()
{
	BEFORE_MOUNTS=$(left_mounts)
	BEFORE_CGROUPS=$(left_cgroups)
	BEFORE_PROCESSES=$(left_processes)
	BEFORE_FILES=$(left_files)
}

# Parents that the module makes on the first login of a machine's life, and keeps: /run/contained and
# one cgroup in each hierarchy. They were not here before, so they go. rmdir takes empty ones only.
leftovers_remove_parents()
{
	local dir

	# the same of sessions that ordinary users made; what is in it is a session that was left behind
	for dir in ${LEFT_UIDS//,/ }; do
		rm -f "/tmp/contained-$dir"/.[!.]* 2>/dev/null
		rmdir "/tmp/contained-$dir" 2>/dev/null
	done
	while IFS= read -r dir; do
		grep -qxF -- "$dir" <<<"${BEFORE_CGROUPS:-}" || rmdir "$dir" 2>/dev/null
	done < <(left_cgroups | sort -r)
	! grep -q '^/run/contained' <<<"${BEFORE_FILES:-}" || return 0
	rm -f /run/contained/.[!.]* 2>/dev/null
	rmdir /run/contained 2>/dev/null
}

# session_names: the live sessions, oldest first
session_names()
{
	local name

	find /run/contained -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%C@ %f\n' 2>/dev/null |
		sort -n | cut -d' ' -f2 | while read -r name; do
		! ours "$name" || echo "$name"
	done
}

# What has no executable is dead already, and waits for the machine's init to reap it or, PID 1 of a
# session, the last dead process of its namespace (zap_pid_ns_processes() in kernel/pid_namespace.c).
sessions_left()
{
	local pid

	session_names | sed 's/^/state: /'
	left_cgroups | grep '/contained/'
	for pid in $(pgrep -x 'contained-(init|watch|twin)' 2>/dev/null); do
		! executes_ours "$pid" ||
			echo "process $pid: $(cat "/proc/$pid/comm"), $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
	done
}

sessions_gone()
{
	! sessions_left | grep -q .
}

# leftovers_sessions [NAME]: nothing of any session, two seconds from now at the latest
leftovers_sessions()
{
	local name=${1:-every session cleared itself up within 2 s}

	if eventually 2 sessions_gone; then
		ok "$name"
	else
		not_ok "$name" "$(sessions_left)"
	fi
}

# left_new NAME BEFORE AFTER: nothing in AFTER that was not in BEFORE
left_compare()
{
	local difference

	difference=$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | grep '^[<>]')
	if [ -z "$difference" ]; then
		ok "$1"
	else
		not_ok "$1" "$difference"
	fi
}

leftovers_after()
{
	left_compare "no mount is left" "$BEFORE_MOUNTS" "$(left_mounts)"
	# what went away meanwhile was another run's
	left_compare "no cgroup is left" "" "$(comm -13 <(printf '%s\n' "$BEFORE_CGROUPS") <(left_cgroups))"
	left_compare "no process is left" "$BEFORE_PROCESSES" "$(left_processes)"
	left_compare "no user, group or file is left" "$BEFORE_FILES" "$(left_files)"
}
