# shellcheck shell=bash
# original.sh: the fixture for the command contained -m … -u … -c …, as root and as ctest1.
. "$(dirname "${BASH_SOURCE[0]}")/fixture.sh"
. "$(dirname "${BASH_SOURCE[0]}")/trees.sh"

original_start()
{
	fixture_start
	BOX=$P/box
	tree_busybox "$BOX" || bail "no static busybox: make deps"
	USER_ID=$(id -u ctest1)
	# an ordinary user keeps sessions in one of these; a run that was killed may have left one
	USER_STATE=/tmp/contained-$USER_ID
	[ ! -d "/run/user/$USER_ID" ] || USER_STATE=/run/user/$USER_ID/contained
	rm -rf "$USER_STATE"
}

# as_user COMMAND…: as ctest1, without anything of root's
as_user()
{
	setpriv --reuid ctest1 --regid ctest1 --init-groups --inh-caps=-all env -i PATH="$PATH" "$@"
}

# original OPTION… -c COMMAND…; the weight of disks is what most machines cannot give
original()
{
	"$P/bin/contained" -q --io-weight=none "$@"
}

user_original()
{
	as_user "$P/bin/contained" -q --limits=off "$@"
}

# said STATUS REGEX NAME COMMAND…: ends with that status, after one line that matches (usage: more than one)
said()
{
	local want=$1 regex=$2 name=$3 output status

	shift 3
	output=$("$@" 2>&1 </dev/null)
	status=$?
	if [ "$status" -ne "$want" ]; then
		not_ok "$name" "exit status $status, not $want, of: $*" "$output"
	elif [[ ! $output =~ $regex ]]; then
		not_ok "$name" "got: $output" "want a match of: $regex"
	elif [ "$want" -ne 2 ] && [ "$(wc -l <<<"$output")" -ne 1 ]; then
		not_ok "$name" "more than one line: $output"
	else
		ok "$name"
	fi
}

user_sessions_gone()
{
	[ -z "$(find "$USER_STATE" -mindepth 1 ! -name .sweep 2>/dev/null)" ]
}

original_end()
{
	leftovers_sessions
	if eventually 2 user_sessions_gone; then
		ok "nothing but the stamp is in $USER_STATE"
	else
		not_ok "nothing but the stamp is in $USER_STATE" "$(find "$USER_STATE")"
	fi
	rm -rf "$USER_STATE"
	fixture_end
}
