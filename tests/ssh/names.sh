#!/bin/bash
# Names inside: who one is with many groups, the session's own name, and the host's name server where resolv.conf is a
# link into /run, which is not the host's inside.
. "$(dirname "$0")/../lib/fixture.sh"
# the link is made in a mount namespace of the suite's own
if [ -z "${NAMES_OWN_MOUNTS:-}" ]; then
	NAMES_OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0"
fi
fixture_start
groups=()
remove_groups()
{
	local group

	for group in "${groups[@]}"; do
		! getent group "$group" >/dev/null || groupdel "$group"
	done
}
trap 'mountpoint -q /etc && umount /etc; remove_groups; rm -rf /run/contained-test-names; fixture_stop' EXIT
for number in {1..20}; do
	groupadd "ctestg$number" && groups+=("ctestg$number")
done
usermod -a -G "$(IFS=,; echo "${groups[*]}")" ctest1
opening=
if getent group adm >/dev/null; then
	usermod -a -G adm ctest1
	opening=adm
fi

mkdir -p /run/contained-test-names
printf 'nameserver 127.77.77.77\noptions timeout:2 attempts:2\n' >/run/contained-test-names/resolv.conf
cp -a /etc "$P/etc-copy"
rm -f "$P/etc-copy/resolv.conf"
ln -s /run/contained-test-names/resolv.conf "$P/etc-copy/resolv.conf"
mount --bind "$P/etc-copy" /etc
cat >"$P/private/names.py" <<'END'
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.77.77.77", 53))
print("ready", flush=True)
while True:
    query, who = server.recvfrom(512)
    kind = query[-3]
    answer = b"" if kind != 1 else b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + bytes([192, 0, 2, 53])
    server.sendto(query[:2] + b"\x81\x80\x00\x01" + (b"\x00\x01" if answer else b"\x00\x00") + b"\x00\x00\x00\x00"
                  + query[12:query.index(b"\0", 12) + 5] + answer, who)
END
python3 "$P/private/names.py" >"$P/private/names.out" 2>&1 8<&- &
server=$!
eventually 5 grep -q ready "$P/private/names.out" || bail "a name server" "$(cat "$P/private/names.out")"

sshd_start
in_box()
{
	box ctest1 "$@" </dev/null 2>&1
}
names_of()
{
	tr ' ' '\n' | grep -vx "$opening" | sort | paste -sd' '
}

conf_write <<END
[default]
END
is "id inside is id outside, less the groups that open the host" "$(in_box id -Gn | names_of)" "$(id -Gn ctest1 | names_of)"
is "and so are the numbers" "$(in_box 'id -G' | tr ' ' '\n' | sort)" \
	"$(id -G ctest1 | tr ' ' '\n' | grep -vx "$(getent group "${opening:-none}" | cut -d: -f3)" | sort)"
if [ -n "$opening" ]; then
	is "a group that opens the host is given up" "$(in_box id -Gn | tr ' ' '\n' | grep -cx "$opening")" 0
fi
is "uid and primary group" "$(in_box 'id -u; id -g; id -un; id -gn')" "$(id -u ctest1; id -g ctest1; id -un ctest1; id -gn ctest1)"
is "the card is an address" "$(in_box 'getent hosts "$(hostname)" | grep -cE "^(127\.0\.0\.1|::1) "')" 1
is "with a network of its own, no name server is asked" "$(in_box 'getent ahostsv4 names.contained.test; echo "($?)"')" "(2)"

conf_write <<END
[default]
network = host
END
is "resolv.conf is what the host's link leads to" "$(in_box 'cat /etc/resolv.conf; test -L /etc/resolv.conf || echo file')" \
	"$(cat /run/contained-test-names/resolv.conf)"$'\n'file
is "and the name server is asked" "$(in_box 'getent ahostsv4 names.contained.test | awk "{ print \$1 }" | sort -u')" 192.0.2.53

kill "$server"
wait "$server" 2>/dev/null
sshd_stop
umount /etc
rm -rf /run/contained-test-names
remove_groups
fixture_end
done_testing
