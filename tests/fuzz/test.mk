# Fuzz targets: every tests/fuzz/fuzz_NAME.c becomes build/fuzz/NAME, with the whole host (but main.c)
# and the source files named in FUZZ_USES_NAME (tests/fuzz/NAME.uses.mk), all of it instrumented, and
# the libraries FUZZ_LIBS_NAME.
# `make fuzz FUZZ_SECONDS=30 FUZZ=ini` runs some of them. Needs a clang with libFuzzer, else skips.
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 30
FUZZ_CC ?= $(firstword $(foreach c,clang clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14,$(shell command -v $(c) 2>/dev/null)) clang)
-include $(wildcard tests/fuzz/*.uses.mk)

FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE -Isdk/include -I. -DLRHOST_VERSION='"$(VERSION)"' \
              -DLRHOST_DATE='"$(DATE)"' -DLRHOST_PLUGINDIR='"$(PLUGINDIR)"' $(WARN) \
              -ffp-contract=off -fno-math-errno -MMD -MP -pthread \
              -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c $< -o $@

$(BUILD)/fuzz/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(FUZZ_CC) $(call as_cxx,$(FUZZ_CFLAGS)) -fsanitize=fuzzer-no-link -c $< -o $@

define fuzz_rules
$(BUILD)/fuzz/$(1): $(patsubst %,$(BUILD)/fuzz/obj/%.o,$(basename tests/fuzz/fuzz_$(1).c $(HOST_SRC) $(FUZZ_USES_$(1))))
	$$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -pthread $$^ -o $$@ $$(HOST_LIBS) $$(FUZZ_LIBS_$(1))
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz_rules,$(t))))

.PHONY: fuzz fuzz-build
fuzz-build: $(FUZZ:%=$(BUILD)/fuzz/%)
fuzz:
	@MAKE='$(MAKE)' tests/fuzz/run $(FUZZ_SECONDS) '$(FUZZ_CC)' $(BUILD)/fuzz $(FUZZ) || [ $$? -eq 77 ]
