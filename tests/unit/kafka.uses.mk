# The test_kafka_*.c drive the Kafka module's objects through the public ABI.
UNIT_KAFKA := $(patsubst %.c,%.o,$(wildcard plugins/kafka/*.c)) tests/unit/kafka_rig.o \
              tests/unit/kafka_numbers.o
UNIT_USES_kafka_source := $(UNIT_KAFKA)
UNIT_USES_kafka_sink := $(UNIT_KAFKA)
UNIT_USES_kafka_ahead := $(UNIT_KAFKA)
UNIT_USES_kafka_record := $(UNIT_KAFKA)
UNIT_USES_kafka_gather := $(UNIT_KAFKA)
UNIT_USES_kafka_settings := $(UNIT_KAFKA)
UNIT_LIBS_kafka_source := -lrdkafka
UNIT_LIBS_kafka_sink := -lrdkafka
UNIT_LIBS_kafka_ahead := -lrdkafka
UNIT_LIBS_kafka_record := -lrdkafka
UNIT_LIBS_kafka_gather := -lrdkafka
UNIT_LIBS_kafka_settings := -lrdkafka
