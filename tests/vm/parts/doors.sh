# shellcheck shell=bash
# doors.sh: the ways out of a container that a host has. The same program tries them outside, as the same user, where
# each is open, and inside, where each is closed.

DOORS_COMMON='abstract docker process root-of-process ptrace sysv mqueue keyring setuid tmp shm run'
DOORS_SYSTEMD='system-bus varlink user-bus user-manager systemd-run busctl loginctl machinectl crontab at'

# doors PID: a line for each way: its name, and whether it is open
doors_program()
{
	root 'cat >/usr/local/bin/doors && chmod 0755 /usr/local/bin/doors' <<-'END'
		#!/bin/bash
		export XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus
		door()
		{
			name=$1
			shift
			if timeout 20 "$@" >/dev/null 2>&1 </dev/null; then
				echo "$name open"
			else
				echo "$name closed"
			fi
		}
		connects()
		{
			door "$1" python3 -c 'import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1].replace("@", "\0"))' "$2"
		}
		connects abstract @door
		connects docker /srv/door/docker.sock
		door process kill -0 "$1"
		door root-of-process ls "/proc/$1/root/"
		# PTRACE_SEIZE, and keyctl(KEYCTL_SEARCH, the user's own keyring, …); perl hands over no literal string
		door ptrace perl -e 'exit(syscall(101, 0x4206, $ARGV[0] + 0, 0, 0) < 0)' "$1"
		door keyring perl -e 'my @key = qw(user door); exit(syscall(250, 10, -4, @key, 0) < 0)'
		door sysv grep -q ' 7007 ' /proc/sysvipc/shm
		door mqueue ls /dev/mqueue/door
		door setuid sh -c 'test "$(/home/alice/door -u)" = 0'
		door tmp ls /tmp/door
		door shm ls /dev/shm/door
		door run ls /run/door
		[ -d /usr/lib/systemd/system ] && [ -e /usr/bin/loginctl ] || exit 0
		connects system-bus /run/dbus/system_bus_socket
		connects varlink /run/systemd/userdb/io.systemd.DynamicUser
		connects user-bus /run/user/1000/bus
		connects user-manager /run/user/1000/systemd/private
		door systemd-run systemd-run --user --wait --quiet true
		door busctl busctl --system list
		door loginctl loginctl --no-pager list-sessions
		door machinectl machinectl --no-pager list
		door crontab sh -c 'echo "1 1 1 1 1 true" | crontab -'
		door at sh -c 'echo true | at now + 1 hour'
	END
}

# what of the host is there to be reached; all of it for everybody, or for alice
doors_make()
{
	root 'cat >/usr/local/bin/doors-listen' <<-'END'
		import grp, os, socket, time
		sockets = []
		for name in ("\0door", "/srv/door/docker.sock"):
		    sockets.append(socket.socket(socket.AF_UNIX))
		    sockets[-1].bind(name)
		    sockets[-1].listen(8)
		os.chown("/srv/door/docker.sock", 0, grp.getgrnam("docker").gr_gid)
		os.chmod("/srv/door/docker.sock", 0o660)
		time.sleep(3600)
	END
	# add_key("user", "door", …, the user's own keyring)
	root 'cat >/usr/local/bin/doors-key' <<<'my @key = qw(user door secret); exit(syscall(248, @key, 6, -4) < 0);'
	root 'groupadd -f docker && usermod -aG docker alice && install -d /srv/door && touch /tmp/door /dev/shm/door /run/door
		mkdir -p /dev/mqueue && { mountpoint -q /dev/mqueue || mount -t mqueue mqueue /dev/mqueue; } && touch /dev/mqueue/door
		install -m 4755 /usr/bin/id /home/alice/door
		perl -e "shmget(7007, 4096, 01666) // die"
		setsid python3 /usr/local/bin/doors-listen >/dev/null 2>&1 </dev/null & echo $! >/srv/door/listener
		setsid runuser -u alice -- sh -c "perl /usr/local/bin/doors-key && exec sleep 3600" >/dev/null 2>&1 </dev/null &
		for i in $(seq 50); do pgrep -u alice -x sleep >/dev/null && test -S /srv/door/docker.sock && break; sleep 0.2; done'
	DOOR_PID=$(root 'pgrep -u alice -x sleep')
}

