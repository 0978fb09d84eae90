"""Holds many sessions at once with Python's ftplib.

    many_sessions.py HOST PORT USER PASSWORD COUNT [CERTIFICATE]

Logs in COUNT times, tries once more, and prints the reply to that; then every session at the same time stores a file of its
own, `0` to COUNT - 1, fetches it again and compares. With a certificate to trust, all connections speak TLS.
"""

import ftplib
import io
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

host, port, user, password, count, *certificates = sys.argv[1:]
count = int(count)
together = Barrier(count)
context = ssl.create_default_context(cafile=certificates[0]) if certificates else None


def log_in():
    session = ftplib.FTP_TLS(timeout=30, context=context) if context else ftplib.FTP(timeout=30)
    session.connect(host, int(port))
    session.login(user, password)
    if context:
        session.prot_p()
    return session


def store_and_fetch(index, session):
    content = f"{index}\n".encode() * 20000
    together.wait()
    session.storbinary(f"STOR {index}", io.BytesIO(content))
    together.wait()
    fetched = io.BytesIO()
    session.retrbinary(f"RETR {index}", fetched.write)
    assert fetched.getvalue() == content, index
    session.quit()


with ThreadPoolExecutor(count) as pool:
    sessions = [login.result() for login in [pool.submit(log_in) for _ in range(count)]]
    try:
        log_in()
        print("no refusal")
    except ftplib.error_temp as refusal:
        print(str(refusal)[:3])
    transfers = [pool.submit(store_and_fetch, *each) for each in enumerate(sessions)]
    for transfer in transfers:
        transfer.result()
