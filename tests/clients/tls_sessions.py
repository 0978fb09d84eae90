"""Offers TLS sessions for resumption, and prints as one JSON object which were resumed.

    tls_sessions.py HOST PORT USER PASSWORD CERTIFICATE TLSv1_2|TLSv1_3

Two control connections, the second with the first one's session; then on the second an upload, a download and a listing with
its own session, and the same with the session of another data connection.
"""

import ftplib
import json
import ssl
import sys

host, port, user, password, certificate, version = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]


class Client(ftplib.FTP_TLS):
    """Offers `offered` on every connection, and notes whether it was resumed."""

    offered = None

    def auth(self):
        reply = self.voidcmd("AUTH TLS")
        self.sock = self.wrap(self.sock)
        self.file = self.sock.makefile(encoding=self.encoding)
        return reply

    def ntransfercmd(self, command, rest=None):
        plain, size = ftplib.FTP.ntransfercmd(self, command, rest)
        return self.wrap(plain), size

    def wrap(self, plain):
        return context.wrap_socket(plain, server_hostname=host, session=self.offered)

    def carry(self, command):
        """Whether the data connection resumed what was offered; and its own session, of which an upload learns nothing."""
        data = self.transfercmd(command)
        if command.startswith("STOR"):
            data.sendall(b"content")
        else:
            while data.recv(4096):
                pass
        seen = data.session_reused, data.session
        data.unwrap().close()
        self.voidresp()
        return seen


def log_in(offered):
    client = Client(context=context, timeout=20)
    client.offered = offered
    client.connect(host, int(port))
    client.login(user, password)
    client.prot_p()
    return client


first = log_in(None)
control = log_in(first.sock.session)
resumed = {"control": control.sock.session_reused, "data, of control": [], "data, of data": []}
for command in ("STOR file", "RETR file", "NLST"):
    control.offered = control.sock.session
    resumed["data, of control"].append(control.carry(command)[0])
for command in ("STOR file", "RETR file", "NLST"):
    control.offered = None
    control.offered = control.carry("NLST")[1]
    resumed["data, of data"].append(control.carry(command)[0])
first.quit()
control.quit()
print(json.dumps(resumed))
