#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The packages lrhost and lrhost-kafka on a clean Debian 12 against a real Kafka broker outside of
# it: installed examples generate, score and lose nothing; every prediction equals that of a plain
# loop in Python.
. "$(dirname "$0")/lib.sh"
. "$root/tests/kafka/lib.sh"
need dpkg-buildpackage dh
make_packages deb
make_root "$debs"/lrhost_*.deb "$debs"/lrhost-kafka_*.deb
install lrhost lrhost-kafka
# shellcheck disable=SC2119 # no properties of its own
start_broker

examples=/usr/share/doc/lrhost/examples
records=20000
must "lrhost topics create $examples/streaming.ini"
must "lrhost --quiet $examples/generate.ini --set source.count=$records --set source.rate=100000"
expect_equal "$records" "$(topic_count topic1)" "records of the generator"
must "cd /tmp && lrhost --quiet $examples/streaming.ini --set pipeline.stop_when_idle=2s \
    --set model.save=/tmp/model.json --set sink.partition=input"
read_topic topic1 "$work/in"
read_topic topic2 "$work/out.topic"
python3 "$here/compare.py" "$root_dir/tmp/model.json" "$work/in" "$work/out.topic" once ||
    fail "the results are not what they should be"
