# test_kafka.c drives the Kafka module's objects through the public ABI.
UNIT_USES_kafka := $(patsubst %.c,%.o,$(wildcard plugins/kafka/*.c)) tests/unit/kafka_rig.o
UNIT_LIBS_kafka := -lrdkafka
