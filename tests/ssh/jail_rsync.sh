#!/bin/bash
# conf/examples/rsync-only.conf and backup.conf: one directory, in one direction, and nothing around it.
. "$(dirname "$0")/../lib/jail.sh"
[ -x /usr/bin/rrsync ] || {
	skip "no rrsync: make deps" "rsync over ssh"
	done_testing
}
jail_start
here=$P/private
mkdir -p "$P/mirror/sub" "$here/src/sub" "$P/outside"
echo mirrored >"$P/mirror/file" && echo below >"$P/mirror/sub/file" && echo outside >"$P/outside/file"
ln -s "$P/outside" "$P/mirror/link" && ln -s /etc/hostname "$P/mirror/name"
echo sent >"$here/src/file"

transfer()
{
	timeout 30 rsync -e "ssh -F $SSH_CONFIG ${TRANSFER_OPTIONS:-}" "$@" 2>&1 </dev/null
}

# server ARGUMENT…: the server's side of rsync, as a client of one's own would ask for it
server()
{
	ask ctest1 "rsync --server $*"
}

# --- read -------------------------------------------------------------------------------------------
jail_profile rsync-only rsync-read "s#/srv/mirror#$P/mirror#"
jail_sshd
transfer -a "ctest1@box:" "$here/got/" >"$here/said"
is "the mirror is fetched" "$(cat "$here/got/file" "$here/got/sub/file" 2>&1)" $'mirrored\nbelow'
transfer -a "ctest2@box:file" "$here/got2/" >/dev/null
is "by ForceCommand, too" "$(cat "$here/got2/file" 2>&1)" mirrored
transfer -a "$here/src/" ctest1@box: >/dev/null
is "nothing can be written" "$(cat "$P/mirror/file")" mirrored
for path in ../outside/file "$P/outside/file" /etc/passwd link/file sub/../../outside/file '../mirror/../outside/file'; do
	rm -rf "$here/got"
	transfer -aL "ctest1@box:$path" "$here/got/" >/dev/null
	is "$path is not read" "$(ls -A "$here/got" 2>/dev/null)" ""
done
rm -rf "$here/got"
transfer -aL "ctest1@box:" "$here/got/" >/dev/null
is "-L: what a link leads to outside is not read" "$(cat "$here/got/link/file" "$here/got/name" 2>/dev/null)" ""
try_to_run "rsync-read" ctest1
try_to_run "rsync-read, ForceCommand" ctest2
for option in --daemon --config=/etc/passwd --rsh=id -e.id "-e id" --log-file="$home/marker" --write-devices --copy-devices \
	--files-from=/etc/passwd "--sender -L --files-from=/etc/passwd" --temp-dir=/tmp --include-from=/etc/passwd; do
	said=$(server "$option" -logDtpr . .)
	[[ ! $said =~ uid=|root:x: ]] && [ ! -e "$home/marker" ] && ok "rsync --server $option gives nothing away" ||
		not_ok "rsync --server $option gives nothing away" "$said"
done
for variable in "RSYNC_RSH=id" "LD_PRELOAD=$home/x.so" "PYTHONPATH=$home" "PYTHONSTARTUP=$home/x" "SSH_ORIGINAL_COMMAND=id"; do
	rm -rf "$here/got"
	TRANSFER_OPTIONS="-o SetEnv=$variable" transfer -a ctest1@box:file "$here/got/" >"$here/said"
	is "${variable%%=*} changes nothing" "$(cat "$here/got/file" 2>&1)" mirrored
done
like "a shell: rrsync asks for rsync" "$(ask ctest1)" 'error.*status 1'

# --- write ------------------------------------------------------------------------------------------
jail_profile rsync-only rsync-write
install -d -o ctest1 "$home/incoming" && install -d -o ctest2 "$home2/incoming"
transfer -a "$here/src/" ctest1@box: >"$here/said"
is "what is sent arrives" "$(cat "$home/incoming/file" 2>&1)" sent
rm -rf "$here/got"
transfer -a ctest1@box: "$here/got/" >/dev/null
is "and cannot be read" "$(ls -A "$here/got" 2>/dev/null)" ""
echo keep >"$home/incoming/other" && chown ctest1: "$home/incoming/other"
transfer -a --delete "$here/src/" ctest1@box: >/dev/null
is "--delete deletes nothing" "$(cat "$home/incoming/other" 2>&1)" keep
ln -s "$home" "$here/src/up" && ln -s /tmp "$home/incoming/tmp"
transfer -a "$here/src/" ctest1@box: >/dev/null
transfer -a "$here/src/file" ctest1@box:up/marker >/dev/null
[ ! -e "$home/marker" ] && ok "a link that was sent leads nowhere" || not_ok "a link that was sent leads nowhere"
for path in ../marker "$home/marker" up/../../marker; do
	transfer -a "$here/src/file" "ctest1@box:$path" >/dev/null
	[ ! -e "$home/marker" ] && ok "$path is not written" || not_ok "$path is not written"
done
try_to_run "rsync-write" ctest1
rm -f "$here/src/up"

# --- backup -----------------------------------------------------------------------------------------
jail_profile backup
install -d -o ctest1 "$home/backup"
transfer -a "$here/src/" ctest1@box:2026-11-25/ >"$here/said"
is "a backup arrives" "$(cat "$home/backup/2026-11-25/file" 2>&1)" sent
mkdir "$here/empty"
transfer -a --delete "$here/empty/" ctest1@box:2026-11-25/ >/dev/null
transfer -a --delete --force "$here/empty/" ctest1@box: >/dev/null
is "it cannot be deleted" "$(cat "$home/backup/2026-11-25/file" 2>&1)" sent
rm -rf "$here/got"
transfer -a ctest1@box:2026-11-25/ "$here/got/" >/dev/null
transfer -a --remove-source-files ctest1@box:2026-11-25/ "$here/got/" >/dev/null
is "nor read" "$(ls -A "$here/got" 2>/dev/null)$(cat "$home/backup/2026-11-25/file")" sent
try_to_run "backup" ctest1
sshd_stop

# --- allow_commands for rsync by itself: the exact line, or none --------------------------------------
jail_conf <<-END
	allow_commands = /usr/bin/rsync --server --sender -logDtpre.iLsfxCIvu . $P/mirror/*
END
jail_sshd
like "the exact line runs" "$(ask ctest1 "rsync --server --sender -logDtpre.iLsfxCIvu . $P/mirror/file" | tr -d '\0')" 'status (12|255|0|20|1)$'
for way in "--server --sender -logDtpre.iLsfxCIvu . $P/mirror/../outside/file" "--server --sender -logDtpre.iLsfxCIvu . $P/outside/file" \
	"--server --sender -logDtpre.iLsfxCIvu . --daemon" "--server -logDtpre.iLsfxCIvu . $P/mirror/file" \
	"--server --sender --rsh=id . $P/mirror/file" "--daemon"; do
	refused "rsync $way" ctest1 "rsync $way"
done

jail_end
done_testing
