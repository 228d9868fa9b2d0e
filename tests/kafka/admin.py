#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a test asks of a broker, by librdkafka's admin API: the packaged clients have no commands
for it.

  admin.py SERVERS limit TOPIC BYTES                      sets max.message.bytes
  admin.py SERVERS partitions TOPIC COUNT                 adds partitions up to COUNT
  admin.py SERVERS delete-records TOPIC PARTITION OFFSET  all before OFFSET
  admin.py SERVERS store-offset GROUP TOPIC PARTITION OFFSET
"""
import ctypes
import sys

kafka = ctypes.CDLL("librdkafka.so.1")
pointer = ctypes.c_void_p
size = ctypes.c_size_t
error = ctypes.create_string_buffer(512)
WAIT_MS = 10000


def call(name, *arguments, result=pointer):
    function = getattr(kafka, "rd_kafka_" + name)
    function.restype = result
    return function(*arguments)


def client(kind, servers, **properties):
    conf = pointer(call("conf_new"))
    properties["bootstrap.servers"] = servers
    for name, value in properties.items():
        name = name.replace("_", ".").encode()
        call("conf_set", conf, name, value.encode(), error, size(512), result=ctypes.c_int)
    return pointer(call("new", kind, conf, error, size(512)))


def positions(topic, partition, offset):
    wanted = pointer(call("topic_partition_list_new", 1))
    call("topic_partition_list_add", wanted, topic, partition)
    call("topic_partition_list_set_offset", wanted, topic, partition, ctypes.c_int64(offset),
         result=ctypes.c_int)
    return wanted


def ask(rk, function, wish):
    queue = pointer(call("queue_new", rk))
    call(function, rk, (pointer * 1)(wish), size(1), None, queue, result=None)
    event = pointer(call("queue_poll", queue, WAIT_MS))
    if not event.value or call("event_error", event, result=ctypes.c_int):
        sys.exit(f"{function}: no answer, or an error")


def main():
    servers, verb, *words = sys.argv[1:]
    if verb == "store-offset":
        group, topic, partition, offset = words
        rk = client(1, servers, group_id=group, enable_auto_commit="false")
        wanted = positions(topic.encode(), int(partition), int(offset))
        code = call("commit", rk, wanted, 0, result=ctypes.c_int)
        sys.exit(f"store-offset: error {code}" if code else 0)
    rk = client(0, servers)
    topic = words[0].encode()
    if verb == "limit":
        wish = pointer(call("ConfigResource_new", 2, topic))
        call("ConfigResource_set_config", wish, b"max.message.bytes", words[1].encode(),
             result=ctypes.c_int)
        ask(rk, "AlterConfigs", wish)
    elif verb == "partitions":
        wish = call("NewPartitions_new", topic, size(int(words[1])), error, size(512))
        ask(rk, "CreatePartitions", pointer(wish))
    elif verb == "delete-records":
        wish = call("DeleteRecords_new", positions(topic, int(words[1]), int(words[2])))
        ask(rk, "DeleteRecords", pointer(wish))
    else:
        sys.exit(__doc__)


main()
