#!/bin/bash
# The host's records of logins: utmp (who), wtmp (last) and lastlog tell of each session under its name, and of its
# end, whoever is killed.
. "$(dirname "$0")/../lib/fixture.sh"
export LC_ALL=C
ENTRY=384 # bytes of one in utmp and wtmp (x86_64)
fixture_start
conf_write <<END
[default]
END
# as systemd-tmpfiles makes it; the fixture takes it away
if [ ! -e /run/utmp ]; then
	: >"$P/private/made-utmp"
	install -m 0664 -g utmp /dev/null /run/utmp
fi
for file in /var/log/wtmp /var/log/lastlog; do
	[ -f "$file" ] || bail "$file is missing: this machine keeps no such record"
done
sshd_start "PrintLastLog yes"
# as in the PAM files of distributions: last(1) believes that somebody is still here by the loginuid
sed -i '1i session optional pam_loginuid.so' "/etc/pam.d/$SSHD_SERVICE"

size_of() { stat -c %s "$1"; }
# here NAME: what who says of a session
here() { who | grep -F " $1 "; }
gone() { ! here "$1"; }
# entries FILE NAME [TYPE]: the whole entries of a session; 7 is a begin, 8 an end
entries() { utmpdump "$1" 2>/dev/null | grep -E "^\[${3:-.}\].* \[$2 *\] "; }
count() { entries "$@" | grep -c .; }
# closed NAME WHAT: one begin, one end, nobody there
closed()
{
	if eventually 3 gone "$1"; then ok "$2: who shows it no more"; else not_ok "$2: who shows it no more" "$(who)"; fi
	eventually 2 entries /var/log/wtmp "$1" 8
	is "$2: wtmp has one begin and one end" "$(count /var/log/wtmp "$1" 7) $(count /var/log/wtmp "$1" 8)" "1 1"
	is "$2: its entry in utmp is dead or another's" "$(count /run/utmp "$1" 7)" 0
}
# login USER [OPTION…]: a held one. With a terminal its line ends with a carriage return.
login()
{
	local user=$1

	shift
	SSH_OPTIONS=("$@")
	hold "$user" 'exec sleep 300' || [[ ${HELD%$'\r'} =~ $CARD ]] || bail "a login" "$(cat "$HOLD_LOG")"
	HELD=${HELD%$'\r'}
	SSH_OPTIONS=()
	eventually 3 here "$HELD"
}

# --- the previous login, which sshd tells before this one is written down -----------------------------
shell_of()
{
	ssh -tt -F "$SSH_CONFIG" "$1@box" <<<exit 2>&1 | tr -d '\r'
}
unlike "the first login of all has none before it" "$(shell_of ctest2)" 'Last login'
leftovers_sessions
like "the second is told of the first" "$(shell_of ctest2)" 'Last login: .* from 127\.0\.0\.1'
leftovers_sessions

# --- one login ------------------------------------------------------------------------------------------
login ctest1
first=$HELD first_pid=$HOLD_PID
like "who shows user, session and host" "$(here "$first")" "^ctest1 +$first +.* \(127\.0\.0\.1\)\$"
is "its process is the session process" "$(who -u | grep -F " $first " | awk '{ print $(NF - 1) }')" "$(held_monitor)"
like "w shows it" "$(w -h ctest1)" "^ctest1 +${first:0:8}"
like "utmp and wtmp have the address" \
	"$(entries /run/utmp "$first" 7)$(entries /var/log/wtmp "$first" 7)" '\[127\.0\.0\.1 +\].*\[127\.0\.0\.1 +\]'
is "inside, nobody else is logged in" "$(box ctest2 who </dev/null)" ""
leftovers_sessions_but()
{
	[ "$(session_names)" = "$1" ]
}
eventually 2 leftovers_sessions_but "$first"

sleep 1.1 # lastlog counts in seconds: the later of two logins is the one that has a greater one
login ctest1 -tt
second=$HELD second_pid=$HOLD_PID
is "a login with a terminal has one entry, too" "$(who | grep -c '^ctest1 ')" 2
is "the entries have different ids" \
	"$(entries /run/utmp "($first|$second)" 7 | sed -E 's/^\[7\] \[[0-9]+\] \[(.{4})\].*/\1/' | sort -u | wc -l)" 2
