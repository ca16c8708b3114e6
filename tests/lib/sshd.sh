# shellcheck shell=bash
# sshd.sh: a real sshd of our own on loopback: its own name, port, keys, configuration and PAM service.
# The machine's sshd, its keys and /etc/pam.d/sshd are never opened for writing.

SSHD_SERVICE=contained-test-sshd
SSHD_PID=
MADE_RUN_SSHD=

sshd_binary()
{
	command -v sshd || ls /usr/sbin/sshd /usr/local/sbin/sshd 2>/dev/null | head -n 1
}

# OpenSSH's version as one number: 9.2 is 902
sshd_version()
{
	"$(sshd_binary)" -V 2>&1 | sed -nE 's/.*OpenSSH_([0-9]+)\.([0-9]+).*/\1 \2/p' |
		awk 'NR == 1 { print $1 * 100 + $2 }'
}

# Stands where Debian's /etc/pam.d/sshd has common-session, with what Debian runs before and after it. What
# comes after runs inside, and reads its files there: in a root tree that has none of them, SSHD_PAM=last
# puts our line to the end; SSHD_PAM=without leaves it out, for the door that needs no module.
sshd_pam_lines()
{
	local ours="session  required $MODULE $PAM_ARGS ${1:-}"

	printf '%s\n' \
		"auth     required pam_deny.so" \
		"account  required pam_unix.so" \
		"session  optional pam_keyinit.so force revoke" \
		"session  required pam_unix.so"
	[ -n "${SSHD_PAM:-}" ] || printf '%s\n' "$ours"
	printf '%s\n' \
		"session  optional pam_motd.so motd=/run/motd.dynamic" \
		"session  optional pam_mail.so standard noenv" \
		"session  required pam_limits.so" \
		"session  required pam_env.so${SSHD_PAM_ENV:+ $SSHD_PAM_ENV}"
	[ "${SSHD_PAM:-}" != last ] || printf '%s\n' "$ours"
}

# sshd_pam ARGUMENTS: the PAM line with more arguments, for later logins
sshd_pam()
{
	sshd_pam_lines "${1:-}" >"/etc/pam.d/$SSHD_SERVICE"
}

# Up to 9.7 the PAM service is the program's name; from 9.8 it is an option, and sshd-session is a
# program of its own.
sshd_config()
{
	local version

	version=$(sshd_version)
	cat <<-END
		Port $SSH_PORT
		ListenAddress 127.0.0.1
		PidFile $P/ssh/sshd.pid
		HostKey $P/ssh/host_key
		AuthorizedKeysFile $P/authorized_keys
		AuthenticationMethods publickey
		UsePAM yes
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PrintMotd no
		MaxStartups 400
		MaxSessions 50
		LogLevel VERBOSE
		AllowAgentForwarding yes
		AcceptEnv LANG LC_*
		X11Forwarding no
	END
	if [ "$version" -ge 908 ]; then
		printf 'PAMServiceName %s\nPerSourcePenalties no\n' "$SSHD_SERVICE"
	fi
	printf '%s\n' "$@"
	grep -qi '^printlastlog' <<<"$(printf '%s\n' "$@")" || echo 'PrintLastLog no'
	grep -qi '^subsystem' <<<"$(printf '%s\n' "$@")" || echo 'Subsystem sftp internal-sftp'
}

