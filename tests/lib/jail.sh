# shellcheck shell=bash
# jail.sh: the fixture for accounts that contained-shell keeps to a command or a few, without the PAM module.
#
#	. tests/lib/jail.sh; jail_start; jail_profile sftp-only; jail_sshd; …; jail_end; done_testing
#
# ctest1 has contained-shell as its login shell, ctest2 has bash and a ForceCommand; both get the profile. ctestx has
# contained-shell and is exempt. sshd takes every variable that a client sends.

. "$(dirname "${BASH_SOURCE[0]}")/fixture.sh"

DOOR=$P/bin/contained-shell
DOOR_CONF=$P/etc/contained/contained.conf # compiled into the private build
SFTP_SERVER=$(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
JAIL_UIDS=

jail_start()
{
	local user

	fixture_start
	[ -e "$BUILD/contained-shell" ] || bail "no $BUILD/contained-shell: run make private"
	install -m 0755 "$BUILD/contained-shell" "$DOOR"
	OUR_PROGRAMS="${OUR_PROGRAMS:-} $(stat -c %d:%i "$DOOR")"
	for user in ctest1 ctestx; do
		usermod -s "$DOOR" "$user" || bail "usermod $user failed"
	done
	for user in "${USERS[@]}"; do
		JAIL_UIDS="$JAIL_UIDS $(id -u "$user")"
	done
	home=$(getent passwd ctest1 | cut -d: -f6)
	home2=$(getent passwd ctest2 | cut -d: -f6)
}

# The configuration of both users, from standard input: lines of the profile that they get.
jail_conf()
{
	{
		printf '%s\n' '[contained]' 'exempt_users = ctestx' '[jail]' 'match_users = ctest1 ctest2' 'limits = try'
		cat
	} >"$DOOR_CONF.new" && mv "$DOOR_CONF.new" "$DOOR_CONF"
}

# jail_profile NAME [SECTION [SED…]]: one profile of an example, for the two users in place of its group
jail_profile()
{
	local section=${2:-$1} file=$TOP/conf/examples/$1.conf expressions=()

	shift $(($# > 1 ? 2 : 1))
	[ $# -eq 0 ] || expressions=("${@/#/-e}")
	sed -n "/^\[$section\]\$/,/^\[/p" "$file" | grep -vE '^\[|^#|^match_|^limits|^$' |
		sed -e '' "${expressions[@]}" >"$P/private/profile"
	[ -s "$P/private/profile" ] || bail "no profile [$section] in $file"
	jail_conf <"$P/private/profile"
}

# Without our module, unless JAIL_MODULE is set; the rest as in sshd.sh.
eval "$(declare -f sshd_pam_lines | sed '1s/.*/sshd_pam_lines_with_module()/')"
sshd_pam_lines()
{
	if [ -n "${JAIL_MODULE:-}" ]; then
		sshd_pam_lines_with_module "$@"
		return
	fi
	printf '%s\n' "auth required pam_deny.so" "account required pam_unix.so" "session required pam_unix.so"
}

# jail_sshd [LINE…]: with the internal sftp, as most hosts have it, and a ForceCommand for ctest2
jail_sshd()
{
	sshd_start "AcceptEnv *" "PrintLastLog no" "Subsystem sftp internal-sftp" "$@" "Match User ctest1,ctest2" "ForceCommand $DOOR"
}

# jail_sshd_login: ctest1's login shell alone is the jail, with the external sftp-server; ctest2 as before
jail_sshd_login()
{
	[ -n "$SFTP_SERVER" ] || bail "no sftp-server on this machine: make deps"
	sshd_start "AcceptEnv *" "PrintLastLog no" "Subsystem sftp $SFTP_SERVER" "Match User ctest2" "ForceCommand $DOOR"
}

# ask USER COMMAND…: what comes back, and its exit status as a last line
ask()
{
	box "$@" </dev/null 2>&1
	echo "status $?"
}

# refused NAME USER COMMAND…: status 126, the sentence, and nothing has run
refused()
{
	local name=$1 said

	shift
	rm -f "$home/marker" "$home2/marker"
	said=$(ask "$@")
	like "$name: refused" "$said" '^This account may only run: .*; not: .*status 126$'
	unlike "$name: nothing ran" "$(ls "$home/marker" "$home2/marker" 2>/dev/null)$said" '^/|uid=[0-9]'
}

# ways_out: what people try. Each would print ESCAPED, an id, or leave a marker in the home.
ways_out=(
	'sh -c "echo ESCAPED"'
	'bash -i -c "echo ESCAPED"'
	'/bin/sh'
	'id'
	'scp id; echo ESCAPED'
	'scp -S "sh -c id" a b:c'
	'scp -o ProxyCommand=id a b:c'
	'scp -t . ; touch marker'
	'echo ESCAPED'
	'touch marker'
	$'true\ntouch marker'
	$'id\n'
	'$(touch marker)'
	'`touch marker`'
	'ssh -o ProxyCommand="touch marker" localhost'
	'python3 -c "print(\"ESCA\" + \"PED\")"'
	'env touch marker'
	'exec touch marker'
	'{touch,marker}'
	'A=b touch marker'
	'LD_PRELOAD=/tmp/x touch marker'
	\~/bin/x
	"'touch' marker"
	'"tou"ch marker'
	'\touch marker'
	'touch${IFS}marker'
	'! touch marker'
	'. ./.profile; id'
	'rsync -e id . x:y'
	'tar cf - --checkpoint=1 --checkpoint-action=exec=id .'
	'vi -c :!id'
	'internal-sftp; id'
	'sftp-server;id'
)

# try_ways_out NAME USER: with allow_commands each is refused
try_ways_out()
{
	local name=$1 user=$2 way said bad=()

	for way in "${ways_out[@]}"; do
		rm -f "$home/marker" "$home2/marker"
		said=$(ask "$user" "$way")
		[[ $said == "This account may only run: "*"status 126" && ! $said =~ uid=[0-9] ]] &&
			[ ! -e "$home/marker" ] && [ ! -e "$home2/marker" ] || bad+=("$way: $said")
	done
	is "$name: ${#ways_out[@]} ways out are refused" "${bad[*]}" ""
}

# try_to_run NAME USER: where `command` is run whatever is asked for, nothing of them is
try_to_run()
{
	local name=$1 user=$2 way said bad=()

	for way in "${ways_out[@]}"; do
		rm -f "$home/marker" "$home2/marker"
		said=$(ask "$user" "$way")
		[[ ! $said =~ (^|$'\n')ESCAPED|uid=[0-9] ]] && [ ! -e "$home/marker" ] && [ ! -e "$home2/marker" ] ||
			bad+=("$way: $said")
	done
	is "$name: ${#ways_out[@]} ways out lead nowhere" "${bad[*]}" ""
}

# jail_end: fixture_end, and the places of sessions that ordinary users made
jail_end()
{
	local uid

	sshd_stop
	for uid in $JAIL_UIDS; do
		eventually 3 jail_is_empty "/tmp/contained-$uid" ||
			not_ok "no state of a session is left" "$(ls -A "/tmp/contained-$uid")"
		rm -rf "/tmp/contained-${uid:?}"
	done
	fixture_end
}

jail_is_empty()
{
	! compgen -G "$1/*" >/dev/null
}