release "$second_pid"
closed "$second" "a login with a terminal ends"
sleep 1.1 # for last(1), what ended in this very second still runs
like "the other is still there" "$(here "$first")" '^ctest1 '
if command -v last >/dev/null && last -f /var/log/wtmp >/dev/null 2>&1; then
	like "last knows who is still here" "$(last -f /var/log/wtmp | grep -F " ${first:0:12} ")" 'ctest1 .*127\.0\.0\.1 .*still logged in'
	like "last knows who was here, and how long" "$(last -f /var/log/wtmp | grep -F " ${second:0:12} ")" \
		'ctest1 .*127\.0\.0\.1 .* - [0-9:]+ +\([0-9:]+\)'
else
	skip "no last that reads wtmp" "last knows who was here"
fi
if command -v lastlog >/dev/null; then
	last_is() { lastlog -u ctest1 | grep -F "${1:0:8}"; }
	# a while after the begin (RECORD_LAST_MS), or at the end
	eventually 6 last_is "$second"
	like "lastlog shows the latest of two logins" "$(lastlog -u ctest1 | tail -n 1)" "^ctest1 +${second:0:8}.* 127\.0\.0\.1 "
	login ctest1
	sleep 5.2
	like "lastlog shows one that lasts" "$(lastlog -u ctest1 | tail -n 1)" "^ctest1 +${HELD:0:8}.* 127\.0\.0\.1 "
	release
else
	skip "no lastlog" "lastlog shows the latest login"
fi
release "$first_pid"
closed "$first" "a login ends"
leftovers_sessions

# --- nothing grows but wtmp, and that by two a login ------------------------------------------------------
before=$(size_of /run/utmp) history=$(size_of /var/log/wtmp)
for _ in {1..20}; do
	box ctest1 true </dev/null
done
leftovers_sessions
is "20 logins use entries of utmp again" "$(size_of /run/utmp)" "$before"
is "and write 40 of wtmp" "$((($(size_of /var/log/wtmp) - history) / ENTRY))" 40

before=$(sha256sum /run/utmp /var/log/wtmp /var/log/lastlog)
echo "nonsense" | conf_write
fails "a login is refused" box ctest1 true
mkdir -p "$P/tree"
printf '[default]\nroot = %s\n' "$P/tree" | conf_write
fails "a login whose set-up fails" box ctest1 true
leftovers_sessions
is "has no record" "$(sha256sum /run/utmp /var/log/wtmp /var/log/lastlog)" "$before"
printf '[default]\n' | conf_write

# --- somebody is killed -------------------------------------------------------------------------------------
watcher() { session_watchers "$1" contained-watch; }
twin() { session_watchers "$1" contained-twin; }
for victim in held_monitor watcher twin; do
	login ctest1
	mapfile -t victims < <($victim "$HELD")
	is "$victim: found" "${#victims[@]}" 1
	kill -KILL "${victims[@]}"
	leftovers_sessions
	closed "$HELD" "$victim killed"
	release
done

login ctest1
mapfile -t victims < <(session_watchers "$HELD")
kill -KILL "${victims[@]}"
lost=$HELD
eventually 2 gone_pids "${victims[@]}"
release
is "both watchers killed: nobody wrote the end" "$(count /var/log/wtmp "$lost" 8)" 0
# sweeps are a second apart at least, and a login of somebody else's may have made one just now
for _ in 1 2 3; do
	sleep 1.1
	box ctest2 true </dev/null
	eventually 2 sessions_gone && break
done
leftovers_sessions
closed "$lost" "the next login sweeps"

# --- wtmpdb is written by a program beside contained-init, here one that tells what it was given -------------------
told=$P/private/told
cat >"$P/libexec/contained-record" <<END
#!/bin/bash
name=\$(head -c 40 | tail -c 32 | tr -d '\\0')
cd /proc/\$\$/fd && fds=(*)
echo "\$\$ \$1 \$name \${fds[*]}" >>$told
[ ! -e $told.hang ] || exec sleep 300
END
chmod 0755 "$P/libexec/contained-record"
tells() { [ "$(cut -d ' ' -f 2-3 "$told" 2>/dev/null | sort -u | paste -sd,)" = "$1" ]; }
name=$(box ctest1 hostname </dev/null)
succeeds "contained-record is told of begin and end" eventually 5 tells "begin $name,end $name"
is "once each" "$(grep -c . "$told")" 2
is "and has no file but the record, its script, and the directory that it lists" "$(cut -d ' ' -f 4- "$told" | sort -u)" "0 1 2 255 3"
leftovers_sessions
: >"$told"
: >"$told.hang"
login ctest1
name=$HELD
succeeds "one that hangs at the begin" eventually 5 tells "begin $name"
release
closed "$name" "and at the end holds up neither"
leftovers_sessions
while read -r pid _; do
	kill "$pid"