# sshd_start [LINE…]: lines for sshd_config; SSHD_UNDER: a command that runs sshd. Sets SSH_PORT, SSH_CONFIG and SSHD_PID.
sshd_start()
{
	local binary try

	binary=$(sshd_binary)
	[ -n "$binary" ] || bail "no sshd on this machine: make deps"
	if [ ! -d /run/sshd ]; then
		mkdir -m 0755 /run/sshd && MADE_RUN_SSHD=1
	fi
	if [ ! -e "$P/ssh/host_key" ]; then
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$P/ssh/host_key"
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$P/ssh/id"
		install -m 0644 "$P/ssh/id.pub" "$P/authorized_keys"
		ln -s "$binary" "$P/ssh/$SSHD_SERVICE"
		pam_service "$SSHD_SERVICE"
		sshd_pam
	fi
	for try in 1 2 3 4 5; do
		SSH_PORT=$((20000 + RANDOM % 20000))
		sshd_config "$@" >"$P/ssh/sshd_config"
		# as an init system starts it: nothing of ours in its environment or among its fds
		(cd / && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${SSHD_UNDER[@]+"${SSHD_UNDER[@]}"} "$P/ssh/$SSHD_SERVICE" \
			-f "$P/ssh/sshd_config" 8<&-) 2>"$P/ssh/stderr" || bail "sshd: $(cat "$P/ssh/stderr")"
		eventually 3 test -s "$P/ssh/sshd.pid" && break
		[ "$try" -lt 5 ] || bail "sshd did not start: $(cat "$P/ssh/stderr")"
	done
	SSHD_PID=$(cat "$P/ssh/sshd.pid")
	SSH_CONFIG=$P/ssh/config
	printf '[127.0.0.1]:%s %s\n' "$SSH_PORT" "$(cat "$P/ssh/host_key.pub")" >"$P/ssh/known_hosts"
	cat >"$SSH_CONFIG" <<-END
		Host box
		HostName 127.0.0.1
		Port $SSH_PORT
		UserKnownHostsFile $P/ssh/known_hosts
		IdentityFile $P/ssh/id
		IdentitiesOnly yes
		IdentityAgent none
		BatchMode yes
		ConnectTimeout 20
		LogLevel ERROR
	END
	chmod 0600 "$SSH_CONFIG"
}

# Every process of our sshd, found by the name that only it has. From 9.8 on sshd-session names itself
# so, whatever the listener is called.
sshd_pids()
{
	pgrep -f "^($SSHD_SERVICE|sshd-session): ctest|^$SSHD_SERVICE: |^[^ ]*/$SSHD_SERVICE "
}

sshd_stop()
{
	local pids

	mapfile -t pids < <(sshd_pids)
	kill_pids "${pids[@]}"
	SSHD_PID=
	[ -z "$MADE_RUN_SSHD" ] || rmdir /run/sshd 2>/dev/null
	MADE_RUN_SSHD=
}

# box USER [COMMAND…]: a command over ssh; options for ssh in the array SSH_OPTIONS
SSH_OPTIONS=()
box()
{
	local user=$1

	shift
	timeout "${BOX_SECONDS:-60}" ssh -F "$SSH_CONFIG" "${SSH_OPTIONS[@]}" "$user@box" "$@"
}

# hold USER COMMAND: a login that stays, in the background. Sets HOLD_PID (of the client), HELD (the
# session's name, as the hostname inside tells it) and HOLD_LOG (what the command printed).
hold_count=0
hold()
{
	hold_count=$((hold_count + 1))
	HOLD_LOG=$P/private/held.$hold_count
	# the hostname is asked by the shell itself: limits under test may stop every further program
	ssh -F "$SSH_CONFIG" -n "${SSH_OPTIONS[@]}" "$1@box" 'echo "$HOSTNAME"; '"$2" >"$HOLD_LOG" 2>&1 8<&- &
	HOLD_PID=$!
	HELD=
	eventually 10 test -s "$HOLD_LOG" || return 1
	HELD=$(head -n 1 "$HOLD_LOG")
	[[ $HELD =~ $CARD ]]
}

# release [PID]: ends a login from the client's side
release()
{
	kill "${1:-$HOLD_PID}" 2>/dev/null
	wait "${1:-$HOLD_PID}" 2>/dev/null
}

# The processes behind a session, by its name.
session_init()
{
	session_members "$1" | while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != contained-init ] || echo "$pid"
	done | head -n 1
}

session_watchers()
{
	local pid

	for pid in $(pgrep -x "${2:-contained-(watch|twin)}" 2>/dev/null); do
		readlink "/proc/$pid"/fd/* 2>/dev/null | grep -qxF "/run/contained/$1" && echo "$pid"
	done
}

# Every process in the session's control groups, as the host numbers them.
session_members()
{
	find "$LEFT_CGROUPS" -path "*/contained/$1/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un
}

# The processes of the held login: the monitor, root's, and the child that speaks for the user.
held_monitor()
{
	comm -12 <(session_members "$HELD" | sort) <(pgrep -f "^($SSHD_SERVICE|sshd-session): [^ ]+ \\[priv\\]" | sort)
}

held_child()
{
	comm -12 <(session_members "$HELD" | sort) <(child_of '[^ ]*' | sort)
}

# child_of USER [WHAT]: of any of a user's logins
child_of()
{
	pgrep -f "^($SSHD_SERVICE|sshd-session): $1@${2:-}"
}
