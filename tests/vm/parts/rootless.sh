# shellcheck shell=bash
# rootless.sh: the doors that need no PAM line. runuser is not contained here, so that they stand alone.

# by USER COMMAND: what it prints, each card as the word card
by()
{
	root "runuser -u $1 -- $2 </dev/null 2>/tmp/rootless.err" | sed -E "s/${CARD:1:-1}/card/"
}

box_make()
{
	root 'mkdir -p /srv/box/bin && cp "$(command -v busybox)" /srv/box/bin/ && ln -sf busybox /srv/box/bin/sh'
}

part_rootless()
{
	state_before
	box_make
	is "contained -m, as root" "$(by root 'contained -q -m /srv/box -u 0 -c sh -c "busybox id -u; busybox hostname"')" $'0\ncard'
	is "contained-shell: where a required limit cannot be given nothing runs" "$(by bob 'contained-shell -c "echo ran"')" ""
	[ "$VM_MACHINE" = tiny ] ||
		like "and the log says why" "$(root 'journalctl -b --no-pager -o cat')" \
			'bob: memory: this host cannot give the limit: .*set limits = try'
	configure <<<$'[default]\nlimits = try'
	if [ "$VM_MACHINE" = tiny ]; then
		rootless_too_old
	else
		rootless_works
	fi
	root 'rm -r /srv/box /tmp/rootless.err'
	install_configuration
	state_after "nothing is left of them"
}

rootless_works()
{
	is "contained -m, as a user" \
		"$(by bob 'contained -q -m /srv/box -u 1000 -c sh -c "busybox id -u; busybox hostname"')" $'1000\ncard'
	is "contained-shell, without PAM and without root" \
		"$(by bob 'contained-shell -c "hostname; id -un; ls /home; touch /usr/x 2>/dev/null || echo read-only"')" \
		$'card\nbob\nbob\nread-only'
}

# The shell door alone, on a host where PAM has no line: the user's own systemd makes a scope with the limits.
part_rootless_manager()
{
	local scope

	root 'pam-auth-update --package --remove contained && usermod -s /usr/bin/contained-shell bob'
	configure <<<$'[default]\nmemory = 160M\npids = 40'
	state_before
	is "contained-shell gets its limits from the user's manager" \
		"$(as bob 'hostname; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max' | sed -E "s/${CARD:1:-1}/card/")" \
		$'card\n167772160\n40'
	hold bob || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	scope=/sys/fs/cgroup/user.slice/user-1001.slice/user@1001.service/contained.slice/contained-$HELD.scope
	is "they are those of a scope of the session's own" "$(root "cat $scope/memory.max $scope/pids.max")" $'167772160\n40'
	is "with all of the session in it" "$(root "for pid in \$(pgrep -u bob -x 'contained-.*|sleep'); do
		cut -d/ -f6 /proc/\$pid/cgroup; done | sort -u")" "contained-$HELD.scope"
	is "and nobody inside can write to it" "$(as bob 'echo max >/sys/fs/cgroup/pids.max' 2>&1 | grep -c 'Read-only')" 1
	release
	is "a fork bomb stops at pids" "$(as bob 'for i in $(seq 60); do sleep 5 & done; wait' 2>&1 | grep -c 'retry: Resource' | grep -vx 0 | wc -l)" 1
	configure <<<$'[default]\nmemory = 160M\nio_weight = 10'
	is "what the host does not delegate is refused" "$(as bob 'echo ran' 2>/dev/null)" ""
	like "and the log says how to get it" "$(root 'journalctl -b --no-pager -o cat -t contained-shell')" \
		'io_weight: this host cannot give the limit: .*Delegate=yes'
	state_after "nothing is left of them"
	root 'usermod -s /bin/bash bob && DEBIAN_FRONTEND=noninteractive pam-auth-update --enable contained'
	install_configuration
	state_before
}

# overlays can be mounted in a user namespace since Linux 5.11
rootless_too_old()
{
	is "contained -m, as a user: nothing runs" "$(by bob 'contained -q -m /srv/box -u 1000 -c sh -c "echo ran"')" ""
	like "and it says why" "$(root 'cat /tmp/rootless.err')" 'Linux 5\.10: mounts no overlay without root'
	is "contained-shell: nothing runs" "$(by bob 'contained-shell -c "echo ran"')" ""
	like "and the log says why" "$(root 'grep contained-shell /var/log/messages')" \
		'bob: .*Linux 5\.10: mounts no overlay without root'
}
