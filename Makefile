# lrhost: score a Kafka topic with a linear regression
#
#   make               build the host and all plugins into build/
#   make demo          install what is missing, build, and run both engines side by side
#   make check         install what is missing and run every test, a real Kafka broker included
#   make test          the tests that need no network, no root and no JVM
#   make deps          install what a build needs (DEPS=no: only say what is missing)
#   make lint          warnings as errors with gcc and clang, clang-tidy, cppcheck
#   make sanitize      the unit tests and simulation under ASan+UBSan, then TSan
#   make sim           the deterministic simulation, a million histories
#   make fuzz          every fuzz target for FUZZ_SECONDS (30)
#   make bench         in-process throughput against a fused loop
#   make docs          write docs/configuration.md from the option tables
#   make install       DESTDIR= PREFIX=/usr/local LIBDIR=
#   make clean         remove build/
#
# Variables: CC CFLAGS CPPFLAGS LDFLAGS BUILD WERROR=1 SANITIZE=address,undefined PLUGINS="text ..."

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
PLUGINDIR ?= $(LIBDIR)/lrhost
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wvla
PKG_CONFIG ?= pkg-config

ifdef WERROR
WARN += -Werror
endif
ifdef SANITIZE
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif

# -ffp-contract=off: predictions are bit-equal on every machine (no fused multiply-add).
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isdk/include -I. -DLRHOST_VERSION='"$(VERSION)"' \
             $(WARN) -ffp-contract=off -fno-math-errno -fvisibility=hidden -MMD -MP -pthread $(CPPFLAGS) $(CFLAGS)

all: host plugins
.PHONY: all host plugins help clean
.DEFAULT_GOAL := all

help: ## this text
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

# ---- host: every host/*.c; main.c apart, so that tests link the rest ----------------------
HOST_SRC := $(filter-out host/main.c,$(wildcard host/*.c))
HOST_OBJ := $(HOST_SRC:%.c=$(BUILD)/%.o)
HOST_LIBS = -linih -ldl -lm

host: $(BUILD)/lrhost
$(BUILD)/host/%.o: host/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIE -DLRHOST_PLUGINDIR='"$(PLUGINDIR)"' -c $< -o $@
$(BUILD)/lrhost: $(HOST_OBJ) $(BUILD)/host/main.o
	$(CC) $(LDFLAGS) -pie -pthread $^ -o $@ $(HOST_LIBS)

# ---- plugins: each folder of plugins/ but common is one module ----------------------------
# plugins/NAME/plugin.mk may set USES_NAME (files of plugins/common without .c), CFLAGS_NAME, LIBS_NAME.
PLUGINS ?= $(filter-out common,$(notdir $(patsubst %/,%,$(wildcard plugins/*/))))
-include $(PLUGINS:%=plugins/%/plugin.mk)

plugins: $(PLUGINS:%=$(BUILD)/plugins/%.so)
$(BUILD)/plugins/common/%.o: plugins/common/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -c $< -o $@

define plugin_rules
$(BUILD)/plugins/$(1)/%.o: plugins/$(1)/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(CFLAGS_$(1)) -fPIC -c $$< -o $$@
$(BUILD)/plugins/$(1).so: $(patsubst %.c,$(BUILD)/%.o,$(wildcard plugins/$(1)/*.c)) $(USES_$(1):%=$(BUILD)/plugins/common/%.o) sdk/module.map
	$$(CC) $$(LDFLAGS) -shared -pthread -Wl,--version-script=sdk/module.map $$(filter %.o,$$^) -o $$@ $$(LIBS_$(1)) -lm
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin_rules,$(p))))

# ---- tests: one make fragment per folder ----------------------------------------------------
-include $(sort $(wildcard tests/*/test.mk))

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
