# Benchmarks. They report ratios and are no tests, but for one: machines are shared.
-include tests/bench/micro.mk

$(BUILD)/tests/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@
$(BUILD)/tests/bench/fused: $(BUILD)/tests/bench/fused.o $(BUILD)/plugins/common/draw.o \
    $(BUILD)/plugins/common/random.o $(NUMBER_PARTS:%=$(BUILD)/plugins/common/%.o) \
    $(BUILD)/plugins/generator/print.o
	$(CC) $(LDFLAGS) -pthread $(filter %.o,$^) -o $@ -lm

.PHONY: bench
bench: all $(BUILD)/tests/bench/fused
	BUILD=$(BUILD) tests/bench/inprocess.sh

# Instructions per record against committed figures: the one of these that is a test.
TESTS += tests/bench/instructions.sh

# Through a real broker; see tests/bench/kafka.sh.
REFERENCE := $(BUILD)/tests/bench/reference/reference
$(REFERENCE): $(REFERENCE).o $(NUMBER_PARTS:%=$(BUILD)/plugins/common/%.o) $(BUILD)/plugins/linreg/store.o
	$(CC) $(LDFLAGS) -pthread $(filter %.o,$^) -o $@ -lrdkafka -ljansson -lm

.PHONY: bench-kafka
bench-kafka: all $(REFERENCE)
	BUILD=$(BUILD) tests/bench/kafka.sh $(ROUNDS) $(RECORDS)

# Against Flink, Spark and Kafka Streams; see tests/bench/peers.sh.
.PHONY: bench-peers bench-peers-latency bench-peers-steady
bench-peers bench-peers-latency bench-peers-steady: all $(REFERENCE) $(BUILD)/tests/bench/driver
bench-peers:
	BUILD=$(BUILD) tests/bench/peers.sh throughput "$(ROUNDS)" "$(RECORDS)"
bench-peers-latency:
	BUILD=$(BUILD) tests/bench/peers.sh latency "$(ROUNDS)" "$(SPAN)"
bench-peers-steady:
	BUILD=$(BUILD) tests/bench/peers.sh steady "$(ROUNDS)" "$(SPAN)"

# What the latency benchmarks are driven with, lrhost's own and those of other systems.
DRIVER := $(BUILD)/tests/bench/driver
$(DRIVER): $(patsubst %,$(BUILD)/tests/bench/%.o,driver driver_keys driver_read driver_client) \
    $(BUILD)/plugins/common/draw.o $(BUILD)/plugins/common/random.o \
    $(BUILD)/plugins/common/number.o $(BUILD)/plugins/generator/print.o
	$(CC) $(LDFLAGS) -pthread $(filter %.o,$^) -o $@ -lrdkafka -lm

.PHONY: bench-latency
bench-latency: all $(REFERENCE) $(DRIVER)
	BUILD=$(BUILD) tests/bench/latency.sh $(ROUNDS) $(SECONDS)

# Lanes and processes; see tests/bench/scaling.sh.
.PHONY: bench-scaling
bench-scaling: all
	BUILD=$(BUILD) tests/bench/scaling.sh $(ROUNDS) $(RECORDS)

.PHONY: bench-memory bench-idle bench-start
bench-memory: all
	BUILD=$(BUILD) tests/bench/memory.sh $(RECORDS)
bench-idle: all
	BUILD=$(BUILD) tests/bench/idle.sh $(SECONDS)
bench-start: all
	BUILD=$(BUILD) tests/bench/start.sh $(ROUNDS)

TESTS_BUILD += $(BUILD)/tests/bench/calls.so

# A preloaded counter of calls, for tests/e2e/hot_path.sh. Not for sanitizer builds, which bring
# an allocator of their own.
$(BUILD)/tests/bench/calls.so: tests/bench/calls.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fsanitize%,$(ALL_CFLAGS)) -O2 -U_FORTIFY_SOURCE -fPIC -shared -fno-builtin -Wl,--no-as-needed $< -o $@ -ldl
