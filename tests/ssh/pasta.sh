#!/bin/bash
# network = pasta through each door: out to another network, by name too; not to the host's loopback; nobody comes in;
# and pasta, which never runs as root, ends with its session whoever dies.
. "$(dirname "$0")/../lib/fixture.sh"
command -v pasta >/dev/null || {
	skip "no pasta: make deps" "network = pasta"
	done_testing
}
ip route show default | grep -q . || {
	skip "no default route, by which pasta makes its interface" "network = pasta"
	done_testing
}
NET=contained-test
AFAR=10.99.7.2

pastas()
{
	pgrep -f '^pasta --quiet --config-net .*/proc/self/fd/0'
}

no_pasta() { ! pastas; }

had_netns=
[ ! -d /run/netns ] || had_netns=1

net_stop()
{
	[ -z "${servers[*]:-}" ] || kill "${servers[@]}" 2>/dev/null
	ip netns del "$NET" 2>/dev/null
	ip link del ctest-afar 2>/dev/null
	# what ip makes for the first named one of a machine's life; and the state root of a user's sessions
	[ -n "$had_netns" ] || { umount /run/netns && rmdir /run/netns; } 2>/dev/null
	! id -u ctestx >/dev/null 2>&1 || rm -rf "/tmp/contained-$(id -u ctestx)" "/run/user/$(id -u ctestx)/contained"
}

fixture_start
trap 'net_stop; fixture_stop' EXIT
is "no pasta runs before" "$(pastas)" ""
servers=()
install -m 0755 "$TOP/tests/lib/reach.py" "$P/bin/reach.py"
install -m 0755 "$BUILD/contained-shell" "$P/bin/contained-shell"
reach=$P/bin/reach.py

# another network, two hops from a session; its name server, and one on the host's loopback
ip netns add "$NET" && ip link add ctest-afar type veth peer name eth0 netns "$NET" &&
	ip addr add 10.99.7.1/24 dev ctest-afar && ip link set ctest-afar up &&
	ip -n "$NET" addr add "$AFAR/24" dev eth0 && ip -n "$NET" link set eth0 up || bail "cannot make another network"
port=$((20000 + RANDOM % 20000))
# server LOG COMMAND…
server()
{
	local log=$P/private/$1

	shift
	"$@" >"$log" 2>&1 8<&- &
	servers+=($!)
	eventually 5 grep -q listening "$log" || bail "no server: $*" "$(cat "$log")"
}
server afar ip netns exec "$NET" python3 "$reach" serve "$AFAR" "$port" "from afar"
server names ip netns exec "$NET" python3 "$reach" names "$AFAR" 10.99.7.53
server local4 python3 "$reach" serve 127.0.0.1 "$port" "from the host"
server local6 python3 "$reach" serve ::1 "$port" "from the host"
server localnames python3 "$reach" names 127.0.0.99 10.99.7.99
is "the host reaches the other network" "$(python3 "$reach" tcp "$AFAR" "$port" 2>&1)" "from afar"

# A machine with another resolver, and a tun device as udev gives it to all. Its /etc is one whole: a mount within it would
# be in the way of the session's layer over it, because without root the kernel lets nobody look below a mount.
mkdir -m 0755 "$P/private/etc"
cat >"$P/private/machine" <<END
#!/bin/sh
set -e
mount -t tmpfs -o mode=0755 none /dev/net
mknod -m 0666 /dev/net/tun c 10 200
mount -t tmpfs -o mode=0755 none "$P/private/etc"
cp -a /etc/. "$P/private/etc"
cp "$P/private/resolv.conf" "$P/private/etc/resolv.conf"
mount --bind "$P/private/etc" /etc
[ -z "\$WITHOUT_PASTA" ] || mount --bind /dev/null "\$(realpath /usr/bin/pasta)"
exec "\$@"
END
chmod 0755 "$P/private/machine"
machine=(unshare --mount --propagation private "$P/private/machine")
echo "nameserver $AFAR" >"$P/private/resolv.conf"

