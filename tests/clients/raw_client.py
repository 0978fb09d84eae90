"""An FTP client that ends in every way a client can end.

    raw_client.py HOST PORT USER PASSWORD

Logs in, prints `ready`, then obeys commands on stdin, one a line, and answers each by one line on stdout:

    store NAME   opens a passive data connection and sends STOR; waits for no reply
    send N       sends N bytes
    finish       ends the data connection in good order
    reply        waits for a reply: its code
    received     asks by STAT, in a transfer, how many bytes have arrived: the number
    abort        sends ABOR as Telnet clients do, its first bytes urgent (RFC 959 section 4.1.3)
    end WHAT HOW WHAT is data, control or both; HOW is fin or reset
"""

import re
import socket
import struct
import sys

host, port, user, password = sys.argv[1:]


def reply():
    while True:
        line = replies.readline().decode()
        if not line:
            return "none"
        if re.match(r"\d{3} ", line):
            last.append(line)
            return line[:3]


def ask(command, *wanted):
    control.sendall(command.encode() + b"\r\n")
    code = reply()
    assert code in wanted, (command, code)
    return last[-1]


def end(connection, how):
    if connection.fileno() == -1:
        return
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def obey(command, *arguments):
    global data
    if command == "store":
        data_port = int(re.search(r"\|(\d+)\|\)", ask("EPSV", "229"))[1])
        data = socket.create_connection((host, data_port))
        control.sendall(f"STOR {arguments[0]}\r\n".encode())
    elif command == "send":
        data.sendall(b"x" * int(arguments[0]))
    elif command == "finish":
        end(data, "fin")
    elif command == "reply":
        return reply()
    elif command == "received":
        return re.search(r"(\d+) bytes", ask("STAT", "150", "211", "213"))[1]
    elif command == "abort":
        control.send(b"\xff\xf4\xff", socket.MSG_OOB)
        control.sendall(b"\xf2ABOR\r\n")
    elif command == "end":
        what, how = arguments
        if what != "control":
            end(data, how)
        if what != "data":
            replies.close()
            end(control, how)
    return "done"


last = []
data = None
control = socket.create_connection((host, int(port)))
replies = control.makefile("rb")
assert reply() == "220"
ask(f"USER {user}", "331")
ask(f"PASS {password}", "230")
ask("TYPE I", "200")
print("ready", flush=True)
for line in sys.stdin:
    print(obey(*line.split()), flush=True)
