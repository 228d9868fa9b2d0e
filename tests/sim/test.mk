# The deterministic simulation: sim links the shipped lane, sim_mutants a copy that mutate.sh
# changed. Both link the shipped engines; their module symbols are renamed, they clash otherwise.
SIM_DIR := $(BUILD)/tests/sim
SIM_SRC := $(wildcard tests/sim/*.c)
SIM_LANE := ledger $(basename $(notdir $(wildcard host/lane*.c)))
SIM_HOST := $(SIM_LANE:%=$(BUILD)/host/%.o)
SIM_MUTATED := $(SIM_LANE:%=$(SIM_DIR)/mutated/%.o)
SIM_ENGINES := $(patsubst plugins/%.c,$(SIM_DIR)/%.o,$(wildcard plugins/streaming/*.c plugins/microbatch/*.c))
SIM_SEEDS ?= 63000

sim_module = -Dlrhost_module_v1=sim_$(1)_module -Dlrhost_abi_note=sim_$(1)_note
$(SIM_DIR)/streaming/%.o: plugins/streaming/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(call sim_module,streaming) -c $< -o $@
$(SIM_DIR)/microbatch/%.o: plugins/microbatch/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(call sim_module,microbatch) -c $< -o $@
$(SIM_DIR)/%.o: tests/sim/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@
$(SIM_DIR)/sim: $(SIM_SRC:tests/sim/%.c=$(SIM_DIR)/%.o) $(SIM_HOST) $(SIM_ENGINES)
	$(CC) $(LDFLAGS) -pie -pthread $^ -o $@

$(SIM_DIR)/mutated/%.c: host/%.c tests/sim/mutate.sh tests/change.sh
	@mkdir -p $(@D)
	tests/sim/mutate.sh $* <$< >$@.new
	mv $@.new $@
$(SIM_DIR)/mutated/%.o: $(SIM_DIR)/mutated/%.c $(FLAGS)
	$(CC) $(ALL_CFLAGS) -Ihost -include tests/sim/mutant_ids.h -c $< -o $@
$(SIM_DIR)/mutated/sim.o: tests/sim/sim.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -DSIM_MUTATED -c $< -o $@
$(SIM_DIR)/sim_mutants: $(SIM_DIR)/mutated/sim.o $(patsubst tests/sim/%.c,$(SIM_DIR)/%.o,$(filter-out %/sim.c,$(SIM_SRC))) $(SIM_MUTATED) $(SIM_ENGINES)
	$(CC) $(LDFLAGS) -pie -pthread $^ -o $@

TESTS += tests/sim/short.sh
TESTS_BUILD += $(SIM_DIR)/sim $(SIM_DIR)/sim_mutants

.PHONY: sim
sim: $(SIM_DIR)/sim $(SIM_DIR)/sim_mutants
	$(SIM_DIR)/sim seeds $(SIM_SEEDS)
	$(SIM_DIR)/sim mutants 5000
	$(SIM_DIR)/sim_mutants mutants 5000
