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
	like "and the log says why" "$(root "journalctl -b --no-pager -o cat 2>/dev/null || cat /var/log/messages")" \
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

# overlays can be mounted in a user namespace since Linux 5.11
rootless_too_old()
{
	is "contained -m, as a user: nothing runs" "$(by bob 'contained -q -m /srv/box -u 1000 -c sh -c "echo ran"')" ""
	like "and it says at which step" "$(root 'cat /tmp/rootless.err')" 'mounts: overlay: cannot create the file system'
	is "contained-shell: nothing runs" "$(by bob 'contained-shell -c "echo ran"')" ""
	like "and the log says at which step" "$(root 'cat /var/log/messages')" 'bob: mounts: .*overlay'
}
