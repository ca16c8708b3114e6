# shellcheck shell=bash
# install.sh: the packages go in, the line goes in, and what it promises is there; later both go out again.

install_configuration()
{
	configure <<-'END'
		[default]
		memory = 160M
		swap = 0
		pids = 40
		cpu_weight = 50
		cpu_quota = 50%
	END
}

part_install()
{
	succeeds "lintian finds no error in the packages" \
		lintian --allow-root --fail-on error "$VM_PACKAGES"/contained_*.deb "$VM_PACKAGES"/libpam-contained_*.deb
	root 'find / -xdev -path /tmp -prune -o -print | sort >/root/files.before'
	root 'cp -a /etc/pam.d /root/pam.before'
	root 'cat >/root/contained.deb' <"$(echo "$VM_PACKAGES"/contained_*.deb)"
	root 'cat >/root/libpam-contained.deb' <"$(echo "$VM_PACKAGES"/libpam-contained_*.deb)"
	succeeds "dpkg installs both packages" root 'dpkg -i /root/contained.deb /root/libpam-contained.deb'
	is "no PAM file has the line yet" "$(root 'grep -rl contained /etc/pam.d')" ""
	is "logins are as before" "$(as alice hostname)" vm
	is "the configuration is a conffile" \
		"$(root "dpkg-query -W -f '\${Conffiles}' contained" | awk '{ print $1 }' | grep .)" /etc/contained/contained.conf
	[ "$VM_MACHINE" = tiny ] || is "/run/contained is there" "$(root 'stat -c %a:%U /run/contained')" 711:root

	succeeds "pam-auth-update enables it without asking" \
		root 'DEBIAN_FRONTEND=noninteractive pam-auth-update --enable contained'
	for file in common-session common-session-noninteractive; do
		is "the line is $file's last" \
			"$(root "grep -v '^#' /etc/pam.d/$file | grep . | tail -n 1 | tr -s '\t' ' '" | sed 's/ *$//')" \
			"session required pam_contained.so"
	done
	install_configuration
	succeeds "contained check finds no error" root 'contained check'
	state_before
}

# the features of a login by sshd
part_sshd()
{
	local name

	like "a login is contained: its hostname is a card" "$(as alice hostname)" "$CARD"
	is "it has no capability in any set" \
		"$(as alice "sed -nE 's/^Cap(Inh|Prm|Eff|Bnd|Amb):\t//p' /proc/self/status | sort -u")" 0000000000000000
	is "it has the user's ids" "$(as alice id)" "$(root 'id alice')"
	is "root is left alone" "$(timeout 120 ssh -F "$VM_WORK/ssh_config" -l root vm hostname 8>&-)" vm
	is "it has a terminal of its own" "$(as alice -tt 'tty; stty size >/dev/null && echo sized' 2>&1 </dev/null | tr -d '\r')" \
		$'/dev/pts/0\nsized'
	as alice 'exit 7'
	is "the exit status comes back" $? 7

	head -c 300000 /dev/urandom >"$VM_WORK/data"
	succeeds "scp goes in" scp -q -F "$VM_WORK/ssh_config" "$VM_WORK/data" alice@vm:data
	succeeds "scp comes out, by the old protocol" scp -q -O -F "$VM_WORK/ssh_config" alice@vm:data "$VM_WORK/back"
	succeeds "what came back is the same" cmp "$VM_WORK/data" "$VM_WORK/back"
	succeeds "sftp works" sftp -q -F "$VM_WORK/ssh_config" -b <(printf 'mkdir there\nrename data there/data\nls there\n') alice@vm
	mkdir "$VM_WORK/tree" && cp "$VM_WORK/data" "$VM_WORK/tree/one"
	succeeds "rsync goes in" rsync -a -e "ssh -F $VM_WORK/ssh_config" "$VM_WORK/tree/" alice@vm:tree/
	is "on the host it is the user's" "$(root 'stat -c %U /home/alice/tree/one /home/alice/there/data' | sort -u)" alice

	sshd_connection
}

# one connection with several sessions and forwardings
sshd_connection()
{
	local master=$VM_WORK/alice local_port=$((VM_PORT + 1)) server

	# shellcheck disable=SC2054
	local multiplexed=(-S "$master")

	ssh -F "$VM_WORK/ssh_config" -M "${multiplexed[@]}" -f -N -l alice -L "127.0.0.1:$local_port:127.0.0.1:8000" \
		-R "9000:127.0.0.1:$((local_port + 1))" vm 8>&- </dev/null >/dev/null 2>&1
	name=$(as alice "${multiplexed[@]}" hostname)
	like "ControlMaster: a session on the connection" "$name" "$CARD"
	is "another one is in the same container" "$(as alice "${multiplexed[@]}" hostname)" "$name"
	as alice "${multiplexed[@]}" 'setsid answer.py 8000 "from inside" >/dev/null 2>&1 &'
	eventually 20 python3 tests/lib/answer.py "$local_port"
	is "ssh -L ends in the session" "$(python3 tests/lib/answer.py "$local_port" 2>&1)" "from inside"
	python3 tests/lib/answer.py $((local_port + 1)) "from outside" >/dev/null 2>&1 8>&- &
	server=$!
	eventually 10 python3 tests/lib/answer.py $((local_port + 1))
	is "ssh -R begins in the session" "$(as alice "${multiplexed[@]}" 'answer.py 9000' 2>&1)" "from outside"
	is "and nowhere else" "$(root 'answer.py 9000 >/dev/null 2>&1 || echo refused')" refused
	kill "$server"
	ssh -F "$VM_WORK/ssh_config" "${multiplexed[@]}" -O exit vm 2>/dev/null
}

