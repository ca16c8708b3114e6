#!/bin/bash
# The bandwidth of the disk that the home is on: in the kernel's file, and it bites; refused where there is no disk.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
io_read_bandwidth = 40M
io_write_bandwidth = 4M
END

home=$(getent passwd ctest1 | cut -d: -f6)
disk=$(stat -c %Hd:%Ld "$home")
[ ! -e "/sys/dev/block/$disk/partition" ] || disk=$(cat "/sys/dev/block/$disk/../dev")
if [ ! -e "/sys/dev/block/$disk" ]; then
	skip "the home is on no disk here" "bandwidth"
	fixture_end
	done_testing
fi
sshd_start

hold ctest1 'exec sleep 300' || bail "a login" "$(cat "$HOLD_LOG")"
limit_file()
{
	find "$LEFT_CGROUPS" -path "*/contained/$HELD/$1" -exec cat {} + 2>/dev/null
}
if [ -n "$(find "$LEFT_CGROUPS" -path "*/contained/$HELD/io.max")" ]; then
	is "both are in the kernel's file" "$(limit_file io.max)" "$disk rbps=41943040 wbps=4194304 riops=max wiops=max"
else
	is "reads are in the kernel's file" "$(limit_file blkio.throttle.read_bps_device)" "$disk 41943040"
	is "writes are" "$(limit_file blkio.throttle.write_bps_device)" "$disk 4194304"
fi
release

# wrote USER: milliseconds for 12 MiB past the page cache
wrote()
{
	box "$1" 'a=${EPOCHREALTIME/[.,]/}; dd if=/dev/zero of=big bs=1M count=12 oflag=direct 2>/dev/null || exit
		rm big; b=${EPOCHREALTIME/[.,]/}; echo $(((b - a) / 1000))' </dev/null
}
took=$(wrote ctest1)
if [[ $took =~ ^[0-9]+$ ]] && [ "$took" -ge 2500 ]; then
	ok "12 MiB at 4 MiB a second take about 3 s ($took ms)"
else
	not_ok "12 MiB at 4 MiB a second take about 3 s" "$took ms"
fi
took=$(wrote ctestx)
if [[ $took =~ ^[0-9]+$ ]] && [ "$took" -lt 2500 ]; then
	ok "and less without ($took ms)"
else
	not_ok "and less without" "$took ms"
fi

# --- where the home is on no disk -------------------------------------------------------------------
mkdir "$P/memory" && mount -t tmpfs -o mode=0755 memory "$P/memory" && install -d -o ctest2 "$P/memory/ctest2"
usermod -d "$P/memory/ctest2" ctest2
log_mark
is "a home on no disk: refused" "$(box ctest2 'echo in' </dev/null 2>/dev/null | grep -cx in)" 0
like "and the log says why" "$(log_wait 'ctest2: .*io_read_bandwidth')" \
	'io_read_bandwidth: this host cannot give the limit: the home is on no disk of this host'
usermod -d /home/ctest2 ctest2
umount "$P/memory"

fixture_end
done_testing
