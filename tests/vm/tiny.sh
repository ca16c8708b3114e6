#!/bin/bash
# Linux 5.10 with cgroup v2 alone and without systemd. VM_PARTS names some of the parts alone.
. "$(dirname "$0")/lib.sh"
for part in tests/vm/parts/*.sh; do
	. "$part"
done
vm_start tiny
for part in install ${VM_PARTS-sshd limits tiny rootless crowd kill doors broken purge}; do
	"part_$part"
done
vm_end
