# shellcheck shell=bash
# directory.sh: users and groups that LDAP has, by slapd and nslcd on loopback; and a directory that hangs or is down.

# dora is LDAP's; bob is local, and a member of LDAP's research; docker opens the host wherever it is known from
directory_entries()
{
	cat <<-'END'
		dn: dc=vm
		objectClass: dcObject
		objectClass: organization
		o: vm
		dc: vm

		dn: uid=dora,dc=vm
		objectClass: account
		objectClass: posixAccount
		objectClass: shadowAccount
		cn: dora
		uid: dora
		uidNumber: 2000
		gidNumber: 2000
		homeDirectory: /home/dora
		loginShell: /bin/bash
		userPassword: {CRYPT}*

		dn: cn=dora,dc=vm
		objectClass: posixGroup
		cn: dora
		gidNumber: 2000

		dn: cn=research,dc=vm
		objectClass: posixGroup
		cn: research
		gidNumber: 2100
		memberUid: dora
		memberUid: bob

		dn: cn=choir,dc=vm
		objectClass: posixGroup
		cn: choir
		gidNumber: 2101
		memberUid: dora

		dn: cn=docker,dc=vm
		objectClass: posixGroup
		cn: docker
		gidNumber: 2102
		memberUid: dora
	END
}

directory_start()
{
	directory_entries | root 'mkdir -p /root/ldap/db && cat >/root/ldap/entries'
	root 'cat >/root/ldap/slapd.conf' <<-'END'
		include /etc/ldap/schema/core.schema
		include /etc/ldap/schema/cosine.schema
		include /etc/ldap/schema/nis.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		pidfile /root/ldap/pid
		database mdb
		suffix dc=vm
		directory /root/ldap/db
	END
	root 'cat >/etc/nslcd.conf; chmod 0640 /etc/nslcd.conf' <<-'END'
		uid nslcd
		gid nslcd
		uri ldap://127.0.0.1/
		base dc=vm
		nss_initgroups_ignoreusers root
		bind_timelimit 1
		timelimit 1
		reconnect_sleeptime 2
		reconnect_retrytime 3
		idle_timelimit 2
	END
	root 'cd /root/ldap && slapadd -f slapd.conf -l entries && slapd -f slapd.conf -h ldap://127.0.0.1/ &&
		cp -p /etc/nsswitch.conf nsswitch.conf &&
		sed -i "s/^\(passwd\|group\|shadow\):.*/\1: files ldap/; /^initgroups:/d" /etc/nsswitch.conf &&
		systemctl start nslcd' >"$VM_WORK/directory" 2>&1
	eventually 30 root 'getent passwd dora && id -nG bob | grep -q research' ||
		not_ok "the directory answers" "$(cat "$VM_WORK/directory")" "$(root 'getent passwd dora; id bob; systemctl status nslcd' 2>&1)"
	root 'mkdir -p /home/dora && cp -r /home/bob/.ssh /home/dora/ && chown -R 2000:2000 /home/dora'
}

directory_stop()
{
	root 'cp -p /root/ldap/nsswitch.conf /etc/nsswitch.conf; systemctl stop nslcd; kill "$(cat /root/ldap/pid)"; rm -rf /home/dora'
	install_configuration
}

# refused NAME USER PATTERN: the user does not get in, within the deadline plus a second, and the log says why; what
# sshd itself asks the directory before the session is not ours, and is told beside
refused()
{
	local begin out took ours

	begin=$(root 'cut -d" " -f1 /proc/uptime')
	out=$(as "$2" 'echo in' 2>&1)
	took=$(root "awk -v b=$begin '{ print int((\$1 - b) * 1000) }' /proc/uptime")
	unlike "$1" "$out" '^in$'
	ours=$(root 'journalctl -b --no-pager -o short-unix' | awk -v user="$2" '
		$0 ~ "Accepted publickey for " user { begin = $1 } / pam_contained\(sshd:session\): / { end = $1 }
		END { print int((end - begin) * 1000) }')
	if [[ $ours =~ ^[0-9]+$ ]] && [ "$ours" -le 6000 ]; then
		ok "$1: within the deadline and a second ($ours ms from the key to the refusal; the whole login took $took ms)"
	else
		not_ok "$1: within the deadline and a second" "$ours ms from the key to the refusal, $took ms in all"
	fi
	like "$1: and the log says why" "$(root 'journalctl -b --no-pager -o cat | grep pam_contained | tail -n 1')" "$3"
}

# root_login: ROOT_MS for a login of root's, whose hostname is printed
root_login()
{
	local begin

	begin=$(root 'cut -d" " -f1 /proc/uptime')
	timeout 120 ssh -F "$VM_WORK/ssh_config" -l root vm hostname 8>&- >"$VM_WORK/root"
	ROOT_MS=$(root "awk -v b=$begin '{ print int((\$1 - b) * 1000) }' /proc/uptime")
}

# at_once NAME: root gets in, and waits for nobody; QUIET_MS is what it takes when all is well
at_once()
{
	root_login
	is "$1" "$(cat "$VM_WORK/root")" vm
	if [ "$ROOT_MS" -le $((QUIET_MS * 2 + 1000)) ]; then
		ok "$1: at once ($ROOT_MS ms, and $QUIET_MS ms when all is well)"
	else
		not_ok "$1: at once" "$ROOT_MS ms, and $QUIET_MS ms when all is well"
	fi
}

part_directory()
{
	local outside

	state_before
	directory_start
	configure <<-'END'
		[default]
		memory = 160M
		pids = 40

		[research]
		match_groups = research
		pids = 33
	END
	outside=$(root 'id dora')
	like "LDAP's user is contained" "$(as dora hostname)" "$CARD"
	like "the host knows LDAP's groups" "$outside" 'research.*choir.*docker'
	is "id inside is as outside, less the group that opens the host" "$(as dora id)" "${outside/,2102(docker)/}"
	hold dora || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	is "a section by a group of LDAP's holds" "$(root "cat \"/sys/fs/cgroup\$(sed -n 's/^0:://p' /proc/\$(pgrep -u dora -x sleep)/cgroup)/pids.max\"")" 33
	release
	is "and for a local user who is in it" \
		"$(as bob 'cat /sys/fs/cgroup/pids.max'; as bob id)" $'33\n'"$(root 'id bob')"
	root_login
	QUIET_MS=$ROOT_MS
	is "and not for one who is not" "$(as alice 'cat /sys/fs/cgroup/pids.max')" 40

	root 'sleep 3; kill -STOP "$(cat /root/ldap/pid)"'
	refused "a directory that hangs: a local user with a key is refused" bob 'bob: .*name service'
	at_once "a directory that hangs: root gets in"
	root 'kill -CONT "$(cat /root/ldap/pid)"'
	eventually 30 root 'id -nG bob | grep -q research'
	is "when it answers again the user gets in" "$(as bob 'cat /sys/fs/cgroup/pids.max')" 33

	root 'systemctl stop nslcd'
	refused "a name service that is down: a local user with a key is refused" bob \
		'bob: .*the name service ldap does not answer, and the groups decide about \[research\]'
	at_once "a name service that is down: root gets in"
	configure <<<$'[default]\npids = 40'
	like "where no section asks for groups, the user gets in" "$(as bob hostname)" "$CARD"
	directory_stop
	state_after "nothing is left of them"
}