# limit_of FILE: what the kernel has for the session that is held, from its own control group upwards
limit_of()
{
	root "pid=\$(pgrep -u alice -x sleep | head -n 1); group=\$(sed -n 's/^0:://p' /proc/\$pid/cgroup)
		while [ \"\$group\" != / ] && [ -n \"\$group\" ]; do
			value=\$(cat /sys/fs/cgroup\$group/$1 2>/dev/null)
			case \$value in '' | max | 'max '*) group=\$(dirname \$group) ;; *) break ;; esac
		done; echo \$value"
}

# bandwidth_bites: with io_write_bandwidth = 2M
bandwidth_bites()
{
	local took

	took=$(as alice 'a=$(cut -d" " -f1 /proc/uptime); dd if=/dev/zero of=big bs=1M count=8 oflag=direct 2>/dev/null; rm big
		awk -v a=$a "{ print int((\$1 - a) * 1000) }" /proc/uptime' 2>/dev/null | tail -n 1)
	if [[ $took =~ ^[0-9]+$ ]] && [ "$took" -ge 3000 ]; then
		ok "8 MiB at 2 MiB a second take about 4 s ($took ms)"
	else
		not_ok "8 MiB at 2 MiB a second take about 4 s" "$took ms"
	fi
}

# the home is on the machine's one disk
limits_bandwidth()
{
	configure <<<$'[default]\nio_write_bandwidth = 2M'
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	is "io_write_bandwidth is" "$(limit_of io.max)" "$(root 'stat -c %Hd:%Ld /home') rbps=max wbps=2097152 riops=max wiops=max"
	release
	bandwidth_bites
	install_configuration
}

part_limits()
{
	local got

	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	is "memory is in the kernel's file" "$(limit_of memory.max)" $((160 << 20))
	is "swap is" "$(limit_of memory.swap.max)" 0
	is "pids is" "$(limit_of pids.max)" 40
	is "cpu_quota is" "$(limit_of cpu.max)" "50000 100000"
	is "cpu_weight is" "$(limit_of cpu.weight)" 50
	release
	limits_bandwidth

	is "what takes too much memory is killed, and the connection lives" \
		"$(as alice "python3 -c 'x = b\"x\" * (300 << 20)' 2>/dev/null; echo \$?; echo alive" 2>/dev/null)" $'137\nalive'
	got=$(as alice 'python3 -' 2>&1 <<-'END'
		import os, time
		n = 0
		try:
		    while n < 100:
		        if os.fork() == 0:
		            time.sleep(20)
		            os._exit(0)
		        n += 1
		except BlockingIOError:
		    pass
		print(n)
	END
	)
	if [[ $got =~ ^[0-9]+$ ]] && [ "$got" -gt 10 ] && [ "$got" -lt 40 ]; then
		ok "a fork bomb stops at pids"
	else
		not_ok "a fork bomb stops at pids" "$got children"
	fi
	got=$(as alice 'python3 -' 2>&1 <<-'END'
		import time
		begin, used = time.monotonic(), time.process_time()
		while time.monotonic() - begin < 6:
		    pass
		print(int((time.process_time() - used) * 1000))
	END
	)
	if [[ $got =~ ^[0-9]+$ ]] && [ "$got" -gt 1500 ] && [ "$got" -lt 4500 ]; then
		ok "the quota of half a processor holds ($got of 6000 ms)"
	else
		not_ok "the quota of half a processor holds" "$got of 6000 ms"
	fi
	state_after "nothing is left of these logins"
}

part_broken()
{
	local status

	configure <<<$'[default]\npidz = 3'
	is "a broken configuration: root gets in" "$(timeout 120 ssh -F "$VM_WORK/ssh_config" -l root vm hostname 8>&-)" vm
	as alice true >/dev/null 2>&1
	status=$?
	is "a user does not" "$status" 254
	like "the journal has the reason" "$(root "journalctl -b --no-pager -o cat 2>/dev/null || cat /var/log/messages")" \
		"contained.conf:2: pidz: unknown key 'pidz' \(did you mean 'pids'\?\)"
	is "a system account is refused, too, as the README says" "$(root 'su service -c hostname >/dev/null 2>&1 || echo refused')" refused
	install_configuration
	like "with a right one the user is contained again" "$(as alice hostname)" "$CARD"
}

part_purge()
{
	local left

	root 'echo "session required pam_contained.so" >>/etc/pam.d/su'
	fails "a line written by hand stops the removal" root 'dpkg -r libpam-contained'
	like "the module stays, and with it the login" "$(root 'su alice -c hostname')" "$CARD"
	root "sed -i '/pam_contained/d' /etc/pam.d/su"
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	succeeds "both packages can be removed, while somebody is logged in" root 'dpkg -r libpam-contained contained'
	is "no PAM file has the line" "$(root 'grep -rl pam_contained /etc/pam.d')" ""
	is "the PAM files are as they were" "$(root 'diff -r /root/pam.before /etc/pam.d')" ""
	is "logins are as before" "$(as bob hostname)" vm
	release
	if eventually 20 root '! pgrep contained-init'; then
		ok "the session that was there ended as usual"
	else
		not_ok "the session that was there ended as usual" "$(root 'ps -ef | grep contained')"
	fi
	succeeds "both can be purged" root 'dpkg -P libpam-contained contained'
	left=$(root 'find / -xdev -path /tmp -prune -o -print | sort | comm -13 /root/files.before - | grep -i contained | grep -v ^/root/')
	is "no file of the packages is left" "$left" ""
	is "nor the sessions' directory, nor a control group" "$(root 'ls -d /run/contained /sys/fs/cgroup/contained 2>/dev/null')" ""
	is "no service has failed" "$(root 'systemctl --failed --plain --no-legend 2>/dev/null' | grep -v '^user@')" ""
}
