#!/bin/bash
# conf/examples/guest.conf and classroom.conf: accounts with a shell. And `command` together with allow_commands.
. "$(dirname "$0")/../lib/jail.sh"
jail_start
answer=$P/bin/answer.py

jail_profile guest
jail_sshd
touch "$home/mine"
is "guest: a shell" "$(ask ctest1 'echo in; exit 3')" $'in\nstatus 3'
is "guest: an empty home, and no other" "$(ask ctest1 'pwd; ls -A; ls -A /home; echo x >x && cat x')" "$home"$'\nctest1\nx\nstatus 0'
is "guest: which is gone the next time, too" "$(ask ctest1 'ls -A')" "status 0"
[ ! -e "$home/x" ] && ok "guest: nothing came into the real one" || not_ok "guest: nothing came into the real one"
is "guest: a file in /tmp" "$(ask ctest1 'echo x >/tmp/x; cat /tmp/x')" $'x\nstatus 0'
is "guest: which is gone the next time" "$(ask ctest1 'ls -A /tmp')" "status 0"
like "guest: nothing else is written" "$(ask ctest1 'touch /etc/marker /usr/marker /var/marker /home/marker')" 'status 1'
is "guest: no network but loopback" "$(ask ctest1 'cut -d: -f1 -s /proc/net/dev | tr -d " "')" $'lo\nstatus 0'
port=$((SSH_PORT + 1))
python3 "$answer" "$port" host >"$P/private/listener" 8<&- &
listener=$!
eventually 5 test -s "$P/private/listener"
like "guest: the host's services are not reached" "$(ask ctest1 "echo </dev/tcp/127.0.0.1/$port")" 'refused.*status 1'
kill "$listener"
wait "$listener" 2>/dev/null
is "guest: a file is not larger than allowed" "$(ask ctest1 'trap "" XFSZ; dd if=/dev/zero of=/tmp/x bs=1M count=33 2>/dev/null; stat -c %s /tmp/x' | head -n 1)" 33554432
unlike "guest: others' processes are not there" "$(ask ctest1 'cat /proc/[0-9]*/comm')" 'sshd'
is "guest: ForceCommand, too" "$(ask ctest2 'ls -A; ls -A /home')" $'ctest2\nstatus 0'

jail_profile classroom
mkdir -p "$P/course" && echo lesson >"$P/course/1"
is "classroom: the home is there" "$(ask ctest1 'ls mine; pwd')" "mine"$'\n'"$home"$'\n'"status 0"
is "classroom: the material can be read" "$(ask ctest1 "cat $P/course/1")" $'lesson\nstatus 0'
like "classroom: and not changed" "$(ask ctest1 "echo x >$P/course/1")" 'status 1'
is "classroom: others' homes are not there" "$(ask ctest1 'ls /home')" $'ctest1\nstatus 0'
is "classroom: open files are limited" "$(ask ctest1 'ulimit -Sn; ulimit -Hn')" $'1024\n4096\nstatus 0'
is "classroom: processes are limited" "$(ask ctest1 'ulimit -u')" $'512\nstatus 0'
is "classroom: no network but loopback" "$(ask ctest1 'cut -d: -f1 -s /proc/net/dev | tr -d " "')" $'lo\nstatus 0'

# --- command, and what it may be asked -----------------------------------------------------------------
cat >"$P/bin/told" <<-'END'
	#!/bin/sh
	printf '%s|' "$0" "$@" "${SSH_ORIGINAL_COMMAND-unset}"
	echo
END
chmod 755 "$P/bin/told"
jail_conf <<-END
	command = "$P/bin/told %u 'a b'"
END
is "command: the wish can be read, whatever it is" "$(ask ctest1 'x; "$y" `z`')" "$P/bin/told|ctest1|a b|x; \"\$y\" \`z\`|"$'\n'"status 0"
is "command: no wish is no variable" "$(ask ctest1)" "$P/bin/told|ctest1|a b|unset|"$'\n'"status 0"
is "command: sftp is a wish, too" "$(SSH_OPTIONS=(-s)
	ask ctest1 sftp)" "$P/bin/told|ctest1|a b|internal-sftp|"$'\n'"status 0"
jail_conf <<-END
	command = $P/bin/told
	allow_commands = get * | put *
END
is "both: an allowed wish comes to the command" "$(ask ctest1 "get 'a b'")" "$P/bin/told|get 'a b'|"$'\n'"status 0"
is "both: no wish does, too" "$(ask ctest1)" "$P/bin/told|unset|"$'\n'"status 0"
refused "both: another wish" ctest1 id
refused "both: one with an option" ctest1 "get --all"
sshd_stop
jail_sshd_login
is "login shell: what was looked at is what is told" "$(SSH_OPTIONS=(-o SetEnv=SSH_ORIGINAL_COMMAND=id)
	ask ctest1 "get x")" "$P/bin/told|get x|"$'\n'"status 0"
is "login shell: a wish in a variable is looked at, too" "$(SSH_OPTIONS=(-o SetEnv=SSH_ORIGINAL_COMMAND=id)
	ask ctest1 | tail -n 1)" "status 126"
is "su comes to the same" "$(su ctest1 -c id 2>&1 | grep -c 'may only run'; su ctest1 -c 'get x')" $'1\n'"$P/bin/told|get x|"

jail_end
done_testing
