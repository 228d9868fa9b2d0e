#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TLS server for image.sh: exit 0 when a client has trusted its certificate within 20 seconds.

    handshake.py CERTIFICATE KEY PORT_FILE

A client that does not trust it ends the handshake with an alert; what comes after it is ignored.
"""

import os
import socket
import ssl
import sys

certificate, key, port_file = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
# So that the client has judged the certificate before the server's part of the handshake ends.
context.maximum_version = ssl.TLSVersion.TLSv1_2
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(20)
with open(port_file + ".new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(port_file + ".new", port_file)
client, _ = listener.accept()
client.settimeout(5)
try:
    context.wrap_socket(client, server_side=True).close()
except (OSError, ssl.SSLError) as error:
    print(error, file=sys.stderr)
    sys.exit(1)
