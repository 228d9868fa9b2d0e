#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""limit_topic.py SERVERS TOPIC BYTES: sets max.message.bytes of a topic.

By librdkafka's admin API, because the packaged clients have no command for it.
"""
import ctypes
import sys

kafka = ctypes.CDLL("librdkafka.so.1")
pointer = ctypes.c_void_p


def call(name, *arguments, result=pointer):
    function = getattr(kafka, "rd_kafka_" + name)
    function.restype = result
    return function(*arguments)


def main():
    servers, topic, limit = (text.encode() for text in sys.argv[1:])
    error = ctypes.create_string_buffer(256)
    conf = pointer(call("conf_new"))
    call("conf_set", conf, b"bootstrap.servers", servers, error, ctypes.c_size_t(256))
    client = pointer(call("new", 0, conf, error, ctypes.c_size_t(256)))
    wish = pointer(call("ConfigResource_new", 2, topic))
    call("ConfigResource_set_config", wish, b"max.message.bytes", limit, result=ctypes.c_int)
    queue = pointer(call("queue_new", client))
    call("AlterConfigs", client, (pointer * 1)(wish), ctypes.c_size_t(1), None, queue, result=None)
    event = pointer(call("queue_poll", queue, 10000))
    if not event.value or call("event_error", event, result=ctypes.c_int):
        sys.exit("no answer, or an error")


main()
