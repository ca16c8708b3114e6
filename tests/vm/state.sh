#!/bin/bash
# state.sh: what sessions could leave behind, for comparing before and after. Runs in the machine.
export LC_ALL=C
if [ -d /run/systemd/system ]; then
	systemctl list-units --type=scope --all --plain --no-legend | awk '{ print "unit", $1 }'
	loginctl list-sessions --no-legend | awk '{ print "session", $3 }'
fi
# the directory contained and the locks .slot-N and .sweep are there from the first session on
find /sys/fs/cgroup -type d \( -path '*/user.slice/*' -o -path '*contained*/*' \) -printf 'cgroup %P\n' | sort
find /run/contained -mindepth 1 ! -name '.slot-*' ! -name .sweep -printf 'state %P\n' 2>/dev/null | sort
# what units are set to at run time
find /run/systemd/transient /run/systemd/system.control -mindepth 1 -printf 'unit %P\n' 2>/dev/null | sort
find /run/user -mindepth 1 -maxdepth 1 -printf 'runtime %P\n' 2>/dev/null | sort
awk '{ print "mount", $5 }' /proc/self/mountinfo | sort
ps -e -o uid=,comm= | awk '$1 >= 1000 && $1 < 60000 { print "process", $0 }'
ps -e -o comm= | awk '/^contained/ { print "process", $0 }'
exit 0
