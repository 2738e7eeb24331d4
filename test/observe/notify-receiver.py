"""Receives the datagrams of sd_notify on the AF_UNIX socket named as argument and prints one JSON line for each."""
import json
import os
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    payload, descriptors, _, _ = socket.recv_fds(receiver, 65536, 4)
    for descriptor in descriptors:
        os.close(descriptor)
    print(json.dumps(payload.decode()), flush=True)
