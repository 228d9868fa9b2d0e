# Scripts against a real Apache Kafka broker; each starts its own (tests/kafka/broker.sh) and is
# skipped where that cannot be.
KAFKA_TESTS := $(filter-out tests/kafka/broker.sh tests/kafka/lib.sh,$(wildcard tests/kafka/*.sh))
KAFKA_UNIT := $(patsubst %,$(BUILD)/tests/unit/test_kafka_%,source record ahead sink gather settings)
KAFKA_TRANSACTIONS := $(BUILD)/tests/kafka/transactions
TESTS_FULL += $(KAFKA_TESTS)
TESTS_FULL_BUILD += $(KAFKA_UNIT) $(KAFKA_TRANSACTIONS)

# Drives the plugin's objects as tests/unit/test_kafka_* do, but needs what only a real broker does.
$(KAFKA_TRANSACTIONS).o: tests/kafka/transactions.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests/unit -Itests -c $< -o $@
$(KAFKA_TRANSACTIONS): $(KAFKA_TRANSACTIONS).o $(HOST_OBJ) \
    $(patsubst %.c,$(BUILD)/%.o,$(wildcard plugins/kafka/*.c)) \
    $(BUILD)/tests/unit/kafka_rig.o $(BUILD)/tests/unit/kafka_numbers.o
	$(CC) $(LDFLAGS) -pie -pthread -rdynamic $^ -o $@ -lcunit $(HOST_LIBS) -lrdkafka

.PHONY: kafka
kafka: all $(KAFKA_UNIT) $(KAFKA_TRANSACTIONS)
	tests/run $(KAFKA_TESTS)
