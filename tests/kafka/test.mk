# Scripts against a real Apache Kafka broker; each starts its own (tests/kafka/broker.sh) and is
# skipped where that cannot be.
KAFKA_TESTS := $(filter-out tests/kafka/broker.sh tests/kafka/lib.sh,$(wildcard tests/kafka/*.sh))
KAFKA_UNIT := $(patsubst %,$(BUILD)/tests/unit/test_kafka_%,source sink settings)
TESTS_FULL += $(KAFKA_TESTS)
TESTS_FULL_BUILD += $(KAFKA_UNIT)

.PHONY: kafka
kafka: all $(KAFKA_UNIT)
	tests/run $(KAFKA_TESTS)
