# shellcheck shell=bash
# lib.sh: one booted machine for a suite, with the product's packages in it, and nothing of it afterwards.
#
#	. tests/vm/lib.sh; vm_start bookworm; root dpkg -l; as alice tty; vm_end
#
# It runs under emulation by one thread: two virtual processors crash the guest. Its disk is a snapshot, so that no
# run changes the next. Of each kind one machine runs at a time; everything is ended by its process id.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/lib/tap.sh
: "${B:=build}"
CARD='^[0-9a-f]{5,}-[a-z]+(-[a-z]+)*$'
VM_CACHE=/var/cache/contained-test/vm
VM_PID='' VM_WORK='' HOLD_PID=''

[ "$(id -u)" -eq 0 ] || {
	skip "needs root" "$(basename "$0")"
	done_testing
}
command -v qemu-system-x86_64 >/dev/null || bail "no qemu on this machine: make check-vm installs it"

# vm_start MACHINE: boots it and waits for its sshd
vm_start()
{
	VM_MACHINE=$1
	VM_IMAGE=$(bash tests/vm/image.sh "$1") || bail "no disk for $1"
	VM_PACKAGES=$(bash tests/vm/packages.sh "$([ "$1" = tiny ] && echo bookworm || echo "$1")") ||
		bail "the packages could not be built" "$(tail -n 20 "$B/test-logs/packages-$1.log" 2>/dev/null)"
	exec 8>"$VM_CACHE/running-$1"
	flock -w 1800 8 || bail "another test's $1 runs here"
	VM_WORK=$(mktemp -d "${TMPDIR:-/tmp}/contained-vm.XXXXXX") || bail "no temporary directory"
	trap vm_stop EXIT
	trap 'exit 130' INT TERM HUP
	VM_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	vm_ssh_config
	vm_boot
	eventually "${VM_BOOT_SECONDS:-400}" vm_answers || bail "$1 did not come up" "$(tail -n 30 "$VM_WORK/console")"
	diag "$1 is up after ${SECONDS}s: $(root uname -r), $(root /usr/sbin/sshd -V 2>&1 | grep -o 'OpenSSH_[^ ,]*')"
	root 'cat >/root/state && chmod 0755 /root/state' <tests/vm/state.sh
	root 'cat >/usr/local/bin/answer.py && chmod 0755 /usr/local/bin/answer.py' <tests/lib/answer.py
}

vm_ssh_config()
{
	cat >"$VM_WORK/ssh_config" <<-END
		Host *
			HostName 127.0.0.1
			Port $VM_PORT
			IdentityFile $VM_IMAGE/key
			IdentitiesOnly yes
			StrictHostKeyChecking no
			# the default ones take a seventh of a login under emulation
			KexAlgorithms curve25519-sha256
			UserKnownHostsFile /dev/null
			LogLevel ERROR
			ConnectTimeout 60
			ServerAliveInterval 60
			BatchMode yes
		Match originalhost driver
			User root
			ControlMaster auto
			ControlPath $VM_WORK/control
			ControlPersist 1200
	END
}

vm_boot()
{
	local init=

	[ "$VM_MACHINE" != tiny ] || init=init=/vm-init
	TMPDIR=$VM_WORK nice qemu-system-x86_64 -nodefaults -no-user-config -display none -machine q35 \
		-accel tcg,thread=single -smp 1 -cpu max -m 1024 \
		-kernel "$VM_IMAGE/vmlinuz" -initrd "$VM_IMAGE/initrd" \
		-append "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off $init" \
		-drive "file=$VM_IMAGE/disk,format=raw,if=virtio,snapshot=on" \
		-netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$VM_PORT-:22" \
		-device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci \
		-chardev "socket,id=console,path=$VM_WORK/console.sock,server=on,wait=off,logfile=$VM_WORK/console" \
		-serial chardev:console -monitor "unix:$VM_WORK/monitor,server,nowait" \
		>"$VM_WORK/qemu" 2>&1 8>&- </dev/null &
	VM_PID=$!
}

vm_answers()
{
	# a machine that is not there any more answers no sooner
	kill -0 "$VM_PID" 2>/dev/null || bail "qemu ended" "$(cat "$VM_WORK/qemu")"
	timeout 100 ssh -F "$VM_WORK/ssh_config" driver true </dev/null 8>&-
}

vm_stop()
{
	[ -z "$HOLD_PID" ] || kill "$HOLD_PID" 2>/dev/null
	[ ! -S "$VM_WORK/control" ] || ssh -F "$VM_WORK/ssh_config" -O exit driver 2>/dev/null
	if [ "$tap_failed" -gt 0 ] && [ -e "$VM_WORK/console" ]; then
		cp "$VM_WORK/console" "$B/test-logs/vm-$VM_MACHINE-console.log"
	fi
	if [ -n "$VM_PID" ] && kill "$VM_PID" 2>/dev/null; then
		wait "$VM_PID" 2>/dev/null
	fi
	rm -rf "$VM_WORK"
}

# vm_end: the journal of a machine where something failed, then the end
vm_end()
{
	if [ "$tap_failed" -gt 0 ]; then
		mkdir -p "$B/test-logs"
		root 'journalctl -b --no-pager -o short-precise 2>/dev/null || cat /var/log/messages' \
			>"$B/test-logs/vm-$VM_MACHINE-journal.log" 2>&1
	fi
	done_testing
}

# --- who does what in the machine ---------------------------------------------------------------
# root COMMAND: over the connection that is open from the start on; standard input goes along
root()
{
	timeout "${VM_SECONDS:-120}" ssh -F "$VM_WORK/ssh_config" driver "$@" 8>&-
}

# root_tty COMMAND: with a terminal of its own on the host
root_tty()
{
	timeout "${VM_SECONDS:-120}" ssh -tt -F "$VM_WORK/ssh_config" driver "$@" 2>&1 </dev/null 8>&- | tr -d '\r'
}

# as USER [OPTION…] COMMAND: a login of its own
as()
{
	local user=$1

	shift
	timeout "${VM_SECONDS:-120}" ssh -F "$VM_WORK/ssh_config" -l "$user" vm "$@" 8>&-
}

# hold USER COMMAND: a login that stays; HELD is its name, HOLD_PID the client. release ends it.
hold()
{
	rm -f "$VM_WORK/held"
	ssh -F "$VM_WORK/ssh_config" -l "$1" vm "hostname; ${2:-exec sleep 1000}" \
		>"$VM_WORK/held" 2>&1 </dev/null 8>&- &
	HOLD_PID=$!
	eventually 60 test -s "$VM_WORK/held" || return 1
	HELD=$(head -n 1 "$VM_WORK/held")
}

release()
{
	kill "$HOLD_PID" 2>/dev/null
	wait "$HOLD_PID" 2>/dev/null
	HOLD_PID=
}

# state_before, state_after NAME: scopes, control groups, mounts, /run/contained and users' processes
state_before()
{
	eventually 30 state_settled
	VM_STATE=$(root /root/state)
}

# logind keeps a user's slice for ten seconds
state_settled()
{
	! root /root/state | grep -q 'user-100[0-9]'
}

state_same()
{
	[ "$(root /root/state)" = "$VM_STATE" ]
}

state_after()
{
	if eventually 40 state_same; then
		ok "$1"
	else
		not_ok "$1" "$(diff <(printf '%s\n' "$VM_STATE") <(root /root/state))"
	fi
}

# configure: the machine's contained.conf, from standard input
configure()
{
	root 'cat >/etc/contained/contained.conf'
}
