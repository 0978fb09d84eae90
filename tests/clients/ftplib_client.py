"""Drives Python's ftplib as scripts do, and prints what it saw as one JSON object.

    ftplib_client.py HOST PORT USER PASSWORD passive|active [CERTIFICATE TLSv1_2|TLSv1_3]

Stores the tree `up` below `/there`, fetches it into `down`, then tries single operations on `/there`. With a certificate to
trust, all connections speak that version of TLS.
"""

import ftplib
import io
import json
import os
import ssl
import sys

host, port, user, password, mode, *tls = sys.argv[1:]


def store_tree(local, remote):
    for entry in sorted(os.scandir(local), key=lambda entry: entry.name):
        path = f"{remote}/{entry.name}"
        if entry.is_dir():
            ftp.mkd(path)
            store_tree(entry.path, path)
        else:
            with open(entry.path, "rb") as file:
                ftp.storbinary(f"STOR {path}", file)


def fetch_tree(remote, local):
    os.makedirs(local)
    for name, facts in ftp.mlsd(remote, facts=["type", "size"]):
        if facts["type"] == "dir":
            fetch_tree(f"{remote}/{name}", f"{local}/{name}")
        elif facts["type"] == "file":
            with open(f"{local}/{name}", "wb") as file:
                ftp.retrbinary(f"RETR {remote}/{name}", file.write)
            assert os.path.getsize(f"{local}/{name}") == int(facts["size"])


def refusal(command):
    try:
        return ftp.sendcmd(command)
    except ftplib.error_perm as error:
        return str(error)[:3]


def session():
    if not tls:
        return ftplib.FTP(timeout=20)
    certificate, version = tls
    context = ssl.create_default_context(cafile=certificate)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    return ftplib.FTP_TLS(timeout=20, context=context)


ftp = session()
ftp.connect(host, int(port))
ftp.login(user, password)
if tls:
    ftp.prot_p()
ftp.set_pasv(mode == "passive")
ftp.mkd("there")
store_tree("up", "/there")
fetch_tree("/there", "down")

seen = {}
seen["mkd"] = ftp.mkd('/there/a "quoted" name')
ftp.cwd('/there/a "quoted" name')
seen["pwd"] = ftp.pwd()
ftp.storlines("STOR lines", io.BytesIO(b"one\ntwo\n"))
seen["size"] = (ftp.voidcmd("TYPE I"), ftp.size("lines"))[1]
seen["lines"] = []
ftp.retrlines("RETR lines", seen["lines"].append)
seen["nlst"] = ftp.nlst()
rest = io.BytesIO()
ftp.retrbinary("RETR lines", rest.write, rest=4)
seen["rest"] = rest.getvalue().decode()
ftp.rename("lines", "renamed")
seen["missing"] = refusal("SIZE lines")
seen["not empty"] = refusal('RMD /there/a "quoted" name')
ftp.delete("renamed")
ftp.cwd("..")
ftp.rmd('a "quoted" name')
seen["after"] = ftp.pwd()
ftp.quit()
print(json.dumps(seen))
