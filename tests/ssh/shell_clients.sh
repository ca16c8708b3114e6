#!/bin/bash
# contained-shell as the login shell, and clients that are not OpenSSH's.
. "$(dirname "$0")/../lib/door.sh"
door_start
server=$(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
sshd_start "Subsystem sftp $server"
here=$P/private
head -c 262144 /dev/urandom >"$here/blob"
sum=$(sha256sum <"$here/blob" | cut -d' ' -f1)
export HOME=$here
python=/usr/bin/python3 # the one that the system's packages are for

# has PROGRAM NAME: or its test is skipped
has()
{
	command -v "$1" >/dev/null || { skip "no $1: make deps" "$2" && return 1; }
}

has_module()
{
	"$python" -c "import $1" 2>/dev/null || { skip "no module $1: make deps" "$2" && return 1; }
}

if has dbclient "dropbear's client"; then
	dropbearconvert openssh dropbear "$P/ssh/id" "$here/id.dropbear" >/dev/null 2>&1 ||
		dropbearkey -t ed25519 -f "$here/id.dropbear" >/dev/null 2>&1
	dropbearkey -y -f "$here/id.dropbear" 2>/dev/null | grep '^ssh-' >>"$P/authorized_keys"
	dropbear=(timeout 30 dbclient -y -i "$here/id.dropbear" -p "$SSH_PORT" ctest1@127.0.0.1)
	like "dbclient: a session" "$("${dropbear[@]}" hostname </dev/null 2>/dev/null)" "$CARD"
	"${dropbear[@]}" 'exit 7' </dev/null 2>/dev/null
	is "dbclient: the exit status" "$?" 7
	is "dbclient: a pipe" "$("${dropbear[@]}" sha256sum <"$here/blob" 2>/dev/null | cut -d' ' -f1)" "$sum"
fi

if has plink "PuTTY's plink"; then
	puttygen "$P/ssh/id" -O private -o "$here/id.ppk" 2>"$here/out" || not_ok "puttygen reads the key" "$(cat "$here/out")"
	plink=(timeout 30 plink -batch -no-antispoof -P "$SSH_PORT" -i "$here/id.ppk" -l ctest1
		-hostkey "$(ssh-keygen -lf "$P/ssh/host_key.pub" | cut -d' ' -f2)" 127.0.0.1)
	like "plink: a session" "$("${plink[@]}" hostname </dev/null 2>/dev/null)" "$CARD"
	"${plink[@]}" 'exit 7' </dev/null 2>/dev/null
	is "plink: the exit status" "$?" 7
	is "plink: a pipe" "$("${plink[@]}" sha256sum <"$here/blob" 2>/dev/null | cut -d' ' -f1)" "$sum"
fi

if has_module paramiko "paramiko"; then
	adopt paramiko < <(timeout 60 "$python" - "$SSH_PORT" "$P/ssh/id" "$here/blob" 2>&1 <<-'PYTHON'
		import paramiko, sys
		client = paramiko.SSHClient()
		client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
		client.connect("127.0.0.1", int(sys.argv[1]), "ctest1", key_filename=sys.argv[2], allow_agent=False, look_for_keys=False)
		def test(name, good):
		    print("ok" if good else "not ok", name)
		_, out, err = client.exec_command("echo out; echo err >&2; exit 7")
		test("streams and status", (out.read(), err.read(), out.channel.recv_exit_status()) == (b"out\n", b"err\n", 7))
		sftp = client.open_sftp()
		sftp.put(sys.argv[3], "blob.paramiko")
		test("sftp", sftp.open("blob.paramiko").read() == open(sys.argv[3], "rb").read())
		channel = client.invoke_shell()
		channel.send(b"tty; exit 5\n")
		text = b""
		while data := channel.recv(4096):
		    text += data
		test("a shell on a terminal", b"/dev/pts/" in text and channel.recv_exit_status() == 5)
		outs = [client.exec_command("sleep 1; hostname")[1] for _ in range(5)]
		test("channels side by side", len({out.read() for out in outs}) == 5)
	PYTHON
	)
fi

if has_module asyncssh "asyncssh"; then
	adopt asyncssh < <(timeout 60 "$python" - "$SSH_PORT" "$P/ssh/id" 2>&1 <<-'PYTHON'
		import asyncio, asyncssh, sys
		def test(name, good):
		    print("ok" if good else "not ok", name)
		async def main():
		    async with asyncssh.connect("127.0.0.1", int(sys.argv[1]), username="ctest1", client_keys=[sys.argv[2]],
		            known_hosts=None, agent_path=None, config=None) as connection:
		        result = await connection.run("echo out; exit 7")
		        test("output and status", (result.stdout, result.exit_status) == ("out\n", 7))
		        result = await connection.run("kill -TERM $$")
		        test("a signal is told by its name", result.exit_signal and result.exit_signal[0] == "TERM")
		        process = await connection.create_process("exec sleep 100")
		        await asyncio.sleep(0.5)
		        process.send_signal("TERM")
		        await asyncio.wait_for(process.wait(), 10)
		        test("a signal from the client arrives", process.exit_signal and process.exit_signal[0] == "TERM")
		asyncio.run(main())
	PYTHON
	)
fi

if has mosh-server "mosh-server"; then
	out=$(box ctest1 'LC_ALL=C.UTF-8 mosh-server new -i 127.0.0.1 -p 60100:60200' </dev/null 2>&1)
	like "mosh-server says where to connect" "$out" 'MOSH CONNECT [0-9]+ '
	door_gone "and ends with its connection, as everything does"
fi

if has ansible "ansible's ping"; then
	printf 'box ansible_user=ctest1 ansible_python_interpreter=/usr/bin/python3 ansible_ssh_common_args="-F %s"\n' \
		"$SSH_CONFIG" >"$here/inventory"
	out=$(cd "$here" && ANSIBLE_HOME=$here/ansible ANSIBLE_LOCAL_TEMP=$here/ansible/tmp ANSIBLE_SSH_ARGS='-o ControlMaster=no' \
		timeout 90 ansible -i "$here/inventory" -m ping box </dev/null 2>&1)
	contains "ansible's ping" "$out" '"ping": "pong"'
fi
door_gone "all these"
fixture_end
done_testing
