"""pyftpdlib as the yardstick: uploads go to /dev/null, downloads come from sparse files in the folder given as argument.

Paths mean what they mean to store.ts: zeros/<size>/<anything> is a file of that many zero bytes, list/<count>/ a folder of
that many files. Says on stdout where it listens.
"""
import logging
import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

ROOT = sys.argv[1]


class NullFilesystem(AbstractedFS):
    def open(self, filename, mode):
        if "r" in mode:
            return open(sparse_file(int(filename.split("/zeros/")[1].split("/")[0])), mode)
        return open("/dev/null", mode)

    def validpath(self, path):
        return True


def sparse_file(size):
    path = os.path.join(ROOT, "sparse-%d" % size)
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.truncate(size)
    return path


def fill_list(count):
    folder = os.path.join(ROOT, "list", str(count))
    os.makedirs(folder)
    for index in range(count):
        with open(os.path.join(folder, "file-%07d" % index), "wb") as file:
            file.truncate(1024)


def main():
    logging.basicConfig(level=logging.ERROR)
    fill_list(10000)
    authorizer = DummyAuthorizer()
    authorizer.add_user("bench", "bench", ROOT, perm="elradfmw")
    handler = FTPHandler
    handler.authorizer = authorizer
    handler.abstracted_fs = NullFilesystem
    server = FTPServer(("127.0.0.1", 0), handler)
    print("ready %d" % server.socket.getsockname()[1], flush=True)
    server.serve_forever()


main()
