#!/bin/bash
# conf/examples/bastion.conf, with the PAM module: connections go through, nothing runs. And contained-shell in
# sessions that the module made: what is allowed holds there, too, or nothing is run.
. "$(dirname "$0")/../lib/jail.sh"
JAIL_MODULE=1
jail_start
answer=$P/bin/answer.py

# the module reads one file, contained-shell the other
both_files()
{
	"$@" && cp "$DOOR_CONF" "$P/contained.conf.new" && mv "$P/contained.conf.new" "$P/contained.conf"
}

both_files jail_profile bastion
jail_sshd "AllowAgentForwarding no" "Match User ctest1" "AllowTcpForwarding local"
port=$((SSH_PORT + 1))
python3 "$answer" "$port" "from behind" >"$P/private/listener" 8<&- &
listener=$!
eventually 5 test -s "$P/private/listener"
ssh -F "$SSH_CONFIG" -n -N -L $((port + 1)):127.0.0.1:"$port" ctest1@box >"$P/private/n" 2>&1 8<&- &
client=$!
is "what is behind it is reached" "$(eventually 10 python3 "$answer" $((port + 1)); python3 "$answer" $((port + 1)))" "from behind"
kill "$client"
wait "$client" 2>/dev/null
is "-W, as ssh -J does it" "$(timeout 10 ssh -F "$SSH_CONFIG" -W 127.0.0.1:"$port" ctest1@box 2>&1 </dev/null)" "from behind"
ssh -F "$SSH_CONFIG" -n -N -o ExitOnForwardFailure=yes -R $((port + 2)):127.0.0.1:"$port" ctest1@box >"$P/private/n" 2>&1 8<&-
is "-R is refused" "$?" 255
kill "$listener"
wait "$listener" 2>/dev/null
try_to_run "bastion" ctest1
like "a shell: nologin" "$(ask ctest1)" 'not available.*status 1'
echo "ls /" >"$P/private/batch"
fails "sftp" sftp -q -F "$SSH_CONFIG" -b "$P/private/batch" ctest1@box
printf '%s\n' 'send id' 'pause 1' >"$P/private/steps"
unlike "a terminal: still no shell" "$(timeout 20 python3 "$TOP/tests/lib/terminal.py" -t 5 ssh -tt -F "$SSH_CONFIG" ctest1@box <"$P/private/steps" 2>&1)" 'uid='

# --- in a session of the module's -------------------------------------------------------------------
both_files jail_conf <<-END
	allow_commands = hostname | cat /proc/1/comm
END
is "what is allowed runs in the module's session, and in no second one" "$(ask ctest1 'cat /proc/1/comm')" $'contained-init\nstatus 0'
like "the session has its name" "$(ask ctest1 hostname)" '^[0-9a-f]+-[a-z-]+.status 0$'
log_mark
refused "what is not is refused" ctest1 id
name=$(log_wait 'contained\[[0-9]+\]: .* begin user=ctest1' | sed -E 's/.*: ([0-9a-f]+-[a-z-]+) begin.*/\1/')
like "the name is on record" "$name" "$CARD"
like "and the log line says the session's own" "$(log_wait 'contained-shell\[[0-9]+\]: ctest1: refused')" "\[$name\]"
refused "a shell" ctest1
is "an exempt user is not jailed" "$(ask ctestx 'echo free')" $'free\nstatus 0'

# --- where no configuration can be read: nothing -----------------------------------------------------
busybox=$(command -v busybox)
tree=$P/tree
mkdir -p "$tree"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,var/tmp} "$tree$P/bin"
cp "$busybox" "$tree/bin/busybox" && ln -s busybox "$tree/bin/sh" && ln -s busybox "$tree/bin/hostname"
cp "$DOOR" "$tree$DOOR"
conf_write <<-END
	[default]
	root = $tree
END
sshd_stop
sshd_start "AcceptEnv *" "PrintLastLog no" "Subsystem sftp internal-sftp" # the login shell alone
SSHD_PAM=last sshd_pam
log_mark
said=$(ask ctest1 hostname)
like "a root without /etc/contained: nothing is run" "$said" 'This session could not be set up.*status 125'
unlike "and nothing said" "$said" 'ESCAPED|uid='
like "the log says why" "$(log_wait 'contained-shell\[[0-9]+\]: .*contained\.conf')" 'No such file'

jail_end
done_testing
