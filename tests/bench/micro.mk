# `make micro`: reading, printing, predicting, the ledger and the text codec, against the plain ways.
MICRO_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard plugins/text/*.c) plugins/linreg/predict.c host/ledger.c) \
             $(USES_text:%=$(BUILD)/plugins/common/%.o)
$(BUILD)/tests/bench/micro: $(BUILD)/tests/bench/micro.o $(MICRO_OBJ)
	$(CC) $(LDFLAGS) -pthread $(filter %.o,$^) -o $@ -lm

.PHONY: micro
micro: $(BUILD)/tests/bench/micro
	$(BUILD)/tests/bench/micro
