"""Stores the file `large` by Python's ftplib over TLS, or fetches it into `fetched`.

    ftplib_large.py HOST PORT USER PASSWORD CERTIFICATE TLSv1_2|TLSv1_3 store|fetch
"""

import ftplib
import ssl
import sys

host, port, user, password, certificate, version, what = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
ftp = ftplib.FTP_TLS(timeout=60, context=context)
ftp.connect(host, int(port))
ftp.login(user, password)
ftp.prot_p()
if what == "store":
    with open("large", "rb") as file:
        ftp.storbinary("STOR large", file, blocksize=1 << 20)
else:
    with open("fetched", "wb") as file:
        ftp.retrbinary("RETR large", file.write, blocksize=1 << 20)
ftp.quit()
