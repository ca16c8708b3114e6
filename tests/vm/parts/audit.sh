# shellcheck shell=bash
# audit.sh: sshd's record of a login reaches the host's auditd from behind the seal.

audit_has()
{
	root "grep -aE 'type=USER_LOGIN .*\\bid=1000 .*exe=\"/usr/(sbin/sshd|lib/openssh/sshd-session)\" .*res=success' /var/log/audit/audit.log"
}

part_audit()
{
	state_before
	root 'systemctl start auditd'
	is "auditd runs, and has no login of hers" "$(root 'systemctl is-active auditd'; audit_has)" active
	like "a login with a terminal is contained" "$(as alice -tt hostname 2>/dev/null </dev/null | tr -d '\r')" "$CARD"
	if eventually 10 audit_has; then
		ok "auditd has it on the host (USER_LOGIN)"
	else
		not_ok "auditd has it on the host (USER_LOGIN)" "$(root 'grep -a sshd /var/log/audit/audit.log | tail -n 5')"
	fi
	root 'systemctl stop auditd; auditctl -e 0' >/dev/null 2>&1
	state_after "nothing is left of it"
}
