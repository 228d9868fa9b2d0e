# The chaos harness: programs that look at a cluster from outside, and a Kafka module that is wrong
# on purpose (wrong.sh changes a copy of plugins/kafka; the module keeps its name, so it lies in a
# folder of its own). Everything needs a real broker, so nothing of it is in `make test`.
CHAOS_DIR := $(BUILD)/tests/chaos
CHAOS_BIN := $(addprefix $(CHAOS_DIR)/,observe watch ask)
CHAOS_WRONG := $(patsubst plugins/kafka/%.c,$(CHAOS_DIR)/wrong/%.o,$(wildcard plugins/kafka/*.c))
CHAOS_SEED ?= 1

$(CHAOS_DIR)/%.o: tests/chaos/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@
$(CHAOS_BIN): %: %.o $(CHAOS_DIR)/client.o
	$(CC) $(LDFLAGS) -pthread $^ -o $@ -lrdkafka

$(CHAOS_DIR)/wrong/%.c: plugins/kafka/%.c tests/chaos/wrong.sh tests/change.sh
	@mkdir -p $(@D)
	tests/chaos/wrong.sh $* <$< >$@.new
	mv $@.new $@
$(CHAOS_DIR)/wrong/%.o: $(CHAOS_DIR)/wrong/%.c tests/chaos/wrong.h $(FLAGS)
	$(CC) $(ALL_CFLAGS) $(CFLAGS_kafka) -Iplugins/kafka -include tests/chaos/wrong.h -fPIC -c $< -o $@
$(CHAOS_DIR)/wrong/kafka.so: $(CHAOS_WRONG) $(USES_kafka:%=$(BUILD)/plugins/common/%.o) sdk/module.map
	$(CC) $(LDFLAGS) -shared -pthread -Wl,--version-script=sdk/module.map $(filter %.o,$^) -o $@ $(LIBS_kafka) -lm
.SECONDARY: $(CHAOS_WRONG:.o=.c)

TESTS_FULL += $(wildcard tests/chaos/short_*.sh)
TESTS_FULL_BUILD += $(CHAOS_BIN) $(CHAOS_DIR)/wrong/kafka.so

.PHONY: chaos torture chaos-build
chaos-build: all $(CHAOS_BIN) $(CHAOS_DIR)/wrong/kafka.so
chaos: chaos-build
	@mkdir -p $(BUILD)/chaos
	tests/chaos/chaos.py --full --seed $(CHAOS_SEED) --report $(BUILD)/chaos/report.md

torture:
	@packaging/deps.sh build
	+@$(MAKE) -s --no-print-directory $(PARALLEL) chaos-build
	@tests/chaos/chaos.py torture