# door NAME COMMAND…: the same of each; the command takes what to run inside as one more argument
door()
{
	local name=$1 gateway inside

	shift
	gateway=$(ip -4 route show default | sed -nE '1s/.* via ([0-9.]+).*/\1/p')
	is "$name: TCP reaches another network" "$("$@" "python3 $reach tcp $AFAR $port" 2>&1)" "from afar"
	is "$name: UDP too" "$("$@" "python3 $reach udp $AFAR $port" 2>&1)" "from afar"
	is "$name: and names are found there" "$("$@" "python3 $reach name where.test" 2>&1)" "${NAME_IS:-10.99.7.53}"
	for kind in tcp udp; do
		fails "$name: the host's 127.0.0.1 does not answer ($kind)" "$@" "python3 $reach $kind 127.0.0.1 $port"
		fails "$name: its ::1 does not" "$@" "python3 $reach $kind ::1 $port"
		fails "$name: the gateway is not the host" "$@" "python3 $reach $kind ${gateway:-192.0.2.1} $port"
	done
	is "$name: what is inside is not the host's network" \
		"$("$@" 'readlink /proc/self/ns/net' 2>&1 | grep -c "$(readlink /proc/self/ns/net)")" 0
	inside=$((port + 1))
	(sleep 1.5; python3 "$reach" tcp 127.0.0.1 "$inside"; python3 "$reach" tcp "$(hostname -I | cut -d' ' -f1)" "$inside") \
		>"$P/private/came" 2>/dev/null &
	is "$name: a server inside is reached from inside" "$("$@" "python3 $reach serve 0.0.0.0 $inside inside >/dev/null 2>&1 &
		sleep 1; python3 $reach tcp 127.0.0.1 $inside; sleep 1.5; kill \$!" 2>&1)" inside
	wait $!
	is "$name: and not from the host" "$(cat "$P/private/came")" ""
	if eventually 2 no_pasta; then ok "$name: pasta is gone"; else not_ok "$name: pasta is gone" "$(pastas)"; fi
}

# look NAME UID: the pasta of the one session that there is
look()
{
	local pid fields

	pid=$(pastas | head -n 1)
	[ -n "$pid" ] || {
		not_ok "$1: pasta runs"
		return
	}
	fields=$(sed -nE 's/^(Uid|NoNewPrivs):[[:space:]]*([0-9]+).*/\1=\2/p' "/proc/$pid/status" | paste -sd' ')
	is "$1: pasta is who it should be, and can gain nothing" "$fields" "Uid=$2 NoNewPrivs=1"
	is "$1: in a user namespace of its own" "$(readlink "/proc/$pid/ns/user" | grep -c "$(readlink /proc/self/ns/user)")" 0
	is "$1: without environment" "$(tr '\0' ' ' <"/proc/$pid/environ")" ""
	is "$1: with sockets, pipes and devices open, and nothing of the host" \
		"$(readlink "/proc/$pid"/fd/* | grep -vE '^(socket|pipe|anon_inode):|^/(dev/)?null$|^/(dev/)?net/tun$|^/dev/log|^/tun$|^net:' | sort -u)" ""
	is "$1: it is a child of PID 1 of the session, which reaps it" \
		"$(cat "/proc/$(ps -o ppid= -p "$pid" | tr -d ' ')/comm" 2>/dev/null)" contained-init
}

# ends NAME PID…: pasta is there, and not two seconds after that
ends()
{
	local name=$1

	shift
	[ -n "$(pastas)" ] && [ -n "${1:-}" ] || {
		not_ok "$name: there is something to kill" "pasta: $(pastas), victims: $*"
		return
	}
	kill -KILL "$@"
	if eventually 2 no_pasta; then ok "$name: no pasta is left within 2 s"; else not_ok "$name: no pasta is left within 2 s" "$(pastas)"; fi
	release
}

# --- PAM -----------------------------------------------------------------------------------------
conf_write <<END
[default]
network = pasta
END
SSHD_UNDER=("${machine[@]}")
sshd_start
pam_door() { box ctest1 "$1" </dev/null; }
log_mark
box ctest1 true </dev/null >/dev/null 2>&1 || diag "$(log_since)"
door "PAM" pam_door
hold ctest1 'exec sleep 300' || not_ok "a login" "$(cat "$HOLD_LOG")"
look "PAM" 65533
is "PAM: pasta counts as the session's" "$(session_members "$HELD" | grep -cx "$(pastas)")" 1
fails "PAM: the user namespace of pasta is not the user's to enter" box ctest1 'nsenter -U -t "$(pgrep -f "^pasta")" true'
release
if eventually 2 no_pasta; then ok "a login that ends takes pasta with it"; else not_ok "a login that ends takes pasta with it"; fi
for who in held_monitor held_child init watchers; do
	hold ctest1 'exec sleep 300' || not_ok "a login" "$(cat "$HOLD_LOG")"
	case $who in
	init) victims=$(session_init "$HELD") ;;
	watchers) victims=$(session_watchers "$HELD") ;;
	*) victims=$($who) ;;
	esac
	mapfile -t victims <<<"$victims"
	ends "PAM: $who killed" "${victims[@]}"
done
sleep 1.1 # between two sweeps
is "PAM: the next login works" "$(box ctest2 echo in </dev/null 2>&1)" in
leftovers_sessions "PAM: nothing of the sessions is left"

