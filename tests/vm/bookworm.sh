#!/bin/bash
# Debian 12 as it is installed: Linux 6.1, systemd 252, OpenSSH 9.2. VM_PARTS names some of the parts alone.
. "$(dirname "$0")/lib.sh"
for part in tests/vm/parts/*.sh; do
	. "$part"
done
vm_start bookworm
for part in install ${VM_PARTS-sshd limits systemd applications records audit crowd kill rootless rootless_manager directory automount doors broken purge}; do
	"part_$part"
done
vm_end
