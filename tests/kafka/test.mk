# Scripts against a real Apache Kafka broker; each starts its own (tests/kafka/broker.sh) and is
# skipped where that cannot be.
KAFKA_TESTS := $(filter-out tests/kafka/broker.sh tests/kafka/lib.sh,$(wildcard tests/kafka/*.sh))
TESTS_FULL += $(KAFKA_TESTS)
TESTS_FULL_BUILD += $(BUILD)/tests/unit/test_kafka

.PHONY: kafka
kafka: all $(BUILD)/tests/unit/test_kafka
	tests/run $(KAFKA_TESTS)