# while it is being set up, too
for _ in 1 2 3 4 5 6; do
	box ctest1 true </dev/null >/dev/null 2>&1 &
	client=$!
	sleep "0.$(printf '%03d' $((RANDOM % 250)))"
	mapfile -t victims < <(pgrep -P "$SSHD_PID")
	[ -z "${victims[0]:-}" ] || kill -KILL "${victims[@]}" 2>/dev/null
	wait "$client"
done
if eventually 2 no_pasta; then ok "PAM: logins killed in their set-up leave no pasta"; else
	not_ok "PAM: logins killed in their set-up leave no pasta" "$(pastas)"; fi
sshd_stop
rm -f "$P/ssh/sshd.pid"

# --- the login shell, without root -------------------------------------------------------------------
install -m 0644 /dev/stdin "$P/etc/contained/contained.conf" <<END
[default]
limits = try
network = pasta
END
usermod -s "$P/bin/contained-shell" ctestx
sshd_start
shell_door() { box ctestx "$1" </dev/null; }
log_mark
box ctestx true </dev/null >/dev/null 2>&1 || diag "$(log_since)"
door "shell" shell_door
hold ctestx 'exec sleep 300' || not_ok "a login" "$(cat "$HOLD_LOG")" "$(log_since | grep -i shell)"
look "shell" "$(id -u ctestx)"
ends "shell: contained-shell killed" "$(pgrep -u ctestx -x contained-shell)"
hold ctestx 'exec sleep 300' || not_ok "a login" "$(cat "$HOLD_LOG")" "$(log_since | grep -i shell)"
ends "shell: PID 1 killed" "$(ps -o ppid= -p "$(pastas)" | tr -d " ")"
if eventually 2 bash -c '! pgrep -u ctestx -r D,R,S,T -x "contained-(init|watch|twin)"'; then ok "shell: nothing of it is left"; else
	not_ok "shell: nothing of it is left" "$(ps -fu ctestx)"; fi
sshd_stop

# --- the command; on a machine whose resolver listens on loopback alone ---------------------------------
printf 'nameserver 127.0.0.99\noptions timeout:2\n' >"$P/private/resolv.conf"
command_door() { "${machine[@]}" "$P/bin/contained" -q -m / -u 0 --network=pasta -c sh -c "$1" 2>/dev/null </dev/null; }
NAME_IS=10.99.7.99 door "command" command_door
is "command: pasta answers for the resolver" "$(command_door 'grep -v "^#" /etc/resolv.conf')" \
	$'options timeout:2\nnameserver 169.254.1.1'
best=$("${machine[@]}" bash -c 'for try in 1 2 3 4 5; do
		begin=${EPOCHREALTIME/[.,]/}
		"$@" >/dev/null 2>&1 </dev/null
		echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	done | sort -n | head -n 1' bash "$P/bin/contained" -q -m / -u 0 --network=pasta -c true)
succeeds "command: pasta is not waited for, whom PID 1 may not end: $best ms" test "$best" -lt 480
"${machine[@]}" "$P/bin/contained" -q -m / -u 0 --network=pasta -c sleep 300 >/dev/null 2>&1 </dev/null 8<&- &
HOLD_PID=$!
eventually 5 pastas
sleep 0.3
look "command" 65533
ends "command: contained killed" "$HOLD_PID"
contains "explain prints what is run" \
	"$("${machine[@]}" "$P/bin/contained" explain ctest1 --conf "$P/contained.conf" | grep -A1 ' pasta ')" \
	": pasta --quiet --config-net"

# --- refusals -----------------------------------------------------------------------------------------
said=$(WITHOUT_PASTA=1 "${machine[@]}" "$P/bin/contained" -q -m / -u 0 --network=pasta -c true 2>&1)
is "without pasta nothing is run" "$?" 125
contains "and it is named, with the remedy" "$said" \
	"pasta: is not installed, and the policy has network = pasta: No such file or directory (hint: apt install passt"
said=$(unshare --mount --propagation private sh -c "mount -t tmpfs none /dev/net && exec \"\$@\"" sh \
	"$P/bin/contained" -q -m / -u 0 --network=pasta -c true 2>&1)
is "without a tun device nothing is run" "$?" 125
contains "and that is told" "$said" "/dev/net/tun: cannot be opened by pasta"
said=$("${machine[@]}" unshare --net "$P/bin/contained" -q -m / -u 0 --network=pasta -c true 2>&1)
status=$?
if [ "$status" -ne 0 ]; then contains "what pasta says is told" "$said" "pasta: does not run: "; else ok "this pasta needs no route"; fi
leftovers_sessions "nothing of a session is left"

net_stop
fixture_end
done_testing
