#!/bin/bash
# Everything in a session that can be written to and is the session's own has a bound, through the doors without root,
# too: seen as a size by df, and as "no space left" by who fills it.
. "$(dirname "$0")/../lib/original.sh"
original_start
HOME_DIR=$(getent passwd ctest1 | cut -d: -f6)
mkdir -p "$BOX"/{dev,home,proc,run,sys,tmp,var/tmp}
sizes=(--tmp-size=3M --shm-size=5M --run-size=7M --root-size=9M)
runs=("$P/bin/contained -q --io-weight=none --userns=off" "setpriv --reuid ctest1 --regid ctest1 --init-groups --inh-caps=-all $P/bin/contained -q --limits=off")
chmod 1777 "$BOX/home"
chown -hR "$USER_ID:$(id -g ctest1)" "$BOX"

# kilobytes DOOR PLACE MODE
kilobytes()
{
	local run

	read -ra run <<<"${runs[$1]}"
	timeout 15 "${run[@]}" "${sizes[@]}" --root-mode="$3" -m "$BOX" -u 0 -c df -k -P "$2" </dev/null 2>&1 |
		awk 'END { print $2 }'
}
# filled DOOR PLACE MODE: how many KiB can be put there, of 80 MiB
filled()
{
	local run

	read -ra run <<<"${runs[$1]}"
	timeout 30 "${run[@]}" "${sizes[@]}" --root-mode="$3" -m "$BOX" -u 0 -c sh -c \
		"dd if=/dev/zero of=$2/fill bs=64k count=1280 2>&1 | grep -q 'No space left' && du -k $2/fill | cut -f1" </dev/null 2>&1
}
# within NAME KIB MOST: something, and not more
within()
{
	if [[ $2 =~ ^[0-9]+$ ]] && [ "$2" -gt $(($3 / 2)) ] && [ "$2" -le "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got: $2 KiB" "want: at most $3"
	fi
}

for door in 0 1; do
	who=$([ $door = 0 ] && echo root || echo user)
	for pair in /tmp=3072 /var/tmp=3072 /dev/shm=5120 /run=7168 /run/user/0=7168; do
		place=${pair%=*} most=${pair#*=}
		is "$who: df of $place" "$(kilobytes $door "$place" readonly)" "$most"
		within "$who: $place is full at its size" "$(filled $door "$place" readonly)" "$most"
	done
	# /dev and our own small files take writing from nobody
	fails "$who: /dev takes no file" bash -c "timeout 15 ${runs[$door]} -m $BOX -u 0 -c touch /dev/x"
	fails "$who: /etc takes no file" bash -c "timeout 15 ${runs[$door]} -m $BOX -u 0 -c touch /etc/x"
	within "$who: root_size bounds an overlay in memory" "$(filled $door /home overlay-ephemeral)" $((11 * 1024))
done

# the login shell, with an empty home
printf '%s\n' '[default]' 'limits = try' 'home = ephemeral' 'home_size = 4M' 'tmp_size = 3M' 'shm_size = 5M' 'run_size = 7M' \
	>"$P/etc/contained/contained.conf"
shell()
{
	timeout 15 setpriv --reuid ctest1 --regid ctest1 --init-groups --inh-caps=-all env -i PATH="$PATH" \
		"$P/bin/contained-shell" -c "$1" </dev/null 2>&1
}
for pair in /tmp=3072 /var/tmp=3072 /dev/shm=5120 /run=7168 "/run/user/$USER_ID=7168" "$HOME_DIR=4096"; do
	is "contained-shell: df of ${pair%=*}" "$(shell "df -k -P ${pair%=*}" | awk 'END { print $2 }')" "${pair#*=}"
done
within "contained-shell: home_size" "$(shell "dd if=/dev/zero of=$HOME_DIR/fill bs=64k count=1280 2>/dev/null
	du -k $HOME_DIR/fill | cut -f1")" 4096
is "contained-shell: nothing writable is without a bound" "$(shell "awk '\$6 ~ /^rw/ && !/ - (proc|devpts|mqueue|sysfs) / && !/size=/ { print \$5 }' /proc/self/mountinfo" |
	grep -vxE '/dev/(null|zero|full|random|urandom|tty)|/dev/pts/.*')" ""

original_end
done_testing
