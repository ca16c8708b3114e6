# shellcheck shell=bash
# systemd.sh: the session as logind's and the manager's own: limits are properties of its scope.

scope_of_alice()
{
	root "loginctl list-sessions --no-legend | awk '\$3 == \"alice\" { print \$1 }'"
}

# sudo_took USER: ms of the machine's own clock that "sudo -u USER echo ran" takes, and what it said
sudo_took()
{
	root "bash -s '$1'" <<-'END'
		begin=${EPOCHREALTIME/./}
		said=$(sudo -u "$1" echo ran 2>/dev/null)
		echo $(((${EPOCHREALTIME/./} - begin) / 1000)) "$said"
	END
}

# a bus that does not answer costs the deadline, and the login
systemd_silent()
{
	local took said alone

	read -r alone said <<<"$(sudo_took service)"
	is "sudo to a system account is left alone" "$said" ran
	root 'kill -STOP $(pgrep -x dbus-daemon)'
	read -r took said <<<"$(sudo_took alice)"
	root 'kill -CONT $(pgrep -x dbus-daemon)'
	is "where systemd does not answer nothing runs" "$said" ""
	if [[ $took =~ ^[0-9]+$ ]] && [ "$took" -ge 4500 ] && [ "$took" -le $((5000 + alone)) ]; then
		ok "within the deadline of 5 s, and what sudo itself takes ($took ms, sudo alone $alone)"
	else
		not_ok "within the deadline of 5 s, and what sudo itself takes" "$took ms, sudo alone $alone"
	fi
	like "and the log says why" "$(root 'journalctl -b --no-pager -o cat -t sudo')" \
		'alice: cgroup: /run/dbus/system_bus_socket: systemd did not answer within 4500 ms'
	like "with an answer it works again" "$(root 'sudo -u alice hostname')" "$CARD"
}

# bandwidth_of DEVICE: properties of the session's scope, and what the manager makes of them
bandwidth_of()
{
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	is "$1: the bandwidths are properties of the scope" \
		"$(root "systemctl show -p IOReadBandwidthMax -p IOWriteBandwidthMax session-$(scope_of_alice).scope" | sort)" \
		"IOReadBandwidthMax=$1 41943040"$'\n'"IOWriteBandwidthMax=$1 2097152"
	is "$1: both are in the kernel's file" "$(limit_of io.max)" \
		"$(root "stat -c %Hr:%Lr $1") rbps=41943040 wbps=2097152 riops=max wiops=max"
	release
}

# home_on [crypt]: the home on a volume of a disk's whole space; home_back
home_on()
{
	root "disk=\$(losetup -f --show /var/volume) && volume=\$(python3 /root/volume.py home \$disk $1) &&
		mkfs.ext4 -q \$volume && mount \$volume /mnt && cp -a /home/alice/. /mnt/ && umount /mnt &&
		mount \$volume /home/alice && echo \$disk"
}

home_back()
{
	eventually 20 root 'umount /home/alice'
	eventually 20 root 'python3 /root/volume.py home'
	root "losetup -d $1"
}

# systemd bounds the disk below a logical volume, whatever it is told, and what it shows is compared
systemd_bandwidth()
{
	local disk

	configure <<<$'[default]\nio_read_bandwidth = 40M\nio_write_bandwidth = 2M'
	bandwidth_of /dev/vda
	root 'cat >/root/volume.py && modprobe -a loop dm_mod dm_crypt && truncate -s 96M /var/volume' <tests/lib/volume.py
	disk=$(home_on '')
	like "a home on a logical volume" "$disk" '^/dev/loop[0-9]+$'
	bandwidth_of "$disk"
	bandwidth_bites
	home_back "$disk"
	disk=$(home_on crypt)
	like "a home that is encrypted" "$disk" '^/dev/loop[0-9]+$'
	bandwidth_of "$disk"
	[ "$VM_MACHINE" != trixie ] || bandwidth_bites # below dm-crypt it was seen to with Linux 6.12
	home_back "$disk"
	install_configuration
}

part_systemd()
{
	local session

	state_before
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	session=$(scope_of_alice)
	like "loginctl has the session" "$session" '^[0-9c]+$'
	is "its processes are in the session's scope" \
		"$(root "pid=\$(pgrep -u alice -x sleep | head -n 1); sed 's/.*\///' /proc/\$pid/cgroup")" "session-$session.scope"
	is "the limits are properties of the scope" \
		"$(root "systemctl show -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec --value session-$session.scope" | sort | paste -sd' ')" \
		"167772160 40 500ms"
	contains "systemd-cgls shows the session by its card" "$(root 'systemd-cgls --no-pager')" "$HELD"
	root 'systemctl daemon-reload'
	is "daemon-reload leaves the limits" "$(limit_of memory.max) $(limit_of pids.max)" "$((160 << 20)) 40"
	release
	if eventually 20 root '! loginctl list-sessions --no-legend | grep -q alice'; then
		ok "loginctl has none after it"
	else
		not_ok "loginctl has none after it" "$(root loginctl)"
	fi
	ends "loginctl terminate-session ends a session" 'loginctl terminate-session $logind'
	ends "loginctl kill-session ends a session" 'loginctl kill-session $logind'
	ends "loginctl terminate-user ends a session" 'loginctl terminate-user alice'
	ends "systemctl stop of the unit with its card ends a session" 'systemctl stop "contained-$1.scope"'
	systemd_bandwidth
	systemd_silent
	state_after "nothing is left of them"
}