doors_unmake()
{
	root "kill $DOOR_PID \"\$(cat /srv/door/listener)\"; crontab -u alice -r; atrm \$(atq | cut -f1)
		rm -rf /srv/door /tmp/door /dev/shm/door /run/door /dev/mqueue/door /home/alice/door /usr/local/bin/doors*
		[ ! -e /vm-init ] || umount /dev/mqueue; ipcrm -M 7007; gpasswd -d alice docker; groupdel docker" >/dev/null 2>&1
}

# linger USER: after a logout logind takes her for ten seconds as one whose manager has been started, and starts none
linger()
{
	eventually 30 root "! loginctl list-users --no-legend | grep -qw $1"
	root "loginctl enable-linger $1"
}

all_doors()
{
	local name

	for name in $2; do
		echo "$name $1"
	done | sort
}

part_doors()
{
	local names=$DOORS_COMMON

	state_before
	doors_program
	doors_make
	if [ "$VM_MACHINE" != tiny ]; then
		names="$DOORS_COMMON $DOORS_SYSTEMD"
		# a user manager that was there before she was contained
		configure <<<$'[contained]\nexempt_users = alice\n'
		linger alice
		eventually 60 root 'test -S /run/user/1000/bus && test -S /run/user/1000/systemd/private'
		install_configuration
	fi
	is "outside, the same user finds each door open" \
		"$(root "setsid -w runuser -u alice -- doors $DOOR_PID" | sort)" "$(all_doors open "$names")"
	root 'crontab -u alice -r' >/dev/null 2>&1
	is "inside, each is closed" "$(as alice "doors $DOOR_PID" | sort)" "$(all_doors closed "$names")"
	is "and in a session by su" "$(root "setsid -w su alice -c 'doors $DOOR_PID'" | sort)" "$(all_doors closed "$names")"
	doors_terminal
	if [ "$VM_MACHINE" != tiny ]; then
		root 'loginctl disable-linger alice; systemctl stop user@1000'
		doors_manager
	fi
	doors_unmake
	state_after "nothing is left of them"
}

# typing into the terminal of whoever called su (TIOCSTI); what root's shell would read there
doors_terminal()
{
	local types="perl -e \"ioctl(STDIN, 0x5412, \\\$_) for split //, qq(typed\\\\n)\""

	root 'sysctl -q dev.tty.legacy_tiocsti=1' 2>/dev/null
	like "outside, a user's program types into its caller's terminal" \
		"$(root_tty "runuser -u alice -- $types; read -rt 3 line; echo \"read: \$line\"")" 'read: typed'
	unlike "in a session by su it does not" \
		"$(root_tty "su alice -c '$types'; read -rt 3 line; echo \"read: \$line\"")" 'read: typed'
}

# nobody who is contained gets a manager that would run outside, lingering or not
doors_manager()
{
	root 'systemctl reset-failed user@1001' 2>/dev/null
	linger bob
	eventually 20 root 'systemctl is-failed user@1001'
	is "lingering starts no manager for who is contained" "$(root 'systemctl is-active user@1001; pgrep -lu bob')" failed
	root 'loginctl disable-linger bob; systemctl reset-failed user@1001'
	# it would run in pkexec's own process, which has threads
	is "pkexec runs nothing on the host as who is contained" "$(root 'pkexec --user alice hostname 2>/dev/null | grep -cx vm')" 0
	is "and does as root" "$(root 'pkexec hostname 2>/dev/null | grep -cx vm')" 1
	is "and as a system account" "$(root 'pkexec --user service hostname 2>/dev/null | grep -cx vm')" 1
}