done <"$told"
echo nonsense | conf_write
: >"$told"
fails "a login is refused once more" box ctest1 true </dev/null
is "nobody is told of that" "$(cat "$told")" ""
printf '[default]\n' | conf_write
rm -f "$P/libexec/contained-record" "$told" "$told.hang"

# --- somebody inside holds a lock on wtmp, which everybody may read ------------------------------------------
hold ctest2 'exec python3 -c "
import fcntl, time
file = open(\"/var/log/wtmp\", \"rb\")
fcntl.lockf(file, fcntl.LOCK_SH)
print(\"locked\", flush=True)
time.sleep(300)"' || not_ok "a login" "$(cat "$HOLD_LOG")"
locker=$HOLD_PID
succeeds "a session locks wtmp" eventually 5 grep -q locked "$HOLD_LOG"
login ctest1
succeeds "another is recorded all the same" eventually 2 entries /var/log/wtmp "$HELD" 7
release
closed "$HELD" "it ends under the lock"
release "$locker"
leftovers_sessions

# --- files that are missing, odd, torn or full: a /var/log and an /run/utmp apart ------------------------------
pam_service contained-test-records "account required pam_permit.so" "session required $MODULE $PAM_ARGS"
# apart [-o OPTIONS] SCRIPT: a login from 192.0.2.7 where the script, in an empty /var/log, made what there is
apart()
{
	timeout 60 unshare --mount --propagation private -- bash -c '
		mount -t tmpfs -o "$0" none /var/log && cd /var/log && : >utmp && eval "$1" &&
		mount --bind utmp /run/utmp && pamtester -I rhost=192.0.2.7 contained-test-records ctest1 open_session close_session
		echo "status=$?"; stat -c "%n %s %F" * | tr "\n" ","; echo
		for file in wtmp utmp; do utmpdump $file 2>/dev/null | cut -c 1-3; done | tr -d "\n"' \
		"${APART:-mode=0755}" "$1" 2>&1 8<&-
}
some="head -c $((ENTRY * 10)) /dev/zero"
succeeds "(a login apart)" grep -q 'status=0' <(apart :)
contains "a file that is missing is not made" "$(apart :)" "utmp $ENTRY regular file,"$'\n'"[8]"
contains "one that is empty gets begin and end" "$(apart ': >wtmp')" "wtmp $((ENTRY * 2)) regular file,"$'\n'"[7][8][8]"
contains "a torn entry at the end goes" "$(apart "{ $some; echo torn; } >wtmp")" "wtmp $((ENTRY * 12)) regular"
contains "in utmp, too" "$(apart "{ $some; echo torn; } >utmp")" "utmp $((ENTRY * 11)) regular"
APART=mode=0755,size=8k
full=$(apart "rm utmp; touch utmp; $some >wtmp")
contains "no piece of an entry gets on a full disk" "$full" "wtmp $((ENTRY * 10)) regular"
contains "which stops no login" "$full" "status=0"
APART=
contains "a limit on the size of files does not count" "$(apart "head -c $((ENTRY * 300)) /dev/zero >wtmp; ulimit -S -f 64")" \
	"wtmp $((ENTRY * 302)) regular"
for odd in 'mkfifo wtmp' 'mkdir wtmp' '$some >kept; ln -s kept wtmp' '$some >kept; ln kept wtmp'; do
	output=$(apart "$(sed "s|\$some|$some|" <<<"$odd")")
	contains "$odd: the login works" "$output" "status=0"
	unlike "$odd: it is left alone" "$output" "($((ENTRY * 11))|$((ENTRY * 12))) regular"
	! grep -q kept <<<"$odd" || contains "$odd: with all it has" "$output" "kept $((ENTRY * 10)) regular"
done
leftovers_sessions

fixture_end
done_testing
